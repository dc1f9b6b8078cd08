/** One-time codes, and the keyed hashes under which codes and phones are kept. */
import { hmac } from '../secrets.ts';
import { asciiDigits, withoutInvisible } from '../text.ts';

/** Six random digits, each code as likely as any other. */
export function newCode(): string {
  // Draws from the last, incomplete round of the 32 bits are thrown away: they would favour low codes.
  const usable = Math.floor(2 ** 32 / 1e6) * 1e6;
  const drawn = new Uint32Array(1);
  do crypto.getRandomValues(drawn); while ((drawn[0] ?? usable) >= usable);
  return String((drawn[0] ?? 0) % 1e6).padStart(6, '0');
}

/**
 * The code in what was typed or pasted, up to the whole SMS: its one run of six digits. The site has the same in
 * src/lib/code.ts.
 * @returns undefined when there is none, or another one beside it
 */
export function codeIn(text: string): string | undefined {
  const plain = asciiDigits(withoutInvisible(text));
  // As it stands first: what divides the digits of `123 456` may divide a code from another number in an SMS.
  for (const reading of [plain, plain.replace(/[^\p{L}\d]/gu, '')]) {
    const runs = reading.match(/\d+/g)?.filter((run) => run.length === 6) ?? [];
    if (runs.length > 0) return runs.every((run) => run === runs[0]) ? runs[0] : undefined;
  }
  return undefined;
}

/** What is kept of a code: worthless without the secret, and for any other request. */
export function codeHash(secret: string, verification: string, code: string): Promise<Uint8Array> {
  return hmac(secret, `code:${verification}:${code}`);
}

/** What is kept of a phone (+E.164) before it is proven. */
export function phoneHash(secret: string, phone: string): Promise<Uint8Array> {
  return hmac(secret, `phone:${phone}`);
}
