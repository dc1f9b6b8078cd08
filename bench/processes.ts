/** A stack in processes of its own, and what those use. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { freePort } from '../local/settings/ports.ts';
import type { StackAddresses } from '../local/start-stack.ts';

const command = fileURLToPath(new URL('../local/commands/stack.ts', import.meta.url));

export interface StartedCommand {
  pid: number;
  addresses: StackAddresses;
  /** Until it had printed its addresses. */
  seconds: number;
  stop(): Promise<void>;
}

/** A data directory and ports of its own, for stacks that keep their data: every commit reaches the disk. */
export async function ownStack(): Promise<{ directory: string; environment: NodeJS.Dict<string> }> {
  const directory = mkdtempSync(path.join(tmpdir(), 'medq-bench-'));
  const environment = {
    MEDQ_DATA: directory,
    MEDQ_API_PORT: String(await freePort()),
    MEDQ_DATABASE_PORT: String(await freePort()),
    MEDQ_MESSAGEBIRD_PORT: String(await freePort())
  };
  return { directory, environment };
}

/** Starts the stack as its command does; resolves when it has printed its addresses. */
export async function startCommand(environment: NodeJS.Dict<string>): Promise<StartedCommand> {
  const begun = performance.now();
  const child = spawn(process.execPath, [command, '--json'], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'ignore']
  });
  const [printed] = (await Promise.race([
    once(child.stdout, 'data'),
    once(child, 'exit').then(([code]) =>
      Promise.reject(new Error(`The stack ended with ${code} while starting.`))
    )
  ])) as [Buffer];
  return {
    pid: child.pid ?? 0,
    addresses: JSON.parse(printed.toString()) as StackAddresses,
    seconds: (performance.now() - begun) / 1000,
    async stop() {
      child.kill('SIGTERM');
      await once(child, 'exit');
    }
  };
}

/** A stack with data of its own, in processes of its own; both go with `closing`. */
export async function separateStack(closing: AsyncDisposableStack): Promise<StartedCommand> {
  const { directory, environment } = await ownStack();
  closing.defer(() => rmSync(directory, { recursive: true, force: true }));
  return closing.adopt(await startCommand(environment), ({ stop }) => stop());
}

/** A process and everything it started. */
export async function familyOf(root: number): Promise<Set<number>> {
  const parents = new Map<number, number>();
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const parent = Number((await statOf(Number(name)))?.[1]);
    if (parent) parents.set(Number(name), parent);
  }
  const family = new Set([root]);
  for (let grown = true; grown;) {
    grown = false;
    for (const [pid, parent] of parents) {
      if (family.has(parent) && !family.has(pid)) {
        family.add(pid);
        grown = true;
      }
    }
  }
  return family;
}

/** Milliseconds of processor time that a process, everything it started, and what of that has ended have used so far. */
export async function processorTime(root: number): Promise<number> {
  let ticks = 0;
  for (const pid of await familyOf(root)) {
    const stat = await statOf(pid);
    ticks += (stat?.slice(11, 15) ?? []).reduce((sum, field) => sum + Number(field), 0);
  }
  return ticks * millisecondsOfATick;
}

// Linux counts in hundredths of a second, whatever the clock of the kernel.
const millisecondsOfATick = 10;

/** The fields of /proc/<pid>/stat from the state on (proc(5)): parent 1, times of itself and its ended children 11 to 14. */
async function statOf(pid: number): Promise<string[] | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  // The name before may hold blanks and brackets.
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
}
