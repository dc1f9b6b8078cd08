// The stand-in for Supabase Auth: accounts with phone and password, sessions, the admin API. The schema is in
// local/bootstrap/20_auth.sql.

import type { Dependencies } from './call.ts';
import { openDatabase } from './database.ts';
import { databaseError, errorResponse, toAuthError, type AuthError } from './errors.ts';
import { findRoute } from './router.ts';
import { withDefaults, type AuthOptions, type Settings } from './settings.ts';

export type { AuthOptions, LogEntry } from './settings.ts';

export interface Auth {
  /**
   * Answers one request. The path is that below `/auth/v1`; `Authorization` holds a JWT, also where the client sent
   * an `sb_` key. Sets no CORS headers: that is up to the gateway, which must expose `X-Supabase-Api-Version`.
   */
  fetch(request: Request): Promise<Response>;
  /** Waits for open requests and leaves the database. */
  close(): Promise<void>;
}

function logFailure(settings: Settings, request: Request, error: AuthError, errorId: string): void {
  const cause = error.cause instanceof Error ? error.cause : undefined;
  // The message only: the details of database errors quote values, such as phone numbers.
  settings.log({
    level: 'error',
    service: 'auth',
    error_id: errorId,
    method: request.method,
    path: new URL(request.url).pathname,
    message: cause ? `${error.message}: ${cause.message}` : error.message,
    sqlstate: databaseError(error)?.code
  });
}

async function answer(dependencies: Dependencies, request: Request): Promise<Response> {
  const url = new URL(request.url);
  const found = findRoute(request.method, url.pathname);
  if (found === 404) return new Response('404 page not found\n', { status: 404 });
  if (found === 405) return new Response(null, { status: 405 });
  return found.handler({ ...dependencies, request, url, params: found.params });
}

/** Starts Auth; it connects to the database with the first request that needs it. */
export function createAuth(options: AuthOptions): Auth {
  const settings = withDefaults(options);
  const database = openDatabase(settings.databaseUrl, settings.maxRequestDuration);
  const dependencies = { database, settings };
  return {
    async fetch(request) {
      try {
        return await answer(dependencies, request);
      } catch (thrown) {
        const error = toAuthError(thrown);
        const { response, errorId } = errorResponse(error, request);
        if (error.status >= 500) logFailure(settings, request, error, errorId);
        return response;
      }
    },
    close: () => database.end({ timeout: 5 })
  };
}
