import { afterAll, describe, expect, test } from 'vitest';
import { closeDatabases, databaseAsPostgres, serviceClient, theStack } from '../helpers/stack.ts';
import { aPatient, aPhone } from '../helpers/world.ts';
import {
  aCaller,
  aLink,
  anAddress,
  aWish,
  codesOf,
  nextCode,
  notThe,
  registered,
  send,
  throughGateway,
  untilLimited,
  type Answer
} from './account-api.ts';

const { api_url, publishable_key } = theStack();
const sql = databaseAsPostgres();
afterAll(closeDatabases);

const post = throughGateway();
const prove = (asked: Answer, code: string, more: object = {}) =>
  post('verify-phone', { verification_id: asked.body.verification_id, code, ...more });
const signIn = (username: string, password: string) => throughGateway()('sign-in', { username, password });
const rowOf = (asked: Answer) => String(asked.body.verification_id).split('.')[0] ?? '';
const accountsOf = (phone: string) => sql`select id from auth.users where phone = ${phone.slice(1)}`;

describe('a code', () => {
  test('works once, however many bring it at the same moment', async () => {
    const wish = aWish();
    const asked = await post('register-patient', wish);
    const code = await nextCode(wish.phone_number);
    const answers = await Promise.all(Array.from({ length: 20 }, () => prove(asked, code)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(19);
    expect(await accountsOf(wish.phone_number)).toHaveLength(1);
  });

  test('works for the one request it was sent for', async () => {
    const phone = aPhone();
    const first = await post('register-patient', aWish(phone));
    const firstCode = await nextCode(phone);
    const second = await post('register-patient', aWish(phone));
    const secondCode = await nextCode(phone);
    expect((await prove(first, secondCode)).status).toBe(401);
    expect((await prove(second, firstCode)).status).toBe(401);
    expect((await prove(second, secondCode)).status).toBe(200);
  });

  test('is of no use with the row of one request and the key of another', async () => {
    const phone = aPhone();
    const mine = await post('register-patient', aWish(phone));
    const code = await nextCode(phone);
    const other = await post('register-patient', aWish());
    const [, key] = String(other.body.verification_id).split('.');
    const forged = { ...mine, body: { verification_id: `${rowOf(mine)}.${key}` } };
    for (let count = 0; count < 10; count++) expect((await prove(forged, code)).status).toBe(401);
    // Whoever cannot open the request has taken no guess from it either.
    expect((await prove(mine, code)).status).toBe(200);
  });

  test('is lost after five wrong guesses', async () => {
    const phone = aPhone();
    const asked = await post('register-patient', aWish(phone));
    const code = await nextCode(phone);
    for (let count = 0; count < 5; count++) expect((await prove(asked, notThe(code))).status).toBe(401);
    expect((await prove(asked, code)).status).toBe(401);
    expect(await accountsOf(phone)).toHaveLength(0);
  });

  test('is right at the fifth guess', async () => {
    const phone = aPhone();
    const asked = await post('register-patient', aWish(phone));
    const code = await nextCode(phone);
    for (let count = 0; count < 4; count++) await prove(asked, notThe(code));
    expect((await prove(asked, code)).status).toBe(200);
  });

  test('has five guesses in all, also when twenty come at once', async () => {
    const phone = aPhone();
    const asked = await post('register-patient', aWish(phone));
    const code = await nextCode(phone);
    await Promise.all(Array.from({ length: 20 }, () => prove(asked, notThe(code))));
    const [row] =
      await sql`select guesses, used_at from private.phone_verifications where id = ${rowOf(asked)}`;
    expect(row).toEqual({ guesses: 5, used_at: null });
    expect((await prove(asked, code)).status).toBe(401);
  });

  test('works for ten minutes', async () => {
    const phone = aPhone();
    const asked = await post('register-patient', aWish(phone));
    const id = rowOf(asked);
    const [row] = await sql`
      select expires_at - created_at = interval '10 minutes' as ten from private.phone_verifications where id = ${id}`;
    expect(row).toEqual({ ten: true });
    const code = await nextCode(phone);
    await sql`update private.phone_verifications set expires_at = now() where id = ${id}`;
    expect((await prove(asked, code)).status).toBe(401);
    expect(await accountsOf(phone)).toHaveLength(0);
  });

  test('is forgotten by the text once it is sent', async () => {
    const phone = aPhone();
    await post('register-patient', aWish(phone));
    const code = await nextCode(phone);
    const bodies = () => sql`select body from public.sms_messages where to_phone = ${phone}`;
    await expect.poll(bodies).toEqual([{ body: '(erased after sending)' }]);
    expect(code).toMatch(/^(\d{6}|\d{10})$/);
  });
});

describe('knowing a phone number', () => {
  test('a stranger who registers it first gains nothing when its owner proves it', async () => {
    const phone = aPhone();
    const stranger = aWish(phone, { name: 'Mallory' });
    const owner = aWish(phone);
    const strangers = await post('register-patient', stranger);
    const strangersCode = await nextCode(phone);
    const owners = await post('register-patient', owner);
    const ownersCode = await nextCode(phone);
    // The owner may mix up the two texts.
    expect((await prove(owners, strangersCode)).status).toBe(401);
    expect(await accountsOf(phone)).toHaveLength(0);
    expect((await prove(owners, ownersCode)).status).toBe(200);

    expect((await prove(strangers, ownersCode)).status).toBe(401);
    expect((await signIn(phone, stranger.password)).status).toBe(401);
    expect((await signIn(stranger.username, stranger.password)).status).toBe(401);
    expect((await signIn(phone, owner.password)).status).toBe(200);
    expect(await sql`select name, username from patients where phone = ${phone}`).toEqual([
      { name: owner.name, username: owner.username }
    ]);
  });

  test('changes nothing before a code is proven', async () => {
    const caller = await aCaller(sql);
    const before = await sql`select * from patients where id = ${caller.id}`;
    await post('link-ivr-account', aLink(caller.phone));
    await post('register-patient', aWish(caller.phone));
    await post('forgot-password', { phone_number: caller.phone });
    expect(await sql`select * from patients where id = ${caller.id}`).toEqual(before);
    expect(await accountsOf(caller.phone)).toHaveLength(0);
    const fresh = aPhone();
    await post('register-patient', aWish(fresh));
    expect(await sql`select id from patients where phone = ${fresh}`).toHaveLength(0);
  });

  test('shows nothing of the patient but that there is one', async () => {
    const caller = await aCaller(sql);
    await sql`update patients set name = 'Lakshmi Narayanan', age = 71 where id = ${caller.id}`;
    const answers = [
      await post('register-patient', aWish(caller.phone)),
      await post('link-ivr-account', aLink(caller.phone)),
      await post('forgot-password', { phone_number: caller.phone })
    ];
    for (const { body } of answers) {
      const text = JSON.stringify(body);
      for (const secret of ['Lakshmi', 'Narayanan', caller.id]) expect(text).not.toContain(secret);
    }
  });

  test('texts no code to a phone without an account that forgot its password', async () => {
    const { phone } = await aCaller(sql);
    const asked = await post('forgot-password', { phone_number: phone });
    const [row] = await sql`
      select purpose, used_at from private.phone_verifications where id = ${rowOf(asked)}`;
    expect(row).toEqual({ purpose: 'reset', used_at: null });
    expect(
      await sql`select id from sms_messages where to_phone = ${phone} and template = 'code'`
    ).toHaveLength(0);
    expect(await codesOf(phone)).toEqual([]);
  });
});

describe('what is at rest', () => {
  test('holds nothing readable of a request that waits for its code', async () => {
    const wish = aWish(aPhone(), { name: 'Padmavathi Krishnan' });
    const asked = await post('register-patient', wish);
    const code = await nextCode(wish.phone_number);
    const [, key = ''] = String(asked.body.verification_id).split('.');
    const secrets = [
      wish.phone_number.slice(1),
      wish.phone_number.slice(3),
      wish.name,
      wish.username,
      wish.password,
      code,
      key
    ];
    const [row] = await sql`
      select to_jsonb(v)::text as text, v.code_hash, v.sealed_request
      from private.phone_verifications v where id = ${rowOf(asked)}`;
    const bytes = Buffer.concat([row?.code_hash, row?.sealed_request]);
    for (const secret of secrets) {
      expect(row?.text).not.toContain(secret);
      expect(row?.text).not.toContain(Buffer.from(secret).toString('hex'));
      expect(bytes.includes(secret)).toBe(false);
      expect(bytes.includes(Buffer.from(secret, 'base64url'))).toBe(false);
    }
    // Nor anywhere else in the private schema, where limits are counted.
    const counted = await sql`select bucket from private.rate_limits`;
    expect(JSON.stringify(counted)).not.toContain(wish.phone_number.slice(3));
    expect(JSON.stringify(counted)).not.toContain(wish.username);
    expect(await sql`select id from private.registrations where username = ${wish.username}`).toHaveLength(0);
  });

  test('the audit of an account knows no password, no code and no full phone', async () => {
    const wish = aWish();
    const proven = await registered(post, wish);
    await post('forgot-password', { phone_number: wish.phone_number });
    const code = await nextCode(wish.phone_number);
    const { id } = proven.body.user as { id: string };
    const [patient] = await sql`select id from patients where user_id = ${id}`;
    const audit = JSON.stringify(
      await sql`select * from audit_events where row_id = ${patient?.id} or changes::text like ${`%${id}%`}`
    );
    expect(audit).toContain(id);
    for (const secret of [wish.password, code, wish.phone_number.slice(1)])
      expect(audit).not.toContain(secret);
    expect(audit).toContain('"channel":"web"');
  });

  test('a registration is gone from its table once the account is made', async () => {
    const wish = aWish();
    await registered(post, wish);
    expect(await sql`select id from private.registrations where username = ${wish.username}`).toHaveLength(0);
  });

  test('one that is refused while Auth is still at it makes no account without a name', async () => {
    const id = crypto.randomUUID();
    const phone = aPhone();
    const username = `u${phone.slice(1)}`;
    const begin = () =>
      sql`select private.begin_registration(${id}, 'register', ${phone}, 'Asha', 34, ${username}) as verdict`;
    expect(await begin()).toEqual([{ verdict: 'allowed' }]);
    // Auth has been asked and does not answer; somebody else gets the name.
    const other = await aPatient(sql, { phone: aPhone() });
    await sql`update patients set username = ${username} where id = ${other.id}`;
    expect(await begin()).toEqual([{ verdict: 'username_taken' }]);
    const { error } = await serviceClient().auth.admin.createUser({
      phone,
      phone_confirm: true,
      password: 'a long secret',
      app_metadata: { registration: id }
    });
    expect(error).not.toBeNull();
    expect(await accountsOf(phone)).toHaveLength(0);
    expect(await sql`select id from patients where phone = ${phone}`).toHaveLength(0);
  });

  test('one that was never finished is gone in an hour', async () => {
    const id = crypto.randomUUID();
    await sql`
      insert into private.registrations (id, phone, name, age, created_at)
      values (${id}, ${aPhone()}, 'Left behind', 1, now() - interval '61 minutes')`;
    await sql`select private.forget_stale_registrations(now())`;
    expect(await sql`select id from private.registrations where id = ${id}`).toHaveLength(0);
  });
});

describe('rights come from nowhere else', () => {
  test('what an account says of itself gives it no registration and no patient', async () => {
    const id = crypto.randomUUID();
    const phone = aPhone();
    await sql`insert into private.registrations (id, phone, name, age) values (${id}, ${phone}, 'Victim', 50)`;
    const { error } = await serviceClient().auth.admin.createUser({
      phone,
      phone_confirm: true,
      password: 'a long secret',
      user_metadata: { registration: id, role: 'admin', patient_id: id }
    });
    expect(error).not.toBeNull();
    expect(await accountsOf(phone)).toHaveLength(0);
    expect(await sql`select id from private.registrations where id = ${id}`).toHaveLength(1);
  });

  test('an address that a client makes up does not take it past a limit', async () => {
    const url = `${api_url}/functions/v1/sign-in`;
    const phone = aPhone();
    const attempt = (address: string) =>
      send(
        url,
        { username: phone, password: 'guess' },
        {
          apikey: publishable_key,
          'x-forwarded-for': address,
          'x-client-address': address,
          'x-site-secret': 'a guess at the secret of the site itself',
          'x-real-ip': address
        }
      );
    expect((await untilLimited(10, 401, () => attempt(anAddress()))).status).toBe(429);
  });
});

describe('limits', () => {
  test('a stranger who guesses at a name locks out himself, not its owner', async () => {
    const { phone } = await aPatient(sql, { phone: aPhone(), account: true, password: 'the right one' });
    const stranger = throughGateway();
    await untilLimited(10, 401, () => stranger('sign-in', { username: phone, password: 'guess' }));
    expect((await signIn(phone, 'the right one')).status).toBe(200);
  });

  test('one network counts as one client, also with many IPv6 addresses', async () => {
    const network = anAddress().replace('::1', '');
    const phone = aPhone();
    let host = 0;
    const limited = await untilLimited(10, 401, () =>
      throughGateway(`${network}:0:0:0:${host++}`)('sign-in', { username: phone, password: 'x' })
    );
    expect(limited.status).toBe(429);
  });

  test('a client has no more than five codes sent to a phone in a quarter of an hour', async () => {
    const wish = aWish();
    await registered(throughGateway(), wish);
    const stranger = throughGateway();
    // With the one of the registration: five.
    const answer = await untilLimited(4, 202, () =>
      stranger('forgot-password', { phone_number: wish.phone_number })
    );
    expect(answer.body.retry_after).toBeLessThanOrEqual(15 * 60);
    expect((await codesOf(wish.phone_number)).length).toBeLessThanOrEqual(10);
  });
});
