import type { RequestEvent } from '@sveltejs/kit';
import { PUBLIC_SUPABASE_ANON_KEY, PUBLIC_SUPABASE_URL } from '$app/env/public';
import { createServerClient } from '@supabase/ssr';
import type { SupabaseClient } from '@supabase/supabase-js';
import type { Database } from '#lib/database.types.ts';
import { isLoopback } from './addresses.ts';

export type Supabase = SupabaseClient<Database>;

/** The cookies that hold a session all begin with this. */
export const SESSION_COOKIE = 'medq-session';

// A page that waits longer than this is better off saying that it cannot reach the service.
const PATIENCE_MS = 8_000;

/**
 * A client for one request, acting for whoever is signed in. The session stays in cookies no script can read.
 * `headers` receives what a response must carry when the session was renewed on the way, so that no cache
 * keeps somebody's cookies.
 */
export function clientFor(event: RequestEvent, headers: Record<string, string>): Supabase {
  return createServerClient<Database>(PUBLIC_SUPABASE_URL, PUBLIC_SUPABASE_ANON_KEY, {
    cookieOptions: {
      name: SESSION_COOKIE,
      path: '/',
      httpOnly: true,
      sameSite: 'lax',
      secure: !isLoopback(event.url.hostname)
    },
    cookies: {
      getAll: () => event.cookies.getAll(),
      setAll(cookies, noStore) {
        for (const { name, value, options } of cookies) {
          event.cookies.set(name, value, { ...options, path: '/' });
        }
        Object.assign(headers, noStore);
      }
    },
    // Retries take seconds; whoever waits for a page is better served by trying again themselves.
    db: { retry: false },
    global: {
      // By which people know their sessions again.
      headers: { 'user-agent': event.request.headers.get('user-agent') ?? '' },
      fetch: (input, init) => {
        const patience = AbortSignal.timeout(PATIENCE_MS);
        const signal = init?.signal ? AbortSignal.any([init.signal, patience]) : patience;
        return fetch(input, { ...init, signal });
      }
    }
  });
}

/** Takes the session away from this browser, with all it kept for it, also when Auth cannot be asked to end it. */
export function forgetSession(event: RequestEvent): void {
  for (const { name } of event.cookies.getAll()) {
    if (name.startsWith(SESSION_COOKIE)) event.cookies.delete(name, { path: '/' });
  }
  event.locals.forgotten = true;
}

export function hasSessionCookie(event: RequestEvent): boolean {
  return event.cookies.getAll().some(({ name }) => name.startsWith(SESSION_COOKIE));
}
