import type { RequestEvent } from '@sveltejs/kit';
import { m } from '#lib/paraglide/messages.js';
import { refused, type Result } from '#lib/server/request/refusal.ts';
import { signInWith } from './functions.ts';
import { agreeOnLanguage } from './language.ts';

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
  const answer = await signInWith(event, credentials);
  if (answer.ok) {
    await beginSession(event, answer);
    return { ok: true, mustChangePassword: answer.must_change_password };
  }
  if (!['invalid_credentials', 'validation_failed'].includes(answer.refusal.code)) return answer;
  // What can be neither a username nor a phone is told beside its field.
  if (answer.refusal.fields?.username && credentials.username !== '') return answer;
  return refused({ code: 'invalid_credentials', message: m.login_mismatch(), status: 401 });
}
