/** The rule of names. The database has the last word (private.name_from); the site has the same in src/lib/server/account/names.ts. */
import { withoutInvisible } from './text.ts';

const longestName = 100;

/** Why a text is no name: it has no letter or is too long; or it has characters that are no text. */
export type NameProblem = 'name' | 'nameUntypable';

// White space and what shows nothing, but for the overrides of direction, which nobody pastes by accident.
const nothing = String.raw`(?:(?![\u202D\u202E])[\p{White_Space}\p{Default_Ignorable_Code_Point}])*`;
const beginning = new RegExp(`^${nothing}`, 'u');
// After a virama a joiner at the end of a word is part of its last letter (Malayalam, Bengali).
const end = new RegExp(
  String.raw`([\u094D\u09CD\u0A4D\u0ACD\u0B4D\u0BCD\u0C4D\u0CCD\u0D4D\u0DCA]\u200D)?${nothing}$`,
  'u'
);

// Control characters, line breaks, and what turns the direction of the text around it.
const untypable = /[\p{Cc}\u2028\u2029\u202A-\u202E\u2066-\u2069]/u;

/** A name as it is kept, of what was typed or pasted; joiners inside stay. */
export function readName(text: string): { name: string } | { problem: NameProblem } {
  const name = text.normalize('NFC').replace(beginning, '').replace(end, '$1');
  if (untypable.test(name)) return { problem: 'nameUntypable' };
  // Fillers are letters to Unicode.
  if (!/\p{Alphabetic}/u.test(withoutInvisible(name)) || [...name].length > longestName) {
    return { problem: 'name' };
  }
  return { name };
}
