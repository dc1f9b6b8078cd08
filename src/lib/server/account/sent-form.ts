import type { RequestEvent } from '@sveltejs/kit';
import { z } from 'zod';
import { SITE_SECRET } from '$app/env/private';
import { forgetCookie, keepCookie, readCookie, COOKIES } from '#lib/server/request/cookies.ts';
import { createSealer } from '#lib/server/request/sealing.ts';

// A form that a later page needs again: to link instead of registering, to have another code texted, to correct what
// was typed. It may hold a password, so it stands in no page and no address: the browser keeps it in a cookie that only
// this server can open, for the one path that needs it.

const text = z.string();
const sentForm = z.discriminatedUnion('purpose', [
  z.object({
    purpose: z.literal('register'),
    name: text,
    age: text,
    phone_number: text,
    /** Empty: one is proposed. */
    username: text,
    password: text
  }),
  z.object({
    purpose: z.literal('link'),
    name: text,
    age: text,
    phone_number: text,
    username: text,
    password: text
  }),
  z.object({ purpose: z.literal('reset'), phone_number: text }),
  z.object({ purpose: z.literal('sign_in'), phone_number: text }),
  z.object({ purpose: z.literal('change_phone'), phone_number: text, password: text })
]);

/** What a texted code is for, with all that the account API asks to be told. */
export type SentForm = z.output<typeof sentForm>;

const draft = z.object({ name: text, age: text, phone_number: text, username: text });

/** A registration as far as it may be shown again: without passwords. */
export type Draft = z.output<typeof draft>;

type Path = (typeof COOKIES.form.paths)[number];
type PathOfForm = Exclude<Path, '/register' | '/account'>;

const sealer = createSealer(SITE_SECRET);

/** Keeps a form for the page at `path`. */
export function keepForm(event: RequestEvent, path: PathOfForm, form: SentForm): Promise<void> {
  return keep(event, path, form);
}

/** The form kept for `path`; undefined when there is none, or not any more. */
export async function keptForm(event: RequestEvent, path: PathOfForm): Promise<SentForm | undefined> {
  return sentForm.safeParse(await kept(event, path)).data;
}

/** Keeps a registration for /link, where it can become one that brings the bookings along. */
export function keepForLinking(event: RequestEvent, form: SentForm & { purpose: 'register' }): Promise<void> {
  return keepForm(event, '/link', { ...form, purpose: 'link' });
}

/** Lets /register begin with what was typed before. */
export function keepDraft(event: RequestEvent, { name, age, phone_number, username }: Draft): Promise<void> {
  return keep(event, '/register', { name, age, phone_number, username });
}

export async function keptDraft(event: RequestEvent): Promise<Draft | undefined> {
  return draft.safeParse(await kept(event, '/register')).data;
}

const unsentForm = z.object({
  /** Whose it was: nobody else is shown it. */
  userId: z.uuid(),
  section: z.enum(['profile', 'family', 'phone']),
  typed: z.record(text, text.max(100))
});

/** A form of /account that was sent after its session had ended, without passwords. */
export type UnsentForm = z.output<typeof unsentForm>;

/** Keeps it if it is one, for after signing in. */
export async function keepUnsentForm(event: RequestEvent, form: unknown): Promise<void> {
  const { data } = unsentForm.safeParse(form);
  if (data) await keep(event, '/account', data);
}

export async function keptUnsentForm(event: RequestEvent): Promise<UnsentForm | undefined> {
  return unsentForm.safeParse(await kept(event, '/account')).data;
}

/** Forgets what is kept for these paths. */
export function forgetForms(event: RequestEvent, ...paths: Path[]): void {
  for (const path of paths) forgetCookie(event, 'form', path);
}

async function keep(event: RequestEvent, path: Path, value: SentForm | Draft | UnsentForm): Promise<void> {
  keepCookie(event, 'form', await sealer.seal(path, value, COOKIES.form.seconds), path);
}

async function kept(event: RequestEvent, path: Path): Promise<unknown> {
  const sealed = readCookie(event, 'form');
  return sealed === undefined ? undefined : sealer.open(path, sealed);
}
