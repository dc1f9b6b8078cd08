/** How findings are told: a table of 80 columns for people, JSON for machines. */
import type { Result } from './examine.ts';

const nameWidth = 18;
const wordWidth = 7;
const textWidth = 80 - nameWidth - wordWidth;

/** Breaks a text into lines; a word that is longer than a line stays whole. */
function wrap(text: string): string[] {
  return text.split(/\s+/).reduce<string[]>((lines, word) => {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= textWidth)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
    return lines;
  }, []);
}

function rows({ name, finding }: Result): string[] {
  const [word, texts] =
    finding.state === 'holds'
      ? ['holds', [finding.says]]
      : finding.state === 'skipped'
        ? ['-', [`not looked at: ${finding.because}`]]
        : [
            'FAILS',
            finding.problems.flatMap(({ sentence, cause, mend }) => [
              sentence,
              `Cause: ${cause}`,
              `Mend: ${mend}`
            ])
          ];
  return texts.flatMap(wrap).map((line, index) => {
    const head =
      index === 0 ? name.padEnd(nameWidth) + word.padEnd(wordWidth) : ' '.repeat(nameWidth + wordWidth);
    return (head + line).trimEnd();
  });
}

export const allHold = (results: Result[]): boolean =>
  results.every(({ finding }) => finding.state !== 'fails');

/** A table, and how many of each in the last line. */
export function table(what: string, results: Result[]): string {
  const count = (state: string) => results.filter(({ finding }) => finding.state === state).length;
  const sum = `${count('holds')} hold, ${count('fails')} fail, ${count('skipped')} were not looked at.`;
  return [`MedQ, ${what}`, '', ...results.flatMap(rows), '', sum].join('\n');
}

/** `{what, holds, checks: [{name, state, says | problems: [{sentence, cause, mend}] | because}]}` */
export function json(what: string, results: Result[]): string {
  const checks = results.map(({ name, finding }) => ({ name, ...finding }));
  return JSON.stringify({ what, holds: allHold(results), checks }, null, 2);
}

/** The text without any of the secrets, wherever an error may have quoted one. */
export function masked(text: string, secrets: string[]): string {
  return secrets.reduce((rest, secret) => rest.replaceAll(secret, '…'), text);
}
