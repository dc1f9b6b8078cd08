import process from 'node:process';
import { redirect } from '@sveltejs/kit';
import { sequence, type Handle, type HandleServerError, type ServerInit } from '@sveltejs/kit/hooks';
import { PUBLIC_SUPABASE_URL } from '$app/env/public';
import { getRequestEvent } from '$app/server';
import { m } from '#lib/paraglide/messages.js';
import { overwriteGetLocale } from '#lib/paraglide/runtime.js';
import { keepUnsent } from '#lib/server/account/unsent-form.ts';
import { compress } from '#lib/server/request/compress.ts';
import { isPersonal, isSnapshot, judge, signInFirst, type Verdict } from '#lib/server/request/guard.ts';
import { protect } from '#lib/server/request/headers.ts';
import { inLanguage, languageOf } from '#lib/server/request/language.ts';
import { logFailure } from '#lib/server/request/log.ts';
import { requireNode } from '#lib/server/request/node-version.ts';
import { refusalResponse } from '#lib/server/request/refusal.ts';
import { isSessionEnd, readSession, type Session } from '#lib/server/request/session.ts';
import { clientFor, forgetTokens, hasSessionCookie, type Supabase } from '#lib/server/request/supabase.ts';

export const init: ServerInit = () => requireNode(process.versions.node);

// Messages are in the language of the request that they answer.
overwriteGetLocale(() => getRequestEvent().locals.language);

const identify: Handle = async ({ event, resolve }) => {
  const fresh: Record<string, string> = {};
  const { locals } = event;
  locals.requestId = crypto.randomUUID();
  locals.language = languageOf(event);
  // Not before it is needed: where there is a session cookie, a client goes to work at once.
  let client: Supabase | undefined;
  Object.defineProperty(locals, 'supabase', { get: () => (client ??= clientFor(event, fresh)) });
  let session: Promise<Session> | undefined;
  locals.session = () =>
    (session ??= hasSessionCookie(event)
      ? readSession(locals.supabase, locals.requestId)
      : Promise.resolve({ state: 'signed-out' }));

  const personal = isPersonal(event.route.id) || hasSessionCookie(event);
  const response = await resolve(event, {
    // The description is the same on every page; the title says what a page is for.
    transformPageChunk: ({ html }) =>
      inLanguage(html, event)
        .replace('%language%', locals.language)
        .replace('%description%', m.site_description({}, { locale: locals.language }))
  });
  for (const [name, value] of Object.entries(fresh)) response.headers.set(name, value);
  response.headers.set('x-request-id', locals.requestId);
  response.headers.append('vary', 'accept-language, cookie');
  // The appointments that are kept for the time without a network, and the service worker.
  if (locals.sessionForgotten) response.headers.set('clear-site-data', '"storage"');
  protect(response.headers, { url: event.url, supabaseUrl: PUBLIC_SUPABASE_URL, personal });
  return compress(event.request, response);
};

const guardPersonalRoutes: Handle = async ({ event, resolve }) => {
  const { url, request, isDataRequest } = event;
  if (!isPersonal(event.route.id)) {
    const response = await resolve(event);
    // The same page, as anybody sees it.
    if (event.locals.sessionEnded) redirect(303, url.pathname + url.search);
    return response;
  }
  const { method, headers } = request;
  const lead = (verdict: Verdict & { pass: false }) => {
    if (!isDataRequest && method === 'GET' && headers.get('accept') === 'application/json') {
      return refusalResponse(verdict.refusal);
    }
    redirect(303, verdict.to);
  };
  // Begun beside the check, and given out only after it: a page that is open waits for this one.
  const snapshot = isSnapshot(event.route.id) && hasSessionCookie(event) ? resolve(event) : undefined;
  const verdict = judge(await event.locals.session(), url, method);
  if (!verdict.pass) {
    if (method === 'POST') await keepUnsent(event);
    return lead(verdict);
  }
  const response = await (snapshot ?? resolve(event));
  // It ended meanwhile: what was asked for failed (handleError).
  return event.locals.sessionEnded ? lead(signInFirst(url, method)) : response;
};

export const handle = sequence(identify, guardPersonalRoutes);

export const handleError: HandleServerError = ({ kind, error, event }) => {
  const { requestId } = event.locals;
  if (isSessionEnd(error)) {
    // The guard, which has let it through, leads to signing in.
    event.locals.sessionEnded = true;
    forgetTokens(event);
    return { message: m.session_missing(), requestId };
  }
  if (kind === 'unknown') {
    // The route, not the path: a path can hold what somebody typed.
    logFailure('request_failed', requestId, error, { route: event.route.id, method: event.request.method });
    return { message: 'Something went wrong on our side.', requestId };
  }
  if (kind === 'framework') {
    // Its words are English. What cannot be read as an address (400) is the address of no page.
    return { ...(error.status === 400 && { status: 404 }), message: m.form_unknown(), requestId };
  }
  return { requestId };
};
