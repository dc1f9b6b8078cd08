/** What register-patient and link-ivr-account do: refuse what cannot be, else prove the phone first. */
import { awaitingCode, doneAtOnce, requireRegistrable, userToBe } from './accounts.ts';
import { setting } from '../env.ts';
import { json } from '../http.ts';
import { limit } from './limits.ts';
import type { Dependencies } from './endpoint.ts';
import { makeAccount, type Registration, registration } from './registration.ts';
import { startVerification } from './verification.ts';

/** @throws DomainError 404, 409 or 429 */
export async function register(
  dependencies: Dependencies,
  purpose: 'register' | 'link',
  wish: Registration
): Promise<Response> {
  const { database, secret, client, log } = dependencies;
  const phone = wish.phone_number;
  await limit(database, secret, 'ask', { phone, client });
  await requireRegistrable(database, purpose, wish);
  if (setting('PHONE_VERIFICATION') === 'off') {
    const { user, ...tokens } = await makeAccount(dependencies, crypto.randomUUID(), purpose, wish);
    return json(doneAtOnce(tokens, user), 201);
  }
  await limit(database, secret, 'code', { phone, client });
  const request = registration.parse(wish);
  const texting = { ...dependencies, locale: wish.locale ?? dependencies.locale };
  const { verificationId, expiresIn } = await startVerification(texting, { purpose, phone, request });
  log.info('code_queued', { purpose });
  return json(awaitingCode(userToBe(wish), verificationId, expiresIn), 201);
}
