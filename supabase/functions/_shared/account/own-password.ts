/** The password of an account that its owner is at: asked for once more, and replaced. */
import type { Profile } from './accounts.ts';
import type { Auth, Session, SignedInUser } from './auth.ts';
import type { Database } from '../database.ts';
import type { Dependencies } from './endpoint.ts';
import { notYourPassword, textedPasswordExpired, validationFailed } from './errors.ts';
import { requireGoodPassword } from './forbidden-passwords.ts';
import { limit, takeBack } from './limits.ts';
import { signInAsTyped } from './passwords.ts';
import { type KnownAccount, permitted } from './permits.ts';
import { noteSecurityEvent } from './security-events.ts';

/**
 * Lets nobody but the owner go on: a token may be stolen, and somebody else may be at a page that was left open. A wrong
 * one counts against the session alone; the session that the right one opens is ended.
 * @param signedIn whose token it was
 * @throws RefusedError 401 `invalid_credentials`, or 429
 */
export async function requireOwnPassword(
  { database, auth, secret, client }: Pick<Dependencies, 'database' | 'auth' | 'secret' | 'client'>,
  { sessionId }: SignedInUser,
  { user: { phone_number: phone }, mustChangePassword: temporary, passwordExpired }: Profile,
  password: string
): Promise<void> {
  const use = await limit(database, secret, 'password', { device: sessionId });
  if (passwordExpired) throw textedPasswordExpired();
  const session = await signInAsTyped(auth, { phone, temporary }, password);
  if (!session) {
    await noteSecurityEvent(database, secret, 'sign_in_refused', { phone, client });
    throw notYourPassword();
  }
  await takeBack(database, use);
  await auth.signOut(session.token);
}

/**
 * Whether a session may replace a texted password without giving it: a code, which proves the same as for a forgotten
 * password, has just opened it.
 */
export async function mayChoosePassword(
  database: Database,
  { userId, sessionId }: SignedInUser
): Promise<boolean> {
  const [row] = await database<[{ may: boolean }]>`
    select private.may_choose_password(${userId}, ${sessionId}) as may`;
  return row.may;
}

/**
 * A code lets them choose without giving the texted password: only Auth knows then whether they keep it.
 * @throws RefusedError 400 when they do, also in small letters
 */
async function requireOtherThanTexted(auth: Auth, phone: string, password: string): Promise<void> {
  const session = await signInAsTyped(auth, { phone, temporary: true }, password);
  if (!session) return;
  await auth.signOut(session.token);
  throw validationFailed({ new_password: (words) => words.fields.passwordSame });
}

/**
 * Gives an account, whose owner has just proven who they are, another password. Every session ends, and one begins: also
 * where the password is this one already, set by a try whose answer was lost or by another at the same moment.
 * @param account as it was when they proved it
 * @param profile who they are
 * @returns undefined when the account has another password or phone meanwhile, or they may not sign in: it is banned
 * @throws RefusedError 400 when the password is too easy or the one that was texted, 401 `code_invalid` when the account
 * is gone
 */
export async function replacePassword(
  { database, auth, secret, client }: Pick<Dependencies, 'database' | 'auth' | 'secret' | 'client'>,
  account: KnownAccount,
  { user, mustChangePassword }: Profile,
  password: string
): Promise<Session | undefined> {
  const phone = user.phone_number;
  // What is refused tells something of them, so not before they have proven who they are.
  requireGoodPassword('new_password', password, { ...user, phone });
  if (mustChangePassword) await requireOtherThanTexted(auth, phone, password);
  const replaced = await permitted(
    database,
    account,
    { what: 'password' },
    () => auth.setPassword(account.userId, password)
  );
  if (replaced) await noteSecurityEvent(database, secret, 'password_changed', { phone, client });
  return await auth.signIn(phone, password);
}
