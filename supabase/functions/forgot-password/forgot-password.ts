import { accountOfPhone } from '../_shared/account/accounts.ts';
import { awaitingCode } from '../_shared/account/answers.ts';
import type { Dependencies } from '../_shared/account/endpoint.ts';
import { limit } from '../_shared/account/limits.ts';
import { goesToOurCountries } from '../_shared/account/texted-country.ts';
import { startVerification } from '../_shared/account/verification.ts';
import { json } from '../_shared/http.ts';

/** @throws RefusedError 429 */
export async function forgotPassword(
  dependencies: Pick<Dependencies, 'database' | 'secret' | 'client' | 'locale' | 'log'>,
  { phone_number: phone }: { phone_number: string }
): Promise<Response> {
  const { database, secret, client, log } = dependencies;
  await limit(database, secret, 'code', { phone, client });
  const [hasAccount, goesThere] = await Promise.all([
    accountOfPhone(database, phone).then((account) => account !== undefined),
    goesToOurCountries(dependencies, phone)
  ]);
  const { verificationId, expiresIn } = await startVerification(dependencies, {
    phone,
    waiting: { purpose: 'reset', request: { phone } },
    text: hasAccount && goesThere
  });
  // Not code_queued: the line must not tell whether the phone has an account.
  log.info('reset_requested');
  return json(awaitingCode(null, verificationId, expiresIn), 202);
}
