import { profileOf } from '../_shared/account/accounts.ts';
import type { SignedInUser } from '../_shared/account/auth.ts';
import type { Dependencies } from '../_shared/account/endpoint.ts';
import { limit } from '../_shared/account/limits.ts';
import { requireOwnPassword } from '../_shared/account/own-password.ts';
import { noteSecurityEvent } from '../_shared/account/security-events.ts';

/** @throws RefusedError 401 or 429 */
export async function exportAccount(
  dependencies: Dependencies,
  signedIn: SignedInUser,
  { password }: { password: string }
): Promise<Response> {
  const { database, secret, client, log } = dependencies;
  const { userId } = signedIn;
  const profile = await profileOf(database, userId);
  await requireOwnPassword(dependencies, signedIn, profile, password);
  await limit(database, secret, 'export', { client, account: userId });
  const [row] = await database<{ copy: object }[]>`select private.export_account(${userId}) as copy`;
  await noteSecurityEvent(database, secret, 'account_exported', { phone: profile.user.phone_number, client });
  log.info('account_exported');
  return Response.json(row?.copy);
}
