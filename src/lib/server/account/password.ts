import { m } from '#lib/paraglide/messages.js';

export const SHORTEST_PASSWORD = 8;
// bcrypt, with which Auth hashes, reads no more.
const LONGEST_PASSWORD_BYTES = 72;

/** A sentence for the field, by its name, if it has one. */
export type PasswordProblems = { password?: string };

/** A password as it is kept: accents are one character, however the keyboard sends them. */
const asKept = (typed: string) => typed.normalize('NFC');

/** What is wrong with a new password before Auth is asked; empty if nothing is. */
export function problemsOf(typed: string): PasswordProblems {
  const password = asKept(typed);
  if ([...password].length < SHORTEST_PASSWORD) {
    return { password: m.password_too_short({ shortest: SHORTEST_PASSWORD }) };
  }
  if (new TextEncoder().encode(password).length > LONGEST_PASSWORD_BYTES) {
    return { password: m.password_too_long({ longest: LONGEST_PASSWORD_BYTES }) };
  }
  return {};
}
