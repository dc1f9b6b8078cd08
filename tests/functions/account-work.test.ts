import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Auth } from '../../supabase/functions/_shared/account/auth.ts';
import { connect, type Database } from '../../supabase/functions/_shared/database.ts';
import { refusalIn } from '../../supabase/functions/_shared/errors.ts';
import { createLog } from '../../supabase/functions/_shared/log.ts';
import { decoyPhone } from '../../supabase/functions/_shared/account/passwords.ts';
import { requestAccountCode } from '../../supabase/functions/_shared/account/account-code.ts';
import { signIn } from '../../supabase/functions/sign-in/sign-in.ts';
import { closeDatabases, databaseAsPostgres, serviceClient, theStack } from '../helpers/stack.ts';
import { aPatient, aPhone } from '../helpers/world.ts';
import { throughGateway } from './account-api.ts';

// The functions run in this process here, against the same database and Auth, so that what they ask can be counted.

const { api_url, db_url, secret_key, functions_secret } = theStack();
const sql = databaseAsPostgres();
const database: Database = connect(db_url);
let supabaseAuth: (client: string) => Auth;
beforeAll(async () => {
  vi.stubEnv('SUPABASE_URL', api_url);
  vi.stubEnv('SUPABASE_SECRET_KEYS', JSON.stringify({ default: secret_key }));
  ({ supabaseAuth } = await import('../../supabase/functions/_shared/account/auth.ts'));
  // The first sign-in of a project makes the account that is nobody's.
  await throughGateway()('sign-in', { username: aPhone(), password: 'guess' });
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await database.end({ timeout: 1 });
  await closeDatabases();
});

interface Work {
  queries: string[];
  requests: string[];
  /** Whose passwords Auth was asked about: phones as Auth keeps them. */
  tried: string[];
  status: number;
  keys: string[];
}

/** What `run` asks of the database and of Auth, without the values. */
async function workOf(run: (database: Database, auth: Auth) => Promise<Response>): Promise<Work> {
  const queries: string[] = [];
  const counting = Object.assign(
    (strings: TemplateStringsArray, ...values: never[]) => {
      queries.push(strings.join('$'));
      return database(strings, ...values);
    },
    { json: database.json }
  ) as unknown as Database;
  const requests: string[] = [];
  const tried: string[] = [];
  const { fetch } = globalThis;
  const spy = vi.spyOn(globalThis, 'fetch').mockImplementation((input, init) => {
    const request = new Request(input, init);
    requests.push(`${request.method} ${new URL(request.url).pathname} ${String(init?.body).length}`);
    if (request.url.includes('/token'))
      tried.push((JSON.parse(String(init?.body)) as { phone: string }).phone);
    return fetch(input, init);
  });
  try {
    const response = await run(counting, supabaseAuth('test'));
    const body = (await response.json()) as object;
    return { queries, requests, tried, status: response.status, keys: Object.keys(body) };
  } catch (error) {
    const refusal = refusalIn(error);
    if (!refusal) throw error;
    return {
      queries,
      requests,
      tried,
      status: refusal.status,
      keys: [refusal.code, (error as Error).message]
    };
  } finally {
    spy.mockRestore();
  }
}

/** How many of these passwords Auth hashes: it answers at once where there is no account, no password, or a ban. */
async function hashed(phones: string[]): Promise<number> {
  const counts = await Promise.all(
    phones.map(
      (phone) => sql`
        select from auth.users
        where phone = ${phone} and encrypted_password like '$2_$__$%' and (banned_until is null or banned_until < now())`
    )
  );
  return counts.filter(({ count }) => count === 1).length;
}

const common = {
  device: 'test',
  secret: functions_secret,
  region: 'IN',
  locale: 'en-IN' as const,
  log: createLog({ function: 'test', request_id: 'test' }, () => {})
};

test.each([
  ['a guess', 'guess', 1],
  ['what may be a texted password', 'abcd2345', 1],
  ['an accent as two characters', 'cafe\u0301-horse-99', 2],
  ['more than 72 bytes', 'x'.repeat(73), 1]
])(
  'signing in with %s asks the same of the database and of Auth, whoever it is',
  async (_, password, times) => {
    const known = await aPatient(sql, { phone: aPhone(), account: true, password: 'the right one' });
    await sql`update patients set username = ${`u${known.phone.slice(1)}`} where id = ${known.id}`;
    const texted = await aPatient(sql, { phone: aPhone(), account: true, password: 'ABCD2346' });
    const late = await aPatient(sql, { phone: aPhone(), account: true, password: 'ABCD2347' });
    await sql`
    insert into private.temporary_passwords (user_id, expires_at)
    values (${texted.account.userId}, now() + interval '1 hour'), (${late.account.userId}, now())`;
    const banned = await aPatient(sql, { phone: aPhone(), account: true, password: 'the right one' });
    await sql`update auth.users set banned_until = now() + interval '1 day' where id = ${banned.account.userId}`;
    const emptied = await aPatient(sql, { phone: aPhone(), account: true, password: 'the right one' });
    await sql`update auth.users set encrypted_password = '' where id = ${emptied.account.userId}`;
    const attempt = (username: string) =>
      workOf((database, auth) =>
        signIn({ ...common, database, auth, client: crypto.randomUUID() }, { username, password })
      );
    const works = [
      await attempt(known.phone),
      await attempt(aPhone()),
      await attempt(`u${known.phone.slice(1)}`),
      await attempt('u000000000000'),
      await attempt(texted.phone),
      await attempt(late.phone),
      await attempt(banned.phone),
      await attempt(emptied.phone)
    ];
    expect(works[0]).toMatchObject({ status: 401, queries: { length: 3 } });
    for (const { tried, ...work } of works) {
      // The phone that cannot be is longer than an Indian one; everything else is equal.
      const requests = work.requests.map((request) => request.replace(/ \d+$/, ''));
      expect(requests).toEqual(Array(times).fill('POST /auth/v1/token'));
      expect({ ...work, tried, requests }).toEqual({ ...works[0], tried, requests });
      expect(await hashed(tried)).toBe(times);
    }
  }
);

const anybody = () => ({ ...common, client: crypto.randomUUID() });
const decoyAtAuth = decoyPhone.slice(1);
const decoys = () => sql`
  select u.encrypted_password as hash, p.id as patient from auth.users u left join patients p on p.user_id = u.id
  where u.phone = ${decoyAtAuth} and u.phone_confirmed_at is null`;
/** What a hash costs: its kind and rounds. */
const costOf = (hash: unknown) => String(hash).slice(0, 7);

test('the account that nobody has is made again by the next sign-in, and once by many', async () => {
  await sql`delete from auth.users where phone = ${decoyAtAuth}`;
  const answers = await Promise.all(
    Array.from({ length: 5 }, () => throughGateway()('sign-in', { username: aPhone(), password: 'guess' }))
  );
  expect(answers.map(({ status }) => status)).toEqual(Array(5).fill(401));
  const [decoy, ...more] = await decoys();
  expect({ patient: decoy?.patient, more }).toEqual({ patient: null, more: [] });
  const phone = aPhone().slice(1);
  await serviceClient().auth.admin.createUser({ phone, password: 'somebody else' });
  const [other] = await sql`select encrypted_password as hash from auth.users where phone = ${phone}`;
  expect(costOf(decoy?.hash)).toBe(costOf(other?.hash));
});

test('the account that nobody has lets nobody in, not even with its password', async () => {
  await sql`delete from auth.users where phone = ${decoyAtAuth}`;
  await serviceClient().auth.admin.createUser({ phone: decoyAtAuth, password: 'a right guess' });
  for (const username of [aPhone(), decoyPhone]) {
    const work = await workOf((database, auth) =>
      signIn({ ...anybody(), database, auth }, { username, password: 'a right guess' })
    );
    expect(work).toMatchObject({ status: 401, tried: [decoyAtAuth] });
  }
  expect(
    await sql`select from auth.sessions s join auth.users u on u.id = s.user_id
    where u.phone = ${decoyAtAuth}`
  ).toHaveLength(0);
});

test.each([
  ['a forgotten password', 'reset'],
  ['signing in with a code', 'sign_in']
] as const)(
  '%s asks the same of the database for a known and an unknown phone, and leaves one row',
  async (_, purpose) => {
    const known = await aPatient(sql, { phone: aPhone(), account: true });
    const attempt = (phone_number: string) =>
      workOf((database) =>
        requestAccountCode({ ...common, database, client: crypto.randomUUID() }, purpose, { phone_number })
      );
    const rows = async () => {
      const [row] = await sql<{ count: number }[]>`
      select count(*)::int from private.phone_verifications where purpose = ${purpose}`;
      return row?.count ?? 0;
    };
    const before = await rows();
    const [one, other] = [await attempt(known.phone), await attempt(aPhone())];
    expect(one).toMatchObject({ status: 202, queries: { length: 3 }, requests: [] });
    expect(other).toEqual(one);
    // Other tests may add rows of their own at the same time, but none is taken away.
    expect(await rows()).toBeGreaterThanOrEqual(before + 2);
  }
);

test('a session that has ended already, with the password at the same moment, is ended without a failure', async () => {
  const { phone, account } = await aPatient(sql, {
    phone: aPhone(),
    account: true,
    password: 'the right one'
  });
  const auth = supabaseAuth('test');
  const tokenOf = async () => (await auth.signIn(phone, 'the right one'))?.token ?? '';
  const [one, two] = [await tokenOf(), await tokenOf()];
  for (let times = 0; times < 2; times++) await auth.signOut(one);
  await sql`delete from auth.users where id = ${account.userId}`;
  await auth.signOut(two);
});
