import { accountFingerprint, profileOf, requireFreePhone } from '../_shared/account/accounts.ts';
import { awaitingCode } from '../_shared/account/answers.ts';
import type { SignedInUser } from '../_shared/account/auth.ts';
import type { Dependencies } from '../_shared/account/endpoint.ts';
import { notSignedIn, passwordChangeRequired, validationFailed } from '../_shared/account/errors.ts';
import { limit } from '../_shared/account/limits.ts';
import { requireOwnPassword } from '../_shared/account/own-password.ts';
import { requireOurCountry } from '../_shared/account/texted-country.ts';
import { startVerification } from '../_shared/account/verification.ts';
import { json } from '../_shared/http.ts';

/** @throws RefusedError 400, 401, 403, 409 or 429 */
export async function changePhone(
  dependencies: Dependencies,
  signedIn: SignedInUser,
  { phone_number: phone, password }: { phone_number: string; password: string }
): Promise<Response> {
  const { database, secret, client, log } = dependencies;
  const profile = await profileOf(database, signedIn.userId);
  const { user, locale } = profile;
  if (profile.mustChangePassword) throw passwordChangeRequired();
  await requireOwnPassword(dependencies, signedIn, profile, password);
  if (phone === user.phone_number) {
    throw validationFailed({ phone_number: (words) => words.fields.presentPhone });
  }
  await limit(database, secret, 'lookup', { client });
  await requireOurCountry(dependencies, phone);
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
