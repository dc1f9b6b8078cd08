/** What the functions that browsers and sites call have in common: CORS, a JSON body, and whose request it is. */
import { validationFailed } from './errors.ts';
import { type Auth, supabaseAuth } from './auth.ts';
import { clientAddress } from './client-address.ts';
import { deviceOf } from './device.ts';
import { type Database, database } from '../database.ts';
import { setting } from '../env.ts';
import { bodyOf, endpoint, inLanguage } from '../http.ts';
import type { Log } from '../log.ts';
import type { Locale } from '../words/languages.ts';

/** What an account function works with. */
export interface Dependencies {
  database: Database;
  auth: Auth;
  /** FUNCTIONS_SECRET, which keys every hash. */
  secret: string;
  /** Country of phone numbers typed without a country code. */
  region: string;
  /** The sender's network, to count by. */
  client: string;
  /** What the sender's device is known by (deviceOf). */
  device: string;
  /** The language the sender reads. */
  locale: Locale;
  log: Log;
}

export interface PublicEndpoint {
  /** The function's name, for the log. */
  name: string;
  /** @param body the JSON object that was sent, not checked any further */
  handle(body: unknown, dependencies: Dependencies, request: Request): Promise<Response>;
}

/** Pages of the site may ask, and no others. Whoever is no browser sends no origin, and needs no leave. */
function cors(request: Request): Record<string, string> {
  const origin = request.headers.get('origin');
  if (origin === null || origin !== siteOrigin()) return {};
  return {
    'access-control-allow-origin': origin,
    'access-control-expose-headers': 'retry-after, x-request-id'
  };
}

const preflight = {
  'access-control-allow-methods': 'POST, OPTIONS',
  'access-control-allow-headers': 'authorization, apikey, content-type, x-client-info, x-request-id',
  'access-control-max-age': '3600'
};

/** Undefined where nobody told us where the site is. */
function siteOrigin(): string | undefined {
  try {
    return new URL(setting('SITE_URL')).origin;
  } catch {
    return undefined;
  }
}

/** A handler of `POST` requests with JSON bodies, for `Deno.serve`. */
export function publicEndpoint({ name, handle }: PublicEndpoint): (request: Request) => Promise<Response> {
  const answer = endpoint({
    name,
    methods: ['POST'],
    async handle(request, { locale, log }) {
      const client = await clientAddress(request);
      const dependencies = {
        database: database(),
        auth: supabaseAuth(client, request.headers.get('user-agent')),
        secret: setting('FUNCTIONS_SECRET'),
        region: setting('DEFAULT_REGION'),
        client,
        device: deviceOf(request, client),
        locale,
        log
      };
      return inLanguage(await handle(await jsonObject(request), dependencies, request), locale);
    }
  });
  return async (request) => {
    const allowed = cors(request);
    const response = request.method === 'OPTIONS'
      ? new Response(null, {
        status: 204,
        headers: 'access-control-allow-origin' in allowed ? preflight : {}
      })
      : await answer(request);
    for (const [header, value] of Object.entries(allowed)) response.headers.set(header, value);
    response.headers.append('vary', 'origin');
    return response;
  };
}

/** Ten times what any of our forms sends. */
const maxBodyBytes = 10 * 1024;

async function jsonObject(request: Request): Promise<Record<string, unknown>> {
  const bytes = await bodyOf(request, maxBodyBytes);
  if (bytes === undefined) throw validationFailed({}, (words) => words.tooLong);
  const type = request.headers.get('content-type') ?? '';
  if (!/^application\/json\s*(;|$)/i.test(type)) {
    throw validationFailed({}, (words) => words.notJson);
  }
  try {
    const body: unknown = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
    if (typeof body === 'object' && body !== null && !Array.isArray(body)) {
      return body as Record<string, unknown>;
    }
  } catch {
    // Not JSON: refused below.
  }
  throw validationFailed({}, (words) => words.notAnObject);
}
