/** The database, as role postgres. Everything about the driver is in this file, so that another can take its place. */
import postgres from 'postgres';
import { setting } from './env.ts';

/**
 * A pool of connections: a tagged template that runs a query, and `begin` for transactions.
 * Instants arrive as Date, dates as `YYYY-MM-DD`, bigint as number. Arrays are not parsed: pass and read JSON.
 */
export type Database = postgres.Sql<{ bigint: number; date: string }>;

/**
 * Opens a pool. Without prepared statements, which a transaction pooler cannot keep.
 *
 * Small by default: on Supabase every worker of every function has a pool of its own, there are as many workers as calls
 * need, and all of them share what the project's pooler takes (docs/scale.md). A query that finds no connection free waits
 * its turn.
 */
export function connect(url: string, connections = setting('DATABASE_CONNECTIONS')): Database {
  return postgres(url, {
    prepare: false,
    max: connections,
    idle_timeout: 20,
    connect_timeout: 10,
    // The driver's own waits grow to minutes; a database that was away is wanted back at once.
    backoff: (attempt: number) => Math.min(0.1 * 2 ** attempt, 2),
    ...encryption(url),
    // Saves a round trip on each new connection; it would only be needed to read arrays.
    fetch_types: false,
    connection: { application_name: 'medq-functions' },
    onnotice: () => {},
    types: {
      bigint: { to: 20, from: [20], serialize: String, parse: Number },
      // A calendar day has no time zone; as a Date it would shift by one in half the world.
      date: { to: 1082, from: [1082], serialize: String, parse: String }
    }
  });
}

let pool: Database | undefined;

/** The pool of this process, opened at the first use. What Supabase tells functions is the direct address. */
export function database(): Database {
  pool ??= connect(setting('DATABASE_URL') ?? setting('SUPABASE_DB_URL'));
  return pool;
}

/**
 * Calls a function of schema private that takes and returns JSON, in one round trip.
 *
 * Postgres logs the text of a statement that fails, so nothing of what is asked may stand in it: it travels beside it,
 * bound. Of its own parameters the driver would first ask the server which types they have, a second round trip; those
 * set here it sends at once, as the text they are.
 * @param name the function's name without its schema
 */
export async function callFunction(sql: Database, name: string, ...given: unknown[]): Promise<unknown> {
  const places = given.map((_, index) => `$${index + 1}::text::jsonb`);
  const extendedProtocol = { simple: false } as postgres.UnsafeQueryOptions;
  const query = sql.unsafe(`select private.${name}(${places.join(', ')}) as answer`, [], extendedProtocol);
  const [row] = await Object.assign(query, { parameters: given.map(jsonText) });
  return row?.answer;
}

/** JSON that Postgres takes: it refuses NULs and halves of characters, and quotes what stands around them. */
function jsonText(value: unknown): string {
  const taken = (text: string) => text.replaceAll('\0', '').toWellFormed();
  return JSON.stringify(value, (_, part) => (typeof part === 'string' ? taken(part) : part));
}

/** Encrypted wherever the server can, unless the address itself says how. */
export function encryption(url: string): { ssl?: 'prefer' } {
  const { hostname, searchParams } = new URL(url);
  const local = ['localhost', '127.0.0.1', '[::1]'].includes(hostname);
  return local || searchParams.has('sslmode') || searchParams.has('ssl') ? {} : { ssl: 'prefer' };
}
