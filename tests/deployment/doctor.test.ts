// Everything that can be wrong with a deployment is broken on a stack, seen, and mended again.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { siteSecret } from '../../local/settings/keys.ts';
import { freePort } from '../../local/settings/ports.ts';
import { startSite, type Site } from '../../local/site.ts';
import { startStack, type Stack } from '../../local/start-stack.ts';
import type { Check } from '../../tools/doctor/check.ts';
import { checks } from '../../tools/doctor/checks.ts';
import { examine, type Result } from '../../tools/doctor/examine.ts';
import { Examined } from '../../tools/doctor/examined.ts';
import { type Subject, subjectOf } from '../../tools/doctor/subject.ts';
import { doctor } from './command.ts';
import { alteringProxy, type PassingAnswer } from '../helpers/altering-proxy.ts';
import { breakages } from './doctor-breakages.ts';

let stack: Stack;
let site: Site;
let subject: Subject;
let sql: postgres.Sql;
let admin: postgres.Sql;
const authLimits = { burst: 30, forwarding: true };

beforeAll(async () => {
  const port = await freePort();
  const siteUrl = `http://127.0.0.1:${port}`;
  stack = await startStack({
    ephemeral: true,
    auth: { limits: authLimits },
    functionsEnvironment: { SITE_URL: siteUrl },
    log: () => undefined
  });
  const { addresses } = stack;
  site = await startSite({
    supabaseUrl: addresses.api_url,
    key: addresses.publishable_key,
    secret: siteSecret(addresses.functions_secret),
    port,
    log: () => undefined
  });
  subject = subjectOf({ MEDQ_STACK: JSON.stringify(addresses), SITE_URL: siteUrl }, 'none');
  sql = postgres(addresses.db_url, { max: 2, onnotice: () => undefined });
  admin = postgres(addresses.admin_db_url, { max: 2, onnotice: () => undefined });
}, 240_000);
afterAll(async () => {
  await Promise.all([sql?.end(), admin?.end(), site?.close()]);
  await stack?.close();
});

/** The names of what does not hold, with all that is said of it. */
function failuresIn(results: Result[]): Record<string, string> {
  return Object.fromEntries(
    results.flatMap(({ name, finding }) =>
      finding.state === 'fails'
        ? [[name, finding.problems.map((problem) => Object.values(problem).join(' ')).join(' ')]]
        : []
    )
  );
}

const failures = async (differs: Partial<Subject> = {}) =>
  failuresIn(await examine({ ...subject, ...differs }));

/** What one check alone says of a subject that differs. */
async function problemsOf(name: string, differs: Partial<Subject>): Promise<string> {
  const check = checks.find((candidate) => candidate.name === name) as Check;
  const examined = await Examined.open({ ...subject, ...differs });
  const finding = await check.run(examined).finally(() => examined.close());
  return finding.state === 'fails'
    ? finding.problems.map(({ sentence }) => sentence).join(' ')
    : finding.state;
}

const environment = () => ({ MEDQ_STACK: JSON.stringify(stack.addresses), SITE_URL: subject.siteUrl });

/** Rows of everything that the clinic has, and that people see. Whoever looks at the site is counted, the doctor too. */
const contents = () => sql`
  select (select count(*) from public.appointments) as appointments, (select count(*) from public.patients) as patients,
    (select count(*) from public.sms_messages) as sms, (select count(*) from public.ivr_calls) as calls,
    (select count(*) from public.security_events) as security, (select count(*) from public.audit_events) as audit,
    (select count(*) from private.rate_limits where bucket not like 'look:%') as limits,
    (select count(*) from auth.sessions) as sessions, (select count(*) from net._http_response) as answers`;

test('a healthy stack is all green, in a table of 80 columns without a secret', async () => {
  const before = await contents();
  const { code, output } = await doctor([], environment());
  expect(output).toMatch(/\n24 hold, 0 fail, 0 were not looked at\.\n$/);
  expect(code).toBe(0);
  expect(output.replace(/\s+/g, ' ')).toContain('strangers hear nothing; news of the database arrive');
  expect(output.split('\n').filter((line) => line.length > 80)).toEqual([]);
  for (const [name, value] of Object.entries(stack.addresses)) {
    if (/key|secret/.test(name)) expect(output).not.toContain(value);
  }
  expect(await contents()).toEqual(before);
});

test('what fails is told with its cause and its mend, to machines too, and ends with 1', async () => {
  await sql`update public.sms_settings set sending = false`;
  const [people, machines] = await Promise.all([
    doctor([], environment()),
    doctor(['--json'], environment())
  ]);
  await sql`update public.sms_settings set sending = true`;
  expect(people.code).toBe(1);
  expect(people.output).toContain('SMS queue         FAILS  Sending SMS is switched off.\n');
  expect(people.output).toMatch(
    /\n {25}Cause: sending in sms_settings is false\.\n {25}Mend: Set it to true/
  );
  expect(machines.code).toBe(1);
  const told = JSON.parse(machines.output) as { holds: boolean; checks: { name: string; state: string }[] };
  expect(told.holds).toBe(false);
  expect(told.checks.filter(({ state }) => state !== 'holds')).toEqual([
    {
      name: 'SMS queue',
      state: 'fails',
      problems: [
        {
          sentence: 'Sending SMS is switched off.',
          cause: 'sending in sms_settings is false.',
          mend: 'Set it to true; what still waits is sent at once.'
        }
      ]
    }
  ]);
});

test('without anything to examine it says what is missing, and ends with 2', async () => {
  const { code, output } = await doctor([], { MEDQ_STACK: '', MEDQ_ENV_FILE: 'nowhere/.env.production' });
  expect(code).toBe(2);
  expect(output).toContain('nowhere/.env.production cannot be read');
});

test.each(breakages)('$what: $named alone says so', async ({ named, says, breaks, mends }) => {
  const scene = { sql, admin, subject, authLimits, inboxUrl: stack.addresses.inbox_url };
  await breaks(scene);
  const found = await failures().finally(() => mends(scene));
  expect(Object.keys(found), JSON.stringify(found)).toEqual([named]);
  expect(found[named]).toMatch(says);
});

const differing: [what: string, named: string, says: RegExp, differs: () => Partial<Subject>][] = [
  ['no address of the database', 'Database', /Put SUPABASE_DB_URL into/, () => ({ databaseUrl: undefined })],
  [
    'a wrong password of the database',
    'Database',
    /cannot be reached: password authentication failed/,
    () => ({ databaseUrl: subject.databaseUrl?.replace(/:[^:@]+@/, ':wrong@') })
  ],
  [
    'a superuser for the database',
    'Database',
    /used as supabase_admin/,
    () => ({ databaseUrl: stack.addresses.admin_db_url })
  ],
  [
    'a key of another project',
    'API',
    /publishable key is refused/,
    () => ({ publishableKey: 'sb_publishable_other' })
  ],
  [
    "another secret than the functions'",
    "Functions' secret",
    /refuse our FUNCTIONS_SECRET/,
    () => ({ functionsSecret: 'x'.repeat(40) })
  ],
  [
    'a site with another secret',
    'Client addresses',
    /do not believe the site/,
    () => ({ siteSecret: 'x'.repeat(40) })
  ],
  ['another signing key', 'Calls', /A signed call is refused/, () => ({ signingKey: 'another key' })],
  [
    'another key for tokens',
    'Realtime',
    /Realtime does not take our tokens/,
    () => ({ liveTokenSecret: 'x'.repeat(40) })
  ],
  [
    'a site that the functions do not know',
    'Origins',
    /may not call the functions/,
    () => ({ siteUrl: subject.siteUrl?.replace('127.0.0.1', 'localhost') })
  ],
  ['a site that does not run', 'Site', /cannot be reached/, () => ({ siteUrl: 'http://127.0.0.1:9' })]
];

test.each(differing)('%s: %s says so', async (_, named, says, differs) => {
  const found = await failures(differs());
  // Nobody is at the other site: the functions do not know it either.
  delete found[named === 'Site' ? 'Origins' : ''];
  expect(Object.keys(found), JSON.stringify(found)).toEqual([named]);
  expect(found[named]).toMatch(says);
});

describe('a project at supabase.com, of which only a token is known', () => {
  const project = { ref: 'abcdefghijklmnopqrst', token: 'sbp_token' };
  const role = `cli_login_postgres.${project.ref}`;
  const database = () => new URL(stack.addresses.db_url);

  /** The two answers of the Management API that a login takes. */
  async function management(): Promise<{ asked: string[]; close(): void }> {
    const asked: string[] = [];
    const answers: Record<string, object> = {
      'POST /cli/login-role': { role: 'cli_login_postgres', password: 'for/minutes', ttl_seconds: 300 },
      'GET /config/database/pooler': [
        { database_type: 'READ_REPLICA', db_host: 'elsewhere.invalid', db_name: 'postgres', db_port: 6543 },
        {
          database_type: 'PRIMARY',
          db_host: '127.0.0.1',
          db_name: 'postgres',
          db_port: Number(database().port)
        }
      ]
    };
    const server = createServer((request, response) => {
      const wish = `${request.method} ${request.url?.replace(`/v1/projects/${project.ref}`, '')}`;
      asked.push(wish);
      const isKnown = request.headers.authorization === `Bearer ${project.token}` && wish in answers;
      response.writeHead(isKnown ? 201 : 401, { 'content-type': 'application/json' });
      response.end(JSON.stringify(answers[wish] ?? {}));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    vi.stubEnv('MEDQ_MANAGEMENT_API', `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    return {
      asked,
      close() {
        vi.unstubAllEnvs();
        server.close();
      }
    };
  }

  test('is examined with a login for minutes, as postgres', async () => {
    await admin.unsafe(
      `create role "${role}" login noinherit password 'for/minutes'; grant postgres to "${role}"`
    );
    const api = await management();
    const results = await examine({ ...subject, databaseUrl: undefined, project });
    api.close();
    await admin.unsafe(`drop role "${role}"`);
    expect(failuresIn(results)).toEqual({});
    expect(results.find(({ name }) => name === 'Database')?.finding).toMatchObject({
      says: expect.stringMatching(/as postgres$/)
    });
    expect(api.asked.toSorted()).toEqual(['GET /config/database/pooler', 'POST /cli/login-role']);
  });

  test('with a token that was revoked, Database says so', async () => {
    const api = await management();
    const found = await failures({ databaseUrl: undefined, project: { ...project, token: 'sbp_revoked' } });
    api.close();
    expect(Object.keys(found)).toEqual(['Database']);
    expect(found.Database).toMatch(
      /^The database cannot be reached: Supabase answered 401 when asked for a login\. /
    );
  });
});

describe('the functions, with one that is not as it should be', () => {
  const platform = (status: number, body: object) => (answer: PassingAnswer) =>
    Object.assign(answer, { status, body: JSON.stringify(body) });
  test.each([
    ['/sign-in', platform(404, { code: 'NOT_FOUND' }), 'The function sign-in is not there.'],
    [
      '/verify-phone',
      platform(401, { msg: 'Error: Missing authorization header' }),
      'The function verify-phone answers 401 to'
    ],
    ['/live-token', platform(503, { code: 'BOOT_ERROR' }), 'The function live-token answers 503 to'],
    ['/sms-dispatch', platform(200, { sent: 0 }), 'The function sms-dispatch answers 200 to'],
    ['/ivr', platform(200, { steps: [] }), 'The function ivr answers 200 to']
  ])('%s', async (path, alter, sentence) => {
    const proxy = await alteringProxy(stack.addresses.api_url, (asked, answer) => {
      if (asked.split('?')[0]?.endsWith(path)) alter(answer);
    });
    const problems = await problemsOf('Functions', { functionsUrl: `${proxy.url}/functions/v1` });
    await proxy.close();
    expect(problems).toMatch(new RegExp(`^${sentence}`));
    expect(problems.match(/The function/g)).toHaveLength(1);
  });

  test('pages of other sites that a proxy lets in', async () => {
    const proxy = await alteringProxy(stack.addresses.api_url, (_, { headers }) => {
      headers['access-control-allow-origin'] = '*';
    });
    expect(await problemsOf('Origins', { functionsUrl: `${proxy.url}/functions/v1` })).toBe(
      'Pages of other sites may call the functions.'
    );
    await proxy.close();
  });

  test('a call that is answered with what MessageBird would not run', async () => {
    const proxy = await alteringProxy(stack.addresses.api_url, (_, answer) => {
      Object.assign(answer, { status: 200, body: '{"steps": [{"action": "sing"}]}' });
    });
    const problems = await problemsOf('Calls', { functionsUrl: `${proxy.url}/functions/v1` });
    await proxy.close();
    expect(problems).toMatch(/^A call is answered with 200 and no valid call flow\. /);
  });
});

describe('the site, behind a proxy', () => {
  const behind = async (
    alter: (path: string, answer: PassingAnswer) => void,
    told?: Record<string, string>
  ) => {
    const proxy = await alteringProxy(site.url, alter, told);
    const problems = await problemsOf('Site', { siteUrl: proxy.url });
    await proxy.close();
    return problems;
  };

  test('that changes nothing', async () => {
    expect(await behind(() => undefined)).toBe('holds');
  });
  test('that takes headers of files away', async () => {
    const problems = await behind((path, { headers }) => {
      if (path.startsWith('/favicon')) delete headers['x-content-type-options'];
    });
    expect(problems).toBe('A file comes without x-content-type-options: nosniff.');
  });
  test('that takes the policy of pages away', async () => {
    expect(await behind((_, { headers }) => delete headers['content-security-policy'])).toBe(
      'Pages come without their Content-Security-Policy.'
    );
  });
  test('that does not say how the site is called', async () => {
    expect(await behind(() => undefined, { host: 'site.internal' })).toMatch(/^The site takes no form: /);
  });
  test('that does not compress', async () => {
    expect(await behind((_, { headers }) => delete headers['content-encoding'])).toBe(
      'Pages are not compressed, and slow on slow phones.'
    );
  });
  test('when the site does not reach Supabase', async () => {
    const problems = await behind((path, answer) => {
      if (path === '/readyz')
        Object.assign(answer, { status: 503, headers: {}, body: '{"auth": "no answer"}' });
    });
    expect(problems).toBe('The site does not reach Supabase: {"auth": "no answer"}');
  });
  test('when the site fails', async () => {
    expect(await behind((_, answer) => (answer.status = 500))).toBe('The site answers 500.');
  });
  test('when the site is of another project', async () => {
    expect(await problemsOf('Site', { apiUrl: 'https://other.supabase.co' })).toBe(
      'The site does not belong to https://other.supabase.co.'
    );
  });
});

test('a project as it comes, without clinic, with wrong settings of the functions, and without its publication', async () => {
  const other = await startStack({
    ephemeral: true,
    seed: false,
    auth: {
      enablePhone: false,
      captcha: false,
      minimumPasswordLength: 6,
      offers: { signup: true, email: true }
    },
    functionsEnvironment: {
      MESSAGEBIRD_ACCESS_KEY: 'of somebody else',
      SMS_DISPATCH_CONCURRENCY: 'many',
      CLIENT_ADDRESS_HEADER: 'cf-connecting-ip'
    },
    log: () => undefined
  });
  const owner = postgres(other.addresses.admin_db_url, { max: 1 });
  await owner`drop publication supabase_realtime_messages_publication`;
  await owner.end();
  const empty = subjectOf({ MEDQ_STACK: JSON.stringify(other.addresses) }, 'none');
  expect(await problemsOf('Calls', empty)).toBe('skipped');
  const found = failuresIn(await examine({ ...empty, isStack: false }));
  await other.close();
  expect(Object.keys(found)).toEqual([
    'Settings',
    'Client addresses',
    'Auth',
    'Sign-ins',
    'Calls',
    'MessageBird',
    'Realtime'
  ]);
  expect(found['Client addresses']).toMatch(/^Whoever asks can make up the address that is counted/);
  expect(found.Realtime).toMatch(
    /^What the database broadcasts does not arrive.* publication of realtime\.messages is missing/
  );
  expect(found.Settings).toMatch(/^SMS_DISPATCH_CONCURRENCY has a value that cannot be used\./);
  expect(found.Auth).toMatch(
    /^Anybody can sign up at Auth\..* Auth takes e-mail addresses\..* Nobody can sign in with a phone\..* Anybody can try passwords/
  );
  expect(found['Sign-ins']).toMatch(/Auth takes passwords of seven characters\./);
  expect(found.Calls).toMatch(/^No call can be answered: there is no clinic\./);
  expect(found.MessageBird).toMatch(/^MessageBird does not take our key: MessageBird answered 401/);
});
