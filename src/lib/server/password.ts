import { isAuthWeakPasswordError, type AuthError } from '@supabase/supabase-js';
import { isOutage } from './session.ts';

export const SHORTEST_PASSWORD = 8;
// Auth hashes no more than this many bytes.
const LONGEST_PASSWORD_BYTES = 72;

export interface PasswordProblems {
  password?: string;
  repeat?: string;
}

/** What is wrong with a new password before Auth is asked. Undefined: nothing. */
export function problemsOf(password: string, repeat: string): PasswordProblems | undefined {
  if ([...password].length < SHORTEST_PASSWORD) {
    return { password: `Please use at least ${SHORTEST_PASSWORD} characters.` };
  }
  if (new TextEncoder().encode(password).length > LONGEST_PASSWORD_BYTES) {
    return { password: `Please use at most ${LONGEST_PASSWORD_BYTES} characters.` };
  }
  if (password !== repeat) return { repeat: 'This is not the same as the password above.' };
  return undefined;
}

/** Auth's refusal of a new password, as a sentence for the person who chose it. */
export function refusedPassword(error: AuthError): { message: string; status: number } {
  if (isAuthWeakPasswordError(error)) {
    const leaked = error.reasons.includes('pwned');
    return {
      status: 400,
      message: leaked
        ? 'That password is on lists of stolen passwords. Please choose another.'
        : 'That password is too easy to guess. Please make it longer, or mix letters and numbers.'
    };
  }
  if (error.code === 'same_password') {
    return { status: 400, message: 'Please choose a password that differs from the one you have now.' };
  }
  if (error.code === 'weak_password') {
    return { status: 400, message: 'That password is too easy to guess. Please choose a longer one.' };
  }
  if (error.status === 429) {
    return { status: 429, message: 'Too many attempts. Please wait a few minutes and try again.' };
  }
  return isOutage(error)
    ? { status: 503, message: "We can't save it right now. Please try again in a minute." }
    : { status: 400, message: "That password can't be used. Please choose another." };
}
