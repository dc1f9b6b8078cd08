// Local data from before the migrations were what they are now.
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import postgres from 'postgres';
import { afterAll, afterEach, expect, test } from 'vitest';
import { dataFiles } from '../../local/settings/data-directory.ts';
import { ownStackEnvironment, runCommand, runStack, stopCommands } from '../helpers/command.ts';

const env = await ownStackEnvironment();
const root = env.MEDQ_DATA ?? '';

afterEach(stopCommands);
afterAll(() => rm(root, { recursive: true, force: true }));

/** Runs the stack once, and what `change` does to its database. */
async function changeData(change: (sql: postgres.Sql) => Promise<unknown>): Promise<void> {
  const stack = await runStack([], env);
  const sql = postgres(stack.addresses.db_url, { max: 1, onnotice: () => undefined });
  await change(sql).finally(() => sql.end());
  stack.signal('SIGTERM');
  await stack.exited;
}

/** How a start on that data ends: with what it says. */
async function refusedStart(): Promise<string> {
  const stack = runCommand('stack.ts', [], env);
  expect(await stack.exited).toBe(1);
  return stack.stderr();
}

const sentence =
  `The database in ${root} is of an older layout: other migrations made it. It was left as it is. ` +
  'Start over (the data is thrown away): npm run stack -- --reset';

test('other migrations than the database knows end the start with a sentence, and nothing is lost', async () => {
  await changeData(
    (sql) => sql`
      update supabase_migrations.schema_migrations set version = '20200101000000' where version = (
        select min(version) from supabase_migrations.schema_migrations)`
  );
  expect(await refusedStart()).toContain(sentence);
  expect(existsSync(dataFiles(root).cluster)).toBe(true);
  // The same again: the refused start changed nothing.
  expect(await refusedStart()).toContain(sentence);
});

test('so does a migration that was edited after it was applied; starting over helps', async () => {
  const fresh = await runStack(['--reset'], env);
  fresh.signal('SIGTERM');
  await fresh.exited;
  await changeData(
    (sql) => sql`
      update supabase_migrations.schema_migrations set statements[1] = 'select 1' where version = (
        select max(version) from supabase_migrations.schema_migrations)`
  );
  expect(await refusedStart()).toContain(sentence);
});
