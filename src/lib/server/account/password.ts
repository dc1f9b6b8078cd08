import { isAuthWeakPasswordError, type AuthError } from '@supabase/supabase-js';
import { m } from '#lib/paraglide/messages.js';
import { isOutage } from '../request/session.ts';

export const SHORTEST_PASSWORD = 8;
// Auth hashes no more than this many bytes.
const LONGEST_PASSWORD_BYTES = 72;

/** A sentence for each of the two fields that has one, by its name. */
export type PasswordProblems = { password?: string; password2?: string };

/** What is wrong with a new password before Auth is asked. Undefined: nothing. */
export function problemsOf(password: string, repeat: string): PasswordProblems | undefined {
  if ([...password].length < SHORTEST_PASSWORD) {
    return { password: m.password_too_short({ shortest: SHORTEST_PASSWORD }) };
  }
  if (new TextEncoder().encode(password).length > LONGEST_PASSWORD_BYTES) {
    return { password: m.password_too_long({ longest: LONGEST_PASSWORD_BYTES }) };
  }
  if (password !== repeat) return { password2: m.password_not_repeated() };
  return undefined;
}

/** Auth's refusal of a new password, as a sentence for the person who chose it. */
export function refusedPassword(error: AuthError): { message: string; status: number } {
  if (isAuthWeakPasswordError(error)) {
    const leaked = error.reasons.includes('pwned');
    return {
      status: 400,
      message: leaked ? m.password_stolen() : m.password_weak()
    };
  }
  if (error.code === 'same_password') {
    return { status: 400, message: m.password_same() };
  }
  if (error.code === 'weak_password') {
    return { status: 400, message: m.password_too_easy() };
  }
  if (error.status === 429) {
    return { status: 429, message: m.password_too_many_tries() };
  }
  return isOutage(error)
    ? { status: 503, message: m.password_not_saved() }
    : { status: 400, message: m.password_unusable() };
}
