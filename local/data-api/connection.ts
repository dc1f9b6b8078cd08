import { AsyncLocalStorage } from 'node:async_hooks';
import { PostgresConnection } from '@supabase/lite/postgres';
import type { ConnectionContextOptions, IntrospectResult, VarsContext } from '@supabase/lite';
import type { JWTPayload } from 'jose';
import { sql } from 'kysely';
import type postgres from 'postgres';
import { mendArguments } from './arguments.ts';
import { inTransaction } from '../postgres/transaction.ts';
import { databaseErrorOf, unprintable, type DatabaseError } from './errors.ts';
import { queriesIn } from './transaction-dialect.ts';

/** What belongs to one request on its way through @supabase/lite. */
export interface RequestContext {
  method: string;
  /** As PostgREST shows it to SQL: `/patients`, `/rpc/book_appointment`. */
  path: string;
  headers: Headers;
  claims: JWTPayload;
  /** Set when the database refused the request. */
  error?: DatabaseError;
}

/** The request that is being answered. */
export const requestContext = new AsyncLocalStorage<RequestContext>();

/** What statements are run on; the library leaves its tables open. */
type Queryable = PostgresConnection['kysely'];

interface Urls {
  /** Logs in as `authenticator`. */
  authenticator: string;
  /** May see every table of the exposed schemas, whatever its grants. */
  schemaReader: string;
}

/** Sets everything in one statement, until the transaction ends. */
function setSettings(transaction: postgres.TransactionSql, settings: [name: string, value: string][]) {
  const calls = settings.map((_, index) => `set_config($${2 * index + 1}, $${2 * index + 2}, true)`);
  return transaction.unsafe(`select ${calls.join(', ')}`, settings.flat(), { prepare: true });
}

/**
 * Runs requests as PostgREST does: logged in as `authenticator`, each in a transaction that becomes the role of the
 * token, with the settings of that role (statement_timeout) and the request in `request.*`.
 *
 * The library's own way is not used: it needs rights that `authenticator` lacks on hosted projects, changes grants,
 * and sees only tables its login may read.
 */
export class DataApiConnection extends PostgresConnection {
  readonly #schemaReaderUrl: string;
  readonly #schemas: string[];
  readonly #searchPath: string;
  #known: Promise<{ schema: IntrospectResult; roleSettings: Map<string, string[]> }> | undefined;

  constructor(urls: Urls, schemas: string[], extraSearchPath: string[]) {
    super({
      url: urls.authenticator,
      postgresOptions: { max: 10, onnotice: () => undefined, connection: { application_name: 'postgrest' } }
    });
    this.#schemaReaderUrl = urls.schemaReader;
    this.#schemas = schemas;
    const path = [...new Set([schemas[0] ?? 'public', ...extraSearchPath])];
    this.#searchPath = path.map((schema) => `"${schema.replaceAll('"', '""')}"`).join(', ');
  }

  /** Look at the schema again with the next request. */
  forgetSchema(): void {
    this.#known = undefined;
  }

  #know() {
    this.#known ??= this.#look().catch((error: unknown) => {
      this.#known = undefined;
      throw error;
    });
    return this.#known;
  }

  async #look() {
    // A connection of its own, because one that is lost meanwhile stays unusable.
    const reader = new PostgresConnection({
      url: this.#schemaReaderUrl,
      postgresOptions: {
        max: 1,
        onnotice: () => undefined,
        connection: { application_name: 'postgrest schema' }
      }
    });
    try {
      return await this.#read(reader);
    } finally {
      void reader.driver.end({ timeout: 1 });
    }
  }

  async #read(reader: PostgresConnection) {
    const everything = await reader.introspect();
    // That is how it answers when it fails.
    if (everything.default_schema === undefined) {
      throw Object.assign(new Error('The schema cannot be read.'), { code: '08006' });
    }
    const exposed = ({ schema }: { schema?: string | null }) => this.#schemas.includes(schema ?? 'public');
    const { rows } = await sql<{ rolname: string; rolconfig: string[] }>`
      select rolname, rolconfig from pg_roles where rolconfig is not null
    `.execute(reader.kysely);
    return {
      schema: {
        ...everything,
        tables: everything.tables.filter(exposed),
        // From their text the library would guess with each request what the columns have already told: their types.
        views: everything.views.filter(exposed).map((view) => ({ ...view, sql: '' })),
        columns: everything.columns.filter(exposed),
        foreign_keys: everything.foreign_keys.filter(exposed),
        functions: everything.functions?.filter(exposed)
      },
      roleSettings: new Map(rows.map(({ rolname, rolconfig }) => [rolname, rolconfig]))
    };
  }

  override async introspect(): Promise<IntrospectResult> {
    try {
      const { schema } = await this.#know();
      return schema;
    } catch (error) {
      const context = requestContext.getStore();
      const message = 'Could not query the database for the schema cache. Retrying.';
      if (context) context.error = { code: 'PGRST002', message };
      throw unprintable(error as Error);
    }
  }

  /** What a request's transaction is told before anything else, as set_config takes it; the role is the last. */
  async #settingsOfCaller(): Promise<[name: string, value: string][]> {
    const context = requestContext.getStore();
    if (!context) throw new Error('A statement outside of a request.');
    const role = typeof context.claims.role === 'string' ? context.claims.role : 'anon';
    const { roleSettings } = await this.#know();
    const settings = new Map<string, string>([
      ['search_path', this.#searchPath],
      ['request.jwt.claims', JSON.stringify(context.claims)],
      ['request.method', context.method],
      ['request.path', context.path],
      ['request.headers', JSON.stringify(Object.fromEntries(context.headers))],
      ['response.status', ''],
      ['response.headers', '']
    ]);
    for (const setting of roleSettings.get(role) ?? []) {
      const [name = '', ...value] = setting.split('=');
      settings.set(name, value.join('='));
    }
    return [...settings, ['role', role]];
  }

  override async withContext<T>(
    _vars: VarsContext | undefined,
    answer: (db: Queryable) => Promise<T>,
    options?: ConnectionContextOptions
  ): Promise<T> {
    if (options?.transaction) return answer(options.transaction);
    const { method } = requestContext.getStore() ?? {};
    const mode = method === 'GET' || method === 'HEAD' ? 'read only' : 'read write';
    const settings = await this.#settingsOfCaller();
    return inTransaction(this.driver, mode, async (transaction) => {
      const db: Queryable = queriesIn(transaction);
      // Sent first, and on one connection: what follows need not wait for the answer, and fails where this fails.
      const become = setSettings(transaction, settings).execute();
      const [, answered] = await Promise.all([become, answer(db.withPlugin(mendArguments()))]);
      return answered;
    });
  }

  override normalizeDbError(error: unknown): unknown {
    const known = databaseErrorOf(error);
    const context = requestContext.getStore();
    if (known && context) context.error = known;
    const told: unknown = known ?? error;
    return typeof told === 'object' && told !== null ? unprintable(told) : told;
  }

  override async close(): Promise<void> {
    await this.driver.end({ timeout: 1 });
  }
}
