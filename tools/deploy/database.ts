import { z } from 'zod';
import type { SupabaseCli } from './supabase-cli.ts';
import type { WorkFolder } from './work-folder.ts';

/** The database of a deployment, reached through the CLI: hosted ones need no password that way. */
export interface Database {
  /** Runs one query that changes nothing. */
  query<Row>(sql: string, row: z.ZodType<Row>): Promise<Row[]>;
  /** Runs one statement. It is handed over in a file, so that no list of processes shows it. */
  execute(sql: string): Promise<void>;
  /** Applies the migrations that it does not have. */
  pushMigrations(): Promise<void>;
}

/** `value` as SQL has it. */
export function literal(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}

/** @param remote what the CLI calls it: the reference of a project, or the address of a database */
export function openDatabase(cli: SupabaseCli, remote: string, folder: WorkFolder): Database {
  const at = `--remote=${remote}`;
  return {
    // With --read-only Supabase runs it as a role of its own, which cannot look into the vault.
    query: (sql, row) => cli.run(['db', 'query', sql, '--yes', at], z.array(row)),
    async execute(sql) {
      await cli.run(['db', 'query', '--file', folder.write('statement.sql', sql), '--yes', at], z.unknown());
    },
    async pushMigrations() {
      await cli.run(['db', 'push', '--yes', at], z.object({ upToDate: z.boolean() }));
    }
  };
}
