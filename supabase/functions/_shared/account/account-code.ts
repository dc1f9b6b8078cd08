/** A code for whoever may have an account: the answer and the work are the same for every phone. */
import { accountOnDevice } from './accounts.ts';
import { awaitingCode } from './answers.ts';
import { deviceHash } from './device.ts';
import type { Dependencies } from './endpoint.ts';
import { limit } from './limits.ts';
import { goesToOurCountries } from './texted-country.ts';
import { startVerification } from './verification.ts';
import type { WaitingRequest } from './waiting.ts';
import { json } from '../http.ts';

/** What somebody without a session may have done to the account of a phone. */
export type AccountPurpose = 'reset' | 'sign_in';

/**
 * Texts a code to a phone (+E.164) if it is proven and has an account.
 * @throws RefusedError 429
 */
export async function requestAccountCode(
  dependencies: Pick<Dependencies, 'database' | 'secret' | 'client' | 'device' | 'locale' | 'log'>,
  purpose: AccountPurpose,
  { phone_number: phone }: { phone_number: string }
): Promise<Response> {
  const { database, secret, client, device, log } = dependencies;
  const { userId, knownDevice, state } = await accountOnDevice(
    database,
    phone,
    await deviceHash(secret, device)
  );
  await limit(database, secret, 'code', knownDevice ? { device: `${userId} ${device}` } : { phone, client });
  const goesThere = await goesToOurCountries(dependencies, phone);
  const waiting: WaitingRequest = { purpose, request: { phone, state } };
  const text = state !== null && goesThere;
  const started = await startVerification(dependencies, { phone, waiting, text });
  // Not code_queued: the line must not tell whether the phone has an account.
  log.info('account_code_requested', { purpose });
  return json(awaitingCode(null, started), 202);
}
