import { createAuth, type AuthOptions } from './auth/index.ts';
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

/** Starts the services that live in this process, on a database that has its migrations. */
export async function startServices(options: ServiceOptions, cleanup: Cleanup): Promise<Services> {
  const { config, databaseUrl, log } = options;
  const auth = createAuth({
    databaseUrl: databaseUrl('supabase_auth_admin'),
    jwtSecret: options.keys.jwt_secret,
    issuer: `${options.apiUrl}/auth/v1`,
    jwtExpiry: config.auth.jwt_expiry,
    minimumPasswordLength: config.auth.minimum_password_length,
    passwordRequirements: config.auth.password_requirements,
    enablePhone: config.auth.sms.enabled,
    captcha: config.auth.captcha.enabled,
    refreshTokenRotation: config.auth.enable_refresh_token_rotation,
    refreshTokenReuseInterval: config.auth.refresh_token_reuse_interval,
    offers: {
      signup: config.auth.enable_signup,
      anonymous: config.auth.enable_anonymous_sign_ins,
      email: config.auth.email.enabled,
      emailAutoconfirm: !config.auth.email.enable_confirmations,
      phoneAutoconfirm: !config.auth.sms.enable_confirmations
    },
    sessionTimebox: config.auth.sessions.timebox,
    sessionInactivityTimeout: config.auth.sessions.inactivity_timeout,
    log: (entry) => log(JSON.stringify(entry)),
    ...options.auth
  });
  cleanup.add(() => auth.close());

  const realtime = createRealtime({
    databaseUrl: databaseUrl('supabase_admin'),
    jwtSecret: options.keys.jwt_secret,
    resolveApiKey: (key) => options.apiKeys.resolve(key),
    log: (message, details) => log(JSON.stringify({ service: 'realtime', message, ...details }))
  });
  cleanup.add(() => realtime.close());

  const [rest, worker, scheduler] = await Promise.all([
    startDataApi({
      databaseUrl: databaseUrl('authenticator'),
      schemaReaderUrl: databaseUrl('supabase_admin'),
      verifyToken: options.verifyToken,
      schemas: config.api.schemas,
      extraSearchPath: config.api.extra_search_path,
      maxRows: config.api.max_rows
    }),
    startNetWorker(databaseUrl('postgres'), log),
    startScheduler({ admin: databaseUrl('supabase_admin'), postgres: databaseUrl('postgres') }, log),
    realtime.ready
  ]);
  cleanup.add(() => rest.close());
  cleanup.add(() => worker.close());
  cleanup.add(() => scheduler.close());

  return {
    rest,
    auth,
    realtime,
    functions: {
      origin: options.functions.origin,
      ready: () => options.functions.ready(),
      verifiesJwt: (name) => functionNames().includes(name) && (config.functions[name]?.verify_jwt ?? true)
    }
  };
}
