import { fileURLToPath } from 'node:url';
import postgres from 'postgres';
import { migrate } from '../../local/postgres/migrations.ts';
import { startDatabase } from './realtime.ts';

/** A connection inside a transaction that is rolled back at the end. */
export type Transaction = postgres.ReservedSql;

/** An error of the database, as much of it as callers may rely on. */
export interface Refusal {
  /** SQLSTATE, such as PT409. */
  code: string;
  message: string;
  /** What exactly is refused; of an error of PostgreSQL whatever it adds. */
  detail: string | undefined;
  hint: string | undefined;
}

/** Who is signed in: the account (auth.users) and the session its token was made for. */
export interface Account {
  userId: string;
  sessionId: string;
}

type Work<T> = (sql: Transaction) => Promise<T>;

/** Runs `work` in a transaction of its own and rolls it back, so that no other test sees anything of it. */
export async function rolledBack<T>(sql: postgres.Sql, work: Work<T>): Promise<T> {
  const connection = await sql.reserve();
  try {
    await connection`begin`;
    return await work(connection);
  } finally {
    await connection`rollback`;
    connection.release();
  }
}

/** The error of the contract or of PostgreSQL that made `promise` fail; undefined when it did not fail. */
export async function refusalOf(promise: Promise<unknown>): Promise<Refusal | undefined> {
  try {
    await promise;
    return undefined;
  } catch (error) {
    const { code, message, detail, hint } = error as Partial<Refusal>;
    if (typeof code !== 'string' || typeof message !== 'string') throw error;
    return { code, message, detail, hint };
  }
}

/** Runs `work` so that its failure leaves the transaction usable: what it did is undone and the error thrown on. */
export async function attempt<T>(sql: Transaction, work: Work<T>): Promise<T> {
  await sql`savepoint attempt`;
  try {
    const result = await work(sql);
    await sql`release savepoint attempt`;
    return result;
  } catch (error) {
    await sql`rollback to savepoint attempt`;
    throw error;
  }
}

/** What `work` was refused with inside a transaction, which goes on as if it had not been tried. */
export function refusalIn(sql: Transaction, work: Work<unknown>): Promise<Refusal | undefined> {
  return refusalOf(attempt(sql, work));
}

function isTransaction(sql: postgres.Sql): sql is Transaction {
  return 'release' in sql;
}

async function as<T>(
  sql: postgres.Sql,
  role: string,
  claims: Record<string, unknown> | null,
  work: Work<T>
): Promise<T> {
  if (!isTransaction(sql)) return rolledBack(sql, (connection) => as(connection, role, claims, work));
  return attempt(sql, async () => {
    await sql`
      select set_config('role', ${role}, true),
        set_config('request.jwt.claims', ${claims ? JSON.stringify(claims) : ''}, true)`;
    const result = await work(sql);
    await sql`select set_config('role', 'none', true), set_config('request.jwt.claims', '', true)`;
    return result;
  });
}

/**
 * Runs `work` as the Data API does for a signed-in account: role authenticated, with the claims of its token. Given a
 * transaction it is part of it; given a pool it has one of its own, which is rolled back.
 */
export function asPatient<T>(sql: postgres.Sql, { userId, sessionId }: Account, work: Work<T>): Promise<T> {
  return as(sql, 'authenticated', { role: 'authenticated', sub: userId, session_id: sessionId }, work);
}

/** Runs `work` as the Data API does for a visitor, like `asPatient`. */
export function asAnon<T>(sql: postgres.Sql, work: Work<T>): Promise<T> {
  return as(sql, 'anon', { role: 'anon' }, work);
}

/** Runs `work` as the Data API does for a secret key, like `asPatient`. */
export function asServiceRole<T>(sql: postgres.Sql, work: Work<T>): Promise<T> {
  return as(sql, 'service_role', { role: 'service_role' }, work);
}

/** The number of the server process behind a connection, by which others see what it waits for. */
export async function processOf(connection: Transaction): Promise<number> {
  const [row] = await connection<{ pid: number }[]>`select pg_backend_pid() as pid`;
  return row?.pid ?? 0;
}

/** Waits until `work`, which runs in that server process, waits for a lock or is done, whichever comes first. */
export async function untilBlocked(sql: postgres.Sql, pid: number, work: Promise<unknown>): Promise<void> {
  let done = false;
  const settled = () => {
    done = true;
  };
  work.then(settled, settled);
  while (!done) {
    const blocked = await sql`select from pg_stat_activity where pid = ${pid} and wait_event_type = 'Lock'`;
    if (blocked.count > 0) return;
  }
}

/** A migrated database where nothing happens by itself: no functions, no jobs, no other tests. */
export interface QuietDatabase {
  /** Logged in as postgres. */
  sql: postgres.Sql;
  /** Logged in as the superuser. */
  admin: postgres.Sql;
  /** For connections of one's own as postgres. */
  url: string;
  stop(): Promise<void>;
}

/** Starts a server for tests of races and queues; on the shared stack the functions would work through them at once. */
export async function startQuietDatabase({ connections = 10 } = {}): Promise<QuietDatabase> {
  const server = await startDatabase();
  const quiet = { onnotice: () => undefined };
  const admin = postgres(server.adminUrl, { max: 2, ...quiet });
  // Nobody will miss the data, so nothing waits for the disk.
  await admin`alter system set fsync = off`;
  await admin`alter system set synchronous_commit = off`;
  await admin`select pg_reload_conf()`;
  const sql = postgres(server.url, { max: connections, ...quiet });
  // The key that the vault encrypts with.
  await admin`
    do $$ begin execute format('copy (select 1) to %L', current_setting('data_directory') || '/vault.key'); end $$`;
  await migrate(sql, fileURLToPath(new URL('../../supabase/migrations', import.meta.url)));
  return {
    sql,
    admin,
    url: server.url,
    async stop() {
      await Promise.all([sql.end({ timeout: 1 }), admin.end({ timeout: 1 })]);
      await server.stop();
    }
  };
}
