/** One-time codes, and the keyed hashes under which codes and phones are kept. */
import { hmac } from '../secrets.ts';

/** Six random digits, each code as likely as any other. */
export function newCode(): string {
  // Draws from the last, incomplete round of the 32 bits are thrown away: they would favour low codes.
  const usable = Math.floor(2 ** 32 / 1e6) * 1e6;
  const drawn = new Uint32Array(1);
  do crypto.getRandomValues(drawn); while ((drawn[0] ?? usable) >= usable);
  return String((drawn[0] ?? 0) % 1e6).padStart(6, '0');
}

/** What is kept of a code: worthless without the secret, and for any other request. */
export function codeHash(secret: string, verification: string, code: string): Promise<Uint8Array> {
  return hmac(secret, `code:${verification}:${code}`);
}

/** What is kept of a phone (+E.164) before it is proven. */
export function phoneHash(secret: string, phone: string): Promise<Uint8Array> {
  return hmac(secret, `phone:${phone}`);
}
