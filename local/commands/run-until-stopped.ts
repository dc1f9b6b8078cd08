import process from 'node:process';
import { log, logWithBackOff } from '../output.ts';
import { isConnectionLost } from '../postgres/transaction.ts';

const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Something a command runs until it is told to stop. */
interface Stoppable {
  close(): Promise<void>;
}

// Ctrl-C comes twice under npm: from the terminal, and handed on by npm.
const sameSignalMs = 1_000;

/** An orderly stop takes a second or two; what takes longer than this hangs. */
const longestStopMs = 30_000;

/**
 * The first signal asks for an orderly stop. A later one, or a stop that hangs, ends the process at once; the watchdog
 * then cleans up.
 */
function listenForStop(): { asked: boolean; signal: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const stop = { asked: false, signal: promise };
  let since = 0;
  for (const name of stopSignals) {
    process.on(name, () => {
      if (stop.asked && Date.now() - since > sameSignalMs) process.exit(1);
      if (stop.asked) return;
      since = Date.now();
      stop.asked = true;
      setTimeout(() => process.exit(1), longestStopMs).unref();
      resolve();
    });
  }
  return stop;
}

/** Whether the Postgres driver fell over a connection that was lost; the request that needed it has failed already. */
function isDriverAccident(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return isConnectionLost(error) || /node_modules\/postgres\//.test(error.stack?.split('\n')[1] ?? '');
}

/** A restart of the database must not end us; anything else nobody caught does, and the watchdog cleans up. */
function surviveDriverAccidents(): void {
  const logAccident = logWithBackOff(log);
  process.on('uncaughtException', (error) => {
    if (isDriverAccident(error)) {
      logAccident(`The database driver lost a connection: ${error.message}`);
      return;
    }
    log(error.stack ?? error.message);
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
    await stop.signal;
    await running.close();
    process.exit(0);
  } catch (error) {
    // Ctrl-C reached the programs that were helping to start, too.
    if (stop.asked) process.exit(0);
    log((error as Error).message);
    process.exit(1);
  }
}
