// Every word with which our SQL refuses: one list, which the documentation repeats.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { refusalOf } from '../helpers/database.ts';
import { closeDatabases, databaseAsPostgres } from '../helpers/stack.ts';

const sql = databaseAsPostgres();
afterAll(closeDatabases);

interface ListedRefusal {
  word: string;
  message: string;
  code: string;
  sentence: string;
}

const list = await sql<ListedRefusal[]>`select word, message, code, sentence from private.refusals`;
const words = list.map(({ word }) => word).sort();
const sources = await sql<{ name: string; source: string }[]>`
  select oid::regprocedure::text as name, prosrc as source from pg_proc
  where pronamespace in ('public'::regnamespace, 'private'::regnamespace)`;

test('no word is there twice', () => {
  expect(new Set(words).size).toBe(words.length);
});

test('docs/errors.md lists them all, with status and sentence', () => {
  const page = readFileSync(fileURLToPath(new URL('../../docs/errors.md', import.meta.url)), 'utf8');
  const rows = [...page.matchAll(/^\| (4\d\d) +\| `(\w+)` +\| `(\w+)` +\| .+? +\| (.+?) +\|$/gm)];
  const documented = rows.map(([, status, message, word, sentence]) => ({
    word,
    message,
    code: `PT${status}`,
    sentence
  }));
  const byWord = (a: { word?: string }, b: { word?: string }) => (String(a.word) < String(b.word) ? -1 : 1);
  expect(documented.sort(byWord)).toEqual([...list].sort(byWord));
});

test('every one is used, and no other', () => {
  const text = sources.map(({ source }) => source).join('\n');
  const used = [...text.matchAll(/private\.fail\('(\w+)'/g)].map(([, word]) => word);
  expect(used.filter((word) => word === undefined || !words.includes(word))).toEqual([]);
  expect(words.filter((word) => !text.includes(`'${word}'`))).toEqual([]);
});

test('nothing raises an error of the API by hand', () => {
  const byHand = sources.filter(({ source }) => /errcode\s*=\s*'PT/i.test(source));
  expect(byHand.map(({ name }) => name)).toEqual([]);
});

test.each(list.map((listed) => [listed.word, listed] as const))(
  '%s is raised with its word of the API and its sentence',
  async (word, { code, message, sentence }) => {
    const values = ['first', 'second'];
    const hint = values.reduce((text, value) => text.replace('%s', value), sentence);
    const raised = refusalOf(sql`select private.fail(${word}, variadic ${values})`);
    expect(await raised).toEqual({ code, message, detail: word, hint });
  }
);

test('a word that is not in the list is a mistake of ours, told apart from every refusal', async () => {
  expect(await refusalOf(sql`select private.fail('unheard_of')`)).toMatchObject({
    code: 'P0001',
    message: 'private.refusals has no word unheard_of'
  });
});
