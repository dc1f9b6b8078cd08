// A code instead of the password: whom it lets in, and whom not.
import { afterAll, describe, expect, test } from 'vitest';
import { openSession } from '../../supabase/functions/_shared/account/session-by-code.ts';
import type { Auth } from '../../supabase/functions/_shared/account/auth.ts';
import { connect } from '../../supabase/functions/_shared/database.ts';
import { closeDatabases, databaseAsPostgres, serviceClient, theStack } from '../helpers/stack.ts';
import { aPatient, aPhone, permit } from '../helpers/world.ts';
import {
  anAddress,
  asOwner,
  codesOf,
  nextCode,
  notThe,
  throughGateway,
  untilLimited,
  type Answer
} from './account-api.ts';

const { api_url, db_url, publishable_key } = theStack();
const sql = databaseAsPostgres();
const database = connect(db_url);
afterAll(async () => {
  await database.end({ timeout: 1 });
  await closeDatabases();
});

const password = 'the right one';
const aDevice = () => throughGateway(anAddress(), { 'x-device': crypto.randomUUID() });
const post = aDevice();
const aPatientWithAccount = () => aPatient(sql, { phone: aPhone(), account: true, password });
const ask = (phone_number: string) => post('sign-in-code', { phone_number });
const prove = (asked: Answer, code: string, by = post) =>
  by('verify-phone', { verification_id: asked.body.verification_id, code });
const refusalOf = ({ status, body }: Answer) => `${status} ${String(body.error)}`;
const aTemporary = async () => {
  const patient = await aPatientWithAccount();
  await sql`
    insert into private.temporary_passwords (user_id, expires_at)
    values (${patient.account.userId}, now() + interval '1 hour')`;
  return patient;
};
const texts = (phone: string) =>
  sql<
    { template: string }[]
  >`select template from sms_messages where to_phone = ${phone} order by created_at`;

describe('the owner of a phone', () => {
  test('is let in by the code, and the password stays what it was', async () => {
    const { phone, account } = await aPatientWithAccount();
    const asked = await ask(phone);
    expect(asked).toMatchObject({
      status: 202,
      body: { token: null, refresh_token: null, user: null, verification_required: true, expires_in: 600 }
    });
    const { status, body } = await prove(asked, await nextCode(phone));
    expect({ status, body }).toMatchObject({
      status: 200,
      body: { user: { id: account.userId, phone_number: phone }, must_change_password: false }
    });
    expect((await post('sign-in', { username: phone, password })).status).toBe(200);
    // The session is one like any other, and goes on.
    const renewed = await fetch(`${api_url}/auth/v1/token?grant_type=refresh_token`, {
      method: 'POST',
      headers: { apikey: publishable_key, 'content-type': 'application/json' },
      body: JSON.stringify({ refresh_token: body.refresh_token })
    });
    expect(renewed.status).toBe(200);
    expect(await texts(phone)).toEqual([{ template: 'code' }]);
  });

  test('is let in by each of several codes, also when they come back at the same moment', async () => {
    const { phone } = await aPatientWithAccount();
    const proofs: (() => Promise<Answer>)[] = [];
    for (let count = 0; count < 3; count++) {
      const asked = await ask(phone);
      const code = await nextCode(phone);
      proofs.push(() => prove(asked, code));
    }
    const answers = await Promise.all(proofs.map((bring) => bring()));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  });

  test('is told when it was a device that is new', async () => {
    const { phone } = await aPatientWithAccount();
    const [home, other] = [aDevice(), aDevice()];
    for (const device of [home, home, other]) {
      const asked = await device('sign-in-code', { phone_number: phone });
      expect((await prove(asked, await nextCode(phone), device)).status).toBe(200);
    }
    const told = (await texts(phone)).filter(({ template }) => template === 'signed_in_new_device');
    expect(told).toHaveLength(1);
    const masked = `${phone.slice(0, 3)}${'*'.repeat(phone.length - 5)}${phone.slice(-2)}`;
    const events = await sql`select distinct kind from security_events where phone = ${masked} order by kind`;
    expect(events.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining(['code_sent', 'signed_in', 'signed_in_new_device'])
    );
  });

  test('may replace a texted password without it for ten minutes, and no other', async () => {
    const { phone, account } = await aTemporary();
    const asked = await ask(phone);
    const { body } = await prove(asked, await nextCode(phone));
    expect(body.must_change_password).toBe(true);
    const token = String(body.token);
    const new_password = 'words of my own';
    await sql`update auth.mfa_amr_claims set created_at = now() - interval '11 minutes'`;
    expect(refusalOf(await asOwner('change-password', token, { new_password }))).toBe(
      '400 validation_failed'
    );
    await sql`
      update auth.mfa_amr_claims c set created_at = now() from auth.sessions s
      where s.id = c.session_id and s.user_id = ${account.userId}`;
    const chosen = await asOwner('change-password', token, { new_password });
    expect(chosen.status).toBe(200);
    // From now on it is theirs: no session changes it without it, however it was opened.
    const again = await prove(await ask(phone), await nextCode(phone));
    for (const present of [undefined, 'a guess']) {
      const changed = await asOwner('change-password', String(again.body.token), {
        password: present,
        new_password: 'of somebody else'
      });
      expect(changed.status).toBeGreaterThanOrEqual(400);
    }
    expect((await throughGateway()('sign-in', { username: phone, password: new_password })).status).toBe(200);
  });

  test('and who signed in with the texted password gives it, as ever', async () => {
    const { phone } = await aTemporary();
    const { body } = await aDevice()('sign-in', { username: phone, password });
    const changed = await asOwner('change-password', String(body.token), {
      new_password: 'of somebody else'
    });
    expect(refusalOf(changed)).toBe('400 validation_failed');
  });
});

describe('nobody learns who has an account', () => {
  test('all are answered alike, and only accounts are texted', async () => {
    const { phone } = await aPatientWithAccount();
    const { phone: caller } = await aPatient(sql, { phone: aPhone() });
    const answers = await Promise.all([phone, caller, aPhone()].map(ask));
    const looks = answers.map(({ status, body }) => ({
      status,
      ...body,
      verification_id: String(body.verification_id).length
    }));
    expect(looks[1]).toEqual(looks[0]);
    expect(looks[2]).toEqual(looks[0]);
    await nextCode(phone);
    expect(await codesOf(caller)).toEqual([]);
    const refused = await prove(answers[1] as Answer, '123456');
    expect(refused).toEqual({ ...(await prove(answers[2] as Answer, '123456')), headers: refused.headers });
    expect(refusalOf(refused)).toBe('401 code_invalid');
  });

  test('what is no phone is told, and nothing else', async () => {
    expect(await ask('12')).toMatchObject({
      status: 400,
      body: { fields: { phone_number: expect.any(String) } }
    });
  });
});

describe('a code opens nothing', () => {
  test('a second time, however many bring it at once', async () => {
    const { phone, account } = await aPatientWithAccount();
    await sql`delete from auth.sessions where user_id = ${account.userId}`;
    const asked = await ask(phone);
    const code = await nextCode(phone);
    const answers = await Promise.all(Array.from({ length: 12 }, () => prove(asked, code)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 401)).toHaveLength(11);
    expect(await sql`select from auth.sessions where user_id = ${account.userId}`).toHaveLength(1);
  });

  test('after five wrong guesses, also when they come at once', async () => {
    const { phone } = await aPatientWithAccount();
    const asked = await ask(phone);
    const code = await nextCode(phone);
    await Promise.all(Array.from({ length: 12 }, () => prove(asked, notThe(code))));
    expect(refusalOf(await prove(asked, code))).toBe('401 code_invalid');
  });

  test('of another phone, nor with the request of another', async () => {
    const [mine, theirs] = await Promise.all([aPatientWithAccount(), aPatientWithAccount()]);
    const [askedMine, askedTheirs] = await Promise.all([ask(mine.phone), ask(theirs.phone)]);
    const code = await nextCode(mine.phone);
    expect((await prove(askedTheirs, code)).status).toBe(401);
    const [row] = String(askedTheirs.body.verification_id).split('.');
    const [, key] = String(askedMine.body.verification_id).split('.');
    const forged = { ...askedMine, body: { verification_id: `${row}.${key}` } };
    expect((await prove(forged, code)).status).toBe(401);
    const { body } = await prove(askedMine, code);
    expect(body.user).toMatchObject({ id: mine.account.userId });
  });

  test('when it has expired', async () => {
    const { phone } = await aPatientWithAccount();
    const asked = await ask(phone);
    const code = await nextCode(phone);
    const [row] = String(asked.body.verification_id).split('.');
    await sql`update private.phone_verifications set expires_at = now() where id = ${row ?? ''}`;
    expect((await prove(asked, code)).status).toBe(401);
  });

  test('after the password was changed, which may have been against whoever asked', async () => {
    const { phone } = await aPatientWithAccount();
    const asked = await ask(phone);
    const code = await nextCode(phone);
    const { body } = await throughGateway()('sign-in', { username: phone, password });
    const changed = await asOwner('change-password', String(body.token), {
      password,
      new_password: 'another one of mine'
    });
    expect(changed.status).toBe(200);
    expect(refusalOf(await prove(asked, code))).toBe('401 code_invalid');
  });

  test('of a phone that the account has left, nor one that it got meanwhile', async () => {
    const { phone, account } = await aPatientWithAccount();
    const other = aPhone();
    const [asked, early] = await Promise.all([ask(phone), ask(other)]);
    const code = await nextCode(phone);
    await permit(sql, account.userId, 'phone', other);
    await sql`update auth.users set phone = ${other.slice(1)} where id = ${account.userId}`;
    expect((await prove(asked, code)).status).toBe(401);
    expect((await prove(early, code)).status).toBe(401);
  });

  test('of an account that is banned', async () => {
    const { phone, account } = await aPatientWithAccount();
    const asked = await ask(phone);
    const code = await nextCode(phone);
    await sql`update auth.users set banned_until = now() + interval '1 hour' where id = ${account.userId}`;
    expect(refusalOf(await prove(asked, code))).toBe('401 code_invalid');
  });

  test('of an account whose phone nobody has proven: no code is texted, and no door opens', async () => {
    const phone = aPhone();
    const { data } = await serviceClient().auth.admin.createUser({ phone: phone.slice(1), password });
    expect((await ask(phone)).status).toBe(202);
    expect(await texts(phone)).toEqual([]);
    expect(await sql`select private.account_state(${data.user?.id ?? ''}) as state`).toEqual([
      { state: null }
    ]);
    expect(await sql`select * from private.open_door(${phone}, null, 'token')`).toEqual([
      { user_id: null, opened: false }
    ]);
  });

  test('of a phone that was silent for years: the clinic is asked', async () => {
    const { phone, id } = await aPatientWithAccount();
    await sql`update patients set created_at = now() - interval '731 days' where id = ${id}`;
    await sql`update private.signs_of_life set seen_at = now() - interval '731 days' where patient_id = ${id}`;
    const asked = await ask(phone);
    expect(refusalOf(await prove(asked, await nextCode(phone)))).toBe('409 phone_is_dormant');
    expect(await sql`select private.is_dormant(${id}) as still`).toEqual([{ still: true }]);
  });
});

describe('what Auth is given for it', () => {
  const atAuth = (phone: string, token: string) =>
    fetch(`${api_url}/auth/v1/verify`, {
      method: 'POST',
      headers: { apikey: publishable_key, 'content-type': 'application/json' },
      body: JSON.stringify({ type: 'sms', phone: phone.slice(1), token })
    });

  test('is gone with the request, whatever came of it', async () => {
    const { phone, account } = await aPatientWithAccount();
    const [state] = await sql<{ state: string }[]>`select private.account_state(${account.userId}) as state`;
    const tokens: string[] = [];
    const failing = {
      signInWithToken: (_: string, token: string) => {
        tokens.push(token);
        return Promise.reject(new Error('Auth is away.'));
      }
    } as Partial<Auth> as Auth;
    const opened = openSession({ database, auth: failing }, { phone, state: state?.state ?? '' });
    await expect(opened).rejects.toThrow('Auth is away.');
    expect((await atAuth(phone, tokens[0] ?? '')).status).toBe(403);

    await prove(await ask(phone), await nextCode(phone));
    const kept = await sql`
      select confirmation_token, confirmation_sent_at from auth.users where id = ${account.userId}`;
    expect(kept).toEqual([{ confirmation_token: '', confirmation_sent_at: null }]);
  });

  test('is left alone while it is in use, and not for long if nobody takes it away', async () => {
    const { phone, account } = await aPatientWithAccount();
    const [known] = await sql<{ state: string }[]>`select private.account_state(${account.userId}) as state`;
    const open = async (token: string) => {
      const [door] = await sql<{ opened: boolean }[]>`
        select opened from private.open_door(${phone}, ${known?.state ?? ''}, ${token})`;
      return door?.opened;
    };
    expect([await open('one'), await open('another')]).toEqual([true, false]);
    await sql`
      update auth.users set confirmation_sent_at = now() - interval '16 seconds' where id = ${account.userId}`;
    expect(await open('another')).toBe(true);
    await sql`select private.close_door(${account.userId}, 'one')`;
    expect(await open('a third')).toBe(false);
    await sql`select private.close_door(${account.userId}, 'another')`;
    expect(await open('a third')).toBe(true);
  });

  test('is nothing anybody can guess: neither the code we texted nor an empty one', async () => {
    const { phone } = await aPatientWithAccount();
    await ask(phone);
    for (const token of [await nextCode(phone), '', ' ', '0']) {
      expect((await atAuth(phone, token)).ok).toBe(false);
    }
  });
});

test("a flood of codes rings no phone without end, and uses up nobody else's", async () => {
  const { phone } = await aPatientWithAccount();
  const stranger = throughGateway();
  const limited = await untilLimited(5, 202, () => stranger('sign-in-code', { phone_number: phone }));
  expect(limited.body).toMatchObject({ error: 'rate_limited', retry_after: expect.any(Number) });
  // They are counted with those for a forgotten password.
  expect((await stranger('forgot-password', { phone_number: phone })).status).toBe(429);
  const unknown = aPhone();
  const other = throughGateway();
  expect((await untilLimited(5, 202, () => other('sign-in-code', { phone_number: unknown }))).status).toBe(
    429
  );
});
