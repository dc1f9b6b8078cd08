/** How long the stack takes to start, and how much memory it holds. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { fileURLToPath } from 'node:url';
import { freePort } from '../local/settings/ports.ts';
import { finding, type Finding } from './measure.ts';

const command = fileURLToPath(new URL('../local/commands/stack.ts', import.meta.url));

/** Starts the stack as its command does; resolves when it has printed its addresses. */
async function start(environment: NodeJS.Dict<string>) {
  const begun = performance.now();
  const child = spawn(process.execPath, [command, '--json'], {
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'ignore']
  });
  await Promise.race([
    once(child.stdout, 'data'),
    once(child, 'exit').then(([code]) =>
      Promise.reject(new Error(`The stack ended with ${code} while starting.`))
    )
  ]);
  const seconds = (performance.now() - begun) / 1000;
  const stop = async () => {
    child.kill('SIGTERM');
    await once(child, 'exit');
  };
  return { pid: child.pid ?? 0, seconds, stop };
}

/** Proportional memory, in bytes, of a process and everything it started, so that shared pages count once. */
async function memoryOf(root: number): Promise<number> {
  const parents = new Map<number, number>();
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => '');
    const parent = /^\d+ \(.*\) \S (\d+)/s.exec(stat)?.[1];
    if (parent) parents.set(Number(name), Number(parent));
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
  let bytes = 0;
  for (const pid of family) {
    const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
    bytes += Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1] ?? 0) * 1024;
  }
  return bytes;
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

export async function benchStack(environment: NodeJS.Dict<string>): Promise<Finding[]> {
  const cold = await start(environment);
  const megabytes = (await memoryOf(cold.pid)) / 1e6;
  await cold.stop();
  const warm = await start(environment);
  await warm.stop();
  return [
    finding('seconds until the stack is ready, no data yet', `${cold.seconds.toFixed(1)} s`, cold.seconds, {
      atMost: 8
    }),
    finding('seconds until the stack is ready, with data', `${warm.seconds.toFixed(1)} s`, warm.seconds, {
      atMost: 4
    }),
    finding('memory of the whole stack in megabytes', `${megabytes.toFixed(0)} MB`, megabytes, {
      atMost: 700
    })
  ];
}
