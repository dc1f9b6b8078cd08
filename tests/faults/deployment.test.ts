// `npm run deploy` for a Supabase of one's own: what no program can do there is told, until a person has done it. Then all
// of it stands.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseEnv } from 'node:util';
import postgres from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { functionNames } from '../../local/functions/deno.ts';
import { readConfig } from '../../local/settings/config.ts';
import { freePort } from '../../local/settings/ports.ts';
import { startStack, type Stack } from '../../local/start-stack.ts';
import { projectDirectory } from '../../local/site/build.ts';
import { deploy, doctor, planned, type Run } from '../deployment/command.ts';
import { alteringProxy, type AlteringProxy } from '../helpers/altering-proxy.ts';
import { expectCallToBook } from '../deployment/first-call.ts';

const home = mkdtempSync(path.join(tmpdir(), 'medq-answers-'));
const file = path.join(home, '.env.production');
const functionsFile = path.join(home, '.env.functions');
let stack: Stack;
let siteUrl: string;
let sitePort: string;
let proxy: AlteringProxy;
let sql: postgres.Sql;

beforeAll(async () => {
  sitePort = String(await freePort());
  proxy = await alteringProxy(`http://127.0.0.1:${sitePort}`, () => undefined, {
    'x-forwarded-proto': 'http'
  });
  siteUrl = proxy.url;
  stack = await startStack({ ephemeral: true, bare: true, log: () => undefined });
  sql = postgres(stack.addresses.db_url, { onnotice: () => undefined });
  // Nobody is asked for it: only where MessageBird is another is it written to the file.
  writeFileSync(file, `MESSAGEBIRD_API_URL=${stack.project.messagebird.apiUrl}\n`);
});
afterAll(async () => {
  await Promise.all([sql?.end({ timeout: 5 }), proxy?.close()]);
  await stack?.close();
  rmSync(home, { recursive: true });
});

const run = (args: string[] = [], environment: NodeJS.Dict<string> = {}): Promise<Run> =>
  deploy(['--yes', ...args], { MEDQ_ENV_FILE: file, ...environment });

const addresses = () => [
  '--db-url',
  `${stack.addresses.db_url}?sslmode=disable`,
  '--api-url',
  stack.addresses.api_url
];

const inEnvironment = () => ({
  PUBLIC_SUPABASE_ANON_KEY: stack.addresses.publishable_key,
  SITE_URL: siteUrl,
  CLINIC_NAME: 'Lakeside',
  CLINIC_PHONE: '+914440001000',
  MESSAGEBIRD_ACCESS_KEY: stack.project.messagebird.accessKey,
  MESSAGEBIRD_SIGNING_KEY: stack.addresses.messagebird_signing_key
});

test('what is missing is named before anything is looked at', async () => {
  const { code, output } = await run(addresses(), {
    ...inEnvironment(),
    SITE_URL: 'medq',
    CLINIC_PHONE: '12'
  });
  expect(code).toBe(1);
  expect(output).toMatch(/SITE_URL: This must be an address/);
  expect(output).toMatch(/CLINIC_PHONE: This is no phone number/);
  expect(output).not.toContain('The plan');
  const { output: unknown } = await run(addresses());
  for (const name of Object.keys(inEnvironment())) expect(unknown).toContain(`${name} is missing. `);
});

test(
  'it does what it can, tells what is left, and ends when that is done',
  { timeout: 600_000 },
  async () => {
    const first = await run(addresses(), inEnvironment());
    expect(first.code, first.output).toBe(1);
    expect(planned(first, 'database').join()).toMatch(/^apply \d\d migrations/);
    expect(first.output).toMatch(
      /Left for you:[^]*Anybody can sign up[^]*e-mail[^]*Nobody can sign in with a phone/
    );
    expect(first.output).toMatch(/guess at passwords past our limits/);
    expect(first.output).toMatch(/functions do not answer at .*\/functions\/v1/);
    expect(await sql`select name, phone, time_zone from public.clinics`).toEqual([
      { name: 'Lakeside', phone: '+914440001000', time_zone: 'Asia/Kolkata' }
    ]);

    const settings = parseEnv(readFileSync(functionsFile, 'utf8'));
    expect(statSync(functionsFile).mode & 0o777).toBe(0o600);
    expect(settings).toMatchObject({
      CLIENT_ADDRESS_HEADER: 'x-forwarded-for',
      SITE_URL: siteUrl
    });
    expect(await sql`select name, decrypted_secret from vault.decrypted_secrets order by name`).toEqual([
      { name: 'functions_secret', decrypted_secret: settings.FUNCTIONS_SECRET },
      { name: 'functions_url', decrypted_secret: `${stack.addresses.api_url}/functions/v1` }
    ]);

    // A person does it, with the wrong secret at first. The answers are known by now.
    await stack.project.configureAuth(readConfig().auth);
    await stack.project.serveFunctions(functionNames(), { ...settings, FUNCTIONS_SECRET: 'x'.repeat(64) });
    const second = await run();
    expect(second.code, second.output).toBe(1);
    expect(planned(second, 'settings')).toEqual(['nothing to do']);
    expect(planned(second, 'functions')).toEqual([
      expect.stringContaining('do not run with the settings in')
    ]);

    await stack.project.serveFunctions(functionNames(), settings);
    const third = await run();
    expect(third.code, third.output).toBe(0);
    for (const step of [
      'database',
      'settings',
      'secrets',
      'functions',
      'vault',
      'address',
      'clinic',
      'site'
    ]) {
      expect(planned(third, step), third.output).toEqual(['nothing to do']);
    }
  }
);

test('it stands: the site runs with its settings, the doctor finds nothing wrong, and a call books', async () => {
  const site = spawn(process.execPath, [`--env-file=${path.join(home, '.env.site')}`, 'build/index.js'], {
    cwd: projectDirectory,
    env: { PATH: process.env.PATH, HOST: '127.0.0.1', PORT: sitePort },
    stdio: 'ignore'
  });
  try {
    await expect.poll(() => fetch(`${siteUrl}/readyz`).then(({ status }) => status, String)).toBe(200);
    const { code, output } = await doctor([], { MEDQ_ENV_FILE: file });
    expect(output).toMatch(/\n24 hold, 0 fail, 0 were not looked at\.\n$/);
    expect(code).toBe(0);
  } finally {
    site.kill();
  }
  await expectCallToBook(stack.addresses, sql);
});

test('a database that other migrations made is left alone', { timeout: 120_000 }, async () => {
  const [last] = await sql<{ version: string }[]>`
    select max(version) as version from supabase_migrations.schema_migrations`;
  await sql`update supabase_migrations.schema_migrations set version = '20991231235959' where version = ${last?.version ?? ''}`;
  const { code, output } = await run();
  expect(code).toBe(1);
  expect(output).toMatch(
    /^database: Migration 20991231235959 of the database is not in the folder, or was edited\./m
  );
  expect(output).toContain('Nothing was changed.');
});
