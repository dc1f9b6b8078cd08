import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { parseEnv } from 'node:util';

/** Names and values, as in a file of environment variables. */
export type Settings = Readonly<Record<string, string>>;

/** One line of such a file, with what it is. */
export interface Entry {
  name: string;
  value: string;
  about: string;
}

/** The text of `file`; empty without it. Some editors begin a file with a mark, which is no part of the first name. */
export function readText(file: string): string {
  return existsSync(file) ? readFileSync(file, 'utf8').replace(/^\uFEFF/, '') : '';
}

/** The settings that a text holds; those without a value count as answered, with nothing. */
export function parseSettings(text: string): Settings {
  return Object.fromEntries(Object.entries(parseEnv(text)).map(([name, value]) => [name, value ?? '']));
}

/**
 * `value` as these files have it: in quotes only where it must be, because Docker takes quotes for a part of the value.
 * @throws when it cannot be written
 */
function quoted(value: string): string {
  if (/^[\w.:/+@,=?&%-]*$/.test(value)) return value;
  const mark = ["'", '"', '`'].find((quote) => !value.includes(quote));
  if (!mark || /[\r\n]/.test(value))
    throw new Error('A setting may hold no line break, and not every kind of quote.');
  return `${mark}${value}${mark}`;
}

const lineOf = (name: string, value: string) => `${name}=${quoted(value)}`;

/** A text of nothing but settings, for a program; those without a value are left out. */
export function plainText(settings: Settings): string {
  const given = Object.entries(settings).filter(([, value]) => value !== '');
  return given.map(([name, value]) => `${lineOf(name, value)}\n`).join('');
}

/** A text with these settings: each replaces its line, or is added with a comment. All else stays as it was written. */
export function withEntries(text: string, entries: readonly Entry[]): string {
  return entries.reduce((sofar, { name, value, about }) => {
    const line = lineOf(name, value);
    const known = new RegExp(`^(?:export )?${name}=.*$`, 'm');
    // As a function, or `$&` in a value would be taken for what was found.
    if (known.test(sofar)) return sofar.replace(known, () => line);
    return `${sofar}${sofar && '\n'}${wrapped(about)}\n${line}\n`;
  }, text);
}

/** A comment of lines that are easy to read. */
function wrapped(sentence: string): string {
  return sentence.replace(/(.{1,116})(?:\s+|$)/g, '# $1\n').trimEnd();
}

/** Writes a file that only its owner may read. */
export function writeSecretFile(file: string, text: string): void {
  writeFileSync(file, text, { mode: 0o600 });
  chmodSync(file, 0o600);
}
