import type postgres from 'postgres';

/** Whether `error` means that the connection is gone, rather than that a statement was refused. */
export function isConnectionLost(error: unknown): boolean {
  const { code } = error as { code?: string };
  // 57P01 to 57P03: the server is shutting down or starting; CONNECTION_*: the driver's own words.
  return code !== undefined && /^(57P0[1-3]|08...|CONNECTION_\w+|ECONN\w+|EPIPE)$/.test(code);
}

/**
 * Runs `work` in a transaction, like `sql.begin`, and survives the loss of the connection in the middle of it. The
 * driver would then send `rollback` to the closed connection, which ends the process and leaves the connection's place
 * in the pool unusable; so after a loss its work is left unfinished, and `sql.begin` fails by the loss itself.
 *
 * @param mode what follows `begin`, such as `read only`
 */
export async function inTransaction<T>(
  sql: postgres.Sql,
  mode: string,
  work: (transaction: postgres.TransactionSql) => Promise<T>
): Promise<T> {
  const result = await sql.begin(mode, (transaction) =>
    work(transaction).catch((error: unknown) => {
      if (isConnectionLost(error)) return new Promise<T>(() => undefined);
      throw error;
    })
  );
  // The driver's type unwraps arrays of promises, which `work` does not return.
  return result as T;
}
