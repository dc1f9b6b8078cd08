import type { Profile } from './accounts.ts';
import type { Dependencies } from './endpoint.ts';
import { notYourPassword, textedPasswordExpired } from './errors.ts';
import { limit } from './limits.ts';
import { signInAsTyped } from './passwords.ts';

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
