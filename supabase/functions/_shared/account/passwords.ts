/** Passwords: how they are kept, and signing in with what somebody types. */
import type { Auth, Session } from './auth.ts';
import { textedPasswordIn } from './texted-password.ts';

/** A password as it is kept: accents are one character, however the keyboard sends them. */
export function asKept(typed: string): string {
  return typed.normalize('NFC');
}

/** Whether bcrypt, with which Auth hashes, reads all of it: it stops after 72 bytes. */
export function isReadToItsEnd(password: string): boolean {
  return new TextEncoder().encode(password).length <= 72;
}

/** Whether keys can type it. After a NUL bcrypt begins anew, and takes a repeated password for the password. */
export function isTypable(password: string): boolean {
  return !password.includes('\0');
}

/**
 * The phone of an account that is nobody's: no country has the code 999. What cannot be right is tried on it, because Auth
 * answers at once, without hashing, where there is no account.
 */
export const decoyPhone = '+999000000000000';

export interface PasswordAccount {
  /** +E.164 */
  phone: string;
  /** The password was texted, and is not replaced yet. */
  temporary: boolean;
}

/**
 * Opens a session for whoever types the password of an account. How often Auth is asked follows from what is typed, so
 * the time tells neither whether there is such an account nor whether its password was texted.
 * @returns undefined for another password, and when there is no account
 */
export async function signInAsTyped(
  auth: Auth,
  account: PasswordAccount | undefined,
  typed: string
): Promise<Session | undefined> {
  for (const password of readings(typed, account?.temporary ?? false)) {
    const counts = account !== undefined && isReadToItsEnd(password) && isTypable(password);
    const session = await auth.signIn(counts ? account.phone : decoyPhone, password);
    if (session && counts) return session;
  }
  return undefined;
}

/** What may be meant. As it was typed comes last: a password that went past us to Auth was kept so. */
function readings(typed: string, temporary: boolean): string[] {
  const kept = asKept(typed);
  const first = (temporary ? textedPasswordIn(typed) : undefined) ?? kept;
  return kept === typed ? [first] : [first, typed];
}
