import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Dependencies } from '../../supabase/functions/_shared/account/endpoint.ts';
import type { Auth } from '../../supabase/functions/_shared/account/auth.ts';
import { requestAccountCode } from '../../supabase/functions/_shared/account/account-code.ts';
import { connect, type Database } from '../../supabase/functions/_shared/database.ts';
import { english } from '../../supabase/functions/_shared/words/en-IN.ts';
import { createLog } from '../../supabase/functions/_shared/log.ts';
import { verifyPhone } from '../../supabase/functions/verify-phone/verify-phone.ts';

import { closeDatabases, databaseAsPostgres, theStack } from '../helpers/stack.ts';
import { aPatient, aPhone } from '../helpers/world.ts';
import {
  aCaller,
  aLink,
  anAddress,
  aWish,
  codesOf,
  nextCode,
  nobodysRequest,
  notThe,
  registered,
  throughGateway,
  type Answer,
  type Wish
} from './account-api.ts';

// Strangers who guess, and who use up what its owner needs. The numbers are those that once were enough.

const { db_url, functions_secret } = theStack();
const sql = databaseAsPostgres();
const database: Database = connect(db_url);
afterAll(async () => {
  await database.end({ timeout: 1 });
  await closeDatabases();
});

const password = 'the right one';
const aVictim = () => aPatient(sql, { phone: aPhone(), account: true, password });
const wait = ({ body }: Answer) => Number(body.retry_after);

/** What was counted until now stays so for a while, wherever its windows, which are fixed, happen to end. */
const hold = () =>
  sql.begin(async (tx) => {
    const counted = await tx`
      delete from private.rate_limits where window_start <= now() and bucket ~ '/\\d+$' returning bucket, hits`;
    await tx`
      insert into private.rate_limits as r (bucket, window_start, hits)
      select bucket, date_bin(length, now(), '2020-01-01 00:00:00Z') + n * length, sum(hits)
      from jsonb_to_recordset(${tx.json([...counted])}) as c (bucket text, hits int),
        make_interval(secs => split_part(bucket, '/', 2)::int) length, generate_series(0, 1) n
      group by bucket, length, n
      on conflict (bucket, window_start) do update set hits = greatest(r.hits, excluded.hits)`;
  });

/** As if so much time had passed that these windows are over. */
const passed = (...seconds: number[]) =>
  sql`delete from private.rate_limits where substring(bucket from '/(\\d+)$')::int = any (${seconds})`;

/** Lowers a rule for a while. */
async function withRule(
  { what, by, mode = 'refuse' }: { what: string; by: string; mode?: string },
  max: number,
  work: () => Promise<void>
): Promise<void> {
  const where = sql`where what = ${what} and by = ${by} and mode = ${mode}`;
  const [before] = await sql<{ max: number }[]>`select max from limits ${where}`;
  await sql`update limits set max = ${max} ${where}`;
  try {
    await work();
  } finally {
    await sql`update limits set max = ${before?.max ?? max} ${where}`;
  }
}

/** Does something for many, some at once. */
async function inParallel<T>(count: number, work: (index: number) => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  let next = 0;
  const worker = async () => {
    while (next < count) {
      const index = next++;
      results[index] = await work(index);
    }
  };
  await Promise.all(Array.from({ length: 5 }, worker));
  return results;
}

describe('a hundred wrong passwords from a hundred addresses', () => {
  let victim: Awaited<ReturnType<typeof aVictim>>;
  const home = throughGateway();
  const attempt = (post = throughGateway(), secret = password) =>
    post('sign-in', { username: victim.phone, password: secret });

  beforeAll(async () => {
    victim = await aVictim();
    expect((await attempt(home)).status).toBe(200);
    const answers = await inParallel(100, () => attempt(throughGateway(), 'guess'));
    expect(answers.map(({ status }) => status)).toEqual(Array(100).fill(401));
    await hold();
  }, 60_000);

  test('keep out no device that has signed in before', async () => {
    expect((await attempt(home)).status).toBe(200);
    // Nor when its owner mistypes.
    for (let count = 0; count < 3; count++) expect((await attempt(home, 'typo')).status).toBe(401);
    expect((await attempt(home)).status).toBe(200);
  });

  test('keep out no other device that knows the password', async () => {
    expect((await attempt()).status).toBe(200);
  });

  test('make whoever mistypes wait a minute, and longer after the third time', async () => {
    const post = throughGateway();
    const mistype = async () => {
      expect((await attempt(post, 'typo')).status).toBe(401);
      await hold();
      const refused = await attempt(post);
      expect(refused.status).toBe(429);
      return wait(refused);
    };
    expect(await mistype()).toBeLessThanOrEqual(60);
    await passed(60);
    expect(await mistype()).toBeLessThanOrEqual(60);
    await passed(60);
    await mistype();
    await passed(60);
    const refused = await attempt(post);
    expect(refused.status).toBe(429);
    expect(wait(refused)).toBeLessThanOrEqual(960);
    await passed(60, 960);
    expect((await attempt(post)).status).toBe(200);
  });

  test('are as many for a name that nobody has', async () => {
    const phone = aPhone();
    const guess = (post = throughGateway()) => post('sign-in', { username: phone, password: 'guess' });
    await withRule({ what: 'password', by: 'account', mode: 'watch' }, 3, async () => {
      for (let count = 0; count < 3; count++) expect((await guess()).status).toBe(401);
      await hold();
      const post = throughGateway();
      expect((await guess(post)).status).toBe(401);
      await hold();
      expect((await guess(post)).status).toBe(429);
    });
  });
});

describe('tries at a password', () => {
  test('by username and by phone are tries at one account', async () => {
    const { phone, id } = await aVictim();
    const username = `u${phone.slice(1)}`;
    await sql`update patients set username = ${username} where id = ${id}`;
    const post = throughGateway();
    const names = [phone, username, username.toUpperCase(), phone.slice(3), `0${phone.slice(3)}`];
    for (let count = 0; count < 10; count++) {
      const guess = { username: names[count % names.length], password: 'guess' };
      expect((await post('sign-in', guess)).status).toBe(401);
    }
    for (const name of names) {
      expect((await post('sign-in', { username: name, password })).status).toBe(429);
    }
  });

  test('that are right do not count, however many patients share an address', async () => {
    const patients = await Promise.all(Array.from({ length: 8 }, aVictim));
    const address = anAddress();
    await withRule({ what: 'password', by: 'client' }, 5, async () => {
      for (const { phone } of patients) {
        const answer = await throughGateway(address)('sign-in', { username: phone, password });
        expect(answer.status).toBe(200);
      }
      for (let count = 0; count < 5; count++) {
        await throughGateway(address)('sign-in', { username: aPhone(), password: 'guess' });
      }
      const next = await throughGateway(address)('sign-in', { username: aPhone(), password: 'guess' });
      expect(next.status).toBe(429);
      // Who was there before comes in all the same.
      const known = await throughGateway(address)('sign-in', { username: patients[0]?.phone, password });
      expect(known.status).toBe(200);
    });
  });

  test('from many networks of one /48 add up, apart from others', async () => {
    const group = () => Math.floor(Math.random() * 65_536).toString(16);
    const site = `2001:db8:${group()}`;
    const from = (address: string) =>
      throughGateway(address)('sign-in', { username: aPhone(), password: 'guess' });
    await withRule({ what: 'password', by: 'client_wide' }, 5, async () => {
      for (let count = 1; count <= 5; count++) {
        expect((await from(`${site}:${count}::1`)).status).toBe(401);
      }
      expect((await from(`${site}:6::1`)).status).toBe(429);
      expect((await from(anAddress())).status).toBe(401);
    });
  });
});

describe('codes that strangers ask for', () => {
  test('five of them leave the owner theirs, on a new device as well', async () => {
    const { phone } = await aVictim();
    const stranger = throughGateway();
    for (let count = 0; count < 5; count++) await stranger('forgot-password', { phone_number: phone });
    expect((await stranger('forgot-password', { phone_number: phone })).status).toBe(429);
    const before = (await codesOf(phone)).length;
    const asked = await throughGateway()('forgot-password', { phone_number: phone });
    expect(asked.status).toBe(202);
    await expect.poll(async () => (await codesOf(phone)).length).toBeGreaterThan(before);
  });

  test('ring a phone twenty times a day at most, and the owner’s device still gets one', async () => {
    const { phone } = await aVictim();
    const home = throughGateway();
    expect((await home('sign-in', { username: phone, password })).status).toBe(200);
    const strangers = async () => {
      const ask = () => throughGateway()('forgot-password', { phone_number: phone });
      const answers = await inParallel(15, ask);
      await hold();
      expect((await ask()).status).toBe(429);
      return answers.filter(({ status }) => status === 202).length;
    };
    expect(await strangers()).toBe(10);
    await passed(300, 600, 900);
    expect(await strangers()).toBe(10);
    await passed(300, 600, 900);
    expect(await strangers()).toBe(0);
    expect((await home('forgot-password', { phone_number: phone })).status).toBe(202);
    expect((await throughGateway()('forgot-password', { phone_number: aPhone() })).status).toBe(202);
  });

  test('972 of them stop none of a patient', async () => {
    const inProcess = { database, secret: functions_secret, locale: 'en-IN' as const, log: silent };
    await inParallel(972, (index) =>
      requestAccountCode(
        { ...inProcess, client: `198.18.${index >> 8}.${index & 255}`, device: `stranger ${index}` },
        index % 2 === 0 ? 'reset' : 'sign_in',
        { phone_number: `+9190000${String(10_000 + index)}` }
      )
    );
    const { phone } = await aVictim();
    expect((await throughGateway()('forgot-password', { phone_number: phone })).status).toBe(202);
    expect(await nextCode(phone)).toMatch(/^\d+$/);
  }, 60_000);
});

const silent = createLog({ function: 'test', request_id: 'test' }, () => {});

describe('rubbish', () => {
  test('5,004 times where a code goes asks the database nothing, and locks nobody out', async () => {
    const untouchable = (() => {
      throw new Error('The database was asked.');
    }) as unknown as Database;
    const dependencies: Dependencies = {
      database: untouchable,
      auth: {} as Auth,
      secret: functions_secret,
      region: 'IN',
      client: '203.0.113.7',
      device: 'stranger',
      locale: 'en-IN',
      log: silent
    };
    for (let count = 0; count < 5004; count++) {
      const rubbish = { verification_id: `rubbish ${count}`, code: '123456' };
      await expect(verifyPhone(dependencies, rubbish)).rejects.toMatchObject({
        refusal: { code: 'code_invalid', status: 401 }
      });
    }
    expect((await registered(throughGateway(), aWish())).status).toBe(200);
  });

  test('that looks like ours uses up what its sender has, not what others have', async () => {
    const address = anAddress();
    const guess = () =>
      throughGateway(address)('verify-phone', { verification_id: nobodysRequest, code: '123456' });
    await withRule({ what: 'guess', by: 'client' }, 5, async () => {
      for (let count = 0; count < 5; count++) expect((await guess()).status).toBe(401);
      expect((await guess()).status).toBe(429);
      expect((await registered(throughGateway(), aWish())).status).toBe(200);
    });
  });
});

describe('codes that are right', () => {
  test('do not count, however many patients register behind one address', async () => {
    const post = throughGateway();
    await withRule({ what: 'code', by: 'client' }, 2, () =>
      withRule({ what: 'guess', by: 'client' }, 2, () =>
        withRule({ what: 'lookup', by: 'client' }, 2, async () => {
          for (let count = 0; count < 4; count++) {
            expect((await registered(post, aWish())).status).toBe(200);
          }
        })
      )
    );
  });
});

describe('many wrong guesses at codes', () => {
  const wrongToday = async () => {
    const [row] = await sql<{ sum: number }[]>`
      select coalesce(sum(guesses), 0)::int as sum from private.wrong_codes`;
    return row?.sum ?? 0;
  };
  const setWrong = async (guesses: number, hoursAgo = 0) => {
    await sql`delete from private.wrong_codes`;
    await sql`insert into private.wrong_codes (hour, guesses)
      values (date_trunc('hour', now(), 'UTC') - make_interval(hours => ${hoursAgo}), ${guesses})`;
  };
  const forgets = () => sql`delete from private.wrong_codes`;
  const post = throughGateway();
  const ask = async () => {
    const wish = aWish();
    const asked = await throughGateway()('register-patient', wish);
    const { verification_id: id, code_length: length } = asked.body;
    return { id, length, code: await nextCode(wish.phone_number), wish };
  };
  const prove = (verification_id: unknown, code: string) => post('verify-phone', { verification_id, code });

  test('make codes ten digits long, and nobody is refused', async () => {
    await setWrong(89);
    try {
      const { id, length, code, wish } = await ask();
      expect(code).toMatch(/^\d{6}$/);
      expect(length).toBeUndefined();
      const stale = await ask();
      expect((await prove(id, notThe(code))).status).toBe(401);
      expect(await wrongToday()).toBe(90);
      // Ninety were wrong: six digits open nothing any more, not even the right ones.
      expect((await prove(stale.id, stale.code)).status).toBe(401);
      const again = await throughGateway()('register-patient', wish);
      const long = await nextCode(wish.phone_number);
      expect(long).toMatch(/^\d{10}$/);
      expect(again.body.code_length).toBe(10);
      expect((await prove(again.body.verification_id, notThe(long))).status).toBe(401);
      expect((await prove(again.body.verification_id, long)).status).toBe(200);
      expect(await wrongToday()).toBe(90);
      // A day later six are enough again.
      await setWrong(1000, 25);
      expect((await ask()).code).toMatch(/^\d{6}$/);
      await setWrong(90, 24);
      expect((await ask()).code).toMatch(/^\d{10}$/);
    } finally {
      await forgets();
    }
  });

  test('never are more than ninety at six digits, also at the same moment', async () => {
    await forgets();
    try {
      const ids = Array.from({ length: 40 }, () => crypto.randomUUID());
      await sql`
        insert into private.phone_verifications (id, purpose, code_hash, sealed_request, expires_at)
        select id, 'link', 'right', '', now() + interval '1 hour'
        from jsonb_array_elements_text(${sql.json(ids)}) as i (id_text), lateral (select id_text::uuid as id) as u`;
      const guess = (id: string, hash: string) =>
        sql<{ right: boolean }[]>`select private.check_code(${id}, ${Buffer.from(hash)}) as right`;
      await Promise.all(ids.flatMap((id) => [1, 2, 3, 4].map(() => guess(id, 'wrong'))));
      expect(await wrongToday()).toBe(90);
      const opened = await Promise.all(ids.map((id) => guess(id, 'right')));
      expect(opened.flat().filter(({ right }) => right)).toEqual([]);
      await forgets();
      const [last] = await guess(ids[0] ?? '', 'right');
      expect(last).toEqual({ right: false });
      await sql`delete from private.phone_verifications where sealed_request = ''`;
    } finally {
      await forgets();
    }
  });

  test('the chance that one is right stays under 1 in 10,000 a day, whatever is asked for', async () => {
    const [settings] = await sql<{ wrong: number; texts: number }[]>`
      select wrong_codes_a_day as wrong, parts_per_day as texts from security_settings, sms_settings`;
    const short = (settings?.wrong ?? Infinity) / 1e6;
    // Ten digits: five guesses at each of as many codes as there can be SMS.
    const long = (5 * (settings?.texts ?? Infinity)) / 1e10;
    expect(short + long).toBeLessThan(1 / 10_000);
  });
});

describe('a password that everybody has', () => {
  const tooEasy = { status: 400, body: { error: 'validation_failed' } };

  test.each([
    ['password', undefined],
    ['12345678', undefined],
    ['medq2026', undefined],
    ['the phone', (wish: Wish) => wish.phone_number],
    ['the phone as it is dialled', (wish: Wish) => `0${wish.phone_number.slice(3)}`],
    ['the name', (wish: Wish) => wish.name],
    ['the username', (wish: Wish) => wish.username]
  ])('is refused when somebody registers: %s', async (name, of) => {
    const wish = aWish(aPhone(), { name: 'Padmavathi' });
    const password = of?.(wish) ?? name;
    const answer = await throughGateway()('register-patient', { ...wish, password, password2: password });
    expect(answer).toMatchObject({
      ...tooEasy,
      body: { fields: { password: english.fields.passwordTooEasy } }
    });
    expect(await codesOf(wish.phone_number)).toEqual([]);
  });

  test('is refused when bookings are linked', async () => {
    const { phone } = await aCaller(sql);
    const answer = await throughGateway()('link-ivr-account', aLink(phone, { password: phone }));
    expect(answer).toMatchObject({ ...tooEasy, body: { fields: { password: expect.any(String) } } });
  });

  test('is refused at a reset, and uses up nothing of the code', async () => {
    const { phone, id } = await aVictim();
    await sql`update patients set name = 'Padmavathi' where id = ${id}`;
    const asked = await throughGateway()('forgot-password', { phone_number: phone });
    const code = await nextCode(phone);
    const reset = (new_password: string, typed = code) =>
      throughGateway()('verify-phone', {
        verification_id: asked.body.verification_id,
        code: typed,
        new_password
      });
    for (let count = 0; count < 6; count++) {
      expect(await reset('password')).toMatchObject({
        ...tooEasy,
        body: { fields: { new_password: english.fields.passwordTooEasy } }
      });
      expect(await reset('Padmavathi1')).toMatchObject(tooEasy);
    }
    // Who has no code learns nothing of the name.
    expect((await reset('Padmavathi1', notThe(code))).status).toBe(401);
    expect((await reset('another right one')).status).toBe(200);
  });

  test('signs in whoever has it from before', async () => {
    const { phone } = await aPatient(sql, { phone: aPhone(), account: true, password: 'password' });
    const answer = await throughGateway()('sign-in', { username: phone, password: 'password' });
    expect(answer.status).toBe(200);
  });
});
