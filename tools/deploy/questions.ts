import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { aboutSetting, setting, type SettingName } from '../../supabase/functions/_shared/env.ts';
import { judgePhone } from '../../supabase/functions/_shared/phone.ts';
import { projectUrl, publicKey, securityContact } from '../../src/lib/settings.ts';
import type { Settings } from './settings-file.ts';

/** Where to: a project at supabase.com, or a Supabase that somebody runs themselves (in Docker, say). */
export type Kind = 'hosted' | 'self-hosted';

/** A setting of the deployment, and how it is found out. */
export interface Question {
  name: string;
  /** What it is: asked with, and the comment in the file. */
  about: string;
  /** Only there. */
  for?: Kind;
  /** Not shown while it is typed. */
  secret?: boolean;
  /** Nothing is an answer too. */
  optional?: boolean;
  /** What it is without anybody saying; undefined: ask. */
  decide?(known: Settings, kind: Kind): string | undefined;
  /** What it is when only Enter is pressed. */
  suggest?: string;
  /** What was typed, as it is kept. */
  schema(known: Settings): z.ZodType<string, string>;
}

/** Text on one line. */
const line = z
  .string()
  .trim()
  .min(1, 'This is needed.')
  .max(500, 'This is too long.')
  .regex(/^[^\p{Cc}]*$/u, 'This must be one line.');

/** Text that another rule of the repository takes, or refuses with a sentence. */
function by(rule: (text: string) => string | undefined): z.ZodType<string, string> {
  return line.transform((text, context) => {
    try {
      return rule(text) ?? text;
    } catch (error) {
      context.addIssue({ code: 'custom', message: (error as Error).message });
      return z.NEVER;
    }
  });
}

/** A setting of the functions, by their own rule. */
function ofFunctions(name: SettingName): z.ZodType<string, string> {
  const plain = line.regex(/^[^'"`$\\]*$/, 'This may hold no quotes, $ or \\.');
  return plain.pipe(
    by((text) => {
      setting(name, () => text);
      return text;
    })
  );
}

const sentence = (half: string) => `${half.charAt(0).toUpperCase()}${half.slice(1)}.`;

const randomSecret = () => randomBytes(32).toString('hex');

const isLocal = (url: URL) => ['127.0.0.1', 'localhost', '[::1]'].includes(url.hostname);

const siteAddress = line.transform((text, context) => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const taken = url && (url.protocol === 'https:' || (url.protocol === 'http:' && isLocal(url)));
  if (taken && url.pathname === '/' && !url.search && !url.hash) return url.origin;
  context.addIssue({ code: 'custom', message: 'This must be an address such as https://medq.example.org.' });
  return z.NEVER;
});

/** Of a pasted address of the project, or of its page in the dashboard, only the reference counts. */
const projectRef = line
  .transform((text) => /(?:^|\/\/|\/project\/)([a-z]{20})(?![a-z])/.exec(text)?.[1] ?? text)
  .pipe(
    z
      .string()
      .regex(/^[a-z]{20}$/, 'A project reference has 20 small letters: https://<reference>.supabase.co')
  );

const databaseUrl = line.refine(
  (text) =>
    URL.canParse(text) && /^postgres(ql)?:$/.test(new URL(text).protocol) && new URL(text).username !== '',
  'This must be an address such as postgresql://postgres:password@db.example.org:5432/postgres.'
);

/** Where another project stands in an address, as after a restore into a new one, its functions would work on the old data. */
const ofThisProject = (schema: z.ZodType<string, string>, { SUPABASE_PROJECT_REF: ref }: Settings) =>
  schema.refine((text) => {
    const named = /\/\/postgres\.([a-z]{20})[:@]|(?:@db\.|\/\/)([a-z]{20})\.supabase\.co\b/.exec(text);
    const project = named?.[1] ?? named?.[2];
    return project === undefined || ref === undefined || project === ref;
  }, 'This is of another project than SUPABASE_PROJECT_REF.');

function isTimeZone(text: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: text });
    return text === 'UTC' || text.includes('/');
  } catch {
    return false;
  }
}

const clinicPhone = (region: string) =>
  line.transform((text, context) => {
    const { phone } = judgePhone(text, region);
    if (phone !== undefined) return phone;
    context.addIssue({ code: 'custom', message: 'This is no phone number. Write it like +914440001000.' });
    return z.NEVER;
  });

/** Everything that must be known, in the order in which it is asked. */
export const questions: readonly Question[] = [
  {
    name: 'SUPABASE_PROJECT_REF',
    about: 'The reference of the Supabase project: the part of its address before .supabase.co.',
    for: 'hosted',
    schema: () => projectRef
  },
  {
    name: 'SUPABASE_ACCESS_TOKEN',
    about: 'An access token of your Supabase account, from https://supabase.com/dashboard/account/tokens.',
    for: 'hosted',
    secret: true,
    schema: () => line.startsWith('sbp_', 'An access token begins with sbp_.')
  },
  {
    name: 'SUPABASE_DB_URL',
    about: 'The database as role postgres, as this machine reaches it.',
    for: 'self-hosted',
    secret: true,
    schema: () => databaseUrl
  },
  {
    name: 'SUPABASE_DB_URL',
    about:
      'The database as role postgres: Connect, Session pooler in the dashboard, with the password in it. Optional: without ' +
      'it the Supabase CLI logs in with the access token.',
    for: 'hosted',
    secret: true,
    optional: true,
    schema: (known) => ofThisProject(databaseUrl, known)
  },
  {
    name: 'DATABASE_URL',
    about:
      'The database as role postgres, for the functions: Connect, Transaction pooler in the dashboard, with the password in ' +
      'it. Optional: without it each of them takes one of the few direct connections that there are.',
    for: 'hosted',
    secret: true,
    optional: true,
    // The two poolers differ by their ports alone.
    decide: ({ SUPABASE_DB_URL: url = '' }) =>
      /\.pooler\.supabase\.com:5432\//.test(url) ? url.replace(':5432/', ':6543/') : undefined,
    schema: (known) => ofThisProject(databaseUrl, known)
  },
  {
    name: 'PUBLIC_SUPABASE_URL',
    about: 'The address of the Supabase project.',
    decide: ({ SUPABASE_PROJECT_REF: ref }, kind) =>
      kind === 'hosted' ? `https://${ref}.supabase.co` : undefined,
    schema: (known) =>
      ofThisProject(
        by((text) => projectUrl(text)),
        known
      )
  },
  {
    name: 'PUBLIC_SUPABASE_ANON_KEY',
    about:
      "The project's publishable key (sb_publishable_...) or its older anon key, which every visitor may know.",
    for: 'self-hosted',
    schema: () => by((text) => publicKey(text))
  },
  {
    name: 'SITE_URL',
    about: 'The address of the web site, such as https://medq.example.org.',
    schema: () => siteAddress
  },
  {
    name: 'ADDRESS_HEADER',
    about:
      "The header in which the proxy before the site tells its visitors' address, so that limits count visitors.",
    suggest: 'x-forwarded-for',
    optional: true,
    // Without TLS it is a try on one machine, with no proxy.
    decide: ({ SITE_URL }) => (SITE_URL?.startsWith('http:') ? '' : undefined),
    schema: () => line.regex(/^[A-Za-z0-9-]+$/, 'This must be the name of a header.')
  },
  {
    name: 'PROTOCOL_HEADER',
    about: 'The header in which that proxy tells https from http, so that forms know their origin.',
    decide: () => 'x-forwarded-proto',
    schema: () => line.regex(/^[A-Za-z0-9-]+$/, 'This must be the name of a header.')
  },
  {
    name: 'SECURITY_CONTACT',
    about: 'Whom to tell of a hole in the site, such as mailto:security@example.org. Optional.',
    optional: true,
    schema: () => by((text) => securityContact(text))
  },
  {
    name: 'DEFAULT_REGION',
    about: sentence(aboutSetting('DEFAULT_REGION')),
    suggest: 'IN',
    schema: () => ofFunctions('DEFAULT_REGION')
  },
  {
    name: 'CLINIC_NAME',
    about:
      'The name of the first clinic, as it is said in calls. Later clinics are rows of the table clinics.',
    schema: () => line.max(100, 'This is too long.')
  },
  {
    name: 'CLINIC_PHONE',
    about: 'The number that patients call: the one you have at MessageBird.',
    schema: ({ DEFAULT_REGION = 'IN' }) => clinicPhone(DEFAULT_REGION)
  },
  {
    name: 'CLINIC_TIME_ZONE',
    about: 'The time zone of the clinic.',
    suggest: 'Asia/Kolkata',
    schema: () => line.refine(isTimeZone, 'This must be a time zone such as Asia/Kolkata.')
  },
  {
    name: 'MESSAGEBIRD_ACCESS_KEY',
    about: "MessageBird's live access key, from the developer settings of its dashboard.",
    secret: true,
    schema: () => ofFunctions('MESSAGEBIRD_ACCESS_KEY')
  },
  {
    name: 'MESSAGEBIRD_SIGNING_KEY',
    about: "MessageBird's signing key, from the same page. Without it no call is answered.",
    secret: true,
    schema: () => ofFunctions('MESSAGEBIRD_SIGNING_KEY')
  },
  {
    name: 'MESSAGEBIRD_ORIGINATOR',
    about: sentence(aboutSetting('MESSAGEBIRD_ORIGINATOR')),
    suggest: 'MedQ',
    schema: () => ofFunctions('MESSAGEBIRD_ORIGINATOR')
  },
  {
    name: 'LIVE_TOKEN_SECRET',
    about:
      "The project's JWT secret (legacy), from Settings, JWT keys. With it pages listen with a token that can do nothing " +
      "else; without it with the session's own. Optional.",
    secret: true,
    optional: true,
    schema: () => ofFunctions('LIVE_TOKEN_SECRET')
  },
  {
    name: 'PUBLIC_FUNCTIONS_URL',
    about: 'Where MessageBird reaches the functions. Its signatures are checked against it, to the letter.',
    decide: ({ PUBLIC_SUPABASE_URL }) => `${PUBLIC_SUPABASE_URL}/functions/v1`,
    schema: (known) => ofThisProject(ofFunctions('PUBLIC_FUNCTIONS_URL'), known)
  },
  {
    name: 'CLIENT_ADDRESS_HEADER',
    about:
      "The header that tells a client's address and that no client can make up. supabase.com is behind Cloudflare.",
    decide: (_known, kind) => (kind === 'hosted' ? 'cf-connecting-ip' : 'x-forwarded-for'),
    schema: () => ofFunctions('CLIENT_ADDRESS_HEADER')
  },
  {
    name: 'FUNCTIONS_SECRET',
    about: 'What the database and the functions know each other by. Temporary passwords are derived from it.',
    decide: randomSecret,
    schema: () => ofFunctions('FUNCTIONS_SECRET')
  },
  {
    name: 'SITE_SECRET',
    about: 'What the site and the functions know each other by, so that limits count visitors.',
    decide: randomSecret,
    schema: () => ofFunctions('SITE_SECRET')
  }
];
