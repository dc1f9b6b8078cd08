import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type postgres from 'postgres';

const directory = new URL('../bootstrap/', import.meta.url);

interface BootstrapFile {
  name: string;
  sql: string;
}

/** The files of local/bootstrap in the order in which they are applied. */
function bootstrapFiles(): BootstrapFile[] {
  return readdirSync(fileURLToPath(directory))
    .filter((name) => name.endsWith('.sql'))
    .sort()
    .map((name) => ({ name, sql: readFileSync(new URL(name, directory), 'utf8') }));
}

/** Identifies the bootstrap: data made with another one cannot be brought up to date. */
export function bootstrapHash(): string {
  const hash = createHash('sha256');
  for (const { name, sql } of bootstrapFiles()) hash.update(name).update('\0').update(sql).update('\0');
  return hash.digest('hex');
}

/**
 * Gives a fresh cluster what a hosted project has before its first migration: all files in one transaction.
 * `admin` is logged in as the superuser.
 */
export async function applyBootstrap(admin: postgres.Sql): Promise<void> {
  await admin.begin(async (sql) => {
    for (const { name, sql: text } of bootstrapFiles()) {
      try {
        await sql.unsafe(text);
      } catch (cause) {
        throw new Error(`local/bootstrap/${name} failed: ${(cause as Error).message}`, { cause });
      }
    }
  });
}
