import { existsSync, rmSync } from 'node:fs';
import path from 'node:path';
import { keepFunctions, keepPostgres } from './supervision/children.ts';
import { Cleanup, settled } from './supervision/cleanup.ts';
import type { AuthOptions } from './auth/index.ts';
import type { StackAddresses } from './settings/addresses.ts';
import { authProblems } from './settings/auth-checks.ts';
import { readConfig, supabaseDirectory, withFreshAuth, type ProjectConfig } from './settings/config.ts';
import { cacheFunctions } from './functions/cache.ts';
import { functionNames, functionsDirectory } from './functions/deno.ts';
import { functionsEnvironment, platformEnvironment } from './functions/environment.ts';
import { watchFunctions } from './functions/watch.ts';
import { startGateway } from './gateway/index.ts';
import { createApiKeys } from './gateway/api-keys.ts';
import { createTokenVerifier } from './gateway/tokens.ts';
import { loadKeys } from './settings/keys.ts';
import {
  anyPorts,
  becomesFree,
  PortTakenError,
  portVariables,
  usualPorts,
  type Ports
} from './settings/ports.ts';
import { acquireLock } from './supervision/lock.ts';
import { clinicsToCall } from './messagebird/clinics.ts';
import { startMessageBird } from './messagebird/index.ts';
import { log as logToStandardError } from './output.ts';
import { stopLeftover } from './postgres/leftover.ts';
import { empty } from './postgres/cluster.ts';
import { migratedCluster } from './postgres/migrated.ts';
import { databaseUrls, prepareCluster, prepareDatabase } from './postgres/prepare.ts';
import { startAuth, startCallers, startServices } from './services.ts';
import {
  dataFiles,
  temporaryDataDirectory,
  usualDataDirectory,
  type DataFiles
} from './settings/data-directory.ts';
import { startWatchdog, type Watchdog } from './supervision/watchdog.ts';

export type { StackAddresses } from './settings/addresses.ts';

export interface StackOptions {
  /** Free ports, and data in a temporary folder that is removed at the end. */
  ephemeral?: boolean;
  /** Throw the data away first. */
  reset?: boolean;
  /** Put the demo data (supabase/seed*.sql) into fresh data. Default true. */
  seed?: boolean;
  /** Load the functions again when their files change. Default: unless ephemeral. */
  watchFunctions?: boolean;
  /** Like a project that was just made at supabase.com; what makes MedQ of it is up to the caller (`Stack.project`). */
  bare?: boolean;
  /** Settings of the functions that differ from the usual ones. */
  functionsEnvironment?: NodeJS.Dict<string>;
  /** Settings of Auth that differ from those of supabase/config.toml. */
  auth?: Partial<AuthOptions>;
  /** Gets one line at a time. Default: standard error. */
  log?: (line: string) => void;
}

/** What one can change of a stack while it runs, as of a project at supabase.com. */
export interface StackProject {
  readonly auth: ProjectConfig['auth'];
  configureAuth(auth: ProjectConfig['auth']): Promise<void>;
  /** Serves these functions and no others, with these settings beside those that Supabase gives them. */
  serveFunctions(names: readonly string[], settings: NodeJS.Dict<string>): Promise<void>;
  /** The account at the MessageBird stand-in. */
  messagebird: { apiUrl: string; accessKey: string };
}

/** A running stack. */
export interface Stack {
  project: StackProject;
  addresses: StackAddresses;
  /** The page with the phone that calls. */
  simulatorUrl: string;
  /** Where the site of this stack belongs; 0 is any free port. */
  sitePort: number;
  /** Stops everything; a temporary data directory is gone afterwards. Safe to call twice. */
  close(): Promise<void>;
}

interface Context {
  options: StackOptions;
  ephemeral: boolean;
  root: string;
  ports: Ports;
  cleanup: Cleanup;
  watchdog: Watchdog;
  log: (line: string) => void;
}

function seedFiles(config: ProjectConfig, wanted: boolean): string[] {
  if (!wanted || !config.db.seed.enabled) return [];
  return config.db.seed.sql_paths.filter((file) => existsSync(path.join(supabaseDirectory, file)));
}

function switchedOff(config: ProjectConfig): string[] {
  return Object.entries(config.functions).flatMap(([name, { enabled }]) => (enabled ? [] : [name]));
}

/** Turns "address in use" into a sentence about the port called `name`. */
function orPortTaken(ports: Ports, name: keyof Ports): (error: unknown) => never {
  return (error) => {
    const { code, message } = error as NodeJS.ErrnoException;
    const taken = ports[name] > 0 && (code === 'EADDRINUSE' || /in use|taken/i.test(message));
    const { what, variable } = portVariables[name];
    throw taken ? new PortTakenError(ports[name], what, variable) : error;
  };
}

/** Throws away everything but the lock, which is ours. */
function throwAway(files: DataFiles): void {
  for (const file of [files.cluster, files.bootstrap, files.keys, files.messagebird, files.databaseLog]) {
    rmSync(file, { recursive: true, force: true });
  }
}

async function startParts({
  options,
  ephemeral,
  root,
  ports,
  cleanup,
  watchdog,
  log
}: Context): Promise<Stack> {
  const config = options.bare ? withFreshAuth(readConfig()) : readConfig();
  const files = dataFiles(root);
  if (!files.cluster.startsWith(root)) {
    log(`Only root can reach ${root}, so the database lives in ${files.cluster}.`);
  }
  const lock = acquireLock(files.lock, root);
  cleanup.add(() => lock.release());
  if (await stopLeftover(files.cluster)) log('Stopped the Postgres server of an earlier start.');
  if (ports.database > 0 && !(await becomesFree(ports.database))) {
    const { what, variable } = portVariables.database;
    throw new PortTakenError(ports.database, what, variable);
  }
  if (options.reset) throwAway(files);

  const keys = await loadKeys(files.keys);
  const apiKeys = createApiKeys(keys);
  const verifyToken = createTokenVerifier(keys.jwt_secret);

  // The addresses first, because everything else is told about them; the gateway answers 503 until it is opened.
  const gateway = await startGateway({ port: ports.api, apiKeys, verifyToken, log }).catch(
    orPortTaken(ports, 'api')
  );
  cleanup.add(() => gateway.close());
  const apiUrl = `http://127.0.0.1:${gateway.port}`;
  const functionsUrl = `${apiUrl}/functions/v1`;
  const ivrUrl = `${functionsUrl}/ivr`;
  const siteUrl = ports.site > 0 ? `http://127.0.0.1:${ports.site}` : config.auth.site_url;
  const messagebird = await startMessageBird({
    port: ports.messagebird,
    accessKey: keys.messagebird_access_key,
    signingKey: keys.messagebird_signing_key,
    ivrUrl,
    callStatusUrl: `${ivrUrl}/status`,
    clinics: () => clinicsToCall(apiUrl, keys.publishable_key),
    siteUrl,
    ...(ephemeral ? {} : { storageFile: files.messagebird })
  }).catch(orPortTaken(ports, 'messagebird'));
  cleanup.add(() => messagebird.close());

  const copyOf = ephemeral ? (options.bare ? empty : migratedCluster()) : undefined;
  const [state] = await settled(prepareCluster(files, keys, watchdog, copyOf), cacheFunctions(log));
  const postgres = await keepPostgres(
    { dataDirectory: files.cluster, port: ports.database, logFile: files.databaseLog, durable: !ephemeral },
    { watchdog, log }
  );
  cleanup.add(() => postgres.stop());
  const databaseUrl = databaseUrls(postgres.current.port, keys);

  const functionAddresses = {
    apiUrl,
    databaseUrl: databaseUrl('postgres'),
    messagebirdApiUrl: messagebird.apiUrl,
    siteUrl
  };
  const served = options.bare
    ? { environment: platformEnvironment(keys, functionAddresses), switchedOff: functionNames() }
    : {
        environment: functionsEnvironment(keys, functionAddresses, options.functionsEnvironment ?? {}),
        switchedOff: switchedOff(config)
      };
  // Deno boots while the migrations run.
  const [functions] = await settled(
    keepFunctions(served, { watchdog, log }).then((started) => {
      cleanup.add(() => started.stop());
      return started;
    }),
    prepareDatabase(
      databaseUrl,
      keys,
      files,
      {
        state,
        seedFiles: seedFiles(config, options.seed ?? true),
        functionsUrl,
        // What functions and database tell in SMS is the same.
        siteUrl: served.environment.SITE_URL ?? siteUrl,
        bare: options.bare ?? false
      },
      log
    )
  );
  if (options.watchFunctions ?? !ephemeral) {
    const watcher = watchFunctions(functionsDirectory, () => void functions.restart());
    cleanup.add(() => watcher.close());
  }
  const serviceOptions = {
    config,
    keys,
    apiKeys,
    verifyToken,
    apiUrl,
    databaseUrl,
    functions,
    auth: options.auth,
    log
  };
  const services = await startServices(serviceOptions, cleanup);
  gateway.open(services);
  await startCallers(serviceOptions, cleanup);
  const auth = await fetch(`${apiUrl}/auth/v1/settings`, { headers: { apikey: keys.publishable_key } });
  for (const problem of options.bare ? [] : authProblems(await auth.json())) log(problem);

  return {
    project: {
      get auth() {
        return config.auth;
      },
      async configureAuth(settings) {
        const before = services.auth;
        config.auth = settings;
        services.auth = startAuth(serviceOptions, settings);
        await before.close();
      },
      async serveFunctions(names, settings) {
        served.environment = { ...settings, ...platformEnvironment(keys, functionAddresses) };
        served.switchedOff = functionNames().filter((name) => !names.includes(name));
        await functions.restart();
      },
      messagebird: { apiUrl: messagebird.apiUrl, accessKey: keys.messagebird_access_key }
    },
    addresses: {
      api_url: apiUrl,
      db_url: databaseUrl('postgres'),
      admin_db_url: databaseUrl('supabase_admin'),
      anon_key: keys.anon_key,
      service_role_key: keys.service_role_key,
      publishable_key: keys.publishable_key,
      secret_key: keys.secret_key,
      jwt_secret: keys.jwt_secret,
      inbox_url: messagebird.inboxUrl,
      messagebird_signing_key: keys.messagebird_signing_key,
      ivr_url: ivrUrl,
      functions_secret: keys.functions_secret
    },
    simulatorUrl: messagebird.simulatorUrl,
    sitePort: ports.site,
    close: () => cleanup.run(log)
  };
}

/**
 * Starts what hosted Supabase and MessageBird would provide, on 127.0.0.1 and with the project's migrations applied.
 *
 * @throws when a port is taken, another stack runs on the data, or a migration fails; the message is for people.
 */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const log = options.log ?? logToStandardError;
  const ephemeral = options.ephemeral ?? false;
  const ports = ephemeral ? anyPorts : usualPorts();
  const root = ephemeral ? temporaryDataDirectory() : usualDataDirectory();
  const cleanup = new Cleanup();
  const watchdog = startWatchdog();
  if (ephemeral) watchdog.removeAtEnd(root);
  cleanup.add(() => watchdog.close());
  try {
    return await startParts({ options, ephemeral, root, ports, cleanup, watchdog, log });
  } catch (error) {
    await cleanup.run(log);
    throw error;
  }
}
