// `npm run deploy`, as one runs it, against a project that was just made: the real CLI, and what it sets takes effect.
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import postgres from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { authProblems } from '../../local/settings/auth-checks.ts';
import { projectDirectory } from '../../local/site/build.ts';
import { deploy, planned, type Run } from './command.ts';
import { expectCallToBook } from './first-call.ts';
import { startHostedProject, type HostedProject } from './hosted-project.ts';

const CLINIC = '+914440001000';
const home = mkdtempSync(path.join(tmpdir(), 'medq-answers-'));
const file = path.join(home, '.env.production');
const siteFile = path.join(home, '.env.site');
let project: HostedProject;

beforeAll(async () => {
  project = await startHostedProject();
  writeFileSync(file, answers(), { mode: 0o600 });
});
afterAll(async () => {
  await project?.close();
  rmSync(home, { recursive: true });
});

/** What somebody would type. */
function answers(): string {
  const { addresses, project: stack } = project.stack;
  return `# Somebody's own words stay.
SUPABASE_PROJECT_REF=${project.ref}
SUPABASE_DB_URL=${addresses.db_url}?sslmode=disable
PUBLIC_SUPABASE_URL=${addresses.api_url}
SITE_URL=https://medq.example.org
CLINIC_NAME="St. John's"
CLINIC_PHONE=044 4000 1000
MESSAGEBIRD_API_URL=${stack.messagebird.apiUrl}
MESSAGEBIRD_ACCESS_KEY=${stack.messagebird.accessKey}
MESSAGEBIRD_SIGNING_KEY=${addresses.messagebird_signing_key}
LIVE_TOKEN_SECRET=${addresses.jwt_secret}
`;
}

const run = (args: string[] = [], environment: NodeJS.Dict<string> = {}): Promise<Run> =>
  deploy(['--yes', ...args], { ...project.environment, MEDQ_ENV_FILE: file, ...environment });

const steps = ['project', 'database', 'settings', 'secrets', 'functions', 'vault', 'clinic', 'site'];

function expectNoSecrets(output: string): void {
  const { addresses, project: stack } = project.stack;
  const secrets = [
    project.environment.SUPABASE_ACCESS_TOKEN,
    new URL(addresses.db_url).password,
    stack.messagebird.accessKey,
    addresses.messagebird_signing_key,
    addresses.jwt_secret,
    ...[...readFileSync(file, 'utf8').matchAll(/_SECRET=(.+)/g)].map(([, secret]) => secret)
  ];
  for (const secret of secrets) expect(output).not.toContain(secret);
}

test('a dry run prints the plan, and changes nothing', { timeout: 300_000 }, async () => {
  const before = readFileSync(file, 'utf8');
  // Also without an address of the database.
  const dry = await run(['--dry-run'], { MEDQ_ENV_FILE: withoutDatabase() });
  const { code, output } = dry;
  expect(output).toMatch(/The plan:[^]*Nothing was changed\./);
  expect(code).toBe(0);
  expect(planned(dry, 'database')).toEqual([
    expect.stringMatching(/^apply \d\d migrations \(20261125000100 to /)
  ]);
  expect(planned(dry, 'settings').join()).toMatch(
    /auth\.enable_signup.*auth\.site_url.*IP address forwarding/
  );
  expect(planned(dry, 'secrets').join()).toContain('FUNCTIONS_SECRET');
  expect(planned(dry, 'functions').join()).toContain('sms-dispatch');
  expect(planned(dry, 'clinic')).toEqual([`enter the clinic St. John's with the number ${CLINIC}`]);
  for (const step of steps) expect(planned(dry, step).length, step).toBeGreaterThan(0);

  expectNoSecrets(output);
  expect(readFileSync(file, 'utf8')).toBe(before);
  expect(readdirSync(home).sort()).toEqual(['.env.other', '.env.production']);
  expect(project.changes).toEqual([]);
  expect(await project.sql`select nspname from pg_namespace where nspname = 'private'`).toEqual([]);
});

function withoutDatabase(): string {
  const other = path.join(home, '.env.other');
  writeFileSync(other, readFileSync(file, 'utf8').replace(/^SUPABASE_DB_URL=.*\n/m, ''));
  return other;
}

/** Ways to break a step, in the order of steps, each with how to mend it. */
const breaks: { step: string; breakIt: () => Promise<() => unknown> }[] = [
  { step: 'project', breakIt: async () => project.breakAt('GET /api-keys') },
  {
    step: 'database',
    async breakIt() {
      await project.sql`create schema private`;
      return () => project.sql`drop schema private`;
    }
  },
  { step: 'settings', breakIt: async () => project.breakAt('PATCH /config/auth') },
  { step: 'secrets', breakIt: async () => project.breakAt('POST /secrets') },
  { step: 'functions', breakIt: async () => project.breakAt('PUT /functions') },
  {
    step: 'vault',
    async breakIt() {
      const { admin_db_url } = project.stack.addresses;
      const admin = postgres(admin_db_url, { max: 1, onnotice: () => undefined });
      await admin`alter function vault.create_secret rename to create_secret_elsewhere`;
      return async () => {
        await admin`alter function vault.create_secret_elsewhere rename to create_secret`;
        await admin.end();
      };
    }
  },
  {
    step: 'clinic',
    async breakIt() {
      await project.sql.unsafe(`
        create function private.test_refuse() returns trigger language plpgsql as
          $$ begin raise exception 'not today'; end $$;
        create trigger test_refuse before insert on public.clinics for each row execute function private.test_refuse()`);
      return () =>
        project.sql.unsafe('drop trigger test_refuse on public.clinics; drop function private.test_refuse()');
    }
  },
  {
    step: 'site',
    async breakIt() {
      await symlink(path.join(home, 'no such folder', 'file'), siteFile);
      return () => rm(siteFile);
    }
  }
];

test(
  'broken at any step it says which and why, and the next run goes on from there',
  { timeout: 900_000 },
  async () => {
    for (const { step, breakIt } of breaks) {
      const mend = await breakIt();
      const broken = await run();
      const { code, output } = broken;
      await mend();
      expect(output.split('\n\n').at(-1) ?? '', output).toMatch(new RegExp(`^${step}: `));
      expect(code).toBe(1);
      expectNoSecrets(output);
      // What came before is done, and is not done again.
      for (const done of steps.slice(0, Math.max(0, steps.indexOf(step) - 1))) {
        expect(planned(broken, done), `${done} while ${step} is broken`).toEqual(['nothing to do']);
      }
    }
    const { code, output } = await run();
    expect(code, output).toBe(0);
    expect(output).toContain('npm run doctor');
  }
);

test('what it leaves is closed to strangers, and known to nobody else', async () => {
  const { api_url, publishable_key } = project.stack.addresses;
  const auth = await fetch(`${api_url}/auth/v1/settings`, { headers: { apikey: publishable_key } });
  expect(authProblems(await auth.json())).toEqual([]);
  expect(project.auth.told()).toMatchObject({
    site_url: 'https://medq.example.org',
    password_min_length: 8,
    security_captcha_enabled: true,
    security_sb_forwarded_for_enabled: true,
    mfa_totp_enroll_enabled: false
  });
  for (const name of [file, siteFile]) expect(statSync(name).mode & 0o777).toBe(0o600);
  const text = readFileSync(file, 'utf8');
  expect(text).toContain("# Somebody's own words stay.");
  expect(text).toMatch(/^CLINIC_PHONE=\+914440001000$/m);
  const site = readFileSync(siteFile, 'utf8');
  expect(site).toMatch(/^ADDRESS_HEADER=x-forwarded-for$/m);
  expect(site).toContain(`PUBLIC_SUPABASE_ANON_KEY=${publishable_key}\n`);
  expect(site).not.toMatch(/FUNCTIONS_SECRET|MESSAGEBIRD|LIVE_TOKEN|ACCESS_TOKEN|DB_URL/);
  expect(existsSync(path.join(projectDirectory, 'build', 'index.js'))).toBe(true);
});

test('a call books, is texted about, and opens an account that signs in', () =>
  expectCallToBook(project.stack.addresses, project.sql));

test('once more there is nothing to do', { timeout: 300_000 }, async () => {
  const before = [...project.changes];
  const again = await run();
  for (const step of steps) expect(planned(again, step), again.output).toEqual(['nothing to do']);
  expect(again.code).toBe(0);
  expect(project.changes).toEqual(before);
});
