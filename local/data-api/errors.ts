import { inspect } from 'node:util';
import { isConnectionLost } from '../postgres/transaction.ts';

/** What Postgres said about a statement that failed. */
export interface DatabaseError {
  code: string;
  message: string;
  detail?: string;
  hint?: string;
}

/** The error of the database in or under `error`; undefined when it is of another kind. */
export function databaseErrorOf(error: unknown): DatabaseError | undefined {
  if (!(error instanceof Error)) return undefined;
  if (isConnectionLost(error)) {
    return { code: 'PGRST001', message: 'Database connection error. Retrying the connection.' };
  }
  const { code, detail, hint } = error as Partial<DatabaseError>;
  if (typeof code !== 'string' || !/^[0-9A-Z]{5}$/.test(code)) return databaseErrorOf(error.cause);
  return { code, message: error.message, detail, hint };
}

/**
 * The same error for @supabase/lite, which prints what it gets: then only the code may appear, because messages and
 * details quote values, such as phone numbers.
 */
export function unprintable<T extends object>(error: T): T {
  return Object.assign(error, {
    [inspect.custom]: () =>
      `Data API: ${(error as { code?: string }).code ?? (error as { name?: string }).name ?? 'failed'}`
  });
}

// The HTTP status of PostgREST for the classes of SQLSTATE, longest prefix first.
const statuses: [prefix: string, status: number][] = [
  ['23503', 409],
  ['23505', 409],
  ['25006', 405],
  ['42883', 404],
  ['42P01', 404],
  ['42P17', 500],
  ['53400', 500],
  ['P0001', 400],
  ['PGRST0', 503],
  ['08', 503],
  ['09', 500],
  ['0L', 403],
  ['0P', 403],
  ['25', 500],
  ['28', 403],
  ['2D', 500],
  ['38', 500],
  ['39', 500],
  ['3B', 500],
  ['40', 500],
  ['53', 503],
  ['54', 500],
  ['55', 500],
  ['57', 500],
  ['58', 500],
  ['F0', 500],
  ['HV', 500],
  ['P0', 500],
  ['XX', 500]
];

/** The answer of PostgREST to an error of the database which @supabase/lite does not know how to tell. */
export function errorResponse(error: DatabaseError): Response {
  const status = statuses.find(([prefix]) => error.code.startsWith(prefix))?.[1] ?? 400;
  const { code, message, detail, hint } = error;
  return Response.json({ code, message, details: detail ?? null, hint: hint ?? null }, { status });
}
