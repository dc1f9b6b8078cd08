// The tool that readies a Supabase in Docker for the tests, tried on a database that is none.
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { parseEnv, promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readStackAddresses } from '../settings/addresses.ts';
import { startQuietDatabase, type QuietDatabase } from '../../tests/helpers/database.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'medq-docker-'));
let database: QuietDatabase;
beforeAll(async () => {
  database = await startQuietDatabase();
});
afterAll(async () => {
  await database.stop();
  rmSync(folder, { recursive: true });
});

const inFolder = (name: string) => path.join(folder, name);

test('it tells database, functions and tests the same, and a second time as well', async () => {
  // As the commands print them, with more than is needed.
  const status = {
    API_URL: 'http://127.0.0.1:54321',
    GRAPHQL_URL: 'http://127.0.0.1:54321/graphql/v1',
    DB_URL: database.url,
    ANON_KEY: 'anon',
    SERVICE_ROLE_KEY: 'service',
    PUBLISHABLE_KEY: 'sb_publishable_1',
    SECRET_KEY: 'sb_secret_1',
    JWT_SECRET: 'a secret of thirty-two characters'
  };
  const messagebird = {
    api_url: 'http://127.0.0.1:54324/rest',
    inbox_url: 'http://127.0.0.1:54324/inbox',
    simulator_url: 'http://127.0.0.1:54324/',
    access_key: 'access',
    signing_key: 'signing'
  };
  writeFileSync(inFolder('status.json'), JSON.stringify(status, null, 2));
  writeFileSync(inFolder('messagebird.json'), JSON.stringify(messagebird));
  const run = () =>
    promisify(execFile)(process.execPath, [
      'tools/test-stack.ts',
      '--status',
      inFolder('status.json'),
      '--messagebird',
      inFolder('messagebird.json'),
      '--out',
      inFolder('out')
    ]);
  await run();
  await run();

  const addresses = readStackAddresses(readFileSync(inFolder('out/stack.json'), 'utf8'), 'stack.json');
  const settings = parseEnv(readFileSync(inFolder('out/functions.env'), 'utf8'));
  expect(statSync(inFolder('out/functions.env')).mode & 0o777).toBe(0o600);
  expect(addresses.db_url).toBe(database.url);
  expect(addresses.functions_secret).toBe(settings.FUNCTIONS_SECRET);
  const secrets = await database.sql`
    select name, decrypted_secret as secret from vault.decrypted_secrets order by name`;
  expect([...secrets]).toEqual([
    { name: 'functions_secret', secret: settings.FUNCTIONS_SECRET },
    { name: 'functions_url', secret: 'http://kong:8000/functions/v1' }
  ]);
});
