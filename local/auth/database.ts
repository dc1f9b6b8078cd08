import postgres from 'postgres';
import { inTransaction } from '../postgres/transaction.ts';
import { AuthError, unexpected } from './errors.ts';

/** A connection pool, or one open transaction. */
export type Query = postgres.ISql<Record<never, never>>;
export type Database = postgres.Sql<Record<never, never>>;

/** Every user of a project carries this instance. */
export const instanceId = '00000000-0000-0000-0000-000000000000';

/** Whom the tokens of every user are for. */
export const audience = 'authenticated';

/** @param requestSeconds how long a statement, and with it a request, may take; see toAuthError */
export function openDatabase(url: string, requestSeconds: number): Database {
  return postgres(url, {
    max: 10,
    onnotice: () => {},
    connection: { application_name: 'auth', statement_timeout: requestSeconds * 1000 }
  });
}

/**
 * Runs `work` in one transaction. Refusals pass as they are; anything else, such as an exception raised by a trigger
 * of the project, becomes an unexpected failure with the sentence `failure`.
 */
export async function transaction<T>(
  database: Database,
  failure: string,
  work: (sql: Query) => Promise<T>
): Promise<T> {
  try {
    return await inTransaction(database, 'read write', work);
  } catch (error) {
    throw error instanceof AuthError ? error : unexpected(failure, error);
  }
}

/** `value` as a parameter of type jsonb. */
export function json(sql: Query, value: Record<string, unknown>): postgres.Parameter {
  return sql.json(value as postgres.JSONValue);
}
