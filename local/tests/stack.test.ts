// The commands that start the stack, and what a data directory keeps.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import postgres from 'postgres';
import { afterAll, afterEach, expect, test, vi } from 'vitest';
import { isFree } from '../settings/ports.ts';
import {
  childrenOf,
  commandOf,
  ownStackEnvironment,
  runCommand,
  runStack,
  stopCommands
} from '../../tests/helpers/command.ts';
import { closeDatabases, databaseAsAdmin, databaseAsPostgres, theStack } from '../../tests/helpers/stack.ts';

// Starting a stack several times takes its time on a busy machine.
vi.setConfig({ testTimeout: 120_000 });
afterAll(closeDatabases);
afterEach(stopCommands);

const portOf = (url: string) => Number(new URL(url).port);

async function query<T extends Record<string, unknown>>(url: string, text: string): Promise<T[]> {
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  try {
    return [...(await sql.unsafe<T[]>(text))];
  } finally {
    await sql.end();
  }
}

test('--ephemeral --json prints one line with the addresses, and SIGTERM leaves nothing behind', async () => {
  const stack = await runStack(['--ephemeral', '--no-seed']);
  expect(Object.keys(stack.addresses)).toEqual([
    'api_url',
    'db_url',
    'admin_db_url',
    'anon_key',
    'service_role_key',
    'publishable_key',
    'secret_key',
    'jwt_secret',
    'inbox_url',
    'messagebird_signing_key',
    'ivr_url',
    'functions_secret'
  ]);
  const { api_url, db_url, admin_db_url, inbox_url, ivr_url } = stack.addresses;
  expect(ivr_url).toBe(`${api_url}/functions/v1/ivr`);
  expect(
    await query(db_url, 'select current_user as who, count(*)::int as clinics from public.clinics')
  ).toEqual([{ who: 'postgres', clinics: 0 }]);
  const [admin] = await query<{ who: string; directory: string }>(
    admin_db_url,
    "select current_user as who, current_setting('data_directory') as directory"
  );
  expect(admin?.who).toBe('supabase_admin');
  expect((await fetch(`${inbox_url}/messages`)).status).toBe(200);
  const children = childrenOf(stack.pid);
  expect(children.length).toBeGreaterThanOrEqual(2);

  stack.signal('SIGTERM');
  expect(await stack.exited).toBe(0);
  expect(stack.stdout().trim().split('\n')).toHaveLength(1);
  expect(existsSync(admin?.directory ?? '/')).toBe(false);
  for (const { pid } of children) expect(commandOf(pid)).toBeUndefined();
  for (const url of [api_url, db_url, inbox_url]) expect(await isFree(portOf(url))).toBe(true);
});

test('several temporary stacks start at the same time without meeting', async () => {
  const stacks = await Promise.all([1, 2, 3].map(() => runStack(['--ephemeral', '--no-seed'])));
  const all = stacks.map(({ addresses }) => addresses);
  for (const key of [
    'api_url',
    'db_url',
    'inbox_url',
    'anon_key',
    'secret_key',
    'functions_secret'
  ] as const) {
    expect(new Set(all.map((addresses) => addresses[key])).size).toBe(3);
  }
  // A key of one stack is worth nothing in another.
  const [one, two] = all;
  const foreign = await fetch(`${one?.api_url}/rest/v1/clinics`, {
    headers: { apikey: two?.anon_key ?? '' }
  });
  expect(foreign.status).toBe(401);
  for (const stack of stacks) stack.signal('SIGTERM');
  expect(await Promise.all(stacks.map(({ exited }) => exited))).toEqual([0, 0, 0]);
});

test('demo data comes with a fresh temporary stack unless it is not wanted', async () => {
  const stack = await runStack(['--ephemeral']);
  const [row] = await query<{ n: number }>(
    stack.addresses.db_url,
    'select count(*)::int as n from public.clinics'
  );
  expect(row?.n).toBeGreaterThan(0);
  // What it queued is done at once: the database calls a function no sooner than that answers.
  const waiting = `
    select count(*)::int as n from net._http_response where status_code <> 200
    union all select count(*)::int from private.account_jobs where done_at is null
    union all select count(*)::int from net.http_request_queue
    union all select count(*)::int from public.sms_messages where status in ('queued', 'sending')`;
  await expect
    .poll(async () => (await query<{ n: number }>(stack.addresses.db_url, waiting)).map(({ n }) => n))
    .toEqual([0, 0, 0, 0]);
  stack.signal('SIGINT');
  expect(await stack.exited).toBe(0);
});

test('data, keys and addresses survive a restart; --reset starts over', async () => {
  const env = await ownStackEnvironment();
  const directory = env.MEDQ_DATA ?? '';
  try {
    const first = await runStack([], env);
    expect(portOf(first.addresses.api_url)).toBe(Number(env.MEDQ_API_PORT));
    expect(portOf(first.addresses.db_url)).toBe(Number(env.MEDQ_DATABASE_PORT));
    expect(portOf(first.addresses.inbox_url)).toBe(Number(env.MEDQ_MESSAGEBIRD_PORT));
    expect((await stat(path.join(directory, 'keys.json'))).mode & 0o777).toBe(0o600);
    await query(
      first.addresses.db_url,
      "create table public.keepsake as select count(*)::int as clinics from public.clinics; update public.clinics set name = 'Renamed'"
    );

    const second = runCommand('stack.ts', [], env);
    expect(await second.exited).toBe(1);
    expect(second.stderr()).toContain(`already running`);
    expect(second.stderr()).toContain(`process ${first.pid}`);
    // Also where its ports are taken: by MedQ, and by no other program.
    const twice = runCommand('start.ts', [], { ...env, MEDQ_SITE_PORT: env.MEDQ_API_PORT });
    expect(await twice.exited).toBe(1);
    expect(twice.stderr()).toContain('already running');

    first.signal('SIGTERM');
    expect(await first.exited).toBe(0);
    const again = await runStack([], env);
    expect(again.addresses).toEqual(first.addresses);
    // Seeded once, not again.
    const kept =
      'select k.clinics, count(*)::int as now, min(c.name) as name from keepsake k, public.clinics c group by 1';
    expect(await query(again.addresses.db_url, kept)).toEqual([{ clinics: 1, now: 1, name: 'Renamed' }]);
    again.signal('SIGTERM');
    await again.exited;

    const fresh = await runStack(['--reset'], env);
    const [row] = await query(
      fresh.addresses.db_url,
      "select to_regclass('public.keepsake') as keepsake, count(*)::int > 0 as seeded from public.clinics"
    );
    expect(row).toEqual({ keepsake: null, seeded: true });
    expect(fresh.addresses.jwt_secret).not.toBe(first.addresses.jwt_secret);
    fresh.signal('SIGTERM');
    await fresh.exited;

    await writeFile(path.join(directory, 'bootstrap.sha256'), 'another');
    const outdated = runCommand('stack.ts', [], env);
    expect(await outdated.exited).toBe(1);
    expect(outdated.stderr()).toContain('npm run stack -- --reset');
    expect(outdated.stderr().trim().split('\n')).toHaveLength(1);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});

test.each([
  ['MEDQ_API_PORT', 'the Supabase API'],
  ['MEDQ_DATABASE_PORT', 'the database'],
  ['MEDQ_MESSAGEBIRD_PORT', 'the phone simulator']
])('a taken port is a sentence that names %s', async (variable, what) => {
  const env = await ownStackEnvironment();
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(Number(env[variable]), '127.0.0.1', resolve));
  try {
    const stack = runCommand('stack.ts', [], env);
    expect(await stack.exited).toBe(1);
    expect(stack.stderr().trim()).toBe(
      `Port ${env[variable]} (${what}) is already in use by another program. ` +
        `Stop that program, or choose another port with ${variable}=<port>.`
    );
  } finally {
    other.close();
    await rm(env.MEDQ_DATA ?? '', { recursive: true, force: true });
  }
});

test('a taken port of the site is noticed before anything is started', async () => {
  const env = await ownStackEnvironment();
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(Number(env.MEDQ_SITE_PORT), '127.0.0.1', resolve));
  try {
    const start = runCommand('start.ts', [], env);
    expect(await start.exited).toBe(1);
    expect(start.stderr()).toContain('MEDQ_SITE_PORT=<port>');
  } finally {
    other.close();
    await rm(env.MEDQ_DATA ?? '', { recursive: true, force: true });
  }
});

test('mistakes in options and settings are sentences', async () => {
  const option = runCommand('stack.ts', ['--ephemral']);
  expect(await option.exited).toBe(2);
  // With what there is instead.
  expect(option.stderr()).toMatch(/^Unknown option '--ephemral'\.\n[^]*--ephemeral/);
  const port = runCommand('stack.ts', [], { MEDQ_API_PORT: 'http' });
  expect(await port.exited).toBe(1);
  expect(port.stderr().trim()).toBe('MEDQ_API_PORT must be a port between 1 and 65535, but it is "http".');
  const key = runCommand('start.ts', [], {
    PUBLIC_SUPABASE_URL: 'http://127.0.0.1:1',
    PUBLIC_SUPABASE_ANON_KEY: ''
  });
  expect(await key.exited).toBe(1);
  expect(key.stderr()).toContain('set PUBLIC_SUPABASE_ANON_KEY');
});

test('the Supabase CLI finds every migration applied', async () => {
  const { stdout } = await promisify(execFile)(
    'node_modules/.bin/supabase',
    ['migration', 'list', `--remote=${theStack().db_url}?sslmode=disable`, '--output-format', 'json'],
    { env: { ...process.env, DO_NOT_TRACK: '1', SUPABASE_TELEMETRY_DISABLED: '1' } }
  );
  const { migrations } = JSON.parse(stdout) as { migrations: { local: string; remote: string }[] };
  expect(migrations.length).toBeGreaterThan(0);
  for (const { local, remote } of migrations) expect(remote).toBe(local);
});

test('the history of migrations holds the statements of each file', async () => {
  const rows = await databaseAsPostgres()<{ version: string; name: string; statements: string[] }[]>`
    select version, name, statements from supabase_migrations.schema_migrations order by version`;
  for (const { version, name, statements } of rows) {
    const file = await readFile(`supabase/migrations/${version}_${name}.sql`, 'utf8');
    expect(statements.length).toBeGreaterThan(0);
    for (const statement of statements) expect(file).toContain(statement);
  }
});

test('the database knows where the functions are, and the secret they ask for', async () => {
  const rows = await databaseAsAdmin()`
    select name, decrypted_secret from vault.decrypted_secrets where name like 'functions\\_%' order by name`;
  expect(rows).toEqual([
    { name: 'functions_secret', decrypted_secret: theStack().functions_secret },
    { name: 'functions_url', decrypted_secret: `${theStack().api_url}/functions/v1` }
  ]);
});
