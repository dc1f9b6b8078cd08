/** What every function does around its work: request id, methods, JSON answers, errors that tell nothing inward. */
import { type Refusal, refusalIn } from './errors.ts';
import { createLog, describeError, type Log } from './log.ts';
import { type Locale, preferredLocale, wordsIn } from './words/languages.ts';

/** What belongs to one request. */
export interface RequestContext {
  requestId: string;
  /** The language its sender reads. */
  locale: Locale;
  log: Log;
}

export interface Endpoint {
  /** The function's name, for the log. */
  name: string;
  methods: readonly string[];
  /** Refuses by throwing RefusedError, or by letting the database's refusal (SQLSTATE PT4xx) through. */
  handle(request: Request, context: RequestContext): Promise<Response>;
}

/** A handler for `Deno.serve` that never rejects and never answers with anything internal. */
export function endpoint(options: Endpoint): (request: Request) => Promise<Response> {
  return async (request) => {
    const requestId = requestIdOf(request);
    const context = {
      requestId,
      locale: preferredLocale(request.headers.get('accept-language')),
      log: createLog({ function: options.name, request_id: requestId })
    };
    const response = await answer(options, request, context);
    response.headers.set('x-request-id', requestId);
    return response;
  };
}

/** JSON that no cache keeps. */
export function json(body: unknown, status = 200, headers: HeadersInit = {}): Response {
  const all = new Headers(headers);
  all.set('cache-control', 'no-store');
  return Response.json(body, { status, headers: all });
}

/**
 * The body of a request, read no further than it may be long.
 * @param most bytes
 * @returns undefined when it is longer
 */
export async function bodyOf(request: Request, most: number): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request.body ?? []) {
    length += chunk.length;
    if (length > most) return undefined;
    chunks.push(chunk);
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}

/** Says that an answer is in the language its reader asked for. */
export function inLanguage(response: Response, locale: Locale): Response {
  response.headers.set('content-language', locale);
  response.headers.append('vary', 'accept-language');
  return response;
}

/** The error body of the contract: `{error, message, ...}`. */
function refusalResponse(refusal: Refusal, locale: Locale): Response {
  const words = wordsIn[locale];
  const { code, status, message, fields: sentences, detail: _, ...more } = refusal;
  const fields = sentences &&
    Object.fromEntries(Object.entries(sentences).map(([field, sentence]) => [field, sentence(words)]));
  const body = { error: code, message: message(words), fields, ...more };
  const wait = more.retry_after;
  return inLanguage(json(body, status, wait === undefined ? {} : { 'retry-after': String(wait) }), locale);
}

async function answer(options: Endpoint, request: Request, context: RequestContext): Promise<Response> {
  try {
    if (!options.methods.includes(request.method)) return methodNotAllowed(options.methods, context.locale);
    return await options.handle(request, context);
  } catch (error) {
    const refusal = refusalIn(error);
    if (!refusal) {
      context.log.error('unexpected_error', { error: describeError(error) });
      return internalError(context);
    }
    const { code, detail, status } = refusal;
    context.log.info('refused', { code, detail, status });
    return refusalResponse(refusal, context.locale);
  } finally {
    // What nobody has read by now nobody reads.
    if (!request.bodyUsed) await request.body?.cancel().catch(() => {});
  }
}

function methodNotAllowed(methods: readonly string[], locale: Locale): Response {
  const allow = methods.join(', ');
  const message = wordsIn[locale].methodNotAllowed({ allowed: allow });
  return inLanguage(json({ error: 'method_not_allowed', message }, 405, { allow }), locale);
}

function internalError({ requestId, locale }: RequestContext): Response {
  const message = wordsIn[locale].internalError;
  return inLanguage(json({ error: 'internal_error', message, request_id: requestId }, 500), locale);
}

/** The sender's own request id when it is a sane one, so that its log and ours can be read together. */
function requestIdOf(request: Request): string {
  const given = request.headers.get('x-request-id');
  return given && /^[A-Za-z0-9-]{8,64}$/.test(given) ? given : crypto.randomUUID();
}
