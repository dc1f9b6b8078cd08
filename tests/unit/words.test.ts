import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'svelte/compiler';
import { expect, test } from 'vitest';

import { locales as localesOfFunctions } from '../../supabase/functions/_shared/words/languages.ts';
import settings from '../../src/words/medq.inlang/settings.json' with { type: 'json' };

type Catalogue = Record<string, unknown>;

const CATALOGUE = 'src/words';

function readCatalogue(locale: string): Catalogue {
  const files = globSync(`${CATALOGUE}/${locale}/*.json`);
  const catalogues = files.map((file) => JSON.parse(readFileSync(file, 'utf8')) as Catalogue);
  const keys = catalogues.flatMap(Object.keys);
  expect(keys.length, `${locale} has a sentence twice`).toBe(new Set(keys).size);
  return Object.assign({}, ...catalogues) as Catalogue;
}

const [base = '', ...others] = settings.locales;
const english = readCatalogue(base);
const keys = Object.keys(english);

/** Each language but English, with what it says and a letter of its script. */
const translated = others.map((locale) => {
  const { script = '' } = new Intl.Locale(locale).maximize();
  return { locale, catalogue: readCatalogue(locale), letter: `\\p{Script=${script}}` };
});

const placeholders = (message: unknown) =>
  [...new Set(JSON.stringify(message).match(/\{\w+\}/g) ?? [])].toSorted();

test('the site, the account API and the folders of the catalogue have the same languages', () => {
  expect(settings.baseLocale).toBe(base);
  expect([...localesOfFunctions]).toEqual(settings.locales);
  const folders = globSync(`${CATALOGUE}/??-??`).map((folder) => path.basename(folder));
  expect(folders.toSorted()).toEqual(settings.locales.toSorted());
});

test.each(translated)('$locale says everything, in its script', ({ catalogue, letter }) => {
  expect(keys.filter((key) => !(key in catalogue))).toEqual([]);
  expect(Object.keys(catalogue).filter((key) => !(key in english))).toEqual([]);
  const inScript = new RegExp(`${letter}|^"[^\\p{L}]*"$`, 'u');
  for (const key of keys)
    expect(JSON.stringify(catalogue[key]).replaceAll(/\{\w+\}/g, ''), key).toMatch(inScript);
});

test.each(translated)('a sentence has the same placeholders in $locale', ({ catalogue }) => {
  for (const key of keys)
    expect([key, ...placeholders(catalogue[key])]).toEqual([key, ...placeholders(english[key])]);
});

test.each(translated)('$locale has the same files, in the list of the project', ({ locale }) => {
  const listed = settings['plugin.inlang.messageFormat'].pathPattern.map((file) => path.basename(file));
  for (const one of [base, locale]) {
    const files = globSync(`${CATALOGUE}/${one}/*.json`).map((file) => path.basename(file));
    expect(files.toSorted()).toEqual(listed.toSorted());
  }
});

test('every sentence is used', () => {
  const code = globSync('src/**/*.{ts,svelte}', { exclude: ['src/lib/paraglide/**'] })
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n');
  expect(keys.filter((key) => !new RegExp(`\\bm\\.${key}\\b`).test(code))).toEqual([]);
});

test('the page for when nothing else works speaks every language', () => {
  const page = readFileSync('src/error.html', 'utf8');
  for (const locale of settings.locales) expect(page).toContain(`lang="${locale}"`);
});

const SPOKEN = ['aria-label', 'aria-description', 'title', 'alt', 'placeholder', 'label', 'hint', 'content'];

/** What people read or hear that is written in a component, not in the catalogue. */
function ownWords(file: string): string[] {
  const { fragment, instance } = parse(readFileSync(file, 'utf8'), { modern: true });
  const found: string[] = [];
  const keep = (text: unknown, looksSpoken: RegExp) => {
    if (typeof text === 'string' && looksSpoken.test(text.replaceAll('MedQ', ''))) found.push(text.trim());
  };
  // In markup any word is for people; in code (a class, a key) only what has several.
  const inMarkup = /\p{L}{2}/u;
  const inCode = /\p{L}{2,} \p{L}/u;

  function look(node: unknown, attribute?: string): void {
    if (Array.isArray(node)) for (const part of node) look(part, attribute);
    if (typeof node !== 'object' || node === null || !('type' in node)) return;
    const { type, name, value, data } = node as {
      type: string;
      name?: string;
      value?: unknown;
      data?: string;
    };
    if (type === 'Text' && (attribute === undefined || SPOKEN.includes(attribute))) keep(data, inMarkup);
    if (type === 'Literal') keep(value, inCode);
    if (type === 'TemplateElement') keep((value as { raw: string }).raw, inCode);
    if (type === 'Attribute' && name === 'class') return;
    const within =
      type === 'Attribute' ? name : type === 'Component' || type === 'RegularElement' ? undefined : attribute;
    for (const [key, child] of Object.entries(node)) if (key !== 'metadata') look(child, within);
  }
  look(fragment);
  look(instance?.content);
  return found;
}

test('no component has words of its own', () => {
  const files = globSync('src/**/*.svelte');
  expect(files.length).toBeGreaterThan(20);
  const words = files.map((file) => [file, ...ownWords(file)]);
  expect(words.filter(([, ...found]) => found.length > 0)).toEqual([]);
});
