// What the deployment asks, how answers are kept, and what of them goes where.
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { PassThrough } from 'node:stream';
import { parseEnv } from 'node:util';
import { afterAll, expect, test } from 'vitest';
import { findAnswers, functionSettings, siteSettings } from '../../tools/deploy/answers.ts';
import {
  parseSettings,
  plainText,
  readText,
  withEntries,
  writeSecretFile
} from '../../tools/deploy/settings-file.ts';
import { openTerminal } from '../../tools/deploy/terminal.ts';

const directory = mkdtempSync(path.join(tmpdir(), 'medq-unit-'));
afterAll(() => rmSync(directory, { recursive: true }));

const typed: Record<string, string> = {
  SUPABASE_PROJECT_REF: 'https://supabase.com/dashboard/project/abcdefghijklmnopqrst/settings',
  SUPABASE_ACCESS_TOKEN: 'sbp_0123456789',
  SITE_URL: 'https://medq.example.org/',
  CLINIC_NAME: 'Lakeside',
  CLINIC_PHONE: '044 4000 1000',
  MESSAGEBIRD_ACCESS_KEY: 'live_key',
  MESSAGEBIRD_SIGNING_KEY: 'signing'
};

const nobody = { given: {}, file: {}, environment: {}, asker: undefined };

test('whoever sits there is asked for what is not known, and asked again for what cannot be', async () => {
  const asked: string[] = [];
  const problems: string[] = [];
  const asker = {
    ask({ name }: { name: string }, problem?: string) {
      if (problem) problems.push(`${name}: ${problem}`);
      const wrong = !asked.includes(name) && name === 'CLINIC_PHONE';
      asked.push(name);
      return Promise.resolve(wrong ? 'none' : (typed[name] ?? ''));
    }
  };
  const { settings, fresh } = await findAnswers('hosted', { ...nobody, asker });
  expect(problems).toEqual(['CLINIC_PHONE: This is no phone number. Write it like +914440001000.']);
  expect(settings).toMatchObject({
    SUPABASE_PROJECT_REF: 'abcdefghijklmnopqrst',
    PUBLIC_SUPABASE_URL: 'https://abcdefghijklmnopqrst.supabase.co',
    PUBLIC_FUNCTIONS_URL: 'https://abcdefghijklmnopqrst.supabase.co/functions/v1',
    SITE_URL: 'https://medq.example.org',
    CLINIC_PHONE: '+914440001000',
    CLINIC_TIME_ZONE: 'Asia/Kolkata',
    MESSAGEBIRD_ORIGINATOR: 'MedQ',
    CLIENT_ADDRESS_HEADER: 'cf-connecting-ip',
    FUNCTIONS_SECRET: expect.stringMatching(/^[0-9a-f]{64}$/),
    LIVE_TOKEN_SECRET: ''
  });
  expect(settings.SITE_SECRET).not.toBe(settings.FUNCTIONS_SECRET);
  expect(asked).not.toContain('FUNCTIONS_SECRET');

  // What is kept is never asked for again, nor made anew.
  const file = parseEnv(withEntries('', fresh)) as Record<string, string>;
  asked.length = 0;
  const again = await findAnswers('hosted', { ...nobody, file, asker });
  expect(asked).toEqual([]);
  expect(again).toEqual({ settings, fresh: [] });
});

test('what was typed is kept at once, and what cannot be used in the file is asked for again', async () => {
  const kept: string[] = [];
  const asked: (string | undefined)[] = [];
  const asker = {
    ask({ name }: { name: string }, problem?: string) {
      asked.push(problem ?? name);
      if (name === 'CLINIC_PHONE') return Promise.reject(new Error('Stopped.'));
      return Promise.resolve(typed[name] ?? '');
    }
  };
  const file = { SUPABASE_PROJECT_REF: 'abc', SUPABASE_ACCESS_TOKEN: 'sbp_0123456789' };
  const keep = ({ name, value }: { name: string; value: string }) => void kept.push(`${name}=${value}`);
  await expect(findAnswers('hosted', { ...nobody, file, asker, keep })).rejects.toThrow('Stopped.');
  expect(asked[0]).toMatch(
    /^What is there for SUPABASE_PROJECT_REF cannot be used\. A project reference has/
  );
  expect(asked).not.toContain('SUPABASE_ACCESS_TOKEN');
  expect(kept[0]).toBe('SUPABASE_PROJECT_REF=abcdefghijklmnopqrst');
  expect(kept).toContain('CLINIC_NAME=Lakeside');
});

test('the file goes before the environment, and what the command was given before both', async () => {
  const { settings } = await findAnswers('hosted', {
    given: { SITE_URL: 'https://given.example.org' },
    file: { CLINIC_NAME: 'of the file' },
    environment: { ...typed, CLINIC_NAME: 'of a shell', SITE_URL: 'https://shell.example.org' },
    asker: undefined
  });
  expect(settings).toMatchObject({ SITE_URL: 'https://given.example.org', CLINIC_NAME: 'of the file' });
});

test.each([
  ['SITE_URL', 'http://medq.example.org'],
  ['SITE_URL', 'https://medq.example.org/clinic'],
  ['SUPABASE_PROJECT_REF', 'abc'],
  ['SUPABASE_ACCESS_TOKEN', 'eyJhbGciOi'],
  ['CLINIC_TIME_ZONE', 'India'],
  ['CLINIC_NAME', 'x'.repeat(101)],
  ['MESSAGEBIRD_ORIGINATOR', 'far too long a name'],
  ['MESSAGEBIRD_ACCESS_KEY', "it's"],
  ['FUNCTIONS_SECRET', 'short'],
  ['DEFAULT_REGION', 'India'],
  ['SMS_COUNTRIES', 'India']
])('%s is not %s', async (name, value) => {
  await expect(findAnswers('hosted', { ...nobody, file: { ...typed, [name]: value } })).rejects.toThrow(name);
});

test.each([
  ['SUPABASE_DB_URL', 'postgresql://postgres.old@aws-0-ap-south-1.pooler.supabase.com:5432/postgres'],
  ['SUPABASE_DB_URL', 'postgresql://postgres:secret@db.old.supabase.co:5432/postgres'],
  ['DATABASE_URL', 'postgresql://postgres.old:secret@aws-0-ap-south-1.pooler.supabase.com:6543/postgres'],
  ['PUBLIC_SUPABASE_URL', 'https://old.supabase.co'],
  ['PUBLIC_FUNCTIONS_URL', 'https://old.supabase.co/functions/v1']
])('after a restore into a new project no %s of the old one is left', async (name, address) => {
  const told = (ref: string) =>
    findAnswers('hosted', { ...nobody, file: { ...typed, [name]: address.replace('old', ref) } });
  await expect(told('zyxwvutsrqponmlkjihg')).rejects.toThrow(`${name}: This is of another project`);
  expect((await told('abcdefghijklmnopqrst')).settings[name]).toContain('abcdefghijklmnopqrst');
});

test('a file keeps what somebody wrote in it, and every value comes back as it was', () => {
  const values = ['plain', "St. John's", 'a "word"', 'a # b', '$& $1 $$', 'a=b', ' spaced ', '\'"', ''];
  const entries = values.map((value, index) => ({ name: `NAME_${index}`, value, about: 'What it is.' }));
  const text = withEntries('# mine\nNAME_0=old # and this\n\nOTHER=1', entries);
  expect(text).toMatch(/^# mine\nNAME_0=plain\n\nOTHER=1\n/);
  expect(parseEnv(text)).toEqual({
    OTHER: '1',
    ...Object.fromEntries(entries.map(({ name, value }) => [name, value]))
  });
  const marked = path.join(directory, 'marked');
  writeFileSync(marked, '\uFEFFNAME_0=first\r\nNAME_1=second\r\n');
  expect(parseSettings(readText(marked))).toEqual({ NAME_0: 'first', NAME_1: 'second' });
  const file = path.join(directory, 'open');
  writeFileSync(file, '', { mode: 0o644 });
  writeSecretFile(file, plainText({ A: 'b', NONE: '' }));
  expect(statSync(file).mode & 0o777).toBe(0o600);
});

test('functions and site are told what is theirs', () => {
  const all = { ...typed, SITE_SECRET: 's', FUNCTIONS_SECRET: 'f', SMS_COUNTRIES: 'IN', XFF_DEPTH: '2' };
  expect(functionSettings(all)).toMatchObject({ SMS_COUNTRIES: 'IN', MESSAGEBIRD_ACCESS_KEY: 'live_key' });
  expect(Object.keys(functionSettings(all)).filter((name) => name.startsWith('SUPABASE_'))).toEqual([]);
  expect(siteSettings(all)).toMatchObject({ SITE_SECRET: 's', XFF_DEPTH: '2' });
  expect(Object.keys(siteSettings(all)).join()).not.toMatch(/FUNCTIONS|MESSAGEBIRD|TOKEN|DB_URL/);
});

test('what is secret is not shown while it is typed', async () => {
  const input = new PassThrough();
  const output = new PassThrough();
  const terminal = openTerminal(input, output);
  const schema = () => {
    throw new Error('Not asked here.');
  };
  const answer = terminal.ask({ name: 'TOKEN', about: 'The token.', secret: true, schema });
  input.write('sbp_hidden\r');
  expect(await answer).toBe('sbp_hidden');
  const shown = terminal.ask(
    { name: 'NAME', about: 'The name.', suggest: 'MedQ', schema },
    'That was no name.'
  );
  input.write('Lakeside\r');
  expect(await shown).toBe('Lakeside');
  const left = terminal.agrees('Do this?');
  terminal.close();
  await expect(left).rejects.toThrow('Nothing was changed');
  const seen = String(output.read());
  expect(seen).toContain('The token.');
  // A line is drawn anew at every key: what stood in it before that is gone.
  const drawn = seen.split('\x1b[0J');
  expect(seen).toContain('That was no name.\n');
  expect(drawn).toContainEqual(expect.stringMatching(/^NAME \[MedQ\]: /));
  expect(drawn.at(-1)).toMatch(/^Do this\? \[y\/N\] /);
  expect(seen).not.toContain('sbp_hidden');
});

test("the functions' pooler is that of the session pooler, at its other port, unless another is given", async () => {
  const pooler = (port: number) =>
    `postgresql://postgres.abcdefghijklmnopqrst:secret@aws-0-ap-south-1.pooler.supabase.com:${port}/postgres`;
  const told = async (SUPABASE_DB_URL: string, DATABASE_URL = '') => {
    const environment = { ...typed, SUPABASE_DB_URL, DATABASE_URL };
    const { settings } = await findAnswers('hosted', { ...nobody, environment });
    return functionSettings(settings).DATABASE_URL;
  };
  expect(await told(pooler(5432))).toBe(pooler(6543));
  expect(await told(pooler(5432), 'postgresql://postgres@elsewhere:6543/postgres')).toBe(
    'postgresql://postgres@elsewhere:6543/postgres'
  );
  expect(await told('postgresql://postgres:secret@db.abcdefghijklmnopqrst.supabase.co:5432/postgres')).toBe(
    ''
  );
});
