import { App } from '@supabase/lite';
import { DataApiConnection, requestContext } from './connection.ts';
import { errorResponse } from './errors.ts';
import type { TokenVerifier } from '../gateway/tokens.ts';
import { keepListening } from '../postgres/listen.ts';

export interface DataApiOptions {
  /** Logs in as `authenticator`. */
  databaseUrl: string;
  /** Logs in as a role that sees every table and function of the exposed schemas. */
  schemaReaderUrl: string;
  verifyToken: TokenVerifier;
  schemas: string[];
  extraSearchPath: string[];
  maxRows: number;
}

/** Stand-in for PostgREST; paths arrive without `/rest/v1`. */
export interface DataApi {
  fetch(request: Request): Promise<Response>;
  close(): Promise<void>;
}

/** "It is not in the schema cache": the cache may be behind. */
const notFoundCodes = /"code":\s*"PGRST20[0-5]"/;

/** Starts the Data API; it looks at the schema with the first request and after every change of the schema. */
export async function startDataApi(options: DataApiOptions): Promise<DataApi> {
  const connection = new DataApiConnection(
    { authenticator: options.databaseUrl, schemaReader: options.schemaReaderUrl },
    options.schemas,
    options.extraSearchPath
  );
  const app = new App({
    connection,
    // Hosted projects refuse updates and deletes without a filter.
    api: { enabled: true, schemas: options.schemas, max_rows: options.maxRows, pg_safe_update: true },
    // Never used: the claims come from the resolver. Auth itself is another service.
    auth: { enabled: false },
    options: {
      server: {
        disableStudio: true,
        disableFallback: true,
        apiKeys: {
          resolver: async () => ({ type: 'secret', claims: requestContext.getStore()?.claims ?? {} })
        }
      }
    }
  });
  const listener = await keepListening(options.schemaReaderUrl, 'pgrst', () => connection.forgetSchema());

  async function answer(url: URL, method: string, headers: Headers, body: ArrayBuffer | undefined) {
    const inner = new Request(url, { method, headers, body });
    const response = await app.fetch(inner);
    const { error } = requestContext.getStore() ?? {};
    if (!error || response.status !== 500) return response;
    // What the library cannot tell it calls "SUP", or nothing at all.
    const text = await response.clone().text();
    return text.startsWith('{') && !text.includes('"SUP"') ? response : errorResponse(error);
  }

  async function fetchFresh(request: Request, headers: Headers): Promise<Response> {
    const url = new URL(request.url);
    url.pathname = `/rest/v1${url.pathname}`;
    const body = request.body ? await request.arrayBuffer() : undefined;
    const response = await answer(url, request.method, headers, body);
    if (response.ok || !notFoundCodes.test(await response.clone().text())) return response;
    connection.forgetSchema();
    return answer(url, request.method, headers, body);
  }

  return {
    async fetch(request) {
      const checked = await options.verifyToken.forDataApi(request.headers.get('authorization'));
      if ('refused' in checked) return checked.refused;
      const headers = new Headers(request.headers);
      // The library would verify tokens its own way and refuse browsers.
      headers.delete('authorization');
      headers.delete('user-agent');
      headers.set('apikey', 'verified');
      const context = {
        method: request.method,
        path: new URL(request.url).pathname,
        headers: request.headers,
        claims: checked.claims
      };
      return requestContext.run(context, () => fetchFresh(request, headers));
    },
    async close() {
      await Promise.all([connection.close(), listener.close()]);
    }
  };
}
