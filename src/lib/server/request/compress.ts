import { randomInt } from 'node:crypto';
import { Duplex } from 'node:stream';
import { constants, createGzip } from 'node:zlib';

// What else the site answers is small, or compressed already: its files are, when it is built (adapter-node).
const COMPRESSIBLE = /^(?:text\/html|application\/json|text\/sveltekit-data)\b/;

// How many random bytes an answer is longer at most, see below.
const MOST_PADDING = 64;

/**
 * Compresses an answer for a browser that takes gzip. What is streamed stays a stream: each piece is sent as it comes.
 *
 * The length of a compressed answer can give a secret away if it stands beside text that an attacker chose, and the
 * attacker can have a browser ask thousands of times with its owner's cookies (BREACH). Ours are not sent along by other
 * sites (SameSite=Lax) but when a whole page is opened, in sight. No page holds a token: forms are known by their origin,
 * and the token to listen with stands in an answer that repeats nothing of the request. A random length blurs the rest.
 */
export function compress(request: Request, response: Response): Response {
  const { body, status, statusText } = response;
  const headers = new Headers(response.headers);
  if (!COMPRESSIBLE.test(headers.get('content-type') ?? '')) return response;
  headers.append('vary', 'accept-encoding');
  const wanted =
    body !== null && !headers.has('content-encoding') && takesGzip(request.headers.get('accept-encoding'));
  if (!wanted) return new Response(body, { status, statusText, headers });

  headers.delete('content-length');
  headers.set('content-encoding', 'gzip');
  headers.set('x-padding', '0'.repeat(randomInt(MOST_PADDING + 1)));
  // Other bytes than the plain answer's, so another tag.
  const tag = headers.get('etag');
  if (tag) headers.set('etag', tag.replace(/"$/, '-gzip"'));
  const gzip = Duplex.toWeb(createGzip({ flush: constants.Z_SYNC_FLUSH }));
  const compressed = body.pipeThrough(gzip as ReadableWritablePair<Uint8Array, Uint8Array>);
  return new Response(compressed, { status, statusText, headers });
}

/** Whether an Accept-Encoding header (RFC 9110) allows gzip. */
function takesGzip(header: string | null): boolean {
  return (header ?? '').split(',').some((coding) => {
    const [name = '', ...parameters] = coding.split(';').map((part) => part.trim().toLowerCase());
    return (name === 'gzip' || name === '*') && !parameters.some((p) => /^q=0(?:\.0*)?$/.test(p));
  });
}
