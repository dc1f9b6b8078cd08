import path from 'node:path';
import { AnswersError, findAnswers, type Answers, type Sources } from './answers.ts';
import type { Kind } from './questions.ts';
import {
  parseSettings,
  readText,
  withEntries,
  writeSecretFile,
  type Entry,
  type Settings
} from './settings-file.ts';
import { carryOut, plan, type Planned } from './step.ts';
import { stepsOf } from './steps.ts';
import type { Terminal } from './terminal.ts';
import { createWorkFolder } from './work-folder.ts';

export interface DeployOptions {
  /** The file with the answers: `.env.production`. */
  file: string;
  /** Only tell what would be done. */
  dryRun: boolean;
  /** Settings that were given with the command. */
  given: Settings;
  environment: NodeJS.Dict<string>;
  /** Who can be asked; undefined: nobody. */
  terminal: Terminal | undefined;
  print(line: string): void;
}

/** A project at supabase.com, or a Supabase of one's own, whose database and API are named. */
function kindOf({ given, file, environment }: Omit<Sources, 'asker'>): Kind {
  if (file.SUPABASE_PROJECT_REF && given.PUBLIC_SUPABASE_URL) {
    throw new Error(
      `The answers are of the project ${file.SUPABASE_PROJECT_REF}. Name another file for a Supabase of your own, with ` +
        'MEDQ_ENV_FILE.'
    );
  }
  const known = [given, file, environment].find((one) => one.SUPABASE_PROJECT_REF || one.SUPABASE_DB_URL);
  return known && !known.SUPABASE_PROJECT_REF ? 'self-hosted' : 'hosted';
}

function printPlan(planned: readonly Planned[], print: (line: string) => void): void {
  print('\nThe plan:');
  for (const { step, changes } of planned) {
    if (changes.length === 0) print(`  ${step.name.padEnd(10)} nothing to do`);
    for (const { what, make } of changes)
      print(`  ${step.name.padEnd(10)} ${make ? what : `by hand: ${what}`}`);
  }
}

/** What somebody can do whose answers are missing or wrong. */
function whereAnswersGo(file: string, terminal: Terminal | undefined): string {
  const line = `Mend it in ${file}: NAME=value, a line each.`;
  return terminal ? line : `${line} Or run this at a terminal and without --yes, where it asks.`;
}

/** The address that answers calls, and what else only the clinic can do. */
function printRest(
  { PUBLIC_FUNCTIONS_URL: url, CLINIC_PHONE: phone }: Settings,
  print: (line: string) => void
): void {
  print(`
At MessageBird (docs/deploy.md says where to click):
  the flow of ${phone} fetches its call flow from   ${url}/ivr
  the webhook for the status of calls is           ${url}/ivr/status
In the dashboard: practitioners and their schedules.
To the machine of the site: build/, package.json, package-lock.json, .npmrc and .env.site. There:
  npm ci --omit=dev --ignore-scripts && node --env-file=.env.site build
Whether all of it stands: npm run doctor`);
}

/**
 * Deploys, or says what would be done.
 *
 * @returns whether all of it is done; false: something is left that only a person can do
 * @throws a sentence for people
 */
export async function deploy(options: DeployOptions): Promise<boolean> {
  const { file, dryRun, terminal, print } = options;
  const sources = {
    given: options.given,
    file: parseSettings(readText(file)),
    environment: options.environment
  };
  const kind = kindOf(sources);
  const keepOne = (entry: Entry) => (dryRun ? undefined : addEntries(file, [entry]));
  const answers = await findAnswers(kind, { ...sources, asker: terminal, keep: keepOne }).catch(
    (error: unknown) => {
      if (!(error instanceof AnswersError)) throw error;
      throw new AnswersError(`${error.message}\n\n${whereAnswersGo(file, terminal)}`);
    }
  );
  const { settings } = answers;
  if (!dryRun) keepAnswers(file, answers, print);

  const folder = createWorkFolder(settings.SITE_URL ?? '');
  try {
    const keep = (name: string, value: string, about: string) => addEntries(file, [{ name, value, about }]);
    print(`Looking at ${settings.PUBLIC_SUPABASE_URL} ...`);
    const planned = await plan(stepsOf(kind, { settings, folder, home: path.dirname(file), keep }));
    printPlan(planned, print);
    if (dryRun) {
      print('\nNothing was changed.');
      return true;
    }
    const todo = planned.some(({ changes }) => changes.some(({ make }) => make));
    if (todo && terminal && !(await terminal.agrees('Do this?'))) throw new Error('Nothing was changed.');
    await carryOut(planned, {
      begin: (step, { what }) => print(`\n${step.name}: ${what} ...`),
      done: () => print('  done')
    });
    const left = planned.flatMap(({ changes }) => changes.filter(({ make }) => !make));
    if (left.length > 0) {
      print(`\nLeft for you:\n${left.map(({ what }) => `  - ${what}`).join('\n')}\nThen run this again.`);
      return false;
    }
    printRest(settings, print);
    return true;
  } finally {
    folder.remove();
  }
}

function addEntries(file: string, entries: readonly Entry[]): void {
  writeSecretFile(file, withEntries(readText(file), entries));
}

/** Writes what is new in the answers, so that nothing is asked twice. */
function keepAnswers(file: string, { fresh }: Answers, print: (line: string) => void): void {
  if (fresh.length === 0) return;
  addEntries(file, fresh);
  print(`The answers are in ${file}: keep it, and show it to nobody.`);
}
