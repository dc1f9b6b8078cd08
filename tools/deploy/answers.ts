import type { z } from 'zod';
import { setting, settingNames, type SettingName } from '../../supabase/functions/_shared/env.ts';
import { questions, type Kind, type Question } from './questions.ts';
import type { Entry, Settings } from './settings-file.ts';

/** Somebody who answers. */
export interface Asker {
  /** @param problem why the last answer was not taken */
  ask(question: Question, problem?: string): Promise<string>;
}

/** Settings that are missing or cannot be used; the message names each. */
export class AnswersError extends Error {
  override name = 'AnswersError';
}

/** Everything that is known, and what of it was not in the file yet. */
export interface Answers {
  settings: Settings;
  fresh: Entry[];
}

const problemOf = (error: z.ZodError) => error.issues[0]?.message ?? 'This cannot be used.';

/** Why a value cannot be kept; undefined: it can. */
function problemWith(question: Question, known: Settings, value: string): string | undefined {
  if (value === '' && question.optional) return undefined;
  const { error } = question.schema(known).safeParse(value);
  return error && problemOf(error);
}

/**
 * Asks until the answer can be used.
 * @param problem why what is there cannot
 */
async function untilUsable(
  question: Question,
  known: Settings,
  asker: Asker,
  problem?: string
): Promise<string> {
  for (;;) {
    const typed = (await asker.ask(question, problem)).trim() || question.suggest || '';
    problem = problemWith(question, known, typed);
    if (problem === undefined) return typed;
  }
}

/** What is there without asking anybody; undefined: nothing. */
function withoutAsking(question: Question, known: Settings, kind: Kind, asked: boolean): string | undefined {
  const decided = question.decide?.(known, kind);
  if (decided !== undefined || asked) return decided;
  return question.suggest ?? (question.optional ? '' : undefined);
}

/** Settings of the functions that nobody is asked for and that may stand in the file. */
function furtherProblems(file: Settings): string[] {
  return settingNames()
    .filter((name) => file[name] && !questions.some((question) => question.name === name))
    .flatMap((name) => {
      try {
        setting(name, () => file[name]);
        return [];
      } catch {
        return [`${name} has a value that cannot be used.`];
      }
    });
}

/** Where answers are looked for, in this order. */
export interface Sources {
  /** With the command itself. */
  given: Settings;
  /** `.env.production`. */
  file: Settings;
  environment: NodeJS.Dict<string>;
  /** Undefined: nobody is there to ask. */
  asker: Asker | undefined;
  /** Keeps what was typed at once, so that whoever is interrupted is not asked again. */
  keep?(entry: Entry): void;
}

/**
 * Finds out every setting of a deployment.
 * @throws AnswersError before anything was changed
 */
export async function findAnswers(kind: Kind, sources: Sources): Promise<Answers> {
  const { given, file, environment, asker, keep } = sources;
  let settings: Settings = { ...file };
  const fresh: Entry[] = [];
  const problems = furtherProblems(file);
  for (const question of questions.filter((one) => (one.for ?? kind) === kind)) {
    const { name, about, optional } = question;
    const known = given[name] || file[name] || environment[name] || (optional ? file[name] : undefined);
    let value = known ?? withoutAsking(question, settings, kind, asker !== undefined);
    const wrong = value === undefined ? undefined : problemWith(question, settings, value);
    const asked = asker !== undefined && (value === undefined || wrong !== undefined);
    if (asked) {
      const problem = wrong && `What is there for ${name} cannot be used. ${wrong}`;
      value = await untilUsable(question, settings, asker, problem);
    } else if (wrong !== undefined) problems.push(`${name}: ${wrong}`);
    if (value === undefined) {
      problems.push(`${name} is missing. ${about}`);
      continue;
    }
    const kept = question.schema(settings).safeParse(value).data ?? value;
    settings = { ...settings, [name]: kept };
    if (asked) keep?.({ name, value: kept, about });
    if (file[name] !== kept) fresh.push({ name, value: kept, about });
  }
  if (problems.length > 0) throw new AnswersError(problems.join('\n'));
  return { settings, fresh };
}

/** What the functions are told; an empty one is one that they must not have. Supabase sets its own by itself. */
export function functionSettings(settings: Settings): Record<string, string> {
  const names = settingNames().filter((name: SettingName) => !name.startsWith('SUPABASE_'));
  return Object.fromEntries(names.map((name) => [name, settings[name]?.trim() ?? '']));
}

/** What the site's server knows of all this; what is not asked for may be added to the file. */
const siteNames = [
  'PUBLIC_SUPABASE_URL',
  'PUBLIC_SUPABASE_ANON_KEY',
  'DEFAULT_REGION',
  'SITE_SECRET',
  'SECURITY_CONTACT',
  'ADDRESS_HEADER',
  'XFF_DEPTH',
  'PROTOCOL_HEADER',
  'HOST',
  'PORT'
];

/** What the site's server is told, and nothing else of what is secret. */
export function siteSettings(settings: Settings): Record<string, string> {
  return Object.fromEntries(siteNames.map((name) => [name, settings[name] ?? '']));
}
