import { z } from 'zod';
import type { AppliedMigration } from '../../local/postgres/migrations.ts';
import type { Database } from './database.ts';

/** What a database is, as far as a deployment cares. */
export interface DatabaseState {
  /** In the order of versions. */
  history: AppliedMigration[];
  hasClinic: boolean;
  /** Where the site is, as SMS tell it; null: they do not. */
  siteUrl: string | null;
  /** SHA-256 of what the vault holds, as hexadecimal, by name. */
  vault: Record<string, string>;
}

const basics = z.object({
  has_history: z.boolean(),
  has_clinics: z.boolean(),
  vault: z.record(z.string(), z.string())
});

const applied = z.object({
  version: z.string(),
  statements: z.array(z.string()).nullable(),
  has_clinic: z.boolean(),
  site_url: z.string().nullable()
});

/** Looks, once for all steps. */
export async function readDatabase(database: Database): Promise<DatabaseState> {
  const [found] = await database.query(
    `select to_regclass('supabase_migrations.schema_migrations') is not null as has_history,
      to_regclass('public.clinics') is not null as has_clinics,
      coalesce((select jsonb_object_agg(name, encode(sha256(convert_to(decrypted_secret, 'UTF8')), 'hex'))
        from vault.decrypted_secrets where name in ('functions_url', 'functions_secret')), '{}') as vault`,
    basics
  );
  if (!found) throw new Error('The database did not answer.');
  const { has_history, has_clinics, vault } = found;
  if (!has_history) return { history: [], hasClinic: false, siteUrl: null, vault };
  const history = await database.query(
    `select version, statements, ${has_clinics ? 'exists (select from public.clinics)' : 'false'} as has_clinic,
      ${has_clinics ? '(select s.site_url from public.sms_settings s)' : 'null'} as site_url
      from supabase_migrations.schema_migrations order by version`,
    applied
  );
  const [first] = history;
  return { history, hasClinic: first?.has_clinic ?? false, siteUrl: first?.site_url ?? null, vault };
}
