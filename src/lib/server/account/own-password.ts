import type { RequestEvent } from '@sveltejs/kit';
import { z } from 'zod';
import { SITE_SECRET } from '$app/env/private';
import { COOKIES, forgetCookie, keepCookie, readCookie } from '#lib/server/request/cookies.ts';
import { refused, type Refusal, type Result } from '#lib/server/request/refusal.ts';
import { createSealer } from '#lib/server/request/sealing.ts';
import { askForPassword } from './functions.ts';
import { sessionToken } from './sessions.ts';
import { beginSession } from './sign-in.ts';

/** Gives the signed-in patient, who knows the present one, another password; every other session ends. */
export async function changePassword(
  event: RequestEvent,
  { current, password }: { current: string; password: string }
): Promise<Result> {
  const token = await sessionToken(event.locals.supabase);
  const answer = await askForPassword(event, { password: current, new_password: password }, token);
  if (!answer.ok) return refused(beside(answer.refusal));
  await beginSession(event, answer);
  return { ok: true };
}

/** The account API's refusal, by the fields of our forms: `current` and `password`. */
export function beside(refusal: Refusal): Refusal {
  if (refusal.code === 'invalid_credentials') return { ...refusal, fields: { current: refusal.message } };
  const { password: current, new_password: password } = refusal.fields ?? {};
  return { ...refusal, fields: { ...(current && { current }), ...(password && { password }) } };
}

const sealer = createSealer(SITE_SECRET);
const purpose = 'texted password';

/**
 * Whoever has just signed in with a texted password is not asked for it again when they choose their own.
 * @param password empty: a code has just signed them in, and the account API asks for no more
 */
export async function keepTextedPassword(event: RequestEvent, password: string): Promise<void> {
  keepCookie(event, 'texted', await sealer.seal(purpose, password, COOKIES.texted.seconds));
}

/** Undefined: it is not kept any more, or never was. */
export async function keptTextedPassword(event: RequestEvent): Promise<string | undefined> {
  const sealed = readCookie(event, 'texted');
  return sealed === undefined ? undefined : z.string().safeParse(await sealer.open(purpose, sealed)).data;
}

export function forgetTextedPassword(event: RequestEvent): void {
  forgetCookie(event, 'texted');
}
