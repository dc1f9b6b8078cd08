import { accountFingerprint, profileOf } from '../_shared/account/accounts.ts';
import type { SignedInUser } from '../_shared/account/auth.ts';
import { deviceHash, knowDevice } from '../_shared/account/device.ts';
import type { Dependencies } from '../_shared/account/endpoint.ts';
import { notSignedIn } from '../_shared/account/errors.ts';
import { replacePassword, requireOwnPassword } from '../_shared/account/own-password.ts';
import { json } from '../_shared/http.ts';

/**
 * A missing `password` is for sessions that may choose one (mayChoosePassword).
 * @throws RefusedError 400, 401 or 429
 */
export async function changePassword(
  dependencies: Dependencies,
  signedIn: SignedInUser,
  { password, new_password }: { password?: string; new_password: string }
): Promise<Response> {
  const { database } = dependencies;
  const { userId } = signedIn;
  // Before the password is looked at: it counts for the account as it is now.
  const state = await accountFingerprint(database, signedIn);
  if (state === undefined) throw notSignedIn();
  const profile = await profileOf(database, userId);
  if (password !== undefined) await requireOwnPassword(dependencies, signedIn, profile, password);
  const session = await replacePassword(dependencies, { userId, state }, profile, new_password);
  // Banned at this very moment; or another change at it was faster, and has ended this session.
  if (!session) throw notSignedIn();
  // All others are forgotten with the password that they know.
  await knowDevice(database, userId, await deviceHash(dependencies.secret, dependencies.device));
  dependencies.log.info('password_changed');
  return json({ token: session.token, refresh_token: session.refresh_token, user: profile.user });
}
