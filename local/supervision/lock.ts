import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import process from 'node:process';
import { z } from 'zod';

const lockSchema = z.object({ pid: z.int().positive(), born: z.string() });

/** When process `pid` was started, in the words of the system; undefined when there is no such process. */
function birth(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name of the program, in parentheses, may hold blanks; the start time is the 22nd field.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    if (process.platform === 'linux') return undefined;
  }
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined;
  } catch {
    return undefined;
  }
}

/** The pid of the running stack that holds `file`; a pid that was given to another program meanwhile does not count. */
export function lockHolder(file: string): number | undefined {
  try {
    const { pid, born } = lockSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
    return birth(pid) === born ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** @throws when a stack runs on the data directory; the message says which. */
export function refuseSecond(file: string, dataDirectory: string): void {
  const pid = lockHolder(file);
  if (pid === undefined) return;
  throw new Error(`MedQ is already running on ${dataDirectory} (process ${pid}). Stop it first: kill ${pid}`);
}

/**
 * Makes this process the only stack on a data directory until `release` is called or the process ends.
 *
 * @throws when another stack runs on it; the message says which.
 */
export function acquireLock(file: string, dataDirectory: string): { release(): void } {
  const content = JSON.stringify({ pid: process.pid, born: birth(process.pid) ?? '' });
  for (;;) {
    try {
      writeFileSync(file, content, { flag: 'wx' });
      break;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
      refuseSecond(file, dataDirectory);
      // Left by a process that was killed.
      rmSync(file, { force: true });
    }
  }
  return { release: () => rmSync(file, { force: true }) };
}
