import { createHmac, createHash } from 'node:crypto';
import { createRequire } from 'node:module';
import { describe, expect, test } from 'vitest';
import { checkSignature, publicUrlOf } from '../../supabase/functions/_shared/messagebird/signature.ts';

interface Vector {
  name: string;
  secret: string;
  url: string;
  timestamp: string;
  token: string;
  payload?: string;
  valid: boolean;
}
const vectors = createRequire(import.meta.url)(
  'messagebird/lib/testdata/webhook-signature-jwt-reference.json'
) as Vector[];

test.each(vectors)('reference: $name', async ({ secret, url, timestamp, token, payload = '', valid }) => {
  const check = await checkSignature({
    url,
    body: new TextEncoder().encode(payload),
    token,
    signingKey: secret,
    now: new Date(timestamp)
  });
  expect(check.ok).toBe(valid);
});

describe('beyond the reference', () => {
  const signingKey = 'a-signing-key-used-as-text';
  const url = 'https://x.supabase.co/functions/v1/ivr?callID=c-1&source=919876543210';
  const now = new Date('2026-11-22T10:00:00Z');
  const seconds = now.getTime() / 1000;
  const claims = {
    iss: 'MessageBird',
    jti: '59a244dc-e9ad-4e23-9778-371faa238f72',
    nbf: seconds,
    exp: seconds + 60,
    url_hash: createHash('sha256').update(url).digest('hex')
  };

  function tokenWith(changes: Record<string, unknown>, alg = 'HS256'): string {
    const encode = (data: unknown) => Buffer.from(JSON.stringify(data)).toString('base64url');
    const signed = `${encode({ alg, typ: 'JWT' })}.${encode({ ...claims, ...changes })}`;
    return `${signed}.${createHmac('sha256', signingKey).update(signed).digest('base64url')}`;
  }
  const check = (token: string | null, more = {}) =>
    checkSignature({ url, body: new Uint8Array(), token, signingKey, now, ...more });

  test('a good request tells its token id and when that can be forgotten', async () => {
    expect(await check(tokenWith({}))).toEqual({
      ok: true,
      tokenId: claims.jti,
      expiresAt: new Date((claims.exp + 5) * 1000)
    });
  });

  test.each(['nbf', 'exp', 'jti', 'iss', 'url_hash'])('a token without %s is refused', async (claim) => {
    expect(await check(tokenWith({ [claim]: undefined }))).toMatchObject({ ok: false });
  });

  test.each([
    ['an empty token id', { jti: '' }],
    ['a token id that is no text', { jti: 5 }],
    ['another issuer', { iss: 'Bird' }],
    ['an expiry that is no number', { exp: 'never' }],
    ['a hash that is no hash', { url_hash: '' }],
    ['a hash that is no text', { url_hash: 5 }]
  ])('%s is refused', async (_, changes) => {
    expect(await check(tokenWith(changes))).toMatchObject({ ok: false });
  });

  test('clocks may differ by five seconds and no more', async () => {
    const at = (offset: number) => ({ now: new Date((seconds + offset) * 1000) });
    expect(await check(tokenWith({}), at(-5))).toMatchObject({ ok: true });
    expect(await check(tokenWith({}), at(-6))).toMatchObject({ ok: false });
    expect(await check(tokenWith({}), at(64))).toMatchObject({ ok: true });
    expect(await check(tokenWith({}), at(66))).toMatchObject({ ok: false });
  });

  test.each([null, '', 'garbage', 'a.b.c', '..'])('%j is refused, not thrown', async (token) => {
    expect(await check(token)).toMatchObject({ ok: false });
  });

  test('one character of the query decides', async () => {
    expect(await check(tokenWith({}), { url: url.replace('919876543210', '919876543211') })).toMatchObject({
      ok: false
    });
  });

  test('a token that claims another algorithm than it was signed with is refused', async () => {
    expect(await check(tokenWith({}, 'none'))).toMatchObject({ ok: false });
    expect(await check(tokenWith({}, 'RS256'))).toMatchObject({ ok: false });
  });
});

test.each([
  'http://127.0.0.1:9000/ivr?b=1&a=%5B2%5D+x&variables=%7B%22m%22%3A%221%22%7D',
  'http://internal/functions/v1/ivr?b=1&a=%5B2%5D+x&variables=%7B%22m%22%3A%221%22%7D'
])('the public URL keeps path and query of %s to the letter', (seen) => {
  expect(publicUrlOf(seen, 'https://x.supabase.co/functions/v1')).toBe(
    'https://x.supabase.co/functions/v1/ivr?b=1&a=%5B2%5D+x&variables=%7B%22m%22%3A%221%22%7D'
  );
});
