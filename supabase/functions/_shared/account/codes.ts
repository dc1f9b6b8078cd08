/** One-time codes, and the keyed hashes under which codes and phones are kept. */
import { hmac } from '../secrets.ts';
import { asciiDigits, withoutInvisible } from '../text.ts';

/** Codes have six digits, and ten while there are too many wrong guesses (private.short_codes_are_safe). */
export const codeLengths = [6, 10] as const;

/** Random digits, each code as likely as any other. */
export function newCode(length: typeof codeLengths[number]): string {
  const codes = 10 ** length;
  // Draws from the last, incomplete round of the 53 bits are thrown away: they would favour low codes.
  const usable = Math.floor(2 ** 53 / codes) * codes;
  let drawn: number;
  do {
    const [high = 0, low = 0] = crypto.getRandomValues(new Uint32Array(2));
    drawn = (high % 2 ** 21) * 2 ** 32 + low;
  } while (drawn >= usable);
  return String(drawn % codes).padStart(length, '0');
}

/**
 * The code in what was typed or pasted, up to the whole SMS: its one run of six digits, else of ten. The site has the same
 * in src/lib/code.ts.
 * @returns undefined when there is none, or another one beside it
 */
export function codeIn(text: string): string | undefined {
  const plain = asciiDigits(withoutInvisible(text));
  // As it stands first: what divides the digits of `123 456` may divide a code from another number in an SMS.
  for (const reading of [plain, plain.replace(/[^\p{L}\d]/gu, '')]) {
    for (const length of codeLengths) {
      const runs = reading.match(/\d+/g)?.filter((run) => run.length === length) ?? [];
      if (runs.length > 0) return runs.every((run) => run === runs[0]) ? runs[0] : undefined;
    }
  }
  return undefined;
}

/** What is kept of a code: worthless without the secret, and for any other request. */
export function codeHash(secret: string, verification: string, code: string): Promise<Uint8Array> {
  return hmac(secret, `code:${verification}:${code}`);
}
