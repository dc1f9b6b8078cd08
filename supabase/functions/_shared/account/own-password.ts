/** The password of an account that its owner is at: asked for once more, and replaced. */
import type { Profile } from './accounts.ts';
import type { Session } from './auth.ts';
import type { Dependencies } from './endpoint.ts';
import { notYourPassword, textedPasswordExpired } from './errors.ts';
import { limit } from './limits.ts';
import { signInAsTyped } from './passwords.ts';
import { permitted } from './permits.ts';
import { noteSecurityEvent } from './security-events.ts';

/**
 * Lets nobody but the owner go on: a token may be stolen, and somebody else may be at a page that was left open. It counts
 * as a try to sign in; the session that this opens is ended.
 * @param profile whose token it was
 * @throws RefusedError 401 `invalid_credentials`, or 429
 */
export async function requireOwnPassword(
  { database, auth, secret, client }: Pick<Dependencies, 'database' | 'auth' | 'secret' | 'client'>,
  { user: { phone_number: phone }, mustChangePassword: temporary, passwordExpired }: Profile,
  password: string
): Promise<void> {
  await limit(database, secret, 'password', { name: phone, client });
  if (passwordExpired) throw textedPasswordExpired();
  const session = await signInAsTyped(auth, { phone, temporary }, password);
  if (!session) throw notYourPassword();
  await auth.signOut(session.token);
}

/**
 * Gives an account, whose owner has just proven who they are, another password. Every session ends, and one begins.
 * @param account its user and its phone (+E.164)
 * @returns undefined when it may not sign in: it is banned
 * @throws RefusedError 400 when Auth finds the password too weak, 401 `code_invalid` when the account is gone
 */
export async function replacePassword(
  { database, auth, secret, client }: Pick<Dependencies, 'database' | 'auth' | 'secret' | 'client'>,
  { userId, phone }: { userId: string; phone: string },
  password: string
): Promise<Session | undefined> {
  await permitted(database, userId, { what: 'password' }, () => auth.setPassword(userId, password));
  await noteSecurityEvent(database, secret, 'password_changed', { phone, client });
  return await auth.signIn(phone, password);
}
