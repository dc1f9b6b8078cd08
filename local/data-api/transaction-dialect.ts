import {
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type CompiledQuery,
  type DatabaseConnection,
  type Driver,
  type QueryResult
} from 'kysely';
import type postgres from 'postgres';

const writes = new Set(['INSERT', 'UPDATE', 'DELETE', 'MERGE']);

/** One transaction of the driver as the connection of a query builder. */
class TransactionConnection implements DatabaseConnection {
  readonly #transaction: postgres.TransactionSql;

  constructor(transaction: postgres.TransactionSql) {
    this.#transaction = transaction;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    const parameters = [...query.parameters] as postgres.ParameterOrJSON<never>[];
    const rows = await this.#transaction.unsafe<(R & postgres.Row)[]>(query.sql, parameters);
    return {
      rows: [...rows],
      ...(writes.has(rows.command) ? { numAffectedRows: BigInt(rows.count) } : {})
    };
  }

  // The Data API never streams.
  // eslint-disable-next-line require-yield
  async *streamQuery<R>(): AsyncGenerator<QueryResult<R>> {
    throw new Error('Streaming is not supported.');
  }
}

/**
 * A query builder on a transaction which somebody else begins and ends. The usual one reserves connections, and a
 * reserved connection that is lost stays unusable for good.
 */
export function queriesIn<Database>(transaction: postgres.TransactionSql): Kysely<Database> {
  const connection = new TransactionConnection(transaction);
  const nothing = async () => undefined;
  const driver: Driver = {
    init: nothing,
    acquireConnection: async () => connection,
    beginTransaction: nothing,
    commitTransaction: nothing,
    rollbackTransaction: nothing,
    releaseConnection: nothing,
    destroy: nothing
  };
  return new Kysely<Database>({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => driver,
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => new PostgresQueryCompiler()
    }
  });
}
