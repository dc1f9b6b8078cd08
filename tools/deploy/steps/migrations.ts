import path from 'node:path';
import { pendingMigrations } from '../../../local/postgres/migrations.ts';
import { supabaseDirectory } from '../../../local/settings/config.ts';
import type { DatabaseState } from '../database-state.ts';
import type { Database } from '../database.ts';
import type { Step } from '../step.ts';

/** The migrations that the database does not have. Never the seed, which is a demo. */
export function migrations(database: Database, state: () => Promise<DatabaseState>): Step {
  return {
    name: 'database',
    hint:
      'If the database was not reached: see SUPABASE_DB_URL in .env.production. If other migrations made it, it is left as it ' +
      'is: take the version of MedQ that made it, or an empty one. Each migration is applied as a whole or not at all.',
    async examine() {
      const { history } = await state();
      const pending = pendingMigrations(history, path.join(supabaseDirectory, 'migrations'));
      if (pending.length === 0) return [];
      const range = [...new Set([pending[0], pending.at(-1)])]
        .map((migration) => migration?.version)
        .join(' to ');
      const what = `apply ${pending.length === 1 ? 'a migration' : `${pending.length} migrations`} (${range})`;
      return [{ what, make: () => database.pushMigrations() }];
    }
  };
}
