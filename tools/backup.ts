/**
 * `npm run backup -- save <file>`: every record and account of a deployment, as they are at one moment, into one file.
 * `npm run backup -- restore <file>`: into a database that has the same migrations, and nobody in it.
 *
 * The database is SUPABASE_DB_URL, of the environment or of `.env.production` (or the file that MEDQ_ENV_FILE names). The file is
 * gzipped text: a line of JSON about the whole, then each table as a line of JSON, what COPY gives, and `\.`.
 */
import { once } from 'node:events';
import { createReadStream, existsSync } from 'node:fs';
import { open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import process from 'node:process';
import type { Writable } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import postgres from 'postgres';
import { z } from 'zod';
import { commandLine } from '../local/command-line.ts';
import { log, print } from '../local/output.ts';
import { projectDirectory } from '../local/site/build.ts';
import { parseSettings, readText } from './deploy/settings-file.ts';

const wholeSchema = z.object({ medq: z.literal(1), migrations: z.array(z.string()) });

/** A table with its columns, quoted as SQL has them, and where its sequence stands. */
const tableSchema = z.object({
  name: z.string(),
  columns: z.string(),
  sequence: z.object({ name: z.string(), value: z.string() }).nullable()
});
type Table = z.infer<typeof tableSchema>;

const END = '\\.';

async function appliedMigrations(sql: postgres.TransactionSql): Promise<string[]> {
  const rows = await sql<{ version: string }[]>`
    select version from supabase_migrations.schema_migrations order by version`;
  return rows.map(({ version }) => version);
}

/** Our tables, and those of Auth that say who somebody is. Sessions are left out: people sign in again. */
async function tables(sql: postgres.TransactionSql): Promise<Table[]> {
  const found = await sql<{ name: string; columns: string; sequence: string | null }[]>`
    select c.oid::regclass::text as name,
      (select string_agg(quote_ident(a.attname), ', ' order by a.attnum) from pg_attribute a
        where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '') as columns,
      (select pg_get_serial_sequence(c.oid::regclass::text, a.attname) from pg_attribute a
        where a.attrelid = c.oid and a.attnum > 0 and a.attidentity <> '') as sequence
    from pg_class c
    where c.relkind = 'r' and (c.relnamespace in ('public'::regnamespace, 'private'::regnamespace)
      or c.oid in ('auth.users'::regclass, 'auth.identities'::regclass))
    order by c.relnamespace::regnamespace::text, c.relname`;
  return Promise.all(
    found.map(async ({ name, columns, sequence }) => {
      if (!sequence) return { name, columns, sequence: null };
      const [at] = await sql<{ value: string }[]>`
        select coalesce(pg_sequence_last_value(${sequence}::regclass), 0)::text as value`;
      return { name, columns, sequence: { name: sequence, value: at?.value ?? '0' } };
    })
  );
}

async function put(stream: Writable, text: string | Buffer): Promise<void> {
  if (!stream.write(text)) await once(stream, 'drain');
}

/** Has its name when it is whole: what was interrupted is not taken for a backup. */
async function save(sql: postgres.Sql, file: string): Promise<number> {
  if (existsSync(file)) throw new Error(`There is a file ${file} already. Choose another name.`);
  const unfinished = `${file}.unfinished`;
  try {
    const count = await write(sql, unfinished);
    await rename(unfinished, file);
    return count;
  } catch (error) {
    await rm(unfinished, { force: true });
    throw error;
  }
}

async function write(sql: postgres.Sql, file: string): Promise<number> {
  // Before the database is asked for anything: there may be no such folder.
  const output = (await open(file, 'w', 0o600)).createWriteStream();
  const gzip = createGzip();
  const written = pipeline(gzip, output);
  const copying = sql.begin('isolation level repeatable read read only', async (transaction) => {
    // Every name is written with its schema.
    await transaction`set local search_path = ''`;
    const all = await tables(transaction);
    await put(gzip, `${JSON.stringify({ medq: 1, migrations: await appliedMigrations(transaction) })}\n`);
    for (const table of all) {
      await put(gzip, `${JSON.stringify(table)}\n`);
      const rows = await transaction.unsafe(`copy ${table.name} (${table.columns}) to stdout`).readable();
      for await (const chunk of rows) await put(gzip, chunk as Buffer);
      await put(gzip, `${END}\n`);
    }
    gzip.end();
    return all.length;
  });
  // A disk that is full ends both.
  const [count] = await Promise.all([
    copying.catch((error: Error) => Promise.reject(gzip.destroy(error) && error)),
    written
  ]);
  return count;
}

/** The lines of a backup, one after the other. */
async function* linesOf(file: string): AsyncGenerator<string, void, void> {
  const packed = createReadStream(file);
  const text = createGunzip().setEncoding('utf8');
  packed.on('error', (error) => text.destroy(error)).pipe(text);
  let begun = '';
  for await (const chunk of text) {
    const lines = `${begun}${String(chunk)}`.split('\n');
    begun = lines.pop() ?? '';
    yield* lines;
  }
}

async function restoreTable(
  sql: postgres.TransactionSql,
  table: Table,
  lines: AsyncIterator<string>
): Promise<void> {
  const copy = await sql.unsafe(`copy ${table.name} (${table.columns}) from stdin`).writable();
  try {
    for (;;) {
      const line = await lines.next();
      if (line.done) throw new Error('The file ends in the middle.');
      if (line.value === END) break;
      await put(copy, `${line.value}\n`);
    }
    copy.end();
    await finished(copy);
  } catch (error) {
    // The database is told, or it would wait for more.
    copy.on('error', () => undefined).destroy(error as Error);
    throw error;
  }
  const { sequence } = table;
  if (sequence && sequence.value !== '0')
    await sql`select setval(${sequence.name}::regclass, ${sequence.value}::bigint)`;
}

async function restore(sql: postgres.Sql, file: string): Promise<number> {
  const lines = linesOf(file);
  const first = await lines.next();
  const { migrations } = wholeSchema.parse(JSON.parse(String(first.value)));
  return sql.begin(async (transaction) => {
    await transaction`set local search_path = ''`;
    if (JSON.stringify(await appliedMigrations(transaction)) !== JSON.stringify(migrations)) {
      throw new Error(
        'The backup was made with other migrations. Deploy the version of MedQ that made it, then restore.'
      );
    }
    const [somebody] = await transaction`
      select from public.patients union all select from auth.users limit 1`;
    if (somebody)
      throw new Error('There is somebody in this database already. Restore into an empty project.');
    // What the migrations and the deployment put there gives way; nothing that is written sets off a trigger.
    await transaction`set local session_replication_role = replica`;
    const ours = (await tables(transaction)).filter(({ name }) => !name.startsWith('auth.'));
    await transaction.unsafe(`truncate ${ours.map(({ name }) => name).join(', ')}`);
    let count = 0;
    for (let line = await lines.next(); !line.done; line = await lines.next()) {
      await restoreTable(transaction, tableSchema.parse(JSON.parse(line.value)), lines);
      count += 1;
    }
    return count;
  });
}

/** What a person can do about an error whose own words do not say. */
function inWords({ code = '', name, message }: NodeJS.ErrnoException, file: string): string {
  if (code === 'ENOENT') return `There is no such file or folder: ${file}`;
  if (code === 'Z_BUF_ERROR') return `${file} ends in the middle. Nothing was restored.`;
  if (code === 'Z_DATA_ERROR' || name === 'ZodError' || name === 'SyntaxError')
    return `${file} is no backup of MedQ.`;
  if (code === '42P01' || code === '3F000')
    return 'MedQ is not in this database. Run this first: npm run deploy';
  // Of the network, and what Postgres says of who comes (class 28) or of a database that is not there.
  if (/^(E[A-Z]+|CONNECT_TIMEOUT|CONNECTION_\w+|28...|3D000)$/.test(code) && code !== 'ENOSPC')
    return `The database of SUPABASE_DB_URL does not let us in: ${message}`;
  return message;
}

async function run(): Promise<void> {
  const [what, name] = commandLine(import.meta.filename, { allowPositionals: true }).positionals;
  if ((what !== 'save' && what !== 'restore') || !name) {
    throw new Error('Say what to do: npm run backup -- save <file>, or npm run backup -- restore <file>');
  }
  const settings = parseSettings(
    readText(path.resolve(process.env.MEDQ_ENV_FILE || path.join(projectDirectory, '.env.production')))
  );
  const address = process.env.SUPABASE_DB_URL || settings.SUPABASE_DB_URL;
  if (!address)
    throw new Error('Set SUPABASE_DB_URL in .env.production: Connect, Session pooler in the dashboard.');
  if (!URL.canParse(address)) throw new Error('SUPABASE_DB_URL is no address such as postgresql://…');
  const sql = postgres(address, { max: 1, onnotice: () => undefined });
  try {
    const count = what === 'save' ? await save(sql, name) : await restore(sql, name);
    print(
      what === 'save'
        ? `${count} tables are in ${name}: keep it where nobody else reads it.`
        : `${count} tables are restored.`
    );
  } catch (error) {
    throw new Error(inWords(error as NodeJS.ErrnoException, name), { cause: error });
  } finally {
    await sql.end({ timeout: 5 });
  }
}

try {
  await run();
} catch (error) {
  log((error as Error).message);
  process.exitCode = 1;
}
