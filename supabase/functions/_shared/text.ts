/** Text as people type and paste it, made plain. The site has the same in src/lib/text.ts. */

/** Digits of any script (Tamil ௯, Arabic ٩, full-width ９) as 0 to 9; all else stays. */
export function asciiDigits(text: string): string {
  return text.replace(/\p{Nd}/gu, (digit) => {
    // Unicode keeps the ten digits of a script together, the zero first; a few such sets follow on each other.
    const here = digit.codePointAt(0) ?? 0;
    let first = here;
    while (/\p{Nd}/u.test(String.fromCodePoint(first - 1))) first -= 1;
    return String((here - first) % 10);
  });
}

/**
 * Without the characters that show nothing, which come along when text is pasted: marks of direction and joining,
 * fillers, soft hyphens. Blanks stay. Inside a word of a name a joiner matters, so this is for texts of other kinds.
 */
export function withoutInvisible(text: string): string {
  return text.replace(/\p{Default_Ignorable_Code_Point}/gu, '');
}

/** Whether the database takes an ISO instant, too: not the year 0, nor one of five digits, which an offset makes of 9999. */
export function isOfOurTime(instant: string): boolean {
  const year = new Date(instant).getUTCFullYear();
  return year >= 2000 && year < 3000;
}
