import { profileOf } from '../_shared/account/accounts.ts';
import { deviceHash, noteSignIn } from '../_shared/account/device.ts';
import type { Dependencies } from '../_shared/account/endpoint.ts';
import { invalidCredentials } from '../_shared/account/errors.ts';
import { limit } from '../_shared/account/limits.ts';
import { decoyPhone, signInAsTyped } from '../_shared/account/passwords.ts';
import { noteSecurityEvent } from '../_shared/account/security-events.ts';
import { json } from '../_shared/http.ts';
import { judgePhone } from '../_shared/phone.ts';

/** What is known of a name: private.login_account. */
interface Found {
  user_id: string | null;
  /** +E.164; null without an account. */
  phone: string | null;
  temporary: boolean;
  known_device: boolean;
  decoy_ready: boolean;
}

/**
 * Whether a name is unknown or its password wrong, the same is asked of the database and of Auth.
 * @throws RefusedError 401 or 429
 */
export async function signIn(
  { database, auth, secret, region, client, device }: Omit<Dependencies, 'locale' | 'log'>,
  { username: name, password }: { username: string; password: string }
): Promise<Response> {
  const { phone } = judgePhone(name, region);
  // No username is longer or has another character; the database would not take some of them at all.
  const username = phone === undefined && /^[\w.-]{3,32}$/.test(name) ? name : null;
  const byDevice = await deviceHash(secret, device);
  const [found] = await database<[Found]>`
    select user_id, phone, temporary, known_device, decoy_ready
    from private.login_account(${username}, ${phone ?? null}, ${byDevice}, ${decoyPhone})`;
  const account = found.user_id ?? phone ?? name.toLowerCase();
  const use = await limit(
    database,
    secret,
    'password',
    found.known_device ? { device: `${account} ${device}` } : { account, client }
  );
  if (!found.decoy_ready) await auth.createDecoy(decoyPhone);
  const { temporary } = found;
  const session = await signInAsTyped(
    auth,
    found.phone ? { phone: found.phone, temporary } : undefined,
    password
  );
  if (!session) {
    await noteSecurityEvent(database, secret, 'sign_in_refused', { phone: found.phone ?? phone, client });
    throw invalidCredentials();
  }
  await noteSignIn({ database, secret, client, device }, session.userId, use);
  const { user, mustChangePassword } = await profileOf(database, session.userId);
  const { token, refresh_token } = session;
  return json({ token, refresh_token, user, must_change_password: mustChangePassword });
}
