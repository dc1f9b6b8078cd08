import { accountFingerprint, profileOf, requireFreePhone } from '../_shared/account/accounts.ts';
import { awaitingCode } from '../_shared/account/answers.ts';
import type { SignedInUser } from '../_shared/account/auth.ts';
import type { Dependencies } from '../_shared/account/endpoint.ts';
import {
  invalidCredentials,
  notSignedIn,
  passwordChangeRequired,
  validationFailed
} from '../_shared/account/errors.ts';
import { limit, takeBack } from '../_shared/account/limits.ts';
import { signInAsTyped } from '../_shared/account/passwords.ts';
import { noteSecurityEvent } from '../_shared/account/security-events.ts';
import { startVerification } from '../_shared/account/verification.ts';
import { json } from '../_shared/http.ts';

/** @throws RefusedError 400, 401, 403, 409 or 429 */
export async function changePhone(
  dependencies: Dependencies,
  signedIn: SignedInUser,
  { phone_number: phone, password }: { phone_number: string; password: string }
): Promise<Response> {
  const { database, secret, client, log } = dependencies;
  const { user, locale, mustChangePassword } = await profileOf(database, signedIn.userId);
  if (mustChangePassword) throw passwordChangeRequired();
  await requirePassword(dependencies, signedIn, user.phone_number, password);
  if (phone === user.phone_number) {
    throw validationFailed({ phone_number: (words) => words.fields.presentPhone });
  }
  await limit(database, secret, 'lookup', { client });
  await requireFreePhone(database, phone);
  await limit(database, secret, 'code', { phone, client });
  const fingerprint = await accountFingerprint(database, signedIn);
  if (fingerprint === undefined) throw notSignedIn();
  const started = await startVerification(
    // Nobody has the new phone yet, so nothing there tells its language.
    { ...dependencies, locale: locale ?? dependencies.locale },
    { phone, waiting: { purpose: 'change_phone', request: { phone, fingerprint, ...signedIn } } }
  );
  log.info('code_queued', { purpose: 'change_phone' });
  return json(awaitingCode(user, started), 202);
}

/** Somebody else may be at a page that was left open: only the owner knows the password. */
async function requirePassword(
  { database, auth, secret, client }: Dependencies,
  { sessionId }: SignedInUser,
  phone: string,
  password: string
): Promise<void> {
  const use = await limit(database, secret, 'password', { device: sessionId });
  const session = await signInAsTyped(auth, { phone, temporary: false }, password);
  if (!session) {
    await noteSecurityEvent(database, secret, 'sign_in_refused', { phone, client });
    throw invalidCredentials();
  }
  await takeBack(database, use);
  await auth.signOut(session.token);
}
