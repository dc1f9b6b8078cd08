import { createServer } from 'node:http';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createClient, type RealtimeChannel, type SupabaseClient } from '@supabase/supabase-js';
import { SignJWT } from 'jose';
import postgres from 'postgres';
import { WebSocket } from 'ws';
import { applyBootstrap } from '../../local/postgres/bootstrap.ts';
import { empty, initialiseCluster, superuser } from '../../local/postgres/cluster.ts';
import { startPostgres, type PostgresServer } from '../../local/postgres/server.ts';
import { freePort } from '../../local/settings/ports.ts';
import { createRealtime, type RealtimeOptions } from '../../local/realtime/index.ts';
import { theStack } from './stack.ts';

/** A token of `role`, signed like those of Auth. `expiresIn` in seconds; null leaves the expiry out. */
export function tokenOf(
  claims: { role: string; sub?: string },
  expiresIn: number | null = 3600,
  secret = theStack().jwt_secret
): Promise<string> {
  const token = new SignJWT(claims).setProtectedHeader({ alg: 'HS256', typ: 'JWT' });
  if (expiresIn !== null) token.setExpirationTime(Math.floor(Date.now() / 1000) + expiresIn);
  return token.sign(new TextEncoder().encode(secret));
}

/** A Postgres of its own with the bootstrap of the stack, for tests that restart it or change the settings. */
export interface OwnDatabase {
  /** Logged in as the superuser. */
  adminUrl: string;
  /** Logged in as `postgres`, the role of migrations. */
  url: string;
  /** Stops the server as `how` says and starts it again on the same port. */
  restart(how: 'gently' | 'kill'): Promise<void>;
  stop(): Promise<void>;
}

export async function startDatabase(): Promise<OwnDatabase> {
  const directory = await mkdtemp(path.join(tmpdir(), 'medq-realtime-'));
  // Under root the server runs as somebody else, who has to get through.
  await chmod(directory, 0o711);
  const dataDirectory = path.join(directory, 'data');
  const password = 'password';
  await initialiseCluster(dataDirectory, { password, copyOf: empty });
  const options = {
    dataDirectory,
    port: await freePort(),
    logFile: path.join(directory, 'log'),
    durable: true
  };
  let server: PostgresServer = await startPostgres(options);
  /** After a kill the processes of the old server take a moment to notice. */
  async function startAgain(): Promise<PostgresServer> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await startPostgres(options);
      } catch (error) {
        if (attempt === 50) throw error;
        await sleep(100);
      }
    }
  }
  const urlOf = (role: string): string => `postgres://${role}:${password}@127.0.0.1:${options.port}/postgres`;
  const admin = postgres(urlOf(superuser), { max: 1, onnotice: () => undefined });
  await applyBootstrap(admin);
  await admin.unsafe(`alter role postgres password '${password}'`);
  await admin.end();
  return {
    adminUrl: urlOf(superuser),
    url: urlOf('postgres'),
    async restart(how) {
      if (how === 'kill') {
        process.kill(server.pid, 'SIGKILL');
        await server.ended;
      } else await server.stop();
      server = await startAgain();
    },
    async stop() {
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    }
  };
}

/** Where a Realtime is. */
export interface RealtimeAddress {
  /** For createClient of supabase-js. */
  url: string;
  /** For a WebSocket by hand. */
  socketUrl(key?: string, version?: string): string;
}

const prefix = '/realtime/v1';

function addressOf(url: string): RealtimeAddress {
  return {
    url,
    socketUrl: (key = theStack().publishable_key, version = '2.0.0') =>
      `${url.replace('http', 'ws')}${prefix}/websocket?apikey=${encodeURIComponent(key)}&vsn=${version}`
  };
}

/** The service of the stack. */
export function theRealtime(): RealtimeAddress {
  return addressOf(theStack().api_url);
}

/** A service with other settings than the stack's, behind a server of its own; takes the keys of the stack. */
export async function startRealtime(
  databaseUrl: string,
  options: Partial<RealtimeOptions> = {}
): Promise<RealtimeAddress & { close(): Promise<void> }> {
  const { jwt_secret: jwtSecret, publishable_key: key, anon_key: anonToken } = theStack();
  const realtime = createRealtime({
    databaseUrl,
    jwtSecret,
    resolveApiKey: (candidate) => (candidate === key ? anonToken : undefined),
    joinErrorDelayMs: 10,
    handshakeErrorDelayMs: 10,
    ...options
  });
  const server = createServer((_, response) => response.writeHead(404).end());
  server.on('upgrade', (request, socket, head) => {
    request.url = (request.url ?? '').slice(prefix.length);
    realtime.handleUpgrade(request, socket, head);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  await realtime.ready;
  return {
    ...addressOf(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    async close() {
      await realtime.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  };
}

/** supabase-js as a browser uses it, with `token` as its session. */
export async function clientWith(realtime: RealtimeAddress, token: string): Promise<SupabaseClient> {
  const supabase = createClient(realtime.url, theStack().publishable_key, {
    accessToken: () => Promise.resolve(token)
  });
  // Without this the first join may leave before the token is known, and goes by the rights of the key.
  await supabase.realtime.setAuth();
  return supabase;
}

/** Subscribes and resolves with the first status that is not the one before; the error's message if there is one. */
export function subscribe(
  channel: RealtimeChannel
): Promise<{ status: string; message: string | undefined }> {
  return new Promise((resolve) => {
    channel.subscribe((status, error) => resolve({ status, message: error?.message }));
  });
}

/** Waits until broadcasts from the database arrive; call it before `subscribe`. */
export function databaseReady(channel: RealtimeChannel): Promise<void> {
  return new Promise((resolve) => {
    channel.on('system', {}, (payload: { message: string }) => {
      if (payload.message === 'Replication connection established') resolve();
    });
  });
}

/** A client that shows the frames themselves. */
export class FrameClient {
  readonly frames: unknown[][] = [];
  readonly closed: Promise<number>;
  #webSocket: WebSocket;
  #arrived = new Set<() => void>();

  private constructor(webSocket: WebSocket) {
    this.#webSocket = webSocket;
    this.closed = new Promise((resolve) => webSocket.once('close', resolve));
    webSocket.on('message', (data: Buffer) => {
      this.frames.push(JSON.parse(data.toString()) as unknown[]);
      for (const look of this.#arrived) look();
    });
  }

  static async connect(url: string): Promise<FrameClient> {
    const webSocket = new WebSocket(url);
    const client = new FrameClient(webSocket);
    await new Promise((resolve, reject) => webSocket.once('open', resolve).once('error', reject));
    return client;
  }

  send(frame: unknown[] | string | Uint8Array): void {
    this.#webSocket.send(Array.isArray(frame) ? JSON.stringify(frame) : frame);
  }

  /** The first frame (of all so far and to come) that `matches`. */
  frame(matches: (frame: unknown[]) => boolean): Promise<unknown[]> {
    return new Promise((resolve) => {
      const look = (): void => {
        const found = this.frames.find(matches);
        if (!found) return;
        this.#arrived.delete(look);
        resolve(found);
      };
      this.#arrived.add(look);
      look();
    });
  }

  /** The reply to the message with `ref`. */
  reply(ref: string): Promise<unknown[]> {
    return this.frame((frame) => frame[1] === ref && frame[3] === 'phx_reply');
  }

  /** Sends a heartbeat and waits for its reply: all that was sent before has been handled by then, but for the database. */
  async roundTrip(ref: string): Promise<void> {
    this.send([null, ref, 'phoenix', 'heartbeat', {}]);
    await this.reply(ref);
  }

  /** Stops reading, as a client does that hangs. */
  pause(): void {
    this.#webSocket.pause();
  }

  close(): void {
    this.#webSocket.terminate();
  }
}
