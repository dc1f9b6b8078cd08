import process from 'node:process';
import { isConnectionLost } from './postgres/transaction.ts';

const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Something a command runs until it is told to stop. */
interface Stoppable {
  close(): Promise<void>;
}

/** Resolves with the first signal to stop. A second one ends the process at once; the watchdog then cleans up. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    let asked = false;
    for (const signal of stopSignals) {
      process.on(signal, () => {
        if (asked) process.exit(1);
        asked = true;
        resolve();
      });
    }
  });
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
  const stopped = stopSignal();
  const starting = start();
  try {
    // Told to stop while starting: what is half up is still brought up, and then down in order.
    const running = await starting;
    await stopped;
    await running.close();
    process.exit(0);
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    process.exit(1);
  }
}
