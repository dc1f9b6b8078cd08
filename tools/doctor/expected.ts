/** What the database of this clone is like: its schema as the migrations make it, and their names. */
import { readdirSync, readFileSync } from 'node:fs';
import { sectionsIn } from '../schema.ts';

const inSupabase = (path: string) => new URL(`../../supabase/${path}`, import.meta.url);

/** The text of each section of supabase/schema.sql, by its heading. */
export const expectedSections = () => sectionsIn(readFileSync(inSupabase('schema.sql'), 'utf8'));

/** The migrations in their order: version and name. */
export function expectedMigrations(): { version: string; name: string }[] {
  return readdirSync(inSupabase('migrations'))
    .sort()
    .flatMap((file) => {
      const [, version, name] = /^(\d+)_(.*)\.sql$/.exec(file) ?? [];
      return version && name ? [{ version, name }] : [];
    });
}

/** The first few of a list, and how many more there are. */
export function someOf(list: string[], most = 4): string {
  const more = list.length - most;
  return list.slice(0, most).join('; ') + (more > 0 ? `; and ${more} more` : '');
}
