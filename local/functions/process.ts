import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { Running } from '../supervision/supervise.ts';
import { denoBinary, denoEnvironment, functionsDirectory } from './deno.ts';

const router = fileURLToPath(new URL('./router.ts', import.meta.url));
const bootTimeoutMs = 60_000;

export interface FunctionsOptions {
  port: number;
  /** A folder like supabase/functions, with a deno.json. */
  directory?: string;
  environment: NodeJS.Dict<string>;
  /** Functions that are not to be served. */
  switchedOff: string[];
  /** Gets every line the functions write. */
  log: (line: string) => void;
  onProcess?: (pid: number) => void;
}

/** The hosts in settings of the functions: they may be called, and nothing else. */
function hostsOf(environment: NodeJS.Dict<string>): string[] {
  const hosts = Object.values(environment).flatMap((value) => {
    const url = value && URL.canParse(value) ? new URL(value) : undefined;
    return url?.hostname ? [url.hostname] : [];
  });
  return [...new Set(['127.0.0.1', 'localhost', ...hosts])];
}

function denoArguments(options: FunctionsOptions, directory: string): string[] {
  return [
    'run',
    '--quiet',
    '--no-prompt',
    '--cached-only',
    `--config=${path.join(directory, 'deno.json')}`,
    `--allow-net=${hostsOf(options.environment).join(',')}`,
    '--allow-env',
    `--allow-read=${directory},${path.dirname(router)},${denoEnvironment.DENO_DIR}`,
    '--allow-sys=hostname,osRelease,networkInterfaces',
    router,
    String(options.port),
    pathToFileURL(`${directory}/`).href,
    options.switchedOff.join(',')
  ];
}

async function untilHealthy(port: number, instance: string, died: () => boolean): Promise<void> {
  const deadline = Date.now() + bootTimeoutMs;
  for (;;) {
    const answer = await fetch(`http://127.0.0.1:${port}/_health`).catch(() => undefined);
    // Another program may have been faster and answer at our port.
    if (answer?.ok && ((await answer.json()) as { instance?: string }).instance === instance) return;
    if (died()) throw new Error('The process of the functions ended while starting; its words are above.');
    if (Date.now() > deadline) throw new Error('The functions did not start in a minute.');
    await sleep(25);
  }
}

/** Starts the one Deno process that serves all functions; resolves when it answers. */
export async function startFunctions(options: FunctionsOptions): Promise<Running> {
  const directory = path.resolve(options.directory ?? functionsDirectory);
  const instance = randomUUID();
  const child = spawn(denoBinary(), [...denoArguments(options, directory), instance], {
    cwd: directory,
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      TMPDIR: process.env.TMPDIR,
      NO_COLOR: '1',
      ...denoEnvironment,
      ...options.environment
    },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A session of its own: Ctrl-C at the terminal must reach us first.
    detached: true
  });
  for (const stream of [child.stdout, child.stderr]) createInterface(stream).on('line', options.log);
  let dead = false;
  const ended = new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', () => {
      dead = true;
      resolve();
    });
  });
  const { pid } = child;
  if (pid === undefined) {
    await ended;
    throw new Error('Deno could not be started.');
  }
  options.onProcess?.(pid);
  async function stop(): Promise<void> {
    child.kill('SIGKILL');
    await ended;
  }
  try {
    await untilHealthy(options.port, instance, () => dead);
  } catch (error) {
    await stop();
    throw error;
  }
  return { pid, ended, stop };
}
