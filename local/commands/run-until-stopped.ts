import { readFileSync } from 'node:fs';
import process from 'node:process';
import { isConnectionLost } from '../postgres/transaction.ts';

const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Something a command runs until it is told to stop. */
interface Stoppable {
  close(): Promise<void>;
}

// Ctrl-C comes twice under npm: from the terminal, and handed on by npm.
const sameSignalMs = 1_000;

/** The wish to stop: the first signal. A later one ends the process at once; the watchdog then cleans up. */
function listenForStop(): { asked: boolean; wish: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const stop = { asked: false, wish: promise };
  let since = 0;
  for (const signal of stopSignals) {
    process.on(signal, () => {
      if (stop.asked && Date.now() - since > sameSignalMs) process.exit(1);
      if (!stop.asked) since = Date.now();
      stop.asked = true;
      resolve();
    });
  }
  return stop;
}

/** The parent of process `pid`, where the system tells it in a file (Linux). */
function parentOf(pid: number): string | undefined {
  try {
    return /^PPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  } catch {
    return undefined;
  }
}

/**
 * Ends this process like Ctrl-C when the program that started it is gone, if that was npm or something under it: a
 * killed npm tells nobody.
 */
export function stopWithParent(): void {
  if (process.env.npm_lifecycle_event === undefined) return;
  // npm runs its scripts in a shell, which stays when npm is killed.
  const family = () => [process.ppid, parentOf(process.ppid)].join(' ');
  const atStart = family();
  const timer = setInterval(() => {
    if (family() === atStart) return;
    clearInterval(timer);
    process.kill(process.pid, 'SIGTERM');
  }, 500);
  timer.unref();
}

/** Whether the Postgres driver fell over a connection that was lost; the request that needed it has failed already. */
function isDriverAccident(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return isConnectionLost(error) || /node_modules\/postgres\//.test(error.stack?.split('\n')[1] ?? '');
}

/** A restart of the database must not end us; anything else nobody caught does, and the watchdog cleans up. */
function surviveDriverAccidents(): void {
  process.on('uncaughtException', (error) => {
    if (isDriverAccident(error)) {
      process.stderr.write(`The database driver lost a connection: ${error.message}\n`);
      return;
    }
    process.stderr.write(`${error.stack ?? error.message}\n`);
    process.exit(1);
  });
}

/**
 * Runs a command: starts something, waits for Ctrl-C, SIGTERM or SIGHUP, and stops it. Exits with 0 after an orderly
 * stop, and with 1 and one sentence on standard error when it cannot start.
 */
export async function runUntilStopped(start: () => Promise<Stoppable>): Promise<void> {
  surviveDriverAccidents();
  const stop = listenForStop();
  try {
    // Told to stop while starting: what is half up is still brought up, and then down in order.
    const running = await start();
    await stop.wish;
    await running.close();
    process.exit(0);
  } catch (error) {
    // Ctrl-C reached the programs that were helping to start, too.
    if (stop.asked) process.exit(0);
    process.stderr.write(`${(error as Error).message}\n`);
    process.exit(1);
  }
}
