// Whatever is killed: nothing is left behind, nothing stays stuck, and what runs goes on. Needs Linux (/proc).
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient } from '@supabase/supabase-js';
import postgres from 'postgres';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { StackAddresses } from '../../local/start-stack.ts';
import {
  childrenOf,
  commandOf,
  ownStackEnvironment,
  runCommand,
  runStack,
  stopCommands,
  type StackCommand
} from '../helpers/command.ts';
import { eventually } from '../helpers/eventually.ts';

const environments: Record<string, string>[] = [];
async function ownEnvironment(): Promise<Record<string, string>> {
  const env = await ownStackEnvironment();
  environments.push(env);
  return env;
}

afterAll(async () => {
  await stopCommands();
  for (const { MEDQ_DATA } of environments) await rm(MEDQ_DATA ?? '', { recursive: true, force: true });
});

function childOf(stack: StackCommand, part: RegExp): number {
  const child = childrenOf(stack.pid).find(({ command }) => part.test(command));
  if (!child) throw new Error(`The stack has no child like ${part}.`);
  return child.pid;
}
const isPostgres = /bin\/postgres -D/;
const isDeno = /router\.ts/;
const isWatchdog = /medq-watchdog/;

async function allEnded(pids: number[]): Promise<void> {
  await eventually(async () => (pids.every((pid) => commandOf(pid) === undefined) ? true : undefined));
}

/** Asks every service something that needs the database or Deno; undefined while one does not answer. */
async function everythingWorks({ addresses }: StackCommand): Promise<true | undefined> {
  const { api_url, secret_key, db_url } = addresses;
  const client = createClient(api_url, secret_key, {
    auth: { persistSession: false, autoRefreshToken: false }
  });
  const sql = postgres(db_url, { max: 1, onnotice: () => undefined });
  try {
    const rest = await client.from('clinics').select('id').limit(1);
    const auth = await client.auth.admin.getUserById(randomUUID());
    const functions = await fetch(`${api_url}/functions/v1/_health`);
    const [sent] = await sql<{ id: string }[]>`select net.http_get(${`${api_url}/auth/v1/health`}) as id`;
    const answer = await eventually(async () => {
      const [row] = await sql<{ status_code: number }[]>`
        select status_code from net._http_response where id = ${sent?.id ?? ''}`;
      return row;
    }, 2_000);
    return !rest.error && auth.error?.code === 'user_not_found' && functions.ok && answer.status_code === 200
      ? true
      : undefined;
  } catch {
    return undefined;
  } finally {
    await sql.end({ timeout: 0 });
  }
}

const worksAgain = (stack: StackCommand) => eventually(() => everythingWorks(stack), 30_000);

/** Folders and processes of temporary stacks that `command` started, found by the data directory Postgres runs on. */
function dataDirectoryOf(stack: StackCommand): string {
  const command = commandOf(childOf(stack, isPostgres)) ?? '';
  return path.dirname(/-D (\S+)/.exec(command)?.[1] ?? '');
}

describe('kill -9 of the stack itself', () => {
  afterEach(stopCommands);

  test('takes Postgres, Deno and the temporary data with it', async () => {
    const stack = await runStack(['--ephemeral', '--no-seed']);
    const directory = dataDirectoryOf(stack);
    expect(directory.startsWith(tmpdir())).toBe(true);
    const children = childrenOf(stack.pid).map(({ pid }) => pid);
    stack.signal('SIGKILL');
    await stack.exited;
    await allEnded(children);
    await eventually(async () => (existsSync(directory) ? undefined : true));
  });

  test('leaves data that the next start goes on with at once, at the same ports', async () => {
    const env = await ownEnvironment();
    const first = await runStack(['--no-seed'], env);
    const sql = postgres(first.addresses.db_url, { max: 1 });
    await sql`create table public.committed as select 42 as answer`;
    await sql.end();
    const children = childrenOf(first.pid).map(({ pid }) => pid);
    first.signal('SIGKILL');
    await first.exited;

    const second = await runStack([], env);
    expect(second.addresses).toEqual(first.addresses);
    await allEnded(children);
    const again = postgres(second.addresses.db_url, { max: 1 });
    expect(await again`select answer from public.committed`).toEqual([{ answer: 42 }]);
    await again.end();
    expect(await everythingWorks(second)).toBe(true);
  });

  test('together with its watchdog is put right by the next start', async () => {
    const env = await ownEnvironment();
    const first = await runStack(['--no-seed'], env);
    const orphanedPostgres = childOf(first, isPostgres);
    const orphanedDeno = childOf(first, isDeno);
    process.kill(childOf(first, isWatchdog), 'SIGKILL');
    first.signal('SIGKILL');
    await first.exited;
    expect(commandOf(orphanedPostgres)).toBeDefined();

    const second = await runStack([], env);
    expect(second.stderr()).toContain('Stopped the Postgres server of an earlier start.');
    await allEnded([orphanedPostgres, orphanedDeno]);
    expect(await everythingWorks(second)).toBe(true);
  });

  // Before the cluster is there, while it is made, while the database is filled, and about when all is ready.
  test.each([50, 300, 700, 1500])('%i ms after its start leaves nothing behind', async (delay) => {
    const env = await ownEnvironment();
    const before = new Set(processes());
    const stack = runCommand('stack.ts', ['--json'], env);
    await sleep(delay);
    stack.signal('SIGKILL');
    await stack.exited;
    await eventually(async () => (ours(env, before).length === 0 ? true : undefined));
    // And the half-made data does not stand in the way.
    const next = await runStack(['--no-seed'], env);
    expect(await everythingWorks(next)).toBe(true);
  });
});

/** The numbers of all processes. */
function processes(): number[] {
  return readdirSync('/proc').map(Number).filter(Number.isInteger);
}

/** Processes started since `before` that name the data directory. */
function ours(env: Record<string, string>, before: Set<number>): number[] {
  return processes().filter(
    (pid) => !before.has(pid) && (commandOf(pid) ?? '').includes(env.MEDQ_DATA ?? '-')
  );
}

test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s while starting stops in order', async (signal) => {
  const env = await ownEnvironment();
  const before = new Set(processes());
  const stack = runCommand('stack.ts', ['--json'], env);
  const lock = path.join(env.MEDQ_DATA ?? '', 'stack.json');
  await eventually(() => (existsSync(lock) ? true : undefined));
  stack.signal(signal);
  expect(await stack.exited).toBe(0);
  expect(ours(env, before)).toEqual([]);
  expect(existsSync(lock)).toBe(false);
});

test('a temporary stack ends with the npm that started it, even by kill -9', async () => {
  const npm = spawn('npm', ['run', '--silent', 'stack', '--', '--ephemeral', '--json', '--no-seed'], {
    stdio: ['ignore', 'pipe', 'inherit']
  });
  const [line] = (await once(npm.stdout, 'data')) as [Buffer];
  const { admin_db_url } = JSON.parse(line.toString()) as StackAddresses;
  const sql = postgres(admin_db_url, { max: 1 });
  const [row] = await sql<{ directory: string }[]>`select current_setting('data_directory') as directory`;
  await sql.end();
  const directory = path.dirname(row?.directory ?? '');
  expect(existsSync(directory)).toBe(true);
  npm.kill('SIGKILL');
  await eventually(() => (existsSync(directory) ? undefined : true));
});

describe('a part that dies is started again', () => {
  let stack: StackCommand;
  // One stack for all: each of these leaves it whole.
  beforeAll(async () => {
    stack = await runStack(['--ephemeral', '--no-seed']);
  });

  test('Postgres, at the same port; every service connects again', async () => {
    expect(await everythingWorks(stack)).toBe(true);
    for (let round = 0; round < 2; round += 1) {
      const victim = childOf(stack, isPostgres);
      process.kill(victim, 'SIGKILL');
      await allEnded([victim]);
      await worksAgain(stack);
      expect(childOf(stack, isPostgres)).not.toBe(victim);
    }
    expect(stack.stderr()).toMatch(/Postgres \(process \d+\) ended by itself; starting it again\./);
    expect(stack.stderr()).toMatch(/Postgres runs again/);
  });

  test('a single backend, which makes Postgres cut all connections', async () => {
    const sql = postgres(stack.addresses.db_url, { max: 1, onnotice: () => undefined });
    const [row] = await sql<{ pid: number }[]>`select pg_backend_pid() as pid`;
    process.kill(row?.pid ?? 0, 'SIGKILL');
    await expect(sql`select pg_sleep(30)`).rejects.toThrow();
    await worksAgain(stack);
    await sql.end({ timeout: 0 });
  });

  test('Deno, at the same port', async () => {
    const victim = childOf(stack, isDeno);
    process.kill(victim, 'SIGKILL');
    await allEnded([victim]);
    await worksAgain(stack);
    expect(childOf(stack, isDeno)).not.toBe(victim);
    expect(stack.stderr()).toMatch(/Deno \(process \d+\) ended by itself/);
  });

  test('jobs and requests that were waiting are not forgotten', async () => {
    const connect = () => postgres(stack.addresses.db_url, { max: 1, onnotice: () => undefined });
    const sql = connect();
    await sql`create table public.ticks (at timestamptz)`;
    await sql`select cron.schedule('tick', '1 second', 'insert into public.ticks values (now())')`;
    await sql.end();
    process.kill(childOf(stack, isPostgres), 'SIGKILL');
    await worksAgain(stack);
    const again = connect();
    const [{ count: before } = { count: '0' }] = await again<
      { count: string }[]
    >`select count(*) from public.ticks`;
    await eventually(async () => {
      const [{ count } = { count: '0' }] = await again<
        { count: string }[]
      >`select count(*) from public.ticks`;
      return Number(count) > Number(before) ? true : undefined;
    });
    await again.end();
  });

  test('no key and no password is in what the stack writes', async () => {
    process.kill(childOf(stack, isPostgres), 'SIGKILL');
    await worksAgain(stack);
    const log = stack.stderr() + readFileSync(path.join(dataDirectoryOf(stack), 'postgres.log'), 'utf8');
    const { db_url, admin_db_url, secret_key, service_role_key, functions_secret, jwt_secret } =
      stack.addresses;
    const secrets = [new URL(db_url).password, new URL(admin_db_url).password, secret_key, service_role_key];
    for (const secret of [...secrets, functions_secret, jwt_secret]) expect(log).not.toContain(secret);
  });
});
