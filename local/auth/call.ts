import { isIP } from 'node:net';
import { z } from 'zod';
import type { Database } from './database.ts';
import { AuthError, badRequest } from './errors.ts';
import type { Device } from './sessions.ts';
import type { Settings } from './settings.ts';

/** What every endpoint works with. */
export interface Dependencies {
  database: Database;
  settings: Settings;
}

/** One request on its way through an endpoint. */
export interface Call extends Dependencies {
  request: Request;
  url: URL;
  /** The parts of the path that the route names. */
  params: Record<string, string>;
}

export type Handler = (call: Call) => Promise<Response>;

const maximumBodyBytes = 1_048_576;

async function bodyText(request: Request): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.length;
    if (size > maximumBodyBytes) {
      const message = `Request body too large (max ${maximumBodyBytes} bytes)`;
      throw new AuthError(413, 'request_entity_too_large', message);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/**
 * The body of a request as `schema` describes it. `empty` stands for a body that is not there.
 *
 * @throws {AuthError} 400 `bad_json` when it is not JSON or a field has the wrong type; 413 above 1 MB.
 */
export async function readBody<T>({ request }: Call, schema: z.ZodType<T>, empty = ''): Promise<T> {
  const text = (await bodyText(request)) || empty;
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw badRequest('bad_json', 'Could not parse request body as JSON: it is not JSON');
  }
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const place = issue?.path.join('.') || 'the body';
  throw badRequest('bad_json', `Could not parse request body as JSON: ${place}: ${issue?.message}`);
}

/** A text field of a body: missing and null are the same as empty. */
export const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '');

/** A yes-or-no field of a body: missing and null mean no. */
export const flag = z
  .boolean()
  .nullish()
  .transform((value) => value ?? false);

export function deviceOf({ request }: Call): Device {
  const forwarded = request.headers.get('x-forwarded-for')?.split(',') ?? [];
  return {
    userAgent: request.headers.get('user-agent') || null,
    address: forwarded.map((address) => address.trim()).find((address) => isIP(address) !== 0) ?? null
  };
}
