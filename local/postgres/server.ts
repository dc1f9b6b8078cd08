import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findBinaries } from './binaries.ts';
import { unprivilegedUser } from './user.ts';

/** A Postgres server of ours, listening on 127.0.0.1. */
export interface PostgresServer {
  readonly port: number;
  readonly pid: number;
  /** Resolves when the server process has ended, for whatever reason. */
  readonly ended: Promise<void>;
  /** Stops the server: open transactions are rolled back, connections closed. Safe to call twice. */
  stop(): Promise<void>;
}

export interface PostgresOptions {
  /** Holds the cluster; created by `initialiseCluster`. */
  dataDirectory: string;
  port: number;
  /** Where the server's own log goes; overwritten at each start. */
  logFile: string;
  /** False for data nobody will miss: nothing is flushed to disk. */
  durable: boolean;
  /** Called as soon as the process exists, long before it answers. */
  onProcess?: (pid: number) => void;
}

/** The port was taken, perhaps a moment ago: start again with another one. */
export class PostgresPortTakenError extends Error {
  override name = 'PostgresPortTakenError';
}

const startTimeoutMs = 60_000;

function settings({ port, durable }: PostgresOptions): Record<string, string | number> {
  return {
    port,
    listen_addresses: '127.0.0.1',
    // No sockets, no shared memory files outside the data directory: nothing is left behind by kill -9.
    unix_socket_directories: '',
    dynamic_shared_memory_type: 'mmap',
    wal_level: 'logical',
    max_connections: 200,
    timezone: 'UTC',
    log_timezone: 'UTC',
    lc_messages: 'C',
    // The passwords are long and random, so that many rounds of hashing would only cost time.
    scram_iterations: 1,
    // As hosted projects log, so that a test of what is in the log means something: whatever fails, with the text of the
    // statement, what it quotes and where it stood, but without the parameters that were bound to it.
    log_min_messages: 'warning',
    log_min_error_statement: 'error',
    log_error_verbosity: 'default',
    log_parameter_max_length_on_error: 0,
    log_statement: 'none',
    // Without fsync a commit still reaches the system, so it survives the death of the server, not that of the machine.
    ...(durable ? {} : { fsync: 'off', full_page_writes: 'off' })
  };
}

/** The line in which the server says how far it is; undefined when the file is missing or somebody else's. */
function status(dataDirectory: string, pid: number): string | undefined {
  try {
    const lines = readFileSync(path.join(dataDirectory, 'postmaster.pid'), 'utf8').split('\n');
    return Number(lines[0]) === pid ? lines[7]?.trim() : undefined;
  } catch {
    return undefined;
  }
}

function lastWords(logFile: string): string {
  return readFileSync(logFile, 'utf8').trim().split('\n').slice(-5).join('\n');
}

async function untilReady(child: ChildProcess, pid: number, options: PostgresOptions): Promise<void> {
  const deadline = Date.now() + startTimeoutMs;
  while (status(options.dataDirectory, pid) !== 'ready') {
    if (child.exitCode !== null || child.signalCode !== null) {
      const words = lastWords(options.logFile);
      if (/could not bind|Address already in use|could not create any TCP/.test(words)) {
        throw new PostgresPortTakenError(`Port ${options.port} is taken.`);
      }
      throw new Error(`Postgres did not start. Its last words (${options.logFile}):\n${words}`);
    }
    if (Date.now() > deadline) throw new Error(`Postgres did not start in a minute; see ${options.logFile}.`);
    await sleep(15);
  }
}

/** Waits for `promise` at most `milliseconds`; tells whether it resolved in time. */
async function within(promise: Promise<unknown>, milliseconds: number): Promise<boolean> {
  const abort = new AbortController();
  const late = sleep(milliseconds, false, { signal: abort.signal }).catch(() => false);
  const inTime = await Promise.race([promise.then(() => true), late]);
  abort.abort();
  return inTime;
}

/**
 * Starts the server of an initialised cluster; resolves when it accepts connections.
 *
 * @throws {PostgresPortTakenError} when something else listens on the port.
 */
export async function startPostgres(options: PostgresOptions): Promise<PostgresServer> {
  const runAs = unprivilegedUser();
  const { postgres } = await findBinaries(runAs);
  const log = openSync(options.logFile, 'w', 0o600);
  const flags = Object.entries(settings(options)).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const child = spawn(postgres, ['-D', options.dataDirectory, ...flags], {
    ...runAs,
    cwd: '/',
    env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' },
    stdio: ['ignore', log, log],
    // A session of its own: Ctrl-C at the terminal must reach us first.
    detached: true
  });
  closeSync(log);
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', () => resolve());
  });
  const { pid } = child;
  if (pid === undefined) {
    await ended;
    throw new Error('Postgres could not be started.');
  }
  options.onProcess?.(pid);

  let stopping: Promise<void> | undefined;
  async function stop(): Promise<void> {
    // Immediate shutdown loses nothing that anybody wants to keep.
    child.kill(options.durable ? 'SIGINT' : 'SIGQUIT');
    if (await within(ended, 10_000)) return;
    child.kill('SIGQUIT');
    if (await within(ended, 5_000)) return;
    child.kill('SIGKILL');
    await ended;
  }

  try {
    await untilReady(child, pid, options);
  } catch (error) {
    child.kill('SIGKILL');
    await ended;
    throw error;
  }
  return { port: options.port, pid, ended, stop: () => (stopping ??= stop()) };
}
