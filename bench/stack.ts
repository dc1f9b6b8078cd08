/** How long the stack takes to start, and how much memory it holds. */
import { readFile } from 'node:fs/promises';
import { finding, type Finding } from './measure.ts';
import { familyOf, startCommand } from './processes.ts';

/** Proportional memory, in bytes, of a process and everything it started, so that shared pages count once. */
async function memoryOf(root: number): Promise<number> {
  let bytes = 0;
  for (const pid of await familyOf(root)) {
    const rollup = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
    bytes += Number(/^Pss:\s+(\d+) kB/m.exec(rollup)?.[1] ?? 0) * 1024;
  }
  return bytes;
}

export async function benchStack(environment: NodeJS.Dict<string>): Promise<Finding[]> {
  const cold = await startCommand(environment);
  const megabytes = (await memoryOf(cold.pid)) / 1e6;
  await cold.stop();
  const warm = await startCommand(environment);
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
