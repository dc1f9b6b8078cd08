/** Usernames that are proposed to whoever does not choose one. The rule of usernames is that of the account API. */
import { randomInt } from 'node:crypto';
import anyAscii from 'any-ascii';

// Room for the digits that make a name of it that nobody has.
const LONGEST = 26;

// The scripts of India, from Devanagari to Malayalam, have blocks of 128 characters with one plan.
const INDIC = /[\u0900-\u0d7f]/;
const isConsonant = (letter: string) => {
  const place = (letter.codePointAt(0) ?? 0) & 0x7f;
  return INDIC.test(letter) && place >= 0x15 && place <= 0x39;
};
// Where the vowel of a word's last letter is not spoken: Devanagari, Bengali, Gurmukhi, Gujarati, Odia.
const MUTE_END = /[\u0900-\u0b7f]/;

// In Tamil names it is spoken like this: Saravanan, Senthil.
const latinOf = (letter: string) => (letter === 'ச' ? 's' : anyAscii(letter));

/** Without the consonants' own vowel, which is not written, சுந்தரம் would be "cuntrm". */
function inLatin(word: string): string {
  const letters = [...word.normalize('NFC')];
  return letters
    .map((letter, at) => {
      const next = letters[at + 1];
      const hasVowel = next === undefined ? !MUTE_END.test(letter) : !/\p{M}/u.test(next);
      return latinOf(letter) + (isConsonant(letter) && hasVowel ? 'a' : '');
    })
    .join('');
}

const digits = (count: number) => String(randomInt(10 ** (count - 1), 10 ** count));

/**
 * Usernames after a name, the best first; those after it are so long that they are probably free.
 * @param name as it was typed, in any script
 */
export function proposedUsernames(name: string): string[] {
  const words = name.split(/[\s.]+/u).map((word) =>
    inLatin(word)
      .toLowerCase()
      .replace(/[^a-z0-9]/g, '')
  );
  const base = words
    .filter((word) => word !== '')
    .join('.')
    .slice(0, LONGEST)
    .replace(/\.$/, '');
  if (!/[a-z]/.test(base)) return [5, 6, 7].map((count) => `patient${digits(count)}`);
  const variants = [2, 4, 6].map((count) => base + digits(count));
  return base.length < 3 ? variants : [base, ...variants];
}
