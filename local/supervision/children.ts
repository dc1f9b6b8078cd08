import { startFunctions, type FunctionsOptions } from '../functions/process.ts';
import {
  PostgresPortTakenError,
  startPostgres,
  type PostgresOptions,
  type PostgresServer
} from '../postgres/server.ts';
import { freePort, isFree, PortTakenError, portVariables } from '../settings/ports.ts';
import { supervise, type Running, type Supervisor } from './supervise.ts';
import type { Watchdog } from './watchdog.ts';

interface Guard {
  watchdog: Watchdog;
  log: (line: string) => void;
}

const attempts = 10;

/** Tells the watchdog about every process `start` brings up, from its first moment to its last. */
async function guarded<T extends Running>(
  watchdog: Watchdog,
  start: (onProcess: (pid: number) => void) => Promise<T>
): Promise<T> {
  let pid: number | undefined;
  const forget = () => pid !== undefined && watchdog.forget(pid);
  try {
    const running = await start((started) => {
      pid = started;
      watchdog.watch(started);
    });
    running.ended.then(forget, forget);
    return running;
  } catch (error) {
    forget();
    throw error;
  }
}

/** Keeps Postgres running at one port: the wanted one, or for 0 any free one. */
export async function keepPostgres(
  options: Omit<PostgresOptions, 'onProcess'>,
  { watchdog, log }: Guard
): Promise<Supervisor<PostgresServer>> {
  const wanted = options.port;
  for (let attempt = 1; ; attempt += 1) {
    const port = wanted || (await freePort());
    const start = () => guarded(watchdog, (onProcess) => startPostgres({ ...options, port, onProcess }));
    try {
      return await supervise('Postgres', start, log);
    } catch (error) {
      if (!(error instanceof PostgresPortTakenError)) throw error;
      const { what, variable } = portVariables.database;
      if (wanted) throw new PortTakenError(wanted, what, variable);
      // Somebody was faster between looking for a free port and using it.
      if (attempt === attempts) throw error;
    }
  }
}

/** Keeps the process of the functions running at one free port. */
export async function keepFunctions(
  options: Omit<FunctionsOptions, 'port' | 'onProcess' | 'log'>,
  { watchdog, log }: Guard
): Promise<Supervisor<Running> & { origin: string }> {
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    const start = () =>
      guarded(watchdog, (onProcess) => startFunctions({ ...options, port, log, onProcess }));
    try {
      const supervisor = await supervise('Deno', start, log);
      return Object.assign(supervisor, { origin: `http://127.0.0.1:${port}` });
    } catch (error) {
      // Somebody was faster between looking for a free port and using it.
      if (attempt === attempts || (await isFree(port))) throw error;
    }
  }
}
