import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';

/** The command line of a process; undefined when there is none. */
function commandLine(pid: number): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    if (process.platform === 'linux') return undefined;
  }
  try {
    return execFileSync('ps', ['-o', 'command=', '-p', String(pid)], { encoding: 'utf8' });
  } catch {
    return undefined;
  }
}

/**
 * Stops the server of an earlier stack that was killed together with its watchdog, and removes a pid file which names
 * a process that is not ours (Postgres would refuse to start).
 *
 * @returns whether a server was stopped.
 */
export async function stopLeftover(dataDirectory: string): Promise<boolean> {
  const pidFile = path.join(dataDirectory, 'postmaster.pid');
  let pid: number;
  try {
    pid = Number(readFileSync(pidFile, 'utf8').split('\n')[0]);
  } catch {
    return false;
  }
  const isOurs = () => pid > 0 && (commandLine(pid)?.includes(dataDirectory) ?? false);
  if (!isOurs()) {
    rmSync(pidFile, { force: true });
    return false;
  }
  for (const [signal, tries] of [
    ['SIGINT', 100],
    ['SIGQUIT', 50],
    ['SIGKILL', 50]
  ] as const) {
    process.kill(pid, signal);
    for (let attempt = 0; attempt < tries; attempt += 1) {
      if (!isOurs()) return true;
      await sleep(100);
    }
  }
  throw new Error(
    `A Postgres server of an earlier start (process ${pid}) cannot be stopped. Stop it and try again.`
  );
}
