import { asciiDigits, withoutInvisible } from './text.ts';

// Ten while there are too many wrong guesses.
const CODE_LENGTHS = [6, 10];

/**
 * The code in what was typed or pasted, up to the whole SMS: its one run of six digits, else of ten. The functions have the same in
 * supabase/functions/_shared/account/codes.ts. Undefined: there is none, or another one beside it.
 */
export function codeIn(text: string): string | undefined {
  const plain = asciiDigits(withoutInvisible(text));
  // As it stands first: what divides the digits of `123 456` may divide a code from another number in an SMS.
  for (const reading of [plain, plain.replace(/[^\p{L}\d]/gu, '')]) {
    for (const length of CODE_LENGTHS) {
      const runs = reading.match(/\d+/g)?.filter((run) => run.length === length) ?? [];
      if (runs.length > 0) return runs.every((run) => run === runs[0]) ? runs[0] : undefined;
    }
  }
  return undefined;
}
