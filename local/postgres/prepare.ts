import { chownSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import postgres from 'postgres';
import { supabaseDirectory } from '../settings/config.ts';
import type { Keys, LoginRole } from '../settings/keys.ts';
import type { DataFiles } from '../settings/data-directory.ts';
import type { Watchdog } from '../supervision/watchdog.ts';
import { applyBootstrap, bootstrapHash } from './bootstrap.ts';
import { migrate, OtherHistoryError, seed } from './migrations.ts';
import { initialiseCluster, isInitialised, type Original } from './cluster.ts';
import { migrationsDirectory } from './migrated.ts';

/** How a role logs in. */
export type DatabaseUrl = (role: LoginRole) => string;

/** The addresses of the database at `port`. */
export function databaseUrls(port: number, keys: Keys): DatabaseUrl {
  return (role) => `postgresql://${role}:${keys.passwords[role]}@127.0.0.1:${port}/postgres`;
}

/** 40_vault.sql reads it from there. It is as open as the rest of the cluster: only the user of Postgres gets at it. */
function placeVaultKey(cluster: string, key: string): void {
  const file = path.join(cluster, 'vault.key');
  writeFileSync(file, key, { mode: 0o600 });
  const { uid, gid } = statSync(cluster);
  chownSync(file, uid, gid);
}

/** How far a database has come: `fresh` is a new cluster, `migrated` a new one with everything but what is a stack's own. */
export type DatabaseState = 'fresh' | 'migrated' | 'used';

/**
 * Initialises the cluster of a fresh data directory, or makes sure that an old one can be used.
 *
 * @param copyOf what the cluster of data that nobody will miss is copied from
 */
export async function prepareCluster(
  files: DataFiles,
  keys: Keys,
  watchdog: Watchdog,
  copyOf: Original | undefined
): Promise<DatabaseState> {
  // The hash is written last: without it the first start was broken off.
  if (!existsSync(files.bootstrap)) {
    rmSync(files.cluster, { recursive: true, force: true });
    const pids: number[] = [];
    await initialiseCluster(files.cluster, {
      password: keys.passwords.supabase_admin,
      ...(copyOf && { copyOf }),
      onProcess(pid) {
        pids.push(pid);
        watchdog.watch(pid);
      }
    }).finally(() => pids.forEach((pid) => watchdog.forget(pid)));
    placeVaultKey(files.cluster, keys.vault_key);
    return copyOf?.fill ? 'migrated' : 'fresh';
  }
  if (!isInitialised(files.cluster) || readFileSync(files.bootstrap, 'utf8') !== bootstrapHash()) {
    throw new Error(
      `The data in ${files.root} was made by another version of MedQ and cannot be used with this one. ` +
        'Start over (the data is thrown away): npm run stack -- --reset'
    );
  }
  return 'used';
}

/** Tells the database what one tells a hosted project once by hand. */
export async function setVaultSecrets(sql: postgres.Sql, secrets: Record<string, string>): Promise<void> {
  for (const [name, value] of Object.entries(secrets)) {
    const [known] = await sql<{ id: string; decrypted_secret: string }[]>`
      select id, decrypted_secret from vault.decrypted_secrets where name = ${name}`;
    if (!known) await sql`select vault.create_secret(${value}, ${name})`;
    else if (known.decrypted_secret !== value) await sql`select vault.update_secret(${known.id}, ${value})`;
  }
}

/** Tells the database where the site is, for SMS. */
export async function setSiteAddress(sql: postgres.Sql, siteUrl: string): Promise<void> {
  await sql`update public.sms_settings set site_url = ${siteUrl} where site_url is distinct from ${siteUrl}`;
}

/** Gives every login role its password; they are in no file of the project. */
async function setPasswords(admin: postgres.Sql, passwords: Keys['passwords']): Promise<void> {
  const statements = Object.entries(passwords).map(([role, word]) => `alter role ${role} password '${word}'`);
  await admin.unsafe(statements.join(';'));
}

export interface DatabaseContent {
  state: DatabaseState;
  /** Demo data for a new database; names below the folder `supabase`. */
  seedFiles: string[];
  /** Where the database reaches the functions. */
  functionsUrl: string;
  /** Where the site is. */
  siteUrl: string;
  /** Nothing of the project at all, as a hosted database has before its first migration. */
  bare: boolean;
}

async function bringUpToDate(
  owner: postgres.Sql,
  { root }: DataFiles,
  { state }: DatabaseContent,
  log: (line: string) => void
): Promise<void> {
  const applied = await migrate(owner, migrationsDirectory).catch((error: unknown) => {
    if (!(error instanceof OtherHistoryError)) throw error;
    throw new Error(
      `The database in ${root} is of an older layout: other migrations made it. It was left as it is. ` +
        'Start over (the data is thrown away): npm run stack -- --reset',
      { cause: error }
    );
  });
  for (const file of applied) {
    if (state === 'used') log(`Applied migration ${file}.`);
  }
}

/** Brings a running database to where the project's migrations are, or a bare one to where they begin. */
export async function prepareDatabase(
  url: DatabaseUrl,
  keys: Keys,
  files: DataFiles,
  content: DatabaseContent,
  log: (line: string) => void
): Promise<void> {
  const quiet = { max: 1, onnotice: () => undefined };
  const admin = postgres(url('supabase_admin'), quiet);
  const owner = postgres(url('postgres'), quiet);
  try {
    if (content.state === 'fresh') await applyBootstrap(admin);
    if (content.state !== 'used') await setPasswords(admin, keys.passwords);
    if (content.bare) return;
    if (content.state !== 'migrated') await bringUpToDate(owner, files, content, log);
    const secrets = { functions_url: content.functionsUrl, functions_secret: keys.functions_secret };
    await setVaultSecrets(owner, secrets);
    await setSiteAddress(owner, content.siteUrl);
    if (content.state !== 'used') {
      await seed(owner, supabaseDirectory, content.seedFiles);
      writeFileSync(files.bootstrap, bootstrapHash());
    }
  } finally {
    await Promise.all([owner.end(), admin.end()]);
  }
}
