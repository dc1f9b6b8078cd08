import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

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
