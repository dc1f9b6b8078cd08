import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { STATUS_CODES } from 'node:http';
import type { Version } from './frames.ts';
import type { Settings } from './settings.ts';
import type { Handshake } from './socket.ts';

interface HandshakeRefusal {
  status: 401 | 403 | 404 | 429;
  error: string;
}

const versions: readonly string[] = ['1.0.0', '2.0.0'] satisfies Version[];

function isVersion(text: string): text is Version {
  return versions.includes(text);
}

/** The headers that policies may look at: custom ones, no cookies and no keys. */
function customHeaders(request: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(request.headers)
      .filter(([name]) => name.startsWith('x-'))
      .map(([name, value]) => [name, String(value)])
  );
}

/** Reads `/websocket?apikey=...&vsn=...`, or says why the handshake is refused. */
export function readHandshake(
  request: IncomingMessage,
  { resolveApiKey, maxSockets }: Settings,
  socketCount: number
): Handshake | HandshakeRefusal {
  // Not every request target is a URL.
  const url = URL.parse(request.url ?? '/', 'http://realtime');
  if (url?.pathname !== '/websocket') return { status: 404, error: 'There is no WebSocket here.' };
  const headerKey = request.headers['x-api-key'];
  const key = typeof headerKey === 'string' ? headerKey : url.searchParams.get('apikey');
  if (!key) return { status: 401, error: 'Missing API key' };
  const keyToken = resolveApiKey(key);
  if (keyToken === undefined) return { status: 403, error: 'Invalid API key' };
  const version = url.searchParams.get('vsn') ?? '1.0.0';
  if (!isVersion(version)) return { status: 403, error: `Unknown protocol version ${version}` };
  if (socketCount >= maxSockets) return { status: 429, error: 'Too many connected users' };
  return { version, keyToken, headers: customHeaders(request) };
}

/** Answers a handshake that is not accepted, and hangs up. */
export function refuseHandshake(socket: Duplex, { status, error }: HandshakeRefusal): void {
  const body = JSON.stringify({ error });
  socket.end(
    [
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
      'Connection: close',
      'Content-Type: application/json',
      `Content-Length: ${Buffer.byteLength(body)}`,
      '',
      body
    ].join('\r\n')
  );
}
