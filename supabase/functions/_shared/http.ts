/** What every function does around its work: request id, methods, JSON answers, errors that tell nothing inward. */
import { DomainError, domainErrorOf } from './errors.ts';
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
  /** Throws DomainError (or lets an SQLSTATE PT4xx through) for what the caller did wrong. */
  handle(request: Request, context: RequestContext): Promise<Response>;
  /** Answers in place of the JSON error, for callers that need another form. The error is logged by then. */
  onError?(error: unknown, context: RequestContext): Response | Promise<Response>;
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

/** Says that an answer is in the language its reader asked for. */
export function inLanguage(response: Response, locale: Locale): Response {
  response.headers.set('content-language', locale);
  response.headers.append('vary', 'accept-language');
  return response;
}

/** The error body of the contract: `{error, message, ...}`. */
function errorResponse({ code, status, sentence, details }: DomainError, locale: Locale): Response {
  const words = wordsIn[locale];
  const { fields: sentences, ...more } = details;
  const fields = sentences &&
    Object.fromEntries(Object.entries(sentences).map(([field, told]) => [field, told(words)]));
  const { retry_after: wait } = more;
  const body = { error: code, message: sentence(words), fields, ...more };
  return inLanguage(json(body, status, wait === undefined ? {} : { 'retry-after': String(wait) }), locale);
}

async function answer(options: Endpoint, request: Request, context: RequestContext): Promise<Response> {
  try {
    if (!options.methods.includes(request.method)) {
      await request.body?.cancel();
      return methodNotAllowed(options.methods, context.locale);
    }
    return await options.handle(request, context);
  } catch (error) {
    const domainError = domainErrorOf(error);
    if (domainError) context.log.info('refused', { error: domainError.code, status: domainError.status });
    else context.log.error('unexpected_error', { error: describeError(error) });
    if (options.onError) return await recover(options.onError, error, context);
    return domainError ? errorResponse(domainError, context.locale) : internalError(context);
  }
}

async function recover(
  onError: NonNullable<Endpoint['onError']>,
  error: unknown,
  context: RequestContext
): Promise<Response> {
  try {
    return await onError(error, context);
  } catch (second) {
    context.log.error('error_while_answering_error', { error: describeError(second) });
    return internalError(context);
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

/** The caller's own request id when it is a sane one, so that its log and ours can be read together. */
function requestIdOf(request: Request): string {
  const given = request.headers.get('x-request-id');
  return given && /^[A-Za-z0-9-]{8,64}$/.test(given) ? given : crypto.randomUUID();
}
