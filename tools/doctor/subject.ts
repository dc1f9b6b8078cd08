/** What is examined: a stack or a deployment, by its addresses and keys. */
import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { z } from 'zod';
import { siteSecret } from '../../local/settings/keys.ts';
import type { Project } from './temporary-login.ts';

export interface Subject {
  /** For the heading. */
  what: string;
  /** For development and tests: it may be without what only a clinic needs. */
  isStack: boolean;
  apiUrl: string;
  publishableKey: string;
  /** As role postgres. */
  databaseUrl: string | undefined;
  /** With which the database is reached where its address is not known. */
  project: Project | undefined;
  /** Where MessageBird reaches the functions. */
  functionsUrl: string;
  functionsSecret: string;
  signingKey: string | undefined;
  /** Of the web site. */
  siteUrl: string | undefined;
  siteSecret: string | undefined;
  liveTokenSecret: string | undefined;
  liveTokenKeyId: string | undefined;
}

/** Nothing can be examined; the message says what is missing. */
export class SubjectError extends Error {
  override name = 'SubjectError';
}

const stackLine = z.object({
  api_url: z.url(),
  db_url: z.string(),
  publishable_key: z.string(),
  jwt_secret: z.string(),
  ivr_url: z.url(),
  functions_secret: z.string(),
  messagebird_signing_key: z.string()
});

const address = z.url({ protocol: /^https?$/ }).transform((url) => url.replace(/\/+$/, ''));
// `NAME=` in a file is the same as no value.
const optional = z
  .string()
  .optional()
  .transform((text) => text?.trim() || undefined);

const answers = z.object({
  PUBLIC_SUPABASE_URL: address,
  PUBLIC_SUPABASE_ANON_KEY: z.string().min(1),
  FUNCTIONS_SECRET: z.string().min(1),
  PUBLIC_FUNCTIONS_URL: optional.pipe(address.optional()),
  SUPABASE_DB_URL: optional,
  SUPABASE_PROJECT_REF: optional,
  SUPABASE_ACCESS_TOKEN: optional,
  SITE_URL: optional.pipe(address.optional()),
  SITE_SECRET: optional,
  MESSAGEBIRD_SIGNING_KEY: optional,
  LIVE_TOKEN_SECRET: optional,
  LIVE_TOKEN_KEY_ID: optional
});

function stackSubject(line: string, siteUrl: string | undefined): Subject {
  const parsed = z
    .string()
    .transform((text, context) => {
      try {
        return JSON.parse(text) as unknown;
      } catch {
        context.addIssue({ code: 'custom', message: 'no JSON' });
        return z.NEVER;
      }
    })
    .pipe(stackLine)
    .safeParse(line);
  if (!parsed.success) {
    throw new SubjectError('MEDQ_STACK is not the line that `npm run stack -- --json` prints.');
  }
  const stack = parsed.data;
  return {
    what: `the stack at ${stack.api_url}`,
    isStack: true,
    apiUrl: stack.api_url,
    publishableKey: stack.publishable_key,
    databaseUrl: stack.db_url,
    project: undefined,
    functionsUrl: stack.ivr_url.replace(/\/ivr$/, ''),
    functionsSecret: stack.functions_secret,
    signingKey: stack.messagebird_signing_key,
    siteUrl,
    siteSecret: siteSecret(stack.functions_secret),
    liveTokenSecret: stack.jwt_secret,
    liveTokenKeyId: undefined
  };
}

function deployedSubject(file: string): Subject {
  let text: string;
  try {
    text = readFileSync(file, 'utf8').replace(/^\uFEFF/, '');
  } catch {
    throw new SubjectError(
      `There is nothing to examine: ${file} cannot be read. \`npm run deploy\` writes it; for a stack set MEDQ_STACK to the ` +
        'line that `npm run stack -- --json` prints.'
    );
  }
  const parsed = answers.safeParse(parseEnv(text));
  if (!parsed.success) {
    const names = [...new Set(parsed.error.issues.map(({ path }) => path.join('.')))];
    throw new SubjectError(
      `${file} lacks ${names.join(', ')}, or has a value that cannot be used. \`npm run deploy\` finds out what is missing, or asks for it.`
    );
  }
  const given = parsed.data;
  const { SUPABASE_PROJECT_REF: ref, SUPABASE_ACCESS_TOKEN: token } = given;
  return {
    what: given.PUBLIC_SUPABASE_URL,
    isStack: false,
    apiUrl: given.PUBLIC_SUPABASE_URL,
    publishableKey: given.PUBLIC_SUPABASE_ANON_KEY,
    databaseUrl: given.SUPABASE_DB_URL,
    project: ref && token ? { ref, token } : undefined,
    functionsUrl: given.PUBLIC_FUNCTIONS_URL ?? `${given.PUBLIC_SUPABASE_URL}/functions/v1`,
    functionsSecret: given.FUNCTIONS_SECRET,
    signingKey: given.MESSAGEBIRD_SIGNING_KEY,
    siteUrl: given.SITE_URL,
    siteSecret: given.SITE_SECRET,
    liveTokenSecret: given.LIVE_TOKEN_SECRET,
    liveTokenKeyId: given.LIVE_TOKEN_KEY_ID
  };
}

/**
 * With MEDQ_STACK (and SITE_URL, where a site runs beside it) the stack, else what the file of settings describes.
 * @throws {SubjectError}
 */
export function subjectOf(environment: NodeJS.Dict<string>, file: string): Subject {
  const { MEDQ_STACK: line, SITE_URL: siteUrl } = environment;
  return line ? stackSubject(line, siteUrl || undefined) : deployedSubject(file);
}

/** Everything of the subject that must not be shown. */
export function secretsOf(subject: Subject): string[] {
  const { functionsSecret, signingKey, siteSecret: shared, liveTokenSecret, databaseUrl, project } = subject;
  const password = databaseUrl && URL.canParse(databaseUrl) ? new URL(databaseUrl).password : undefined;
  const all = [
    functionsSecret,
    signingKey,
    shared,
    liveTokenSecret,
    project?.token,
    password,
    password && decodeURIComponent(password)
  ];
  return all.filter((secret): secret is string => secret !== undefined && secret.length >= 6);
}
