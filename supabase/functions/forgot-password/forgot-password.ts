import { accountOfPhone, awaitingCode } from '../_shared/account/accounts.ts';
import { json } from '../_shared/http.ts';
import { limit } from '../_shared/account/limits.ts';
import type { Dependencies } from '../_shared/account/endpoint.ts';
import { startVerification } from '../_shared/account/verification.ts';

/** @throws DomainError 429 */
export async function forgotPassword(
  dependencies: Pick<Dependencies, 'database' | 'secret' | 'client' | 'locale' | 'log'>,
  { phone_number: phone }: { phone_number: string }
): Promise<Response> {
  const { database, secret, client, log } = dependencies;
  await limit(database, secret, 'code', { phone, client });
  const text = (await accountOfPhone(database, phone)) !== undefined;
  const { verificationId, expiresIn } = await startVerification(dependencies, {
    purpose: 'reset',
    phone,
    request: { phone },
    text
  });
  log.info('reset_asked_for');
  return json(awaitingCode(null, verificationId, expiresIn), 202);
}
