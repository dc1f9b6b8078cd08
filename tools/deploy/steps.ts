import path from 'node:path';
import { openDatabase, type Database } from './database.ts';
import { readDatabase } from './database-state.ts';
import { authSettings as hostedAuthSettings } from './hosted/auth-settings.ts';
import { functions as hostedFunctions } from './hosted/functions.ts';
import { management } from './hosted/management.ts';
import { project, publishableKey } from './hosted/project.ts';
import { listSecrets, secrets as hostedSecrets } from './hosted/secrets.ts';
import type { Kind } from './questions.ts';
import { authSettings } from './self-hosted/auth-settings.ts';
import { functions, secrets } from './self-hosted/functions.ts';
import type { Settings } from './settings-file.ts';
import type { Step } from './step.ts';
import { siteAddress } from './steps/address.ts';
import { clinic } from './steps/clinic.ts';
import { migrations } from './steps/migrations.ts';
import { site } from './steps/site.ts';
import { vault } from './steps/vault.ts';
import { supabaseCli, type SupabaseCli } from './supabase-cli.ts';
import type { WorkFolder } from './work-folder.ts';
import { z } from 'zod';

export interface Deployment {
  settings: Settings;
  /** What is handed to the CLI. */
  folder: WorkFolder;
  /** Where `.env.production` is; other files of settings are written beside it. */
  home: string;
  /** Writes a setting that was found out to `.env.production`. */
  keep(name: string, value: string, about: string): void;
}

/** The steps for a project at supabase.com; everything goes through the CLI. */
function hostedSteps({ settings, folder, home, keep }: Deployment): Step[] {
  const { SUPABASE_PROJECT_REF: ref = '', SUPABASE_ACCESS_TOKEN: token, SUPABASE_DB_URL: address } = settings;
  const { remote, password } = address ? withoutPassword(address) : { remote: ref, password: undefined };
  const cli = supabaseCli({
    folder: folder.path,
    credentials: { SUPABASE_ACCESS_TOKEN: token, ...(password && { PGPASSWORD: password }) }
  });
  const database = address ? openDatabase(cli, remote, folder) : linkedDatabase(cli, ref, folder);
  const state = once(() => readDatabase(database));
  const key = publishableKey(cli, ref);
  const withKey = key.then((found) => ({ ...settings, PUBLIC_SUPABASE_ANON_KEY: found }));
  const kept = once(() => listSecrets(cli, ref));
  return [
    project(settings, key, keep),
    migrations(database, state),
    hostedAuthSettings(cli, ref, folder, management(settings)),
    hostedSecrets(settings, cli, ref, folder, kept),
    hostedFunctions(cli, ref, folder, kept),
    vault(settings, database, state),
    siteAddress(settings, database, state),
    clinic(settings, database, state),
    site(withKey, path.join(home, '.env.site'))
  ];
}

/** A database that the CLI logs in to by itself. */
export function linkedDatabase(cli: SupabaseCli, ref: string, folder: WorkFolder): Database {
  return {
    ...openDatabase(cli, ref, folder),
    async pushMigrations() {
      // Tells the CLI where the pooler is, which also those without IPv6 reach; only what is linked is asked for it.
      await cli.run(['link', '--project-ref', ref, '--yes'], z.unknown());
      await cli.run(['db', 'push', '--yes', '--remote'], z.unknown());
    }
  };
}

/** The address of a database without its password, and the password: the CLI takes that from the environment. */
function withoutPassword(address: string): { remote: string; password: string } {
  const url = new URL(address);
  const password = decodeURIComponent(url.password);
  url.password = '';
  return { remote: url.href, password };
}

/** The steps for a Supabase that somebody runs: what no program can do there is told. */
function selfHostedSteps({ settings, folder, home }: Deployment): Step[] {
  const { remote, password } = withoutPassword(settings.SUPABASE_DB_URL ?? '');
  const cli = supabaseCli({ folder: folder.path, credentials: { PGPASSWORD: password } });
  const database = openDatabase(cli, remote, folder);
  const state = once(() => readDatabase(database));
  const functionsFile = path.join(home, '.env.functions');
  return [
    migrations(database, state),
    authSettings(settings),
    secrets(settings, functionsFile),
    functions(settings, functionsFile),
    vault(settings, database, state),
    siteAddress(settings, database, state),
    clinic(settings, database, state),
    site(Promise.resolve(settings), path.join(home, '.env.site'))
  ];
}

/** Everything a deployment is made of, in the order in which it is done. */
export function stepsOf(kind: Kind, deployment: Deployment): Step[] {
  return kind === 'hosted' ? hostedSteps(deployment) : selfHostedSteps(deployment);
}

/** The same result, however often it is asked for. */
function once<T>(work: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | undefined;
  return () => (result ??= work());
}
