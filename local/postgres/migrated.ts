import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { supabaseDirectory } from '../settings/config.ts';
import { bootstrapHash } from './bootstrap.ts';
import type { Original } from './cluster.ts';
import { migrate } from './migrations.ts';
import { withNewDatabase } from './scratch.ts';

export const migrationsDirectory = path.join(supabaseDirectory, 'migrations');

function hashOfMigrations(): string {
  const hash = createHash('sha256').update(bootstrapHash());
  for (const name of readdirSync(migrationsDirectory).sort()) {
    hash
      .update(name)
      .update('\0')
      .update(readFileSync(path.join(migrationsDirectory, name)))
      .update('\0');
  }
  return hash.digest('hex');
}

/** A cluster with all migrations of the project, and nothing that is a stack's own: passwords, keys, addresses. */
export function migratedCluster(): Original {
  return {
    name: hashOfMigrations().slice(0, 16),
    fill(dataDirectory, password, onProcess) {
      // Only a server that keeps its data shuts down so that the next one has nothing to recover.
      const cluster = { dataDirectory, password, durable: true, ...(onProcess && { onProcess }) };
      return withNewDatabase(cluster, async (sql) => void (await migrate(sql, migrationsDirectory)));
    }
  };
}
