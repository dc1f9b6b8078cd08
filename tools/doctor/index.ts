/**
 * `npm run doctor`: examines a deployment, or a stack, from outside and inside, and says of everything that does not hold
 * what it is, why, and what to do. Ends with 0 only when all holds.
 *
 *   --json   for machines
 *
 * The settings of the deployment are in `.env.production`, or in the file that MEDQ_ENV_FILE names. With MEDQ_STACK=<the line
 * of `npm run stack -- --json`> it examines that stack; SITE_URL tells where its site is.
 */
import path from 'node:path';
import process from 'node:process';
import { commandLine } from '../../local/command-line.ts';
import { projectDirectory } from '../../local/site/build.ts';
import { log, print } from '../../local/output.ts';
import { examine } from './examine.ts';
import { allHold, json, masked, table } from './report.ts';
import { secretsOf, type Subject, SubjectError, subjectOf } from './subject.ts';

async function main(): Promise<number> {
  const { values } = commandLine(import.meta.filename, {
    options: { json: { type: 'boolean', default: false } }
  });
  let subject: Subject;
  try {
    subject = subjectOf(
      process.env,
      process.env.MEDQ_ENV_FILE || path.join(projectDirectory, '.env.production')
    );
  } catch (error) {
    if (!(error instanceof SubjectError)) throw error;
    log(error.message);
    return 2;
  }
  const results = await examine(subject);
  const report = values.json ? json(subject.what, results) : table(subject.what, results);
  print(masked(report, secretsOf(subject)));
  return allHold(results) ? 0 : 1;
}

process.exitCode = await main();
