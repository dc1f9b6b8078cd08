import { readFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { parseEnv } from 'node:util';
import { aboutSetting, setting, settingNames } from '../../supabase/functions/_shared/env.ts';
import { siteSecret, type Keys } from '../settings/keys.ts';
import { functionsDirectory } from './deno.ts';

/** The addresses the functions are told. */
export interface FunctionAddresses {
  apiUrl: string;
  databaseUrl: string;
  messagebirdApiUrl: string;
  siteUrl: string;
}

// Settings of the functions that may be given in the shell, like `PHONE_VERIFICATION=off npm start`.
const fromShell = [
  'PHONE_VERIFICATION',
  'DEFAULT_REGION',
  'SMS_COUNTRIES',
  'MESSAGEBIRD_ORIGINATOR',
  'SITE_URL'
];

/** The settings in `file`; empty without it. */
function fromFile(file: string): NodeJS.Dict<string> {
  try {
    return parseEnv(readFileSync(file, 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
}

function pick(source: NodeJS.Dict<string>, names: string[]): NodeJS.Dict<string> {
  return Object.fromEntries(
    names.filter((name) => source[name] !== undefined).map((name) => [name, source[name]])
  );
}

/** @throws when a value that somebody has set cannot be used: every function that needs it would answer 500 */
function refuseUnusable(environment: NodeJS.Dict<string>, told: NodeJS.Dict<string>): void {
  for (const name of settingNames()) {
    const value = told[name];
    if (value === undefined || environment[name] !== value) continue;
    try {
      setting(name, () => value);
    } catch (error) {
      throw new Error(
        `${name} cannot be ${JSON.stringify(value)}. It is ${aboutSetting(name)}. Correct it in the shell, or in ` +
          'supabase/functions/.env.',
        { cause: error }
      );
    }
  }
}

/**
 * The environment of the functions: what Supabase sets, and our own names with values for the embedded stack.
 * `supabase/functions/.env` may be that of a deployment: it adds, and never changes whom the stack talks to. The shell and
 * `overrides` win, in this order, except over what Supabase sets and the site shares.
 */
export function functionsEnvironment(
  keys: Keys,
  addresses: FunctionAddresses,
  overrides: NodeJS.Dict<string>,
  file = path.join(functionsDirectory, '.env')
): NodeJS.Dict<string> {
  const inFile = fromFile(file);
  const inShell = pick(process.env, fromShell);
  const environment = {
    ...inFile,
    PUBLIC_FUNCTIONS_URL: `${addresses.apiUrl}/functions/v1`,
    FUNCTIONS_SECRET: keys.functions_secret,
    MESSAGEBIRD_API_URL: addresses.messagebirdApiUrl,
    MESSAGEBIRD_ACCESS_KEY: keys.messagebird_access_key,
    MESSAGEBIRD_SIGNING_KEY: keys.messagebird_signing_key,
    SITE_URL: addresses.siteUrl,
    // Our own gateway is the outermost proxy.
    CLIENT_ADDRESS_HEADER: '',
    ...inShell,
    ...overrides,
    // The site of this stack knows no other.
    SITE_SECRET: siteSecret(keys.functions_secret),
    LIVE_TOKEN_SECRET: keys.jwt_secret,
    LIVE_TOKEN_KEY_ID: '',
    ...platformEnvironment(keys, addresses)
  };
  refuseUnusable(environment, { ...inFile, ...inShell });
  return environment;
}

/** What Supabase tells every function by itself. */
export function platformEnvironment(
  keys: Keys,
  addresses: Pick<FunctionAddresses, 'apiUrl' | 'databaseUrl'>
): NodeJS.Dict<string> {
  return {
    SUPABASE_URL: addresses.apiUrl,
    SUPABASE_DB_URL: addresses.databaseUrl,
    DATABASE_URL: addresses.databaseUrl,
    SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: keys.publishable_key }),
    SUPABASE_SECRET_KEYS: JSON.stringify({ default: keys.secret_key }),
    // The tokens are signed with a shared secret, which is never published.
    SUPABASE_JWKS: JSON.stringify({ keys: [] }),
    SUPABASE_ANON_KEY: keys.anon_key,
    SUPABASE_SERVICE_ROLE_KEY: keys.service_role_key
  };
}
