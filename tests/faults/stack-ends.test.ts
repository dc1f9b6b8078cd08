// However its terminal or the program that started it goes away, a stack stops when told to, and leaves nothing behind.
// Needs Linux (/proc).
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import type { StackAddresses } from '../../local/start-stack.ts';
import { childrenOf, commandOf, ownStackEnvironment } from '../helpers/command.ts';
import { eventually } from '../helpers/eventually.ts';

type Program = ChildProcessByStdio<null, Readable, Readable>;

const started = new Set<Program>();
afterEach(() => {
  for (const { pid = 0 } of started) for (const member of familyOf(pid)) process.kill(member, 'SIGKILL');
  started.clear();
});

/** Starts a program in a process group of its own, as a terminal or a test runner does. */
function start(command: string, args: string[], env: NodeJS.Dict<string> = {}): Program {
  const child = spawn(command, args, {
    detached: true,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe']
  });
  started.add(child);
  child.stderr.resume();
  return child;
}

const stackCommand = ['run', '--silent', 'stack', '--', '--json', '--no-seed'];
const startTemporaryStack = () => start('npm', [...stackCommand, '--ephemeral']);

/** The line that a stack prints when it is ready. */
async function addressesFrom({ stdout }: Program): Promise<StackAddresses> {
  let text = '';
  for await (const chunk of stdout.iterator({ destroyOnReturn: false })) {
    text += String(chunk);
    if (text.includes('\n')) return JSON.parse(text) as StackAddresses;
  }
  throw new Error(`The stack ended before it was ready: ${text}`);
}

/** The living processes from `pid` on downwards. */
function familyOf(pid: number): number[] {
  if (commandOf(pid) === undefined) return [];
  return [pid, ...childrenOf(pid).flatMap((child) => familyOf(child.pid))];
}

/** The folder with the data of the stack that runs below `pid`. */
function dataFolderOf(pid: number): string {
  for (const member of familyOf(pid)) {
    const [, cluster] = /bin\/postgres -D (\S+)/.exec(commandOf(member) ?? '') ?? [];
    if (cluster !== undefined) return path.dirname(cluster);
  }
  throw new Error('No Postgres runs there.');
}

/** Seconds of computing that each of the processes has used so far. */
function computingOf(pids: number[]): Map<number, number> {
  const ticksPerSecond = 100;
  return new Map(
    pids.map((pid) => {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      // User and system time are the 14th and 15th field; the second one, in parentheses, may hold blanks.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return [pid, (Number(fields[11]) + Number(fields[12])) / ticksPerSecond];
    })
  );
}

/** How busy the processes from `pid` on downwards are over some seconds; 1 is one processor. */
async function loadOf(pid: number, seconds: number): Promise<number> {
  const before = computingOf(familyOf(pid));
  await sleep(seconds * 1000);
  const used = [...computingOf(familyOf(pid))].map(([member, total]) => total - (before.get(member) ?? 0));
  return used.reduce((sum, part) => sum + part, 0) / seconds;
}

/** Waits until none of the processes lives and the folder is gone. */
async function nothingLeft(pids: number[], folder: string): Promise<void> {
  const left = () => pids.filter((pid) => commandOf(pid) !== undefined);
  await eventually(() => (left().length === 0 && !existsSync(folder) ? true : undefined), 30_000);
}

/** Requests that make a function log. */
async function makeFunctionsLog({ ivr_url }: StackAddresses, times: number): Promise<void> {
  for (let time = 0; time < times; time += 1) {
    const answer = await fetch(`${ivr_url}?unsigned`);
    expect(answer.status).toBe(401);
  }
}

test.each([
  { gone: ['stderr'], signal: 'SIGTERM' },
  { gone: ['stdout'], signal: 'SIGINT' },
  { gone: ['stdout', 'stderr'], signal: 'SIGHUP' }
] as const)('with nobody at the other end of $gone, $signal stops all of it', async ({ gone, signal }) => {
  const npm = startTemporaryStack();
  const addresses = await addressesFrom(npm);
  const pid = npm.pid ?? 0;
  const family = familyOf(pid);
  const folder = dataFolderOf(pid);
  for (const stream of gone) npm[stream].destroy();
  await makeFunctionsLog(addresses, 5);
  // The stack itself has something to say, too.
  const deno = family.find((member) => commandOf(member)?.includes('router.ts')) ?? 0;
  process.kill(deno, 'SIGKILL');
  await eventually(async () => {
    const answer = await fetch(`${addresses.api_url}/functions/v1/_health`);
    return answer.ok ? true : undefined;
  });
  expect(await loadOf(pid, 2)).toBeLessThan(0.5);
  const all = [...family, ...familyOf(pid)];
  process.kill(-pid, signal);
  await nothingLeft(all, folder);
});

test('with nobody to read it from the first moment, a signal while starting stops all of it', async () => {
  const npm = startTemporaryStack();
  npm.stdout.destroy();
  npm.stderr.destroy();
  const pid = npm.pid ?? 0;
  const folder = await eventually(() => {
    try {
      return dataFolderOf(pid);
    } catch {
      return undefined;
    }
    // As long as a busy machine takes to get that far.
  }, 60_000);
  const family = familyOf(pid);
  process.kill(-pid, 'SIGTERM');
  await nothingLeft(family, folder);
});

test('a temporary stack ends with the program that ran npm to read it, even by kill -9', async () => {
  const run = `require('node:child_process').spawn('npm', ${JSON.stringify([...stackCommand, '--ephemeral'])}, {
    detached: true, stdio: ['ignore', 'pipe', 'pipe']
  }).stdout.pipe(process.stdout)`;
  const program = start(process.execPath, ['-e', run]);
  await addressesFrom(program);
  const family = familyOf(program.pid ?? 0);
  const folder = dataFolderOf(program.pid ?? 0);
  program.kill('SIGKILL');
  await nothingLeft(family, folder);
});

test('a stack that keeps its data ends with npm, even by kill -9, and keeps it', async () => {
  const env = await ownStackEnvironment();
  const npm = start('npm', stackCommand, env);
  try {
    await addressesFrom(npm);
    const family = familyOf(npm.pid ?? 0);
    npm.kill('SIGKILL');
    await nothingLeft(family, path.join(env.MEDQ_DATA ?? '', 'stack.json'));
    expect(existsSync(path.join(env.MEDQ_DATA ?? '', 'keys.json'))).toBe(true);
  } finally {
    await rm(env.MEDQ_DATA ?? '', { recursive: true, force: true });
  }
});

test('a stack nobody uses keeps less than 2 % of one processor busy, Postgres and Deno included', async () => {
  const npm = startTemporaryStack();
  await addressesFrom(npm);
  // What starting leaves to do: the functions are loaded, Postgres tidies up.
  await sleep(5_000);
  expect(await loadOf(npm.pid ?? 0, 10)).toBeLessThan(0.02);
  const family = familyOf(npm.pid ?? 0);
  const folder = dataFolderOf(npm.pid ?? 0);
  process.kill(-(npm.pid ?? 0), 'SIGTERM');
  await nothingLeft(family, folder);
});
