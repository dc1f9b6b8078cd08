import { createSecretKey } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRequire } from 'node:module';

/** The part of the `messagebird` package that checks signatures; it has no type declarations. */
interface SignatureCheck {
  verify(
    url: string,
    payload: Buffer | null,
    token: string,
    key: ReturnType<typeof createSecretKey>,
    options?: unknown
  ): Promise<true>;
  VerifyOptions: new (url: boolean, payload: boolean, jwt: Record<string, unknown>) => unknown;
}

export const sdk = createRequire(import.meta.url)(
  'messagebird/lib/webhook-signature-jwt.js'
) as SignatureCheck;

export function secretKey(signingKey: string): ReturnType<typeof createSecretKey> {
  return createSecretKey(Buffer.from(signingKey, 'utf8'));
}

/** A webhook request whose signature was good. */
export interface SignedRequest {
  method: string;
  /** As it was called. */
  url: string;
  query: URLSearchParams;
  /** The keys that were pressed, by variable. */
  variables: Record<string, string>;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

export interface TestIvr {
  url: string;
  /** Every request with a good signature. */
  requests: SignedRequest[];
  /** How many requests were refused for their signature. */
  refused: number;
  close(): Promise<void>;
}

/**
 * A server that answers signed requests with what `answer` returns: a call flow, or a whole Response.
 * It checks every signature with MessageBird's own package and refuses what does not pass with 401.
 */
export async function aTestIvr(
  signingKey: string,
  answer: (request: SignedRequest, ivrUrl: string) => object | Response | Promise<object | Response>
): Promise<TestIvr> {
  const server = createServer((incoming, outgoing) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of incoming) chunks.push(chunk as Buffer);
      const body = Buffer.concat(chunks);
      const url = `http://${incoming.headers.host}${incoming.url}`;
      const token = String(incoming.headers['messagebird-signature-jwt']);
      const isSigned = await sdk.verify(url, body, token, secretKey(signingKey)).catch(() => false);
      if (!isSigned) {
        ivr.refused += 1;
        outgoing.writeHead(401).end();
        return;
      }
      const query = new URL(url).searchParams;
      const variables = JSON.parse(query.get('variables') ?? '{}') as Record<string, string>;
      const { method = 'GET', headers } = incoming;
      const request = { method, url, query, variables, headers, body: body.toString('utf8') };
      ivr.requests.push(request);
      const given = await answer(request, ivr.url);
      const response = given instanceof Response ? given : Response.json(given);
      outgoing.writeHead(response.status, Object.fromEntries(response.headers));
      outgoing.end(await response.text());
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const ivr: TestIvr = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/ivr`,
    requests: [],
    refused: 0,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      })
  };
  return ivr;
}

/** A say step of a call flow. */
export function say(payload: string, keys: object = {}): object {
  return { action: 'say', options: { payload, language: 'en-IN', voice: 'female' }, ...keys };
}

/** A prompt that waits for keys and then fetches `next`, in the usual form. */
export function ask(
  payload: string,
  variable: string,
  next: string,
  keys: object = { maxNumKeys: 1 }
): object {
  const input = { onKeypressVar: variable, onKeypressGoto: 'next', ...keys };
  return {
    steps: [
      say(payload, input),
      { action: 'pause', options: { length: 5 }, ...input },
      { id: 'next', action: 'fetchCallFlow', options: { url: next } }
    ]
  };
}

/** A sentence, then the end of the call. */
export function sayAndHangUp(payload: string): object {
  return { steps: [say(payload), { action: 'hangup' }] };
}
