import { accountOnDevice } from '../_shared/account/accounts.ts';
import { awaitingCode } from '../_shared/account/answers.ts';
import { deviceHash } from '../_shared/account/device.ts';
import type { Dependencies } from '../_shared/account/endpoint.ts';
import { limit } from '../_shared/account/limits.ts';
import { goesToOurCountries } from '../_shared/account/texted-country.ts';
import { startVerification } from '../_shared/account/verification.ts';
import { json } from '../_shared/http.ts';

/** @throws RefusedError 429 */
export async function forgotPassword(
  dependencies: Pick<Dependencies, 'database' | 'secret' | 'client' | 'device' | 'locale' | 'log'>,
  { phone_number: phone }: { phone_number: string }
): Promise<Response> {
  const { database, secret, client, device, log } = dependencies;
  const { userId, knownDevice } = await accountOnDevice(database, phone, await deviceHash(secret, device));
  await limit(database, secret, 'code', knownDevice ? { device: `${userId} ${device}` } : { phone, client });
  const goesThere = await goesToOurCountries(dependencies, phone);
  const started = await startVerification(dependencies, {
    phone,
    waiting: { purpose: 'reset', request: { phone } },
    text: userId !== null && goesThere
  });
  // Not code_queued: the line must not tell whether the phone has an account.
  log.info('reset_requested');
  return json(awaitingCode(null, started), 202);
}
