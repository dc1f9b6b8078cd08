import { profileOf } from '../_shared/account/accounts.ts';
import type { Dependencies } from '../_shared/account/endpoint.ts';
import { requireOwnPassword } from '../_shared/account/own-password.ts';
import { permitted } from '../_shared/account/permits.ts';
import { noteSecurityEvent } from '../_shared/account/security-events.ts';
import { json } from '../_shared/http.ts';

/** @throws RefusedError 400, 401 or 429 */
export async function changePassword(
  dependencies: Dependencies,
  userId: string,
  { password, new_password }: { password: string; new_password: string }
): Promise<Response> {
  const { database, auth, secret, client, log } = dependencies;
  const profile = await profileOf(database, userId);
  const { user } = profile;
  await requireOwnPassword(dependencies, profile, password);
  await permitted(database, userId, { what: 'password' }, () => auth.setPassword(userId, new_password));
  await noteSecurityEvent(database, secret, 'password_changed', { phone: user.phone_number, client });
  const session = await auth.signIn(user.phone_number, new_password);
  if (!session) throw new Error('The password was changed, but does not sign in.');
  log.info('password_changed');
  return json({ token: session.token, refresh_token: session.refresh_token, user });
}
