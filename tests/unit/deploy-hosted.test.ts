// What is asked of the Supabase CLI where the answers of supabase.com decide. The CLI itself runs in tests/deployment/hosted.test.ts.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { authSettings } from '../../tools/deploy/hosted/auth-settings.ts';
import { digest, secrets } from '../../tools/deploy/hosted/secrets.ts';
import { carryOut, plan } from '../../tools/deploy/step.ts';
import { linkedDatabase } from '../../tools/deploy/steps.ts';
import { CliError, type SupabaseCli } from '../../tools/deploy/supabase-cli.ts';
import { createWorkFolder, type WorkFolder } from '../../tools/deploy/work-folder.ts';

const ref = 'abcdefghijklmnopqrst';
let folder: WorkFolder;
let calls: string[];
beforeEach(() => {
  folder = createWorkFolder('https://medq.example.org');
  calls = [];
});
afterEach(() => folder.remove());

/** A CLI that notes what it is asked, and says what `answer` gives. */
function cliThat(answer: (command: string) => unknown): SupabaseCli {
  return {
    async run(args, said) {
      calls.push(args.join(' ').replaceAll(folder.path, '<folder>'));
      return said.parse(await answer(args.slice(0, 2).join(' ')));
    }
  };
}

const silent = { begin: () => undefined, done: () => undefined };
const configText = () => readFileSync(path.join(folder.path, 'supabase', 'config.toml'), 'utf8');

test('what is handed over has the address of the site, and no demo', () => {
  expect(configText()).toMatch(/^site_url = "https:\/\/medq\.example\.org"$/m);
  expect(() => readFileSync(path.join(folder.path, 'supabase', 'seed.sql'))).toThrow('ENOENT');
});

test('without an address of the database the project is linked, and pushed to as such', async () => {
  await linkedDatabase(
    cliThat(() => ({ upToDate: true })),
    ref,
    folder
  ).pushMigrations();
  // `db push` alone would mean the CLI's own local database.
  expect(calls).toEqual([`link --project-ref ${ref} --yes`, 'db push --yes --remote']);
});

test('a plan without limits of sessions gets all other settings', async () => {
  const pushed: string[] = [];
  const cli = cliThat((command) => {
    if (command === 'config diff') {
      return { changes: [{ path: ['auth', 'site_url'], class: 'update', declared: true }] };
    }
    pushed.push(configText());
    if (configText().includes('[auth.sessions]'))
      throw new CliError('unexpected status 402: Upgrade your plan');
    return {};
  });
  const management = {
    readsForwardedAddresses: async () => true,
    readForwardedAddresses: async () => undefined
  };
  await carryOut(await plan([authSettings(cli, ref, folder, management)]), silent);
  const [first = '', second = ''] = pushed;
  expect(pushed).toHaveLength(2);
  expect(second).not.toMatch(/timebox|inactivity_timeout/);
  // Nothing else is lost on the way.
  const kept = first
    .split('\n')
    .filter((line) => !/auth\.sessions|timebox|inactivity_timeout|30 and 180 days/.test(line));
  expect(second.split('\n').filter(Boolean)).toEqual(kept.filter(Boolean));
});

test('secrets that differ are set from a file, and what was taken out of the answers is unset', async () => {
  const kept = new Map([
    ['SITE_URL', digest('https://medq.example.org')],
    ['MESSAGEBIRD_ORIGINATOR', digest('Old')],
    ['SMS_COUNTRIES', digest('IN')],
    ['SOMEBODY_ELSES', digest('x')]
  ]);
  const settings = { SITE_URL: 'https://medq.example.org', MESSAGEBIRD_ORIGINATOR: 'MedQ' };
  const step = secrets(
    settings,
    cliThat(() => ({})),
    ref,
    folder,
    async () => kept
  );
  await carryOut(await plan([step]), silent);
  expect(calls).toEqual([
    `secrets set --env-file <folder>/secrets.env --yes --remote=${ref}`,
    `secrets unset SMS_COUNTRIES --yes --remote=${ref}`
  ]);
  expect(readFileSync(path.join(folder.path, 'secrets.env'), 'utf8')).toBe('MESSAGEBIRD_ORIGINATOR=MedQ\n');
});
