import { createClient, type SupabaseClient } from '@supabase/supabase-js';
import postgres from 'postgres';
import type { StackAddresses } from '../../local/start-stack.ts';
import { own } from './own.ts';

let stack: StackAddresses | undefined;

/** Finds out where the stack of this worker is; for `setupFiles`. */
export async function haveStack(): Promise<void> {
  stack = await own<StackAddresses>('stack');
}

/** The stack that all files of this worker share, one file after the other. */
export function theStack(): StackAddresses {
  if (!stack) throw new Error('Only the projects local, stack, browser and looks have a stack.');
  return stack;
}

const clientOptions = { auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false } };

/** A supabase-js client as nobody in particular uses it: with the publishable key and no session. */
export function anonymousClient(): SupabaseClient {
  const { api_url, publishable_key } = theStack();
  return createClient(api_url, publishable_key, clientOptions);
}

/** A supabase-js client with the secret key: past row level security. */
export function serviceClient(): SupabaseClient {
  const { api_url, secret_key } = theStack();
  return createClient(api_url, secret_key, clientOptions);
}

const connections = new Set<postgres.Sql>();

function connect(url: string, options: postgres.Options<Record<string, never>>): postgres.Sql {
  const sql = postgres(url, { max: 5, onnotice: () => undefined, ...options });
  connections.add(sql);
  return sql;
}

/** A connection to the database as `postgres`, the role of migrations and functions. */
export function databaseAsPostgres(options: postgres.Options<Record<string, never>> = {}): postgres.Sql {
  return connect(theStack().db_url, options);
}

/** A connection to the database as the superuser, for what no role of the product may do. */
export function databaseAsAdmin(options: postgres.Options<Record<string, never>> = {}): postgres.Sql {
  return connect(theStack().admin_db_url, options);
}

/** Ends every connection this test file opened; for `afterAll`. */
export async function closeDatabases(): Promise<void> {
  await Promise.all([...connections].map((sql) => sql.end({ timeout: 10 })));
  connections.clear();
}
