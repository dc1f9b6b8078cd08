import { isAuthWeakPasswordError, type AuthError } from '@supabase/supabase-js';
import { m } from '#lib/paraglide/messages.js';
import { refused, type Refusal, type Result } from '#lib/server/request/refusal.ts';
import { isOutage } from '#lib/server/request/session.ts';
import type { Supabase } from '#lib/server/request/supabase.ts';

export const SHORTEST_PASSWORD = 8;
// bcrypt, with which Auth hashes, reads no more.
const LONGEST_PASSWORD_BYTES = 72;

/** A sentence for each of the two fields that has one, by its name. */
export type PasswordProblems = { password?: string; password2?: string };

/** A password as it is kept: accents are one character, however the keyboard sends them. */
const asKept = (typed: string) => typed.normalize('NFC');

/** What is wrong with a new password before Auth is asked; empty if nothing is. */
export function problemsOf(typed: string, repeat: string): PasswordProblems {
  const password = asKept(typed);
  if ([...password].length < SHORTEST_PASSWORD) {
    return { password: m.password_too_short({ shortest: SHORTEST_PASSWORD }) };
  }
  if (new TextEncoder().encode(password).length > LONGEST_PASSWORD_BYTES) {
    return { password: m.password_too_long({ longest: LONGEST_PASSWORD_BYTES }) };
  }
  return password === asKept(repeat) ? {} : { password2: m.password_not_repeated() };
}

/** Gives the signed-in patient another password. */
export async function changePassword(supabase: Supabase, typed: string): Promise<Result> {
  const { error } = await supabase.auth.updateUser({ password: asKept(typed) });
  return error ? refused(passwordRefusal(error)) : { ok: true };
}

/** Auth's refusal of a new password, told beside its field to the person who chose it. */
export function passwordRefusal(error: AuthError): Refusal {
  const told = (status: number, code: string, message: string): Refusal => ({
    code,
    message,
    fields: { password: message },
    status
  });
  if (isAuthWeakPasswordError(error)) {
    const leaked = error.reasons.includes('pwned');
    return told(400, 'weak_password', leaked ? m.password_stolen() : m.password_weak());
  }
  if (error.code === 'same_password') return told(400, 'same_password', m.password_same());
  if (error.code === 'weak_password') return told(400, 'weak_password', m.password_too_easy());
  if (error.status === 429) return told(429, 'rate_limited', m.password_too_many_tries());
  return isOutage(error)
    ? told(503, 'unavailable', m.password_not_saved())
    : told(400, 'validation_failed', m.password_unusable());
}
