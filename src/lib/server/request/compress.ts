import { randomInt } from 'node:crypto';
import { Duplex } from 'node:stream';
import { constants, createBrotliCompress, createGzip } from 'node:zlib';

// What else the site answers is small, or compressed already: its files are, when it is built (adapter-node).
const COMPRESSIBLE = /^(?:text\/html|application\/json|text\/sveltekit-data)\b/;

// How many random bytes an answer is longer at most, see below.
const MOST_PADDING = 64;

/** By which an answer is compressed, the one that a browser should have first. A list of appointments takes brotli a third less. */
const CODINGS = {
  br: () =>
    createBrotliCompress({
      flush: constants.BROTLI_OPERATION_FLUSH,
      // As much work as gzip's; its own default takes fifty times as long.
      params: { [constants.BROTLI_PARAM_QUALITY]: 5 }
    }),
  gzip: () => createGzip({ flush: constants.Z_SYNC_FLUSH })
};
type Coding = keyof typeof CODINGS;

/**
 * Compresses an answer for a browser that takes brotli or gzip. What is streamed stays a stream: each piece is sent as it comes.
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
  const coding = headers.has('content-encoding')
    ? undefined
    : codingFor(request.headers.get('accept-encoding'));
  if (!body || !coding) return new Response(body, { status, statusText, headers });

  headers.delete('content-length');
  headers.set('content-encoding', coding);
  headers.set('x-padding', '0'.repeat(randomInt(MOST_PADDING + 1)));
  // Other bytes than the plain answer's, so another tag.
  const tag = headers.get('etag');
  if (tag) headers.set('etag', tag.replace(/"$/, `-${coding}"`));
  const compression = Duplex.toWeb(CODINGS[coding]());
  const compressed = body.pipeThrough(compression as ReadableWritablePair<Uint8Array, Uint8Array>);
  return new Response(compressed, { status, statusText, headers });
}

/** The best coding that an Accept-Encoding header (RFC 9110) allows; none if it allows neither. */
function codingFor(header: string | null): Coding | undefined {
  const allowed = new Map(
    (header ?? '').split(',').map((coding) => {
      const [name = '', ...parameters] = coding.split(';').map((part) => part.trim().toLowerCase());
      return [name, !parameters.some((p) => /^q=0(?:\.0*)?$/.test(p))];
    })
  );
  return (Object.keys(CODINGS) as Coding[]).find((coding) => allowed.get(coding) ?? allowed.get('*'));
}
