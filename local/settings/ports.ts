import { createServer } from 'node:net';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';

/** The ports of a stack on 127.0.0.1; 0 means any free one. */
export interface Ports {
  api: number;
  database: number;
  messagebird: number;
  site: number;
}

/** How each port can be chosen, and what it is in words. */
export const portVariables: Record<keyof Ports, { variable: string; what: string; usual: number }> = {
  api: { variable: 'MEDQ_API_PORT', what: 'the Supabase API', usual: 54321 },
  database: { variable: 'MEDQ_DATABASE_PORT', what: 'the database', usual: 54322 },
  messagebird: { variable: 'MEDQ_MESSAGEBIRD_PORT', what: 'the phone simulator', usual: 54324 },
  site: { variable: 'MEDQ_SITE_PORT', what: 'the site', usual: 5173 }
};

function chosenPort(name: keyof Ports): number {
  const { variable, usual } = portVariables[name];
  const value = process.env[variable];
  if (!value) return usual;
  const port = Number(value);
  if (Number.isInteger(port) && port > 0 && port < 65536) return port;
  throw new Error(`${variable} must be a port between 1 and 65535, but it is "${value}".`);
}

/** The ports of the one stack a person works with: fixed, so that bookmarks keep working. */
export function usualPorts(): Ports {
  return {
    api: chosenPort('api'),
    database: chosenPort('database'),
    messagebird: chosenPort('messagebird'),
    site: chosenPort('site')
  };
}

/** Any free ports, so that stacks of tests do not meet. */
export const anyPorts: Ports = { api: 0, database: 0, messagebird: 0, site: 0 };

/** A port that something else already listens on; the message says how to choose another. */
export class PortTakenError extends Error {
  override name = 'PortTakenError';

  constructor(port: number, what: string, variable: string) {
    super(
      `Port ${port} (${what}) is already in use by another program. ` +
        `Stop that program, or choose another port with ${variable}=<port>.`
    );
  }
}

/**
 * A port of 127.0.0.1 that was free a moment ago. Only for programs that cannot listen on port 0 and tell: they may
 * still lose it to somebody faster and must be started again on another one.
 */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('The system gave no free port.');
  return address.port;
}

/** Whether nothing listens on `port` of 127.0.0.1. */
export async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/**
 * Like `isFree`, but patient: a program that was just killed takes a moment to let go of its port.
 */
export async function becomesFree(port: number): Promise<boolean> {
  for (let tries = 20; tries > 0; tries -= 1) {
    if (await isFree(port)) return true;
    await sleep(100);
  }
  return false;
}
