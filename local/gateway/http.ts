import type { IncomingMessage, ServerResponse } from 'node:http';
import { Transform } from 'node:stream';

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

/**
 * A Node request as a web request at `url`, its body read whole: a stream costs more than what MedQ sends in it.
 *
 * @throws {BodyTooLargeError} when the body is longer than `limit` bytes.
 */
export async function webRequest(
  req: IncomingMessage,
  url: URL,
  headers: Headers,
  limit: number
): Promise<Request> {
  const method = req.method ?? 'GET';
  if (method === 'GET' || method === 'HEAD') return new Request(url, { method, headers });
  return new Request(url, { method, headers, body: await bodyOf(req, limit) });
}

async function bodyOf(req: IncomingMessage, limit: number): Promise<Buffer<ArrayBuffer>> {
  const chunks: Buffer[] = [];
  let size = 0;
  // What is too long is still read to its end, by whoever answers: nothing else tells the client why.
  for await (const chunk of req.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > limit) throw new BodyTooLargeError(`The body is larger than ${limit} bytes.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Writes a web response to a Node one. */
export async function sendResponse(response: Response, res: ServerResponse): Promise<void> {
  res.statusCode = response.status;
  for (const [name, value] of response.headers) {
    if (travels(name) && name !== 'set-cookie') res.setHeader(name, value);
  }
  const cookies = response.headers.getSetCookie();
  if (cookies.length > 0) res.setHeader('set-cookie', cookies);
  const body = Buffer.from(await response.arrayBuffer());
  if (res.req.method === 'HEAD') res.end();
  else res.end(body);
}
