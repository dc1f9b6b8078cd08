import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { log } from '../output.ts';

/** Answers one request. The request's signal aborts when the client goes away or the server closes. */
export type Handler = (request: Request) => Promise<Response> | Response;

export interface Listening {
  port: number;
  url: string;
  close(): Promise<void>;
}

/** A refusal whose message is a sentence for whoever sent the request. */
export class Refusal extends Error {
  override name = 'Refusal';
  status: number;
  constructor(status: number, sentence: string) {
    super(sentence);
    this.status = status;
  }
}

/**
 * Serves a web-standard handler on 127.0.0.1, or where `host` says. Port 0 takes any free port.
 * Rejects with a sentence when the port is taken. `close` ends open streams too.
 */
export async function listen(port: number, handle: Handler, host = '127.0.0.1'): Promise<Listening> {
  const closing = new AbortController();
  const server = createServer((request, response) => {
    void answer(request, response, handle, closing.signal);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = `Port ${port} is in use by another program; stop it or choose another port for MessageBird.`;
      reject(error.code === 'EADDRINUSE' ? new Error(taken, { cause: error }) : error);
    });
    server.listen(port, host, resolve);
  });
  const bound = (server.address() as AddressInfo).port;
  return {
    port: bound,
    url: `http://127.0.0.1:${bound}`,
    async close() {
      closing.abort();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    }
  };
}

async function answer(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  handle: Handler,
  closing: AbortSignal
): Promise<void> {
  const gone = new AbortController();
  outgoing.once('close', () => gone.abort());
  const signal = AbortSignal.any([gone.signal, closing]);
  let response: Response;
  try {
    response = await handle(toRequest(incoming, signal));
  } catch (error) {
    if (signal.aborted) return;
    response = refuse(error);
  }
  if (outgoing.destroyed) return;
  if (response === cutConnection) {
    incoming.socket.destroy();
    return;
  }
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  if (!response.body) {
    outgoing.end();
    return;
  }
  const body = Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0]);
  body.once('error', () => outgoing.destroy());
  outgoing.once('close', () => body.destroy());
  body.pipe(outgoing);
}

/** Returned instead of an answer to cut the connection without one. */
export const cutConnection: Response = Response.error();

function toRequest(incoming: IncomingMessage, signal: AbortSignal): Request {
  const method = incoming.method ?? 'GET';
  const headers = new Headers();
  for (const [name, value] of Object.entries(incoming.headers)) {
    for (const one of Array.isArray(value) ? value : [value ?? '']) headers.append(name, one);
  }
  const init: RequestInit & { duplex?: 'half' } = { method, headers, signal };
  if (method !== 'GET' && method !== 'HEAD') {
    init.body = Readable.toWeb(incoming) as ReadableStream<Uint8Array>;
    init.duplex = 'half';
  }
  return new Request(`http://${incoming.headers.host ?? '127.0.0.1'}${incoming.url ?? '/'}`, init);
}

function refuse(error: unknown): Response {
  if (error instanceof Refusal) return sentence(error.status, error.message);
  log(`MessageBird stand-in: ${error instanceof Error ? error.stack : String(error)}`);
  return sentence(500, 'The MessageBird stand-in failed; its log says why.');
}

/** An error answer of the inbox and the simulator: `{error, message}`, where message is a sentence. */
export function sentence(status: number, message: string): Response {
  return Response.json({ error: status === 404 ? 'not_found' : 'bad_request', message }, { status });
}

/** Reads a JSON object from the request's body; refuses anything else with a sentence. */
export async function readJson(request: Request): Promise<unknown> {
  const text = await request.text();
  try {
    return JSON.parse(text === '' ? '{}' : text);
  } catch {
    throw new Refusal(400, 'The body is not valid JSON.');
  }
}

/**
 * Pages of other origins must not drive the stand-in through a developer's browser.
 * Requests without an Origin header (programs, address bar) are let through.
 */
export function refuseForeignPages(request: Request): void {
  const origin = request.headers.get('origin');
  if (origin !== null && origin !== new URL(request.url).origin)
    throw new Refusal(403, 'Pages of other origins may not use the MessageBird stand-in.');
}

/** What lies behind a failed fetch, for a sentence. */
export function whyFailed(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.cause instanceof AggregateError) return String(error.cause.errors[0]);
  return error.cause instanceof Error ? error.cause.message || String(error.cause) : error.message;
}
