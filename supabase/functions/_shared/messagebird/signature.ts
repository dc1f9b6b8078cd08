/** Is a request really from MessageBird? Checks the `MessageBird-Signature-JWT` header. */
import { Buffer } from 'node:buffer';
import { createSecretKey } from 'node:crypto';
import { z } from 'zod';
import { setting } from '../env.ts';
import { bodyOf } from '../http.ts';
import { verify, VerifyOptions } from './sdk.js';

/** The outcome of a check. `tokenId` and `expiresAt` are for remembering a request against replays. */
export type SignatureCheck =
  | { ok: true; tokenId: string; expiresAt: Date }
  | { ok: false; reason: string };

export interface SignedRequest {
  /** The URL MessageBird called, to the byte. */
  url: string;
  /** The body as it came. */
  body: Uint8Array;
  /** The value of the signature header, null when there was none. */
  token: string | null;
  signingKey: string;
  now?: Date;
}

/** The SDK checks `exp` and `nbf` only where a token has them; without either it would be valid for ever. */
const claimsSchema = z.object({
  jti: z.string().min(1),
  iss: z.literal('MessageBird'),
  nbf: z.number(),
  exp: z.number()
});

const clockToleranceSeconds = 5;

/** Checks a signature. Never throws; `reason` is for the log, not for the caller. */
export async function checkSignature(signed: SignedRequest): Promise<SignatureCheck> {
  const { url, body, token, signingKey, now = new Date() } = signed;
  if (!token) return { ok: false, reason: 'the signature header is missing' };
  const options = new VerifyOptions(true, true, {
    issuer: 'MessageBird',
    algorithms: ['HS256', 'HS384', 'HS512'],
    clockTolerance: clockToleranceSeconds,
    currentDate: now
  });
  try {
    const key = createSecretKey(Buffer.from(signingKey, 'utf8'));
    await verify(url, body.length === 0 ? null : Buffer.from(body), token, key, options);
  } catch (error) {
    return { ok: false, reason: error instanceof Error ? error.message : 'invalid signature' };
  }
  const claims = claimsSchema.safeParse(claimsOf(token));
  if (!claims.success) return { ok: false, reason: 'a required claim (iss, nbf, exp, jti) is missing' };
  const { jti, exp } = claims.data;
  return { ok: true, tokenId: jti, expiresAt: new Date((exp + clockToleranceSeconds) * 1000) };
}

/**
 * Checks a request to one of the functions against the configured key and public address, and reads its body: nothing of
 * it without a signature, and no more than `most` bytes in any case.
 */
export async function checkMessageBirdRequest(
  request: Request,
  most: number
): Promise<{ ok: true; body: Uint8Array } | { ok: false; reason: string }> {
  const token = request.headers.get('messagebird-signature-jwt');
  if (!token) return { ok: false, reason: 'the signature header is missing' };
  const body = await bodyOf(request, most);
  if (!body) return { ok: false, reason: 'the body is too large' };
  const check = await checkSignature({
    url: publicUrlOf(request.url, setting('PUBLIC_FUNCTIONS_URL')),
    body,
    token,
    signingKey: setting('MESSAGEBIRD_SIGNING_KEY')
  });
  return check.ok ? { ok: true, body } : check;
}

/**
 * The URL MessageBird called. Behind the gateway a request names another host and no `/functions/v1`, so the public
 * part comes from configuration; path and query are taken over as text, because re-writing them breaks the signature.
 */
export function publicUrlOf(requestUrl: string, publicFunctionsUrl: string): string {
  const path = requestUrl.replace(/^[a-z]+:\/\/[^/?#]*/i, '').replace(/^\/functions\/v1(?=\/)/, '');
  return publicFunctionsUrl + path;
}

/** The claims of a token whose signature was verified. */
function claimsOf(token: string): unknown {
  const payload = token.split('.')[1] ?? '';
  return JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
}
