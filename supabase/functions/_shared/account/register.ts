/** What register-patient and link-ivr-account do: refuse what cannot be, else prove the phone first. */
import { awaitingCode, doneAtOnce, userToBe } from './answers.ts';
import { deviceHash, knowDevice } from './device.ts';
import type { Dependencies } from './endpoint.ts';
import { setting } from '../env.ts';
import { json } from '../http.ts';
import { requireGoodPassword } from './forbidden-passwords.ts';
import { limit } from './limits.ts';
import {
  makeAccount,
  type Registration,
  type RegistrationPurpose,
  requireRegistrable
} from './registration.ts';
import { requireOurCountry } from './texted-country.ts';
import { startVerification } from './verification.ts';

/** @throws RefusedError 400, 404, 409 or 429 */
export async function register(
  dependencies: Dependencies,
  purpose: RegistrationPurpose,
  registration: Registration
): Promise<Response> {
  const { database, secret, client, device, log } = dependencies;
  const phone = registration.phone_number;
  await limit(database, secret, 'lookup', { client });
  requireGoodPassword('password', registration.password, { ...registration, phone });
  await requireOurCountry(dependencies, phone);
  await requireRegistrable(database, purpose, registration);
  if (setting('PHONE_VERIFICATION') === 'off') {
    const { user, ...tokens } = await makeAccount(dependencies, crypto.randomUUID(), purpose, registration);
    if (user.id !== null) await knowDevice(database, user.id, await deviceHash(secret, device));
    return json(doneAtOnce(tokens, user), 201);
  }
  await limit(database, secret, 'code', { phone, client });
  const started = await startVerification(
    { ...dependencies, locale: registration.locale ?? dependencies.locale },
    { phone, waiting: { purpose, request: registration } }
  );
  log.info('code_queued', { purpose });
  return json(awaitingCode(userToBe(registration), started), 201);
}
