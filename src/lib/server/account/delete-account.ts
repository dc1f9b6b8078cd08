import type { RequestEvent } from '@sveltejs/kit';
import { refused, type Result } from '#lib/server/request/refusal.ts';
import { forgetSession } from '#lib/server/request/supabase.ts';
import { askToDelete } from './functions.ts';
import { beside } from './own-password.ts';
import { sessionToken } from './sessions.ts';

/** Deletes the account of whoever is signed in and knows its password, and with it all of their sessions. */
export async function deleteAccount(event: RequestEvent, password: string): Promise<Result> {
  const answer = await askToDelete(event, { password }, await sessionToken(event.locals.supabase));
  if (!answer.ok) return refused(beside(answer.refusal));
  forgetSession(event);
  return { ok: true };
}
