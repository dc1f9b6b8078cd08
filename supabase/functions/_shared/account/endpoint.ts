/** What the functions that browsers and sites call have in common: CORS, a JSON body, and whose request it is. */
import { validationFailed } from './errors.ts';
import { type Auth, supabaseAuth } from './auth.ts';
import { clientAddress } from './client-address.ts';
import { deviceOf } from './device.ts';
import { type Database, database } from '../database.ts';
import { setting } from '../env.ts';
import { endpoint, inLanguage } from '../http.ts';
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

/** Nothing here rests on cookies, so any page may call; a token in a header is its own proof. */
const cors = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers': 'retry-after, x-request-id'
};
const preflight = {
  ...cors,
  'access-control-allow-methods': 'POST, OPTIONS',
  'access-control-allow-headers': 'authorization, apikey, content-type, x-client-info, x-request-id',
  'access-control-max-age': '3600'
};

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
    if (request.method === 'OPTIONS') return new Response(null, { status: 204, headers: preflight });
    const response = await answer(request);
    for (const [header, value] of Object.entries(cors)) response.headers.set(header, value);
    return response;
  };
}

/** Ten times what any of our forms sends. */
const maxBodyBytes = 10 * 1024;

async function jsonObject(request: Request): Promise<Record<string, unknown>> {
  const bytes = await bodyOf(request);
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

/** @returns undefined when it is too long; it is read no further then */
async function bodyOf(request: Request): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request.body ?? []) {
    length += chunk.length;
    if (length > maxBodyBytes) return undefined;
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
