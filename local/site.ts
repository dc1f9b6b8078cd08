import { fork } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { log as logToStandardError } from './output.ts';
import { PortTakenError, portVariables } from './settings/ports.ts';
import { buildSite, plainEnvironment, projectDirectory } from './site/build.ts';
import type { SiteMessage } from './site/child.ts';
import { supervise, type Running } from './supervision/supervise.ts';

export interface SiteOptions {
  supabaseUrl: string;
  /** A publishable or anon key. */
  key: string;
  /** What the functions believe the site for; see siteSecret in keys.ts. Default: SITE_SECRET of the environment. */
  secret?: string;
  /** 0 is any free port. */
  port: number;
  /** From its sources with hot reload, instead of from `build/`. */
  hotReload?: boolean;
  /** Gets one line at a time. Default: standard error. */
  log?: (line: string) => void;
}

/** A running site. */
export interface Site {
  url: string;
  close(): Promise<void>;
}

interface SiteProcess extends Running {
  port: number;
}

async function startProcess(
  options: SiteOptions,
  port: number,
  log: (line: string) => void
): Promise<SiteProcess> {
  const script = options.hotReload ? './site/dev-server.ts' : './site/server.ts';
  const child = fork(fileURLToPath(new URL(script, import.meta.url)), [String(port)], {
    cwd: projectDirectory,
    env: {
      ...plainEnvironment(),
      PUBLIC_SUPABASE_URL: options.supabaseUrl,
      PUBLIC_SUPABASE_ANON_KEY: options.key,
      ...(options.secret !== undefined && { SITE_SECRET: options.secret })
    },
    execArgv: [],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc']
  });
  for (const stream of [child.stdout, child.stderr]) if (stream) createInterface(stream).on('line', log);
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const message = await new Promise<SiteMessage>((resolve, reject) => {
    child.once('message', resolve);
    child.once('error', reject);
    child.once('exit', () => reject(new Error('The site ended while starting; its words are above.')));
  });
  async function stop(): Promise<void> {
    child.kill('SIGKILL');
    await ended;
  }
  if ('port' in message) return { pid: child.pid ?? 0, port: message.port, ended, stop };
  await stop();
  if (message.code === 'EADDRINUSE' || /already in use/.test(message.failed)) {
    const { what, variable } = portVariables.site;
    throw new PortTakenError(port, what, variable);
  }
  throw new Error(`The site could not be started: ${message.failed}`);
}

/**
 * Serves the site on 127.0.0.1 against a Supabase project, embedded or not, in a process of its own that ends with
 * this one. Builds it first when `build/` is missing or older than its sources.
 */
export async function startSite(options: SiteOptions): Promise<Site> {
  const log = options.log ?? logToStandardError;
  if (!options.hotReload) await buildSite(log);
  // A restart takes the same port.
  let { port } = options;
  const start = async () => {
    const started = await startProcess(options, port, log);
    port = started.port;
    return started;
  };
  const supervisor = await supervise('The site', start, log);
  return { url: `http://127.0.0.1:${port}`, close: () => supervisor.stop() };
}
