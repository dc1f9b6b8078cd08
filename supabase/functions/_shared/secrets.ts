/** Keyed hashes, and comparing secrets; with Web Crypto alone, so that it runs everywhere. */

const encoder = new TextEncoder();

/** HMAC-SHA-256 of a text. */
export async function hmac(key: string, text: string): Promise<Uint8Array> {
  const imported = await crypto.subtle.importKey(
    'raw',
    encoder.encode(key),
    { name: 'HMAC', hash: 'SHA-256' },
    false,
    ['sign']
  );
  return new Uint8Array(await crypto.subtle.sign('HMAC', imported, encoder.encode(text)));
}

/** Whether two secrets are equal, in a time that depends on neither. */
export async function sameSecret(given: string, expected: string): Promise<boolean> {
  // Compared as digests under a throw-away key: equal lengths always, and nothing to learn from the first difference.
  const key = crypto.randomUUID();
  const [left, right] = await Promise.all([hmac(key, given), hmac(key, expected)]);
  return left.reduce((difference, byte, index) => difference | (byte ^ (right[index] ?? 0)), 0) === 0;
}

/** Bytes in hexadecimal. */
export function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
