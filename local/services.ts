import { createAuth, type Auth, type AuthOptions } from './auth/index.ts';
import type { Cleanup } from './supervision/cleanup.ts';
import type { ProjectConfig } from './settings/config.ts';
import { startScheduler } from './extensions/cron.ts';
import { startDataApi } from './data-api/index.ts';
import { functionNames } from './functions/deno.ts';
import type { Services } from './gateway/index.ts';
import type { ApiKeys } from './gateway/api-keys.ts';
import type { TokenVerifier } from './gateway/tokens.ts';
import type { Keys } from './settings/keys.ts';
import { startNetWorker } from './extensions/net.ts';
import type { DatabaseUrl } from './postgres/prepare.ts';
import { createRealtime } from './realtime/index.ts';

export interface ServiceOptions {
  config: ProjectConfig;
  keys: Keys;
  apiKeys: ApiKeys;
  verifyToken: TokenVerifier;
  /** Where clients find the gateway. */
  apiUrl: string;
  databaseUrl: DatabaseUrl;
  functions: { origin: string; ready(): Promise<void> };
  /** What differs in Auth from what `config` says. */
  auth?: Partial<AuthOptions> | undefined;
  log: (line: string) => void;
}

/** Auth with the settings of `[auth]`. */
export function startAuth(
  { databaseUrl, keys, apiUrl, log, auth }: Omit<ServiceOptions, 'config'>,
  settings: ProjectConfig['auth']
): Auth {
  return createAuth({
    databaseUrl: databaseUrl('supabase_auth_admin'),
    jwtSecret: keys.jwt_secret,
    issuer: `${apiUrl}/auth/v1`,
    jwtExpiry: settings.jwt_expiry,
    minimumPasswordLength: settings.minimum_password_length,
    passwordRequirements: settings.password_requirements,
    enablePhone: settings.sms.enabled,
    captcha: settings.captcha.enabled,
    refreshTokenRotation: settings.enable_refresh_token_rotation,
    refreshTokenReuseInterval: settings.refresh_token_reuse_interval,
    offers: {
      signup: settings.enable_signup,
      anonymous: settings.enable_anonymous_sign_ins,
      email: settings.email.enabled,
      emailAutoconfirm: !settings.email.enable_confirmations,
      phoneAutoconfirm: !settings.sms.enable_confirmations
    },
    sessionTimebox: settings.sessions.timebox,
    sessionInactivityTimeout: settings.sessions.inactivity_timeout,
    log: (entry) => log(JSON.stringify(entry)),
    ...auth
  });
}

/** Starts the services that live in this process and answer. */
export async function startServices(
  options: ServiceOptions,
  cleanup: Cleanup
): Promise<Services & { auth: Auth }> {
  const { config, databaseUrl, log } = options;

  const realtime = createRealtime({
    databaseUrl: databaseUrl('supabase_admin'),
    jwtSecret: options.keys.jwt_secret,
    resolveApiKey: (key) => options.apiKeys.resolve(key),
    log: (message, details) => log(JSON.stringify({ service: 'realtime', message, ...details }))
  });
  cleanup.add(() => realtime.close());

  const [rest] = await Promise.all([
    startDataApi({
      databaseUrl: databaseUrl('authenticator'),
      schemaReaderUrl: databaseUrl('supabase_admin'),
      verifyToken: options.verifyToken,
      schemas: config.api.schemas,
      extraSearchPath: config.api.extra_search_path,
      maxRows: config.api.max_rows
    }),
    realtime.ready
  ]);
  cleanup.add(() => rest.close());

  const services = {
    rest,
    auth: startAuth(options, config.auth),
    realtime,
    functions: {
      origin: options.functions.origin,
      ready: () => options.functions.ready(),
      verifiesJwt: (name: string) =>
        functionNames().includes(name) && (config.functions[name]?.verify_jwt ?? true)
    }
  };
  // It may have been replaced by one with other settings.
  cleanup.add(() => services.auth.close());
  return services;
}

/** Starts what calls by itself what is answered by then: the database asks functions only once, and relies on it. */
export async function startCallers(
  { databaseUrl, log }: Pick<ServiceOptions, 'databaseUrl' | 'log'>,
  cleanup: Cleanup
): Promise<void> {
  const [worker, scheduler] = await Promise.all([
    startNetWorker(databaseUrl('postgres'), log),
    startScheduler({ admin: databaseUrl('supabase_admin'), postgres: databaseUrl('postgres') }, log)
  ]);
  cleanup.add(() => worker.close());
  cleanup.add(() => scheduler.close());
}
