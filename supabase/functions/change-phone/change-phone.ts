import {
  invalidCredentials,
  notSignedIn,
  passwordChangeRequired,
  validationFailed
} from '../_shared/account/errors.ts';
import { accountMark, awaitingCode, profileOf, requireFreePhone } from '../_shared/account/accounts.ts';
import type { Caller } from '../_shared/account/auth.ts';
import { json } from '../_shared/http.ts';
import { limit } from '../_shared/account/limits.ts';
import type { Dependencies } from '../_shared/account/endpoint.ts';
import { startVerification } from '../_shared/account/verification.ts';

/** @throws DomainError 400, 401, 403, 409 or 429 */
export async function changePhone(
  dependencies: Dependencies,
  caller: Caller,
  { phone_number: phone, password }: { phone_number: string; password: string }
): Promise<Response> {
  const { database, secret, client, log } = dependencies;
  const { user, locale, mustChangePassword } = await profileOf(database, caller.userId);
  if (mustChangePassword) throw passwordChangeRequired();
  await requirePassword(dependencies, user.phone_number, password);
  if (phone === user.phone_number) {
    throw validationFailed({ phone_number: (words) => words.fields.presentPhone });
  }
  await limit(database, secret, 'ask', { phone, client });
  await requireFreePhone(database, phone);
  await limit(database, secret, 'code', { phone, client });
  const mark = await accountMark(database, caller);
  if (mark === undefined) throw notSignedIn();
  // Nobody has the new phone yet, so nothing there tells its language.
  const texting = { ...dependencies, locale: locale ?? dependencies.locale };
  const { verificationId, expiresIn } = await startVerification(texting, {
    purpose: 'change_phone',
    phone,
    request: { phone, mark, ...caller }
  });
  log.info('code_queued', { purpose: 'change_phone' });
  return json(awaitingCode(user, verificationId, expiresIn), 202);
}

/** An open page is not its owner: whoever found it knows no password. */
async function requirePassword(
  { database, auth, secret, client }: Dependencies,
  phone: string,
  password: string
): Promise<void> {
  await limit(database, secret, 'password', { name: phone, client });
  const session = await auth.signIn(phone, password);
  if (!session) throw invalidCredentials();
  await auth.signOut(session.token);
}
