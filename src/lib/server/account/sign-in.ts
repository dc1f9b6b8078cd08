import type { RequestEvent } from '@sveltejs/kit';
import { PUBLIC_SUPABASE_ANON_KEY, PUBLIC_SUPABASE_URL } from '$app/env/public';
import { createClient } from '@supabase/supabase-js';
import { signInWith, type Refused } from './functions.ts';
import { agreeOnLanguage } from '../request/language.ts';
import { logFailure } from '../request/log.ts';

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

export type SignIn = { ok: true; mustChangePassword: boolean } | Refused;

/**
 * Signs in with a user name, or a phone number in any common notation, and a password. On success the session is in
 * the response's cookies.
 */
export async function signIn(
  event: RequestEvent,
  credentials: { username: string; password: string }
): Promise<SignIn> {
  const answer = await signInWith(event, credentials);
  if (!answer.ok) return answer;
  await beginSession(event, answer);
  return { ok: true, mustChangePassword: answer.must_change_password };
}

/**
 * Whether this is the password of `username` (or phone): an open page is not its owner. Counts as a try to sign in;
 * no session remains. Undefined: it is.
 */
export async function refusesPassword(
  event: RequestEvent,
  credentials: { username: string; password: string }
): Promise<Refused | undefined> {
  const answer = await signInWith(event, credentials);
  if (!answer.ok) return answer;
  const auth = createClient(PUBLIC_SUPABASE_URL, PUBLIC_SUPABASE_ANON_KEY, {
    auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false }
  }).auth.admin;
  const { error } = await auth.signOut(answer.token, 'local');
  // It shows up among the sessions then, where it can be ended.
  if (error) logFailure('session_not_ended', { request_id: event.locals.requestId }, error);
  return undefined;
}
