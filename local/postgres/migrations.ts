import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type postgres from 'postgres';
import { splitStatements } from './statements.ts';

export interface Migration {
  file: string;
  version: string;
  name: string;
}

/** The migrations of `directory` in order; other files are left alone, as the Supabase CLI does. */
function listMigrations(directory: string): Migration[] {
  return readdirSync(directory)
    .sort()
    .flatMap((file) => {
      const [, version, name] = /^(\d+)_(.*)\.sql$/.exec(file) ?? [];
      return version && name ? [{ file: path.join(directory, file), version, name }] : [];
    });
}

/** Says where in the file the database stopped. */
function describe(file: string, text: string, error: Error & { position?: string }): string {
  const line = error.position ? text.slice(0, Number(error.position)).split('\n').length : undefined;
  return `${path.basename(file)}${line ? `, line ${line}` : ''}: ${error.message}`;
}

/** The database was made by other migrations than those the folder begins with: it cannot be brought up to date. */
export class OtherHistoryError extends Error {
  override name = 'OtherHistoryError';
}

/** A migration as the history table has it. */
export interface AppliedMigration {
  version: string;
  statements: string[] | null;
}

/**
 * The migrations of `directory` that a database with this history, in the order of versions, does not have yet.
 * @throws {OtherHistoryError}
 */
export function pendingMigrations(history: AppliedMigration[], directory: string): Migration[] {
  const migrations = listMigrations(directory);
  return migrations.slice(lengthOfHistory(history, migrations));
}

/** Where the recorded history ends, as the number of migrations that are applied already. */
function lengthOfHistory(history: AppliedMigration[], migrations: Migration[]): number {
  history.forEach(({ version, statements }, index) => {
    const migration = migrations[index];
    const same =
      migration?.version === version &&
      (statements === null ||
        isDeepStrictEqual(statements, splitStatements(readFileSync(migration.file, 'utf8'))));
    if (!same)
      throw new OtherHistoryError(
        `Migration ${version} of the database is not in the folder, or was edited.`
      );
  });
  return history.length;
}

/**
 * Applies the migrations of `directory` that the database does not know yet, each in a transaction, and records them
 * in the history table of the Supabase CLI, which can go on from there.
 *
 * @param sql logged in as `postgres`, the role that runs migrations on hosted projects
 * @returns the names of the files that were applied
 * @throws {OtherHistoryError} before it changes anything
 */
export async function migrate(sql: postgres.Sql, directory: string): Promise<string[]> {
  await sql.unsafe(`
    create schema if not exists supabase_migrations;
    create table if not exists supabase_migrations.schema_migrations (version text not null primary key);
    alter table supabase_migrations.schema_migrations
      add column if not exists statements text[],
      add column if not exists name text;
  `);
  const history = await sql<AppliedMigration[]>`
    select version, statements from supabase_migrations.schema_migrations order by version`;
  const done: string[] = [];
  for (const { file, version, name } of pendingMigrations(history, directory)) {
    const text = readFileSync(file, 'utf8');
    await sql.begin(async (transaction) => {
      await transaction.unsafe(text).catch((cause: Error) => {
        throw new Error(`Migration ${describe(file, text, cause)}`, { cause });
      });
      await transaction`
        insert into supabase_migrations.schema_migrations (version, name, statements)
        values (${version}, ${name}, ${splitStatements(text)})`;
    });
    done.push(path.basename(file));
  }
  return done;
}

/**
 * Runs the seed files (demo data) of the project's folder in one transaction, and records them as the Supabase CLI
 * does.
 */
export async function seed(sql: postgres.Sql, directory: string, files: string[]): Promise<void> {
  await sql.unsafe(`
    create table if not exists supabase_migrations.seed_files (path text not null primary key, hash text not null)
  `);
  await sql.begin(async (transaction) => {
    for (const name of files) {
      const file = path.join(directory, name);
      const text = readFileSync(file, 'utf8');
      const recorded = path.join(path.basename(directory), name);
      const hash = createHash('sha256').update(text).digest('hex');
      await transaction`insert into supabase_migrations.seed_files (path, hash) values (${recorded}, ${hash})`;
      await transaction.unsafe(text).catch((cause: Error) => {
        throw new Error(`Seed ${describe(file, text, cause)}`, { cause });
      });
    }
  });
}
