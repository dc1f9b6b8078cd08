import type { RequestEvent } from '@sveltejs/kit';
import { PUBLIC_SUPABASE_ANON_KEY, PUBLIC_SUPABASE_URL } from '$app/env/public';
import { createClient } from '@supabase/supabase-js';
import { m } from '#lib/paraglide/messages.js';
import { logFailure } from '#lib/server/request/log.ts';
import { refused, type Result } from '#lib/server/request/refusal.ts';
import { signInWith, type SignedIn } from './functions.ts';
import { agreeOnLanguage } from './language.ts';
import { loadProfile } from './profile.ts';

export interface Tokens {
  token: string;
  refresh_token: string;
}

/** Puts a session that was just opened into the response's cookies. Throws Auth's error. */
export async function beginSession(event: RequestEvent, { token, refresh_token }: Tokens): Promise<void> {
  const { error } = await event.locals.supabase.auth.setSession({ access_token: token, refresh_token });
  if (error) throw error;
  await agreeOnLanguage(event);
}

/**
 * Signs in with a user name, or a phone number in any common notation, and a password. On success the session is in
 * the response's cookies.
 */
export async function signIn(
  event: RequestEvent,
  credentials: { username: string; password: string }
): Promise<Result<{ mustChangePassword: boolean }>> {
  const answer = await checkCredentials(event, credentials, m.login_mismatch());
  if (!answer.ok) return answer;
  await beginSession(event, answer);
  return { ok: true, mustChangePassword: answer.must_change_password };
}

/**
 * Whether `password` is the signed-in patient's own: somebody else may have found the page open. A refusal is told beside
 * the field `current`. It counts as a try to sign in; the session that this opens is ended.
 */
export async function confirmPassword(event: RequestEvent, password: string): Promise<Result> {
  const { phone } = await loadProfile(event.locals.supabase);
  const answer = await checkCredentials(event, { username: phone, password }, m.account_wrong_password());
  if (!answer.ok) {
    const { refusal } = answer;
    const mistaken = refusal.code === 'invalid_credentials';
    return refused(mistaken ? { ...refusal, fields: { current: refusal.message } } : refusal);
  }
  const auth = createClient(PUBLIC_SUPABASE_URL, PUBLIC_SUPABASE_ANON_KEY, {
    auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false }
  }).auth.admin;
  const { error } = await auth.signOut(answer.token, 'local');
  // The patient can still end it on the account page.
  if (error) logFailure('session_not_ended', event.locals.requestId, error);
  return { ok: true };
}

/** Asks the account API. `mismatch` is told where the two do not belong together, or one was left empty. */
async function checkCredentials(
  event: RequestEvent,
  credentials: { username: string; password: string },
  mismatch: string
): Promise<Result<SignedIn>> {
  const answer = await signInWith(event, credentials);
  if (answer.ok || !['invalid_credentials', 'validation_failed'].includes(answer.refusal.code)) return answer;
  // What can be neither a username nor a phone is told beside its field.
  if (answer.refusal.fields?.username && credentials.username !== '') return answer;
  return refused({ code: 'invalid_credentials', message: mismatch, status: 401 });
}
