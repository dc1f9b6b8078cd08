import { createHash, randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';

/** The header that carries the signature on every request MessageBird sends. */
export const signatureHeader = 'MessageBird-Signature-JWT';

export interface Signable {
  /** Exactly the URL that is requested: scheme, host, port, path and raw query. */
  url: string;
  /** The raw body, when there is one. */
  body?: string | Uint8Array | undefined;
  /** The account's signing key, used as text. */
  signingKey: string;
  /** When the request is signed; it is accepted for 60 seconds from then. */
  now?: Date | undefined;
  /** The token's id; a new one by default. */
  tokenId?: string | undefined;
}

/** Signs a webhook request as MessageBird does and returns the value of its signature header. */
export async function signRequest({ url, body, signingKey, now, tokenId }: Signable): Promise<string> {
  const notBefore = Math.floor((now ?? new Date()).getTime() / 1000);
  const claims = {
    iss: 'MessageBird',
    nbf: notBefore,
    exp: notBefore + 60,
    jti: tokenId ?? randomUUID(),
    url_hash: sha256(url),
    ...(body !== undefined && body.length > 0 && { payload_hash: sha256(body) })
  };
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
    .sign(new TextEncoder().encode(signingKey));
}

/**
 * The form in which a URL goes over the wire, which is the one that gets signed:
 * HTTP clients escape what must be escaped and leave out the fragment.
 */
export function wireUrl(url: string): string {
  const wire = new URL(url);
  wire.hash = '';
  return wire.href;
}

function sha256(data: string | Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}
