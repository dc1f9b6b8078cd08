import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { ReadableStream as NodeReadableStream } from 'node:stream/web';

/** A body is larger than the gateway lets through. */
export class BodyTooLargeError extends Error {
  override name = 'BodyTooLargeError';
}

/** Passes on what it gets until `limit` bytes, then fails. */
export function limitedTo(limit: number): Transform {
  let size = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      size += chunk.length;
      if (size > limit) done(new BodyTooLargeError(`The body is larger than ${limit} bytes.`));
      else done(null, chunk);
    }
  });
}

// They belong to one connection and are never passed on.
const hopByHop = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade'
]);

/** Whether a header may travel to the next connection. */
export function travels(name: string): boolean {
  return !hopByHop.has(name.toLowerCase());
}

/** The headers of a Node request as web headers, without those of the connection. */
export function webHeaders(req: IncomingMessage): Headers {
  const headers = new Headers();
  for (let i = 0; i < req.rawHeaders.length; i += 2) {
    const name = req.rawHeaders[i] ?? '';
    if (travels(name)) headers.append(name, req.rawHeaders[i + 1] ?? '');
  }
  return headers;
}

/** A Node request as a web request at `url`; the body is streamed and fails beyond `limit` bytes. */
export function webRequest(req: IncomingMessage, url: URL, headers: Headers, limit: number): Request {
  const method = req.method ?? 'GET';
  if (method === 'GET' || method === 'HEAD') return new Request(url, { method, headers });
  const body = req.pipe(limitedTo(limit));
  req.once('aborted', () => body.destroy(new Error('The client went away.')));
  const init = { method, headers, body: Readable.toWeb(body) as ReadableStream, duplex: 'half' };
  return new Request(url, init as RequestInit);
}

/** Writes a web response to a Node one, streaming. */
export async function sendResponse(response: Response, res: ServerResponse): Promise<void> {
  res.statusCode = response.status;
  for (const [name, value] of response.headers) {
    if (travels(name) && name !== 'set-cookie') res.setHeader(name, value);
  }
  const cookies = response.headers.getSetCookie();
  if (cookies.length > 0) res.setHeader('set-cookie', cookies);
  if (!response.body || res.req.method === 'HEAD') {
    await response.body?.cancel();
    res.end();
    return;
  }
  await pipeline(Readable.fromWeb(response.body as NodeReadableStream), res);
}
