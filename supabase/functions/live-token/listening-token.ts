import { setting } from '../_shared/env.ts';
import { hmac } from '../_shared/secrets.ts';

export type ListeningToken = { token: string; expires_in: number } | { token: null; expires_in: null };

const lifetimeSeconds = 600;

/**
 * Realtime wants `role` and `exp` of a token and leaves the rest to the policies, which know `listens_for`. Without a `sub`
 * Auth refuses it, and to the Data API it is nobody's. It is good for as long as the session it names.
 */
export async function listeningToken(sessionId: string): Promise<ListeningToken> {
  const secret = setting('LIVE_TOKEN_SECRET');
  if (secret === undefined) return { token: null, expires_in: null };
  const kid = setting('LIVE_TOKEN_KEY_ID');
  const now = Math.floor(Date.now() / 1000);
  const header = { alg: 'HS256', typ: 'JWT', ...(kid && { kid }) };
  const claims = {
    role: 'authenticated',
    aud: 'authenticated',
    iat: now,
    exp: now + lifetimeSeconds,
    listens_for: sessionId
  };
  const signed = `${base64url(JSON.stringify(header))}.${base64url(JSON.stringify(claims))}`;
  const signature = String.fromCharCode(...(await hmac(secret, signed)));
  return { token: `${signed}.${base64url(signature)}`, expires_in: lifetimeSeconds };
}

/** @param bytes one byte a character */
function base64url(bytes: string): string {
  return btoa(bytes).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}
