import { setTimeout as sleep } from 'node:timers/promises';

/** A child process that is up. */
export interface Running {
  readonly pid: number;
  /** Resolves when the process has ended, for whatever reason. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

/** Keeps a child process running until it is stopped on purpose. */
export interface Supervisor<T extends Running> {
  /** The process that runs now, or the last one while the next is being started. */
  readonly current: T;
  stop(): Promise<void>;
}

const longestPauseMs = 5_000;

/**
 * Starts a child process and starts it again whenever it ends by itself. The first start may fail; later ones are
 * tried again with growing pauses.
 *
 * @param name what to call it in the log
 */
export async function supervise<T extends Running>(
  name: string,
  start: () => Promise<T>,
  log: (line: string) => void
): Promise<Supervisor<T>> {
  let current = await start();
  const stopping = new AbortController();

  async function startAgain(): Promise<void> {
    for (let pause = 100; !stopping.signal.aborted; pause = Math.min(pause * 2, longestPauseMs)) {
      try {
        current = await start();
        log(`${name} runs again (process ${current.pid}).`);
        return;
      } catch (error) {
        log(`${name} could not be started again: ${(error as Error).message}`);
      }
      await sleep(pause, undefined, { signal: stopping.signal }).catch(() => undefined);
    }
  }

  async function watch(): Promise<void> {
    while (!stopping.signal.aborted) {
      await current.ended;
      if (stopping.signal.aborted) return;
      log(`${name} (process ${current.pid}) ended by itself; starting it again.`);
      await startAgain();
    }
  }
  const watching = watch();

  return {
    get current() {
      return current;
    },
    async stop() {
      stopping.abort();
      await current.stop();
      await watching;
      // A process that was being started when we were told to stop.
      await current.stop();
    }
  };
}
