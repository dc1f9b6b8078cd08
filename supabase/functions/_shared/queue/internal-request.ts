/** Requests to functions that only the database and operators may call. */
import { verifyAuth } from '@supabase/server/core';
import { setting } from '../env.ts';
import { RefusedError } from '../errors.ts';
import { sameSecret } from '../secrets.ts';

/**
 * Lets the request pass when it carries FUNCTIONS_SECRET (as bearer token or `apikey`) or a secret API key (`apikey`).
 * @throws RefusedError 401, which does not say what was missing
 */
export async function requireInternalRequest(request: Request): Promise<void> {
  const secret = setting('FUNCTIONS_SECRET');
  const bearer = /^Bearer (.+)$/i.exec(request.headers.get('authorization') ?? '')?.[1];
  for (const given of [bearer, request.headers.get('apikey')]) {
    if (given && (await sameSecret(given, secret))) return;
  }
  if (await hasSecretKey(request)) return;
  throw new RefusedError({
    code: 'unauthorized',
    status: 401,
    message: () => 'This address is not for public use.'
  });
}

async function hasSecretKey(request: Request): Promise<boolean> {
  const secretKeys = setting('SUPABASE_SECRET_KEYS');
  if (secretKeys === undefined) return false;
  const { data } = await verifyAuth(request, {
    auth: 'secret:*',
    env: { url: setting('SUPABASE_URL'), secretKeys }
  });
  return data !== null;
}
