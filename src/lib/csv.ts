// What a program for tables takes for a formula, also the wide forms of East Asia: at the beginning of a text, and after
// whatever separates cells where another comma is usual, or where a text is copied from one to the other.
const FORMULA = /(?<=^|[\t\r\n,;|"])(?=\s*[=+\-@\t\r＝＋－＠])/g;

/** A cell; names and notes come from anybody, so none of them is ever a formula. */
function cell(value: string | number | null): string {
  if (value === null) return '';
  if (typeof value === 'number') return String(value);
  const text = value.replaceAll(FORMULA, "'");
  return /[",;\t\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** A table as a file that Excel opens in the right letters: UTF-8 with its mark, commas, lines as RFC 4180 ends them. */
export function csvOf(rows: readonly (readonly (string | number | null)[])[]): string {
  return `\uFEFF${rows.map((row) => `${row.map(cell).join(',')}\r\n`).join('')}`;
}
