import type { RequestEvent } from '@sveltejs/kit';
import { z } from 'zod';
import { SITE_SECRET } from '$app/env/private';
import { isLoopback } from '../request/addresses.ts';
import { createSealer } from '../request/sealing.ts';

// Whatever somebody asked for that a page further on needs again: to link instead of registering, to have
// another code texted, to correct what they typed. It may hold a password, so it is in no page and no address:
// the browser keeps it in a cookie that only this server can open, for the one path that needs it.

const text = z.string();
const wish = z.discriminatedUnion('purpose', [
  z.object({
    purpose: z.literal('register'),
    name: text,
    age: text,
    phone_number: text,
    username: text,
    password: text,
    password2: text
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
  z.object({ purpose: z.literal('change_phone'), phone_number: text, password: text })
]);

/** What a texted code is wanted for, with all that the account API wants to know. */
export type Wish = z.output<typeof wish>;
export type Purpose = Wish['purpose'];

const draft = z.object({ name: text, age: text, phone_number: text, username: text });

/** A registration as far as it may be shown again: without passwords. */
export type Draft = z.output<typeof draft>;

// Longer than a code lives, so that another can be asked for.
const LASTS_SECONDS = 30 * 60;
const COOKIE = 'medq-wish';
const sealer = createSealer(SITE_SECRET);

/** Keeps a wish for the page at `path`. */
export function keepWish(event: RequestEvent, path: '/link' | '/verify', wanted: Wish): Promise<void> {
  return keep(event, path, wanted);
}

/** The wish kept for `path`; undefined when there is none, or not any more. */
export async function wishAt(event: RequestEvent, path: '/link' | '/verify'): Promise<Wish | undefined> {
  return wish.safeParse(await kept(event, path)).data;
}

/** Lets /register begin with what was typed before. */
export function keepDraft(event: RequestEvent, { name, age, phone_number, username }: Draft): Promise<void> {
  return keep(event, '/register', { name, age, phone_number, username });
}

export async function draftOf(event: RequestEvent): Promise<Draft | undefined> {
  return draft.safeParse(await kept(event, '/register')).data;
}

/** Forgets what is kept for these paths. */
export function forgetWishes(event: RequestEvent, ...paths: ('/link' | '/verify' | '/register')[]): void {
  for (const path of paths) event.cookies.delete(COOKIE, { ...privateCookie(event.url), path });
}

async function keep(event: RequestEvent, path: string, value: Wish | Draft): Promise<void> {
  event.cookies.set(COOKIE, await sealer.seal(path, value, LASTS_SECONDS), {
    ...privateCookie(event.url),
    path,
    maxAge: LASTS_SECONDS
  });
}

async function kept(event: RequestEvent, path: string): Promise<unknown> {
  const sealed = event.cookies.get(COOKIE);
  return sealed === undefined ? undefined : sealer.open(path, sealed);
}

/** For cookies that are the server's business alone. */
export function privateCookie(url: URL): { httpOnly: true; sameSite: 'lax'; secure: boolean } {
  return { httpOnly: true, sameSite: 'lax', secure: !isLoopback(url.hostname) };
}
