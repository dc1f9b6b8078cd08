import { createHash } from 'node:crypto';
import type { DatabaseState } from '../database-state.ts';
import { literal, type Database } from '../database.ts';
import type { Settings } from '../settings-file.ts';
import type { Change, Step } from '../step.ts';

const digest = (value: string) => createHash('sha256').update(value).digest('hex');

/** Where the database finds the functions, and what opens them. */
export function vault(settings: Settings, database: Database, state: () => Promise<DatabaseState>): Step {
  const wanted = [
    { name: 'functions_url', value: settings.PUBLIC_FUNCTIONS_URL, what: 'where the functions are' },
    { name: 'functions_secret', value: settings.FUNCTIONS_SECRET, what: 'the secret of the functions' }
  ];
  return {
    name: 'vault',
    hint: 'The database keeps these in the extension supabase_vault; see Database, Vault in the dashboard.',
    async examine() {
      const { vault: kept } = await state();
      return wanted.flatMap(({ name, value = '', what }): Change[] => {
        if (kept[name] === digest(value)) return [];
        const statement =
          name in kept
            ? `select vault.update_secret(id, ${literal(value)}) from vault.secrets where name = ${literal(name)}`
            : `select vault.create_secret(${literal(value)}, ${literal(name)})`;
        return [{ what: `tell the database ${what}`, make: () => database.execute(statement) }];
      });
    }
  };
}
