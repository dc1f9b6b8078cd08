import { profileOf } from '../_shared/account/accounts.ts';
import type { Dependencies } from '../_shared/account/endpoint.ts';
import { invalidCredentials } from '../_shared/account/errors.ts';
import { limit } from '../_shared/account/limits.ts';
import { type PasswordAccount, signInAsTyped } from '../_shared/account/passwords.ts';
import { json } from '../_shared/http.ts';
import { judgePhone } from '../_shared/phone.ts';

/**
 * Whether a name is unknown or its password wrong, the same is asked of the database and of Auth.
 * @throws RefusedError 401 or 429
 */
export async function signIn(
  { database, auth, secret, region, client }: Omit<Dependencies, 'locale' | 'log'>,
  { username: name, password }: { username: string; password: string }
): Promise<Response> {
  const { phone } = judgePhone(name, region);
  await limit(database, secret, 'password', { name: phone ?? name.toLowerCase(), client });
  // No username is longer or has another character; the database would not take some of them at all.
  const username = phone === undefined && /^[\w.-]{3,32}$/.test(name) ? name : null;
  const [account] = await database<PasswordAccount[]>`
    select phone, temporary from private.login_account(${username}, ${phone ?? null})`;
  const session = await signInAsTyped(auth, account, password);
  if (!session) throw invalidCredentials();
  const { user, mustChangePassword } = await profileOf(database, session.userId);
  const { token, refresh_token } = session;
  return json({ token, refresh_token, user, must_change_password: mustChangePassword });
}
