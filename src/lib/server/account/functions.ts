import { randomBytes } from 'node:crypto';
import type { RequestEvent, RequestHandler } from '@sveltejs/kit';
import { SITE_SECRET } from '$app/env/private';
import { PUBLIC_SUPABASE_ANON_KEY, PUBLIC_SUPABASE_URL } from '$app/env/public';
import { z } from 'zod';
import { m } from '#lib/paraglide/messages.js';
import { keepCookie, readCookie } from '#lib/server/request/cookies.ts';
import { logFailure } from '#lib/server/request/log.ts';
import { refusalResponse, refused, unavailable, type Result } from '#lib/server/request/refusal.ts';

// Calls of the account functions: typed ones for pages, and the site's own addresses of them, which pass requests on.

const user = z.object({
  /** Null before the account exists. */
  id: z.string().nullable(),
  username: z.string().nullable(),
  name: z.string().nullable(),
  age: z.number().nullable(),
  /** +E.164 */
  phone_number: z.string()
});
const codeRequested = z.object({
  token: z.string().nullable(),
  refresh_token: z.string().nullable(),
  user: user.nullable(),
  /** A code was texted; it goes to `verifyPhone` together with the `verification_id`. */
  verification_required: z.boolean(),
  verification_id: z.string().nullable(),
  /** Seconds until the code stops working. */
  expires_in: z.number().nullable(),
  /** How many digits it has. */
  code_length: z.number().default(6)
});
const verified = z.object({
  token: z.string().nullable(),
  refresh_token: z.string().nullable(),
  user,
  must_change_password: z.boolean().default(false)
});
const tokens = z.object({ token: z.string(), refresh_token: z.string() });
/** Both null where the deployment has no key to sign one with. */
const listening = z.object({ token: z.string().nullable(), expires_in: z.number().nullable() });
const signedIn = z.object({
  token: z.string(),
  refresh_token: z.string(),
  user,
  must_change_password: z.boolean()
});
const refusalBody = z.object({
  /** The stable word, such as `username_taken`. */
  error: z.string(),
  /** A sentence to show. */
  message: z.string(),
  /** A sentence for each field that has a mistake, by the field's name in the request. */
  fields: z.record(z.string(), z.string()).default({})
});

export type CodeRequested = z.output<typeof codeRequested>;
export type SignedIn = z.output<typeof signedIn>;

/** The texts of a form, by the names of the API; what is undefined is left out. */
type Fields = Record<string, string | undefined>;

/** Asks for an account: name, age, phone_number, username, password, password2. */
export const registerPatient = (event: RequestEvent, body: Fields) =>
  post(event, 'register-patient', body, codeRequested);
/** Asks for an account with the bookings of a phone: name, age, phone_number, password, username if wanted. */
export const linkIvrAccount = (event: RequestEvent, body: Fields) =>
  post(event, 'link-ivr-account', body, codeRequested);
/** Has a code texted to phone_number if it has an account, and tells nobody whether. */
export const forgotPassword = (event: RequestEvent, body: Fields) =>
  post(event, 'forgot-password', body, codeRequested);
/** Has a code texted to phone_number, with which `verifyPhone` signs in, if it has an account, and tells nobody whether. */
export const askForSignInCode = (event: RequestEvent, body: Fields) =>
  post(event, 'sign-in-code', body, codeRequested);
/** Does what a code was texted for: verification_id, code, and new_password after `forgotPassword`. */
export const verifyPhone = (event: RequestEvent, body: Fields) => post(event, 'verify-phone', body, verified);
/** Signs in: username (or a phone in any notation) and password. */
export const signInWith = (event: RequestEvent, body: Fields) => post(event, 'sign-in', body, signedIn);
/** Asks for another phone_number for the account of `token`, whose password is given once more. */
export const changePhone = (event: RequestEvent, body: Fields, token: string) =>
  post(event, 'change-phone', body, codeRequested, token);

/** Gives the account of `token` another password: password (the present one) and new_password. Every session ends. */
export const askForPassword = (event: RequestEvent, body: Fields, token: string) =>
  post(event, 'change-password', body, tokens, token);
/** Deletes the account of `token`, whose password is given once more. */
export const askToDelete = (event: RequestEvent, body: Fields, token: string) =>
  post(event, 'delete-account', body, z.object({}), token);
/** All that is kept about the owner of the account of `token`, whose password is given once more. */
export const askForCopy = (event: RequestEvent, body: Fields, token: string) =>
  post(event, 'export-account', body, z.looseObject({ made_at: z.string() }), token);
/** Asks for a token with which the page can listen for the session of `token`, and do nothing else. */
export const askToListen = (event: RequestEvent, token: string) =>
  post(event, 'live-token', {}, listening, token);

/** Asks what anybody may see of doctors and free times: `ask` and what it is about. */
export async function askFreeTimes<T>(
  event: RequestEvent,
  body: object,
  shape: z.ZodType<T>
): Promise<Result<{ found: T }>> {
  return post(
    event,
    'free-times',
    body,
    shape.transform((found) => ({ found }))
  );
}

/** The route of a function under /api: it takes POST, hands the request on as it came, and the answer back. */
export function accountRoute(name: string): { POST: RequestHandler; fallback: RequestHandler } {
  return {
    POST: (event) => forward(event, name),
    fallback: () =>
      refusalResponse({ code: 'method_not_allowed', message: m.form_post(), status: 405 }, { allow: 'POST' })
  };
}

async function forward(event: RequestEvent, name: string): Promise<Response> {
  const { request, locals } = event;
  try {
    const authorization = request.headers.get('authorization');
    const answer = await call(event, name, await beginningOf(request), {
      'content-type': request.headers.get('content-type') ?? '',
      ...(authorization && { authorization })
    });
    const headers = new Headers({ 'cache-control': 'no-store', 'x-request-id': locals.requestId });
    for (const header of ['content-type', 'content-language', 'retry-after']) {
      const value = answer.headers.get(header);
      if (value !== null) headers.set(header, value);
    }
    return new Response(answer.body, { status: answer.status, headers });
  } catch (cause) {
    logFailure('function_failed', locals.requestId, cause, { function: name });
    return refusalResponse(unavailable(), { 'cache-control': 'no-store' });
  }
}

// The functions take 10 kB. A byte more shows them that it is too much.
const MOST_BYTES = 10 * 1024 + 1;

/** What of a request's body is passed on; the rest is not even read. Cancelling it would cut off the answer, too. */
async function beginningOf({ body }: Request): Promise<Blob> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  const reader = body?.getReader();
  while (reader && length < MOST_BYTES) {
    const { done, value } = await reader.read();
    if (done) break;
    chunks.push(value);
    length += value.length;
  }
  return new Blob(chunks).slice(0, MOST_BYTES);
}

/** Calls a function. One that cannot be reached is a refusal too: `unavailable`. */
async function post<T extends object>(
  event: RequestEvent,
  name: string,
  body: object,
  shape: z.ZodType<T>,
  token?: string
): Promise<Result<T>> {
  try {
    if (ENTRANCES.includes(name)) keepDevice(event);
    const response = await call(event, name, JSON.stringify(body), {
      'content-type': 'application/json',
      ...(token && { authorization: `Bearer ${token}` })
    });
    const answer: unknown = response.status === 204 ? {} : await response.json();
    if (response.ok) return { ok: true, ...shape.parse(answer) };
    if (response.status < 500) {
      const { error: code, message, fields } = refusalBody.parse(answer);
      return refused({ code, message, fields, status: response.status });
    }
    throw Object.assign(new Error('The function failed.'), { status: response.status });
  } catch (cause) {
    logFailure('function_failed', event.locals.requestId, cause, { function: name });
    return refused(unavailable());
  }
}

// By what a session begins.
const ENTRANCES = ['sign-in', 'verify-phone'];

/** What this browser is known by, if it has come in before. */
function deviceOf(event: RequestEvent): string | undefined {
  const device = readCookie(event, 'device');
  return device !== undefined && /^[\w-]{43}$/.test(device) ? device : undefined;
}

/** Lets this browser be known again: its limits are its own then, whatever strangers use up. */
function keepDevice(event: RequestEvent): void {
  // Again each time, so that it lasts as long as somebody comes back.
  keepCookie(event, 'device', deviceOf(event) ?? randomBytes(32).toString('base64url'));
}

// The functions wait ten seconds for Auth at most.
const TIMEOUT_MS = 15_000;

function call(
  event: RequestEvent,
  name: string,
  body: BodyInit,
  headers: Record<string, string>
): Promise<Response> {
  const device = deviceOf(event);
  return fetch(`${PUBLIC_SUPABASE_URL}/functions/v1/${name}`, {
    method: 'POST',
    headers: {
      ...headers,
      apikey: PUBLIC_SUPABASE_ANON_KEY,
      'x-request-id': event.locals.requestId,
      'accept-language': event.locals.language,
      'user-agent': event.request.headers.get('user-agent') ?? '',
      ...(device !== undefined && { 'x-device': device }),
      // Requests are limited by client address, which would be this server's.
      ...(SITE_SECRET && { 'x-site-secret': SITE_SECRET, 'x-client-address': event.getClientAddress() })
    },
    body,
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS)
  });
}
