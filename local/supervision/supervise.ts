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
  /** Resolves when a process is up: at once, or after the restart that is under way. */
  ready(): Promise<void>;
  /** Replaces the process by a new one. */
  restart(): Promise<void>;
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
  let up = Promise.resolve();
  let wanted = false;
  const stopping = new AbortController();

  async function startAgain(): Promise<void> {
    for (let pause = 100; !stopping.signal.aborted; pause = Math.min(pause * 2, longestPauseMs)) {
      try {
        current = await start();
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
      if (!wanted) log(`${name} (process ${current.pid}) ended by itself; starting it again.`);
      up = startAgain();
      await up;
      if (!wanted && !stopping.signal.aborted) log(`${name} runs again (process ${current.pid}).`);
      wanted = false;
    }
  }
  const watching = watch();

  return {
    get current() {
      return current;
    },
    ready: () => up,
    async restart() {
      await up;
      wanted = true;
      await current.stop();
      // `watch` has seen the end by the next turn of the event loop.
      await sleep(0);
      await up;
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
