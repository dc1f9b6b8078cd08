import { randomUUID } from 'node:crypto';
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { BodyTooLargeError, limitedTo, sendResponse, travels, webHeaders, webRequest } from './http.ts';
import type { ApiKeys } from './api-keys.ts';
import type { TokenVerifier } from './tokens.ts';

/** A service that lives in this process; paths arrive without its prefix. */
interface Service {
  fetch(request: Request): Promise<Response>;
}

/** What the gateway leads to. */
export interface Services {
  rest: Service;
  auth: Service;
  realtime: { handleUpgrade(req: IncomingMessage, socket: Duplex, head: Buffer): void };
  functions: {
    /** Where Deno listens, like `http://127.0.0.1:1234`. */
    origin: string;
    /** Resolves when Deno is up; it may be starting again after a change. */
    ready(): Promise<void>;
    /** Whether a function wants a valid token before it is called. */
    verifiesJwt(name: string): boolean;
  };
}

export interface GatewayOptions {
  port: number;
  apiKeys: ApiKeys;
  verifyToken: TokenVerifier;
  log: (line: string) => void;
}

/** The one address of the API. */
export interface Gateway {
  readonly port: number;
  /** Answers with 503 until this is called. */
  open(services: Services): void;
  close(): Promise<void>;
}

const maxBodyBytes = 10 * 1024 * 1024;

// auth-js reads error codes only when it may see x-supabase-api-version.
const exposedHeaders = [
  'Content-Encoding, Content-Location, Content-Range, Content-Type, Date, Location, Range-Unit',
  'X-Supabase-Api-Version, X-Request-Id'
].join(', ');

const openAuthPaths = /^\/(health|verify|callback|authorize|\.well-known\/.*)$/;

function json(status: number, body: unknown): Response {
  return Response.json(body, { status });
}

function preflight(headers: Headers): Response {
  return new Response(null, {
    status: 204,
    headers: {
      'access-control-allow-methods': 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS',
      'access-control-allow-headers': headers.get('access-control-request-headers') ?? '*',
      'access-control-max-age': '3600'
    }
  });
}

/** `/auth/v1/token` is `{ service: 'auth', path: '/token' }`. */
function route(pathname: string): { service: string; path: string } | undefined {
  const [, service, path] = /^\/(rest|auth|realtime|functions)\/v1(\/.*)?$/.exec(pathname) ?? [];
  return service === undefined ? undefined : { service, path: path ?? '/' };
}

/**
 * Reads what nobody wants any more: a client that is still writing would see a broken connection instead of the answer,
 * or with its next request.
 */
function swallow(req: IncomingMessage): void {
  req.unpipe();
  req.resume();
}

/** Adds what a proxy says about the caller. */
function addForwarded(req: IncomingMessage, headers: Headers): void {
  headers.append('x-forwarded-for', req.socket.remoteAddress ?? '');
  if (!headers.has('x-forwarded-proto')) headers.set('x-forwarded-proto', 'http');
  if (!headers.has('x-forwarded-host')) headers.set('x-forwarded-host', headers.get('host') ?? '');
  if (!headers.has('x-request-id')) headers.set('x-request-id', randomUUID());
}

/** Starts the gateway on 127.0.0.1. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  let services: Services | undefined;

  /** Hands a request to Deno as it is: CORS and most checks are the function's own. */
  async function callFunction(req: IncomingMessage, res: ServerResponse, url: URL, headers: Headers) {
    const { path } = route(url.pathname) ?? { path: '/' };
    const name = path.split('/')[1] ?? '';
    if (services?.functions.verifiesJwt(name) && req.method !== 'OPTIONS') {
      const refusal = await options.verifyToken.forFunctions(headers.get('authorization'));
      if (refusal) return sendResponse(json(401, { msg: refusal }), res);
    }
    await services?.functions.ready();
    const { hostname, port } = new URL(services?.functions.origin ?? '');
    await new Promise<void>((resolve, reject) => {
      let answered = false;
      const upstream = httpRequest(
        { hostname, port, path: path + url.search, method: req.method, headers: Object.fromEntries(headers) },
        (answer) => {
          answered = true;
          res.statusCode = answer.statusCode ?? 502;
          for (const [header, value] of Object.entries(answer.headers)) {
            if (travels(header) && value !== undefined) res.setHeader(header, value);
          }
          pipeline(answer, res).then(resolve, reject);
        }
      );
      // Once there is an answer, it alone can fail.
      upstream.on('error', (error) => {
        if (!answered) reject(error);
      });
      upstream.once('close', () => swallow(req));
      res.once('close', () => upstream.destroy());
      req.pipe(limitedTo(maxBodyBytes).once('error', reject)).pipe(upstream);
    });
  }

  async function callService(req: IncomingMessage, url: URL, headers: Headers): Promise<Response> {
    const target = route(url.pathname);
    if (!target) return json(404, { message: 'no Route matched with those values' });
    if (req.method === 'OPTIONS') return preflight(headers);
    if (!services) return json(503, { message: 'The stack is starting. Try again in a moment.' });
    const { service, path } = target;
    const apiKey = headers.get('apikey') ?? url.searchParams.get('apikey');
    if (!(service === 'auth' && openAuthPaths.test(path))) {
      const admission = options.apiKeys.admit(apiKey, headers.get('authorization'));
      if ('refused' in admission) return json(401, admission.refused);
      headers.set('authorization', admission.authorization);
    }
    // Realtime is there for WebSockets only.
    if (service === 'realtime') return json(404, { message: 'Not found' });
    const stripped = new URL(path + url.search, url);
    // PostgREST would take it for a filter.
    if (service === 'rest') stripped.searchParams.delete('apikey');
    const request = await webRequest(req, stripped, headers, maxBodyBytes);
    return service === 'rest' ? services.rest.fetch(request) : services.auth.fetch(request);
  }

  async function handle(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const headers = webHeaders(req);
    addForwarded(req, headers);
    res.setHeader('x-request-id', headers.get('x-request-id') ?? '');
    const url = new URL(req.url ?? '/', `http://${req.headers.host ?? '127.0.0.1'}`);
    const declared = Number(req.headers['content-length'] ?? 0);
    if (declared > maxBodyBytes) throw new BodyTooLargeError('Content-Length is too large.');
    if (route(url.pathname)?.service === 'functions' && services) {
      return callFunction(req, res, url, headers);
    }
    const response = await callService(req, url, headers);
    res.setHeader('access-control-allow-origin', '*');
    res.setHeader('access-control-expose-headers', exposedHeaders);
    return sendResponse(response, res);
  }

  function fail(error: unknown, req: IncomingMessage, res: ServerResponse): void {
    if (res.destroyed || res.headersSent) {
      res.destroy();
      return;
    }
    const large = error instanceof BodyTooLargeError || (error as Error).cause instanceof BodyTooLargeError;
    const refused = (error as NodeJS.ErrnoException).code === 'ECONNREFUSED';
    if (!large)
      options.log(`gateway: ${req.method} ${req.url?.split('?')[0]} failed: ${(error as Error).message}`);
    const [status, body] = large
      ? [413, { message: 'Request size limit exceeded' }]
      : refused
        ? [503, { code: 'BOOT_ERROR', message: 'Function failed to start (please check logs)' }]
        : [502, { message: 'An invalid response was received from the upstream server' }];
    swallow(req);
    res.setHeader('access-control-allow-origin', '*');
    sendResponse(json(Number(status), body), res).catch(() => res.destroy());
  }

  const server = createServer((req, res) => {
    handle(req, res).catch((error: unknown) => fail(error, req, res));
  });
  // As the hosted gateway: after Node's five seconds, busy clients write into a connection that ends just then.
  server.keepAliveTimeout = 60_000;

  server.on('upgrade', (req, socket, head) => {
    socket.on('error', () => socket.destroy());
    const url = new URL(req.url ?? '/', 'http://localhost');
    const target = route(url.pathname);
    if (target?.service !== 'realtime' || !services) {
      socket.end(
        `HTTP/1.1 ${services ? '404 Not Found' : '503 Service Unavailable'}\r\nConnection: close\r\n\r\n`
      );
      return;
    }
    req.url = target.path + url.search;
    services.realtime.handleUpgrade(req, socket, head);
  });

  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : options.port;

  return {
    port,
    open: (opened) => (services = opened),
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    }
  };
}
