/**
 * `npm run deploy`: brings MedQ to a Supabase project and builds its site; again at any time, changing what differs.
 *
 *   --dry-run             say what would be done and change nothing
 *   --yes                 ask nothing: everything is in .env.production or in the environment
 *   --db-url <address>    a Supabase of one's own instead of a project at supabase.com: its database, as role postgres,
 *   --api-url <address>   and its API
 *
 * The answers are kept in `.env.production`, or in the file that MEDQ_ENV_FILE names.
 */
import path from 'node:path';
import process from 'node:process';
import { commandLine } from '../../local/command-line.ts';
import { log, print } from '../../local/output.ts';
import { projectDirectory } from '../../local/site/build.ts';
import { deploy } from './deploy.ts';
import { openTerminal } from './terminal.ts';

async function run(): Promise<boolean> {
  const { values } = commandLine(import.meta.filename, {
    options: {
      'dry-run': { type: 'boolean', default: false },
      yes: { type: 'boolean', default: false },
      'db-url': { type: 'string' },
      'api-url': { type: 'string' }
    }
  });
  const terminal =
    process.stdin.isTTY && !values.yes ? openTerminal(process.stdin, process.stdout) : undefined;
  try {
    return await deploy({
      file: path.resolve(process.env.MEDQ_ENV_FILE || path.join(projectDirectory, '.env.production')),
      dryRun: values['dry-run'],
      given: {
        ...(values['db-url'] && { SUPABASE_DB_URL: values['db-url'] }),
        ...(values['api-url'] && { PUBLIC_SUPABASE_URL: values['api-url'] })
      },
      environment: process.env,
      terminal,
      print
    });
  } finally {
    terminal?.close();
  }
}

// The folder of secrets that is handed to the CLI is removed at any end of the process (work-folder.ts).
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => {
    log('\nStopped. What was done stays done. Run this again to go on from here.');
    process.exit(1);
  });
}

try {
  process.exitCode = (await run()) ? 0 : 1;
} catch (error) {
  log(`\n${(error as Error).message}`);
  process.exitCode = 1;
}
