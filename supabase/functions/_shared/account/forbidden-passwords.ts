/** Passwords that everybody has, or that follow from whose they are: the first that anybody would try. */
import { ZxcvbnFactory } from '@zxcvbn-ts/core';
import { adjacencyGraphs, dictionary } from '@zxcvbn-ts/language-common';
import { validationFailed } from './errors.ts';
import { asciiDigits } from '../text.ts';

/** Whose password it is to be, as far as that is known. */
export interface PasswordOwner {
  /** +E.164 */
  phone: string;
  name?: string | null | undefined;
  username?: string | null | undefined;
}

/**
 * So many guesses, in the order in which guessers make them, find it. With the limits on wrong passwords
 * (public.limits) that takes months.
 */
const fewestGuesses = 100_000;

/** Longer ones are not looked at: guessing at them takes long, and so does finding out how long. */
const longestLookedAt = 40;

/** Reads its list of passwords when the first password is chosen. */
let guesser: ZxcvbnFactory | undefined;

/**
 * Whether a new password (as it is kept) is too easy to guess. Not for those that we make up ourselves.
 */
export function isForbiddenPassword(password: string, owner: PasswordOwner): boolean {
  guesser ??= new ZxcvbnFactory({
    dictionary: { passwords: dictionary['passwords-common'] },
    graphs: adjacencyGraphs
  });
  const own = ownWords(owner);
  return readings(password).some(
    (reading) => (guesser?.check(reading.slice(0, longestLookedAt), own).guesses ?? 0) < fewestGuesses
  );
}

/**
 * @param field where it was typed, in the names of the API
 * @throws RefusedError 400 `validation_failed` with a sentence for that field
 */
export function requireGoodPassword(field: string, password: string, owner: PasswordOwner): void {
  if (isForbiddenPassword(password, owner)) {
    throw validationFailed({ [field]: (words) => words.fields.passwordTooEasy });
  }
}

/** What guessers would take it for: letters of every width are the same, and what stands between them is soon tried. */
function readings(password: string): string[] {
  const plain = asciiDigits(password.normalize('NFKC'));
  const bare = plain.replace(notLetters, '');
  return bare.length < 6 ? [plain] : [plain, bare];
}

const notLetters = /[^\p{L}\p{M}\p{N}]+/gu;

function ownWords({ phone, name, username }: PasswordOwner): string[] {
  const digits = phone.slice(1);
  // With the 0 or 00 that is dialled before it, and without any country code, of up to three digits.
  const phones = [0, 1, 2, 3].map((length) => digits.slice(length));
  const words = [name, username].flatMap((text) => [
    text ?? '',
    (text ?? '').replace(notLetters, ''),
    ...(text ?? '').split(notLetters)
  ]);
  const own = ['medq', ...phones.flatMap((number) => [number, `0${number}`, `00${number}`]), ...words];
  return own.filter((word) => [...word].length > 2);
}
