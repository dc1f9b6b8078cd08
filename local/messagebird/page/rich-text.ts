/** A stretch of a text message: plain, a link, or something one wants to copy or type. */
export interface Stretch {
  kind: 'plain' | 'link' | 'copy';
  text: string;
}

const month = '(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\\.?,?';

// In this order: links; what follows "Username:" or "Password:"; codes of four or six digits that are neither part of a
// longer number nor the year of a date.
const interesting = new RegExp(
  [
    String.raw`(?<link>https?:\/\/[^\s<>"]*[^\s<>".,;:!?)])`,
    String.raw`(?<=\b(?:Username|Password|Code):\s*)(?<named>[^\s]+)`,
    String.raw`(?<![\d+.:/-])(?<!\d )(?<!${month} )(?<code>\d{6}|\d{4})(?![\d:/-])(?!\.\d)(?! \d{3})`
  ].join('|'),
  'gi'
);

/** Cuts a text message into stretches; put together they are the message again. */
export function stretches(body: string): Stretch[] {
  const found: Stretch[] = [];
  let end = 0;
  for (const match of body.matchAll(interesting)) {
    if (match.index > end) found.push({ kind: 'plain', text: body.slice(end, match.index) });
    const isLink = match.groups?.link !== undefined;
    found.push({ kind: isLink ? 'link' : 'copy', text: match[0] });
    end = match.index + match[0].length;
  }
  if (end < body.length) found.push({ kind: 'plain', text: body.slice(end) });
  return found;
}
