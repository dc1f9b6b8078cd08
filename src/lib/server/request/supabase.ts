import type { RequestEvent } from '@sveltejs/kit';
import { PUBLIC_SUPABASE_ANON_KEY, PUBLIC_SUPABASE_URL } from '$app/env/public';
import { createServerClient } from '@supabase/ssr';
import { createClient, type SupabaseClient } from '@supabase/supabase-js';
import type { Database } from '#lib/database.types.ts';
import type { LiveSource } from '#lib/live/listen.ts';
import { COOKIES, flagsOf } from './cookies.ts';

export type Supabase = SupabaseClient<Database>;

/** Where pages listen for live changes. */
export const liveSource: LiveSource = { url: PUBLIC_SUPABASE_URL, key: PUBLIC_SUPABASE_ANON_KEY };

// After this a page says that it cannot reach the service.
const TIMEOUT_MS = 8_000;

/**
 * A client for one request, acting for whoever is signed in. The session stays in cookies no script can read.
 * `headers` receives the headers that a response needs if the session is renewed meanwhile, so that no cache
 * keeps somebody's cookies.
 */
export function clientFor(event: RequestEvent, headers: Record<string, string>): Supabase {
  const setBeforeAnswer = event.cookies.set;
  return createServerClient<Database>(PUBLIC_SUPABASE_URL, PUBLIC_SUPABASE_ANON_KEY, {
    cookieOptions: { name: COOKIES.session.name, path: '/', ...flagsOf('session', event.url) },
    cookies: {
      getAll: () => event.cookies.getAll(),
      setAll(cookies, noStore) {
        // The client looks at the session by itself as well, and may come to something after the answer. SvelteKit has then
        // put a function that throws into the place of this one, and nobody would catch what it throws: the whole server
        // would end. The next request comes to the same.
        if (event.cookies.set !== setBeforeAnswer) return;
        for (const { name, value, options } of cookies) {
          // The client's own ends after 400 days.
          const maxAge = options.maxAge === 0 ? 0 : flagsOf('session', event.url).maxAge;
          event.cookies.set(name, value, { ...options, path: '/', maxAge });
        }
        Object.assign(headers, noStore);
      }
    },
    db: { retry: false },
    global: {
      // People tell their sessions apart by the device it names.
      headers: { 'user-agent': event.request.headers.get('user-agent') ?? '' },
      fetch: fetchInTime
    }
  });
}

const nobodys = new WeakMap<App.Locals, Supabase>();

/** A client for one request that acts for nobody, whoever is signed in: it reads what anybody may. */
export function forNobody({ locals }: Pick<RequestEvent, 'locals'>): Supabase {
  const client =
    nobodys.get(locals) ??
    createClient<Database>(PUBLIC_SUPABASE_URL, PUBLIC_SUPABASE_ANON_KEY, {
      auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
      db: { retry: false },
      global: { fetch: fetchInTime }
    });
  nobodys.set(locals, client);
  return client;
}

// Retries take seconds, in which people had better reload the page themselves (`retry: false`).
const fetchInTime: typeof fetch = (input, init) => {
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const signal = init?.signal ? AbortSignal.any([init.signal, timeout]) : timeout;
  return isForDatabase(input)
    ? fetch(input.replaceAll('%00', ''), { ...init, ...withoutNul(init?.body), signal })
    : fetch(input, { ...init, signal });
};

const isForDatabase = (input: unknown): input is string =>
  typeof input === 'string' && input.startsWith(`${PUBLIC_SUPABASE_URL}/rest/`);

// Postgres refuses a text with NUL, which nobody types. As in the functions (jsonText) it is left out. In JSON it is \u0000
// after an even number of backslashes.
const withoutNul = (body: unknown): { body?: string } =>
  typeof body === 'string' ? { body: body.replaceAll(/(?<!\\)((?:\\\\)*)\\u0000/g, '$1') } : {};

/** Takes the session away from this browser, with all that was kept for it, even if Auth cannot be asked to end it. */
export function forgetSession(event: RequestEvent): void {
  forgetTokens(event);
  event.locals.sessionForgotten = true;
}

/** Takes the tokens of a session that has ended away from this browser, so that it does not come with them again. */
export function forgetTokens(event: RequestEvent): void {
  for (const name of sessionCookies(event)) event.cookies.delete(name, { path: '/' });
}

export function hasSessionCookie(event: RequestEvent): boolean {
  return sessionCookies(event).length > 0;
}

function sessionCookies({ cookies }: RequestEvent): string[] {
  return cookies.getAll().flatMap(({ name }) => (name.startsWith(COOKIES.session.name) ? [name] : []));
}
