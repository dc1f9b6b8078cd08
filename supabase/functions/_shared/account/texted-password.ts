/** What the passwords that we make up and text are made of, and how they are read. */
import { asciiDigits, withoutInvisible } from '../text.ts';

/** Capitals and digits that are not mistaken for one another when copied from a small screen: no 0 and O, no 1 and I. */
export const textedAlphabet = 'ABCDEFGHJKLMNPQRSTUVWXYZ23456789';

export const textedLength = 8;

const texted = new RegExp(`^[${textedAlphabet}]{${textedLength}}$`);

/**
 * The texted password in what somebody typed or pasted: blanks and line ends come along, and phones begin with small
 * letters. None of that can be part of it.
 * @returns undefined when it cannot be a texted password
 */
export function textedPasswordIn(typed: string): string | undefined {
  const text = asciiDigits(withoutInvisible(typed)).replace(/\s/g, '').toUpperCase();
  return texted.test(text) ? text : undefined;
}
