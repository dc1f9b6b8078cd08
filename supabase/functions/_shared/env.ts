/**
 * The settings of the functions, each checked when it is first needed: a function that sends no SMS runs without a
 * MessageBird key, and one that is missing is named in a sentence instead of failing somewhere later.
 */
import { z } from 'zod';

/** A setting is missing or malformed; the message says which one, what it is for and how to set it. */
export class SettingError extends Error {
  override name = 'SettingError';
}

/** JSON such as `{"default": "sb_secret_..."}`, as Supabase hands keys to functions. */
const keyMap = z.string().transform((text, context) => {
  const keys = z.record(z.string(), z.string().min(1)).safeParse(parseJson(text));
  if (keys.success) return keys.data;
  context.addIssue({ code: 'custom', message: 'must be a JSON object of names and keys' });
  return z.NEVER;
});

/** ISO countries such as `IN, AE`. */
const countries = z
  .string()
  .transform((text) => text.split(/[\s,]+/))
  .pipe(z.array(z.string().regex(/^[A-Z]{2}$/)));

const baseUrl = z.url({ protocol: /^https?$/ }).transform((url) => url.replace(/\/+$/, ''));

interface Setting {
  schema: z.ZodType;
  about: string;
}

const settings = {
  SUPABASE_URL: { schema: baseUrl, about: 'the address of the Supabase project' },
  SUPABASE_DB_URL: { schema: z.string().min(1), about: 'the database, as role postgres' },
  DATABASE_URL: {
    schema: z.string().min(1).optional(),
    about: 'the transaction pooler of the database, as role postgres'
  },
  DATABASE_CONNECTIONS: {
    schema: z.coerce.number().int().min(1).max(50).default(2),
    about: 'how many connections to the database one worker of a function opens'
  },
  SUPABASE_SECRET_KEYS: { schema: keyMap.optional(), about: 'the secret API keys' },
  SUPABASE_SERVICE_ROLE_KEY: { schema: z.string().min(1).optional(), about: 'the legacy secret API key' },
  PUBLIC_FUNCTIONS_URL: {
    schema: baseUrl,
    about:
      'the address under which MessageBird reaches the functions, such as https://x.supabase.co/functions/v1'
  },
  FUNCTIONS_SECRET: {
    schema: z.string().min(32),
    about: 'a random secret of 32 or more characters that the database and the functions share'
  },
  MESSAGEBIRD_API_URL: {
    schema: baseUrl.default('https://rest.messagebird.com'),
    about: 'the MessageBird REST API'
  },
  MESSAGEBIRD_ACCESS_KEY: { schema: z.string().min(1), about: 'the access key that sends SMS' },
  MESSAGEBIRD_SIGNING_KEY: {
    schema: z.string().min(1),
    about: 'the key MessageBird signs its requests with'
  },
  MESSAGEBIRD_ORIGINATOR: {
    schema: z
      .union([z.string().regex(/^\+?\d{3,15}$/), z.string().regex(/^[A-Za-z0-9 ]{1,11}$/)])
      .default('MedQ'),
    about: 'the sender of SMS: a phone number, or up to 11 letters and digits'
  },
  PHONE_VERIFICATION: {
    schema: z.enum(['required', 'off']).default('required'),
    about: 'whether a phone must be proven by a code: required or off'
  },
  DEFAULT_REGION: {
    schema: z
      .string()
      .regex(/^[A-Z]{2}$/)
      .default('IN'),
    about: 'the country of phone numbers typed without a country code, such as IN'
  },
  SMS_COUNTRIES: {
    schema: countries.optional(),
    about: 'the countries whose phones are sent SMS, such as IN, AE'
  },
  SITE_URL: { schema: baseUrl, about: 'the address of the web site' },
  SITE_SECRET: {
    schema: z.string().min(32).optional(),
    about: 'a random secret of 32 or more characters with which the site says whom it asks for'
  },
  LIVE_TOKEN_SECRET: {
    schema: z.string().min(32).optional(),
    about: 'the key with which tokens for listening are signed, which the project accepts: its JWT secret'
  },
  LIVE_TOKEN_KEY_ID: {
    schema: z.string().min(1).optional(),
    about: 'the id of that key, if it is not the legacy JWT secret'
  },
  CLIENT_ADDRESS_HEADER: {
    schema: z
      .string()
      .regex(/^[A-Za-z0-9-]+$/)
      .default('x-forwarded-for'),
    about: "the header in which the outermost proxy tells a client's address"
  },
  SMS_DISPATCH_CONCURRENCY: {
    schema: z.coerce.number().int().min(1).max(50).default(8),
    about: 'how many SMS are sent at the same time'
  }
} as const satisfies Record<string, Setting>;

export type SettingName = keyof typeof settings;
export type SettingValue<Name extends SettingName> = z.output<(typeof settings)[Name]['schema']>;

/** Where settings are looked up; a test hands in its own. */
export type SettingSource = (name: string) => string | undefined;

/**
 * One setting, parsed.
 * @throws SettingError when it is missing without a default, or malformed. The value is never part of the message.
 */
export function setting<Name extends SettingName>(
  name: Name,
  source: SettingSource = runtimeEnvironment
): SettingValue<Name> {
  const { schema, about }: Setting = settings[name];
  // An empty value is what `NAME=` in a file of settings gives: the same as no value.
  const text = source(name)?.trim() || undefined;
  const parsed = schema.safeParse(text);
  if (parsed.success) return parsed.data as SettingValue<Name>;
  const what = text === undefined ? 'is not set' : 'has a value that cannot be used';
  throw new SettingError(
    `${name} ${what}. It is ${about}. Set it with: supabase secrets set ${name}=...`
  );
}

/** Every setting there is, with a sentence on what it is. */
export function settingNames(): SettingName[] {
  return Object.keys(settings) as SettingName[];
}

/** What a setting is, in half a sentence. */
export function aboutSetting(name: SettingName): string {
  return settings[name].about;
}

function runtimeEnvironment(name: string): string | undefined {
  const { Deno: deno, process } = globalThis as {
    Deno?: { env: { get(name: string): string | undefined } };
    process?: { env: Record<string, string | undefined> };
  };
  return deno ? deno.env.get(name) : process?.env[name];
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
