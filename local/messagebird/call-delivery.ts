import type { CallAnswer, CallRequest } from './call-events.ts';
import { whyFailed } from './http.ts';
import { signatureHeader, signRequest } from './sign.ts';

export interface DeliveryOptions {
  signingKey: string;
  /** How long an answer may take. */
  timeoutMs: number;
  /** `after`: the same request comes again after its answer; `together`: both come at once. The last answer counts. */
  duplicate: 'no' | 'after' | 'together';
  /** Whether the second one carries a token of its own. */
  duplicateToken: 'fresh' | 'same';
}

export const usualDelivery = {
  timeoutMs: 5_000,
  duplicate: 'no',
  duplicateToken: 'fresh'
} as const satisfies Partial<DeliveryOptions>;

/** One request as it went over the wire. */
export interface Delivered {
  request: CallRequest;
  token: string;
  answer: CallAnswer;
  /** How long the answer took, in milliseconds. */
  tookMs: number;
}

/** Signs a call's request and makes it, twice if so wanted; the last delivery has the answer that counts. */
export async function deliver(
  request: CallRequest,
  options: DeliveryOptions
): Promise<[...Delivered[], Delivered]> {
  const sign = () => signRequest({ url: request.url, body: request.body, signingKey: options.signingKey });
  const token = await sign();
  const first = send(request, token, options.timeoutMs);
  if (options.duplicate === 'no') return [await first];
  if (options.duplicate === 'after') await first;
  const again = options.duplicateToken === 'same' ? token : await sign();
  return Promise.all([first, send(request, again, options.timeoutMs)]);
}

async function send(request: CallRequest, token: string, timeoutMs: number): Promise<Delivered> {
  const { method, url, body } = request;
  const start = performance.now();
  const done = (answer: CallAnswer): Delivered => {
    return { request, token, answer, tookMs: Math.round(performance.now() - start) };
  };
  try {
    const response = await fetch(url, {
      method,
      headers: { [signatureHeader]: token },
      // As bytes, because MessageBird sends its bodies without a content type.
      ...(body !== undefined && { body: new TextEncoder().encode(body) }),
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs)
    });
    const contentType = response.headers.get('content-type') ?? '';
    return done({ status: response.status, contentType, body: await response.text() });
  } catch (error) {
    if (error instanceof Error && error.name === 'TimeoutError')
      return done({ failure: `No answer came within ${timeoutMs / 1000} seconds.` });
    return done({ failure: `The product could not be reached: ${whyFailed(error)}` });
  }
}
