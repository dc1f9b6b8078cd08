import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  asPatient,
  processOf,
  refusalOf,
  rolledBack,
  untilBlocked,
  type Transaction
} from '../helpers/database.ts';
import { closeDatabases, databaseAsAdmin, databaseAsPostgres, theStack } from '../helpers/stack.ts';
import { aPatient, aPhone, aUser } from '../helpers/world.ts';
import {
  anAddress,
  aWish,
  nextCode,
  onBehalfOf,
  registered,
  send,
  throughGateway
} from '../functions/account-api.ts';
import { anOpenClinic, callTo } from '../functions/ivr-calls.ts';

// The embedded Postgres logs as that of hosted projects does: every statement that fails, with its text, what the error
// quotes and where it stood. Whatever of a patient stands in one of them, somebody reads who has no business to.

const { api_url, publishable_key } = theStack();
const sql = databaseAsPostgres();
const admin = databaseAsAdmin();
afterAll(closeDatabases);

/** A name that nothing else in a log can hold. */
const aName = () => `Qu${randomBytes(5).toString('hex').replace(/\d/g, 'x')} Rao`;

const breakage = 'broken on purpose';

async function databaseLog(): Promise<string> {
  const [row] = await admin<{ data_directory: string }[]>`show data_directory`;
  return readFileSync(path.join(path.dirname(row?.data_directory ?? ''), 'postgres.log'), 'utf8');
}

/** What pg_net and pg_cron keep of what they did. */
async function keptByExtensions(): Promise<string> {
  const rows = await admin<{ kept: string }[]>`
    select r.error_msg || r.content as kept from net._http_response r
    union all select d.command || coalesce(d.return_message, '') from cron.job_run_details d`;
  return rows.map(({ kept }) => kept).join('\n');
}

/** All that the database, the functions and the extensions have written down since the stack began. */
async function everythingLogged(): Promise<string> {
  const functions = readFileSync(`test-results/stack-${process.env.VITEST_POOL_ID}.log`, 'utf8');
  return [await databaseLog(), functions, await keptByExtensions()].join('\n');
}

/** Which of the secrets stand in any log: a phone also without its country code, a code of digits by itself. */
async function leaked(secrets: Record<string, string>): Promise<string[]> {
  const log = await everythingLogged();
  return Object.entries(secrets).flatMap(([what, secret]) => {
    const bare = secret.replace(/^\+91/, '');
    const hex = Buffer.from(bare).toString('hex');
    const pattern = new RegExp(`(?<![\\w.-])(?:\\+?91)?${bare}(?![\\w-])|${hex}`);
    const line = log.split('\n').find((text) => pattern.test(text));
    return line === undefined ? [] : [`${what} in: ${line.slice(0, 300)}`];
  });
}

const timesBroken = async () => (await databaseLog()).split(`ERROR:  ${breakage}`).length - 1;

/** While `work` runs, nothing can be written to the table: everything that wants to fails in the database. */
async function withBroken<T>(table: string, work: () => Promise<T>): Promise<T> {
  await sql.unsafe(`create trigger _000_broken before insert or update on ${table}
    for each row execute function private.break_on_purpose()`);
  try {
    return await work();
  } finally {
    await sql.unsafe(`drop trigger _000_broken on ${table}`);
  }
}

beforeAll(async () => {
  await sql.unsafe(`create function private.break_on_purpose() returns trigger language plpgsql as
    $$ begin raise exception '${breakage}'; end $$`);
});
afterAll(async () => {
  await sql`drop function if exists private.break_on_purpose()`;
});

describe('when the database fails under', () => {
  test.each(['public.ivr_calls', 'public.patients', 'public.appointments', 'public.sms_messages'])(
    'a call that writes %s, its number stays out of every log',
    async (table) => {
      const { clinic } = await anOpenClinic(sql);
      const phone = aPhone();
      const before = await timesBroken();
      const call = callTo(clinic, phone, { mayFail: true });
      await withBroken(table, async () => {
        await call.dial();
        if (call.events.every(({ type }) => type !== 'ended')) await call.press('1', '1');
      });
      expect(await timesBroken()).toBeGreaterThan(before);
      expect(await leaked({ phone, clinic: clinic.phone })).toEqual([]);
    }
  );

  test('registering and proving a phone, nothing that was typed is in any log', async () => {
    const wish = aWish(aPhone(), { name: aName() });
    const post = throughGateway();
    const before = await timesBroken();
    for (const table of ['private.phone_verifications', 'public.sms_messages', 'private.rate_limits']) {
      expect((await withBroken(table, () => post('register-patient', wish))).status).toBe(500);
    }
    const { body } = await post('register-patient', wish);
    const code = await nextCode(wish.phone_number);
    const proof = { verification_id: body.verification_id, code };
    for (const table of ['private.registrations', 'public.patients', 'auth.users']) {
      expect((await withBroken(table, () => post('verify-phone', proof))).status).toBe(500);
    }
    expect((await post('verify-phone', proof)).status).toBe(200);
    expect(await timesBroken()).toBeGreaterThanOrEqual(before + 6);
    const { name, phone_number, password, username } = wish;
    const secret = String(body.verification_id).split('.')[1] ?? '';
    expect(await leaked({ name, phone_number, password, username, code, secret })).toEqual([]);
  });

  test('signing in, forgetting a password and changing the phone, nothing that was typed is in any log', async () => {
    const wish = aWish(aPhone(), { name: aName() });
    const post = throughGateway();
    const { body } = await registered(post, wish);
    const { phone_number, password, username } = wish;
    const other = aPhone();
    const changePhone = () =>
      send(
        `${api_url}/functions/v1/change-phone`,
        { phone_number: other, password },
        {
          apikey: publishable_key,
          ...onBehalfOf(anAddress()),
          authorization: `Bearer ${String(body.token)}`
        }
      );
    for (const table of ['private.rate_limits', 'private.phone_verifications', 'public.sms_messages']) {
      await withBroken(table, async () => {
        await post('sign-in', { username, password });
        await post('forgot-password', { phone_number });
        await changePhone();
      });
    }
    expect(await leaked({ phone_number, password, username, other })).toEqual([]);
  });
});

describe('a constraint that is met', () => {
  /** Two do the same at once: what the second is told, once the first has committed. */
  async function second(first: (tx: Transaction) => Promise<unknown>, then: typeof first) {
    return rolledBack(sql, async (two) => {
      const pid = await processOf(two);
      const one = await sql.reserve();
      await one`begin`;
      await first(one);
      const late = then(two);
      await untilBlocked(admin, pid, late);
      await one`commit`;
      one.release();
      return refusalOf(late);
    });
  }

  test('by two accounts for one phone is refused without quoting it', async () => {
    const phone = aPhone();
    const refusal = await second(
      (tx) => aUser(tx, phone),
      (tx) => aUser(tx, phone)
    );
    expect(refusal).toMatchObject({ code: 'PT409', detail: 'other_account_has_phone' });
    expect(await leaked({ phone })).toEqual([]);
  });

  test('by two patients who are given one phone is refused without quoting it', async () => {
    const [asha, ravi, phone] = [await aPatient(sql), await aPatient(sql), aPhone()];
    const give = (to: { id: string }) => (tx: Transaction) =>
      tx`select public.change_patient_phone(${to.id}, ${phone})`;
    expect(await second(give(asha), give(ravi))).toMatchObject({
      code: 'PT409',
      detail: 'other_patient_has_phone'
    });
    expect(await leaked({ phone, asha: asha.phone, ravi: ravi.phone })).toEqual([]);
  });

  test('by two patients who want one username is refused without quoting it', async () => {
    const { username } = aWish();
    const [asha, ravi] = [await aPatient(sql, { account: true }), await aPatient(sql, { account: true })];
    const want = (patient: typeof asha) => (tx: Transaction) =>
      asPatient(tx, patient.account, (as) => as`select public.update_profile(username => ${username})`);
    expect(await second(want(asha), want(ravi))).toMatchObject({ code: 'PT409', message: 'username_taken' });
    expect(await leaked({ username })).toEqual([]);
  });

  test('by an age or a username that cannot be is refused without quoting the row', async () => {
    const { phone, account } = await aPatient(sql, { account: true });
    const name = aName();
    for (const wrong of [{ age: 131 }, { age: 40_000 }, { username: '12345' }]) {
      const { age = null, username = null } = wrong as { age?: number; username?: string };
      const refusal = await rolledBack(sql, (tx) =>
        refusalOf(
          asPatient(
            tx,
            account,
            (as) => as`select public.update_profile(name => ${name}, age => ${age}, username => ${username})`
          )
        )
      );
      expect(refusal).toMatchObject({ code: 'PT400', message: 'validation_failed' });
    }
    expect(await leaked({ phone, name })).toEqual([]);
  });
});

test('what the logs are searched for is found where it does stand', async () => {
  const phone = aPhone();
  await sql.unsafe(`select 1/0 as "${phone}"`).catch(() => undefined);
  expect(await leaked({ phone })).toHaveLength(1);
});
