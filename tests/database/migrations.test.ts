// The text of the migrations, and what they make of a database of their own.
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { migrate } from '../../local/postgres/migrations.ts';
import { withScratchDatabase } from '../../local/postgres/scratch.ts';
import { readSchema } from '../../tools/schema.ts';
import { theStack } from '../helpers/stack.ts';

const inProject = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const directory = inProject('supabase/migrations');
const files = readdirSync(directory).map((name) => ({
  name,
  text: readFileSync(`${directory}/${name}`, 'utf8')
}));
const committed = readFileSync(inProject('supabase/schema.sql'), 'utf8');

test('no file is longer than 320 lines', () => {
  const long = files.filter(({ text }) => text.split('\n').length > 321);
  expect(long.map(({ name }) => name)).toEqual([]);
});

test('no function is longer than 40 lines', () => {
  const functions = files.flatMap(({ text }) => [
    ...text.matchAll(/^create (?:or replace )?function (\S+)\([^]*?(?:\$\$;|^return [^]*?;)$/gm)
  ]);
  expect(functions.length).toBeGreaterThan(100);
  const long = functions.filter(([text]) => text.split('\n').length > 40);
  expect(long.map(([, name]) => name)).toEqual([]);
});

// Until there is a deployment, what changes is changed where it stands. What has landed on one is changed by a new file.
test('nothing is defined twice, nor taken back', () => {
  const text = files.map((file) => file.text).join('\n');
  const definitions =
    text.match(/^(?:create [^]*?(?=\)| as| \()|comment on [^]*?(?= is)|alter table \S+ (?!enable).*)/gm) ??
    [];
  expect(definitions.length).toBeGreaterThan(500);
  const seen = new Set<string>();
  expect(definitions.filter((definition) => seen.size === seen.add(definition).size)).toEqual([]);
  expect(text.match(/^(?:create or replace|drop|alter table \S+\s+(?!enable)).*/gm) ?? []).toEqual([]);
});

test('supabase/schema.sql is what they make', async () => {
  const schema = await withScratchDatabase(async (sql) => {
    await migrate(sql, directory);
    return readSchema(sql);
  });
  expect(schema === committed, 'supabase/schema.sql is stale. Write it again: npm run db:dump').toBe(true);
});

test('they leave the same rights where new objects are given away by default, as on older projects', async () => {
  const schema = await withScratchDatabase(async (sql) => {
    for (const where of ['', 'in schema public']) {
      for (const what of ['tables', 'sequences', 'functions']) {
        await sql.unsafe(
          `alter default privileges ${where} grant all on ${what} to anon, authenticated, service_role`
        );
      }
    }
    await migrate(sql, directory);
    return readSchema(sql);
  });
  expect(schema.split('\n')).toEqual(committed.split('\n'));
});

test('the advisors of Supabase find nothing', async () => {
  const { stdout, stderr } = await promisify(execFile)(
    inProject('node_modules/.bin/supabase'),
    ['db', 'advisors', `--remote=${theStack().db_url}?sslmode=disable`, '--output-format', 'json'],
    { env: { ...process.env, DO_NOT_TRACK: '1', SUPABASE_TELEMETRY_DISABLED: '1' } }
  );
  expect(JSON.parse(stdout)).toMatchObject({ results: [], message: 'db advisors' });
  // A setting of supabase/config.toml in the wrong place would be passed over, with no more than a warning.
  expect(stderr).not.toContain('does not recognize');
});
