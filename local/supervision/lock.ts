import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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

/** The process that holds `file`; one that was given the pid of another that ended does not count. */
export function lockHolder(file: string): number | undefined {
  try {
    const { pid, born } = lockSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
    return birth(pid) === born ? pid : undefined;
  } catch {
    return undefined;
  }
}

export interface Lock {
  release(): void;
}

/** Takes `file` for this process until `release` is called or the process ends; nothing while it is taken. */
export function takeLock(file: string): Lock | undefined {
  // Written first and named then: whoever comes at the same time never reads half of it.
  const written = `${file}-${randomUUID()}`;
  writeFileSync(written, JSON.stringify({ pid: process.pid, born: birth(process.pid) ?? '' }));
  try {
    while (!giveName(written, file)) {
      if (lockHolder(file) !== undefined) return undefined;
      // Left by a process that was killed.
      rmSync(file, { force: true });
    }
    return { release: () => rmSync(file, { force: true }) };
  } finally {
    rmSync(written, { force: true });
  }
}

/** Gives `written` the name `file` as well; false when something has that name already. */
function giveName(written: string, file: string): boolean {
  try {
    linkSync(written, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
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
export function acquireLock(file: string, dataDirectory: string): Lock {
  for (;;) {
    const lock = takeLock(file);
    if (lock) return lock;
    refuseSecond(file, dataDirectory);
  }
}
