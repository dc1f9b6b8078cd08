// A code for a forgotten password is good for the account as it was when the code was asked for, and for no other.
import { afterAll, describe, expect, test } from 'vitest';
import { closeDatabases, databaseAsPostgres } from '../helpers/stack.ts';
import { aPatient, aPhone, permit } from '../helpers/world.ts';
import { asOwner, aWish, nextCode, registered, throughGateway, type Answer } from './account-api.ts';

const sql = databaseAsPostgres();
afterAll(closeDatabases);

const password = 'the first of mine';
const refusalOf = ({ status, body }: Answer) => `${status} ${String(body.error)}`;
const anAccount = () => aPatient(sql, { phone: aPhone(), account: true, password });
const signIn = (phone: string, typed: string) =>
  throughGateway()('sign-in', { username: phone, password: typed });

/** A code that was asked for and has come, by a client of its own. */
async function aResetOf(phone: string): Promise<(new_password: string) => Promise<Answer>> {
  const post = throughGateway();
  const asked = await post('forgot-password', { phone_number: phone });
  const { verification_id } = asked.body;
  const code = await nextCode(phone);
  return (new_password) => post('verify-phone', { verification_id, code, new_password });
}

describe('a code for a forgotten password is void', () => {
  test('after the password was changed, which may have been against whoever asked', async () => {
    const { phone } = await anAccount();
    const reset = await aResetOf(phone);
    const { body } = await signIn(phone, password);
    const change = { password, new_password: 'the second of mine' };
    expect((await asOwner('change-password', String(body.token), change)).status).toBe(200);
    expect(refusalOf(await reset('of the thief'))).toBe('401 code_invalid');
    expect((await signIn(phone, 'of the thief')).status).toBe(401);
    expect((await signIn(phone, change.new_password)).status).toBe(200);
  });

  test('after another such code gave a password', async () => {
    const { phone } = await anAccount();
    const [older, newer] = [await aResetOf(phone), await aResetOf(phone)];
    expect((await newer('the second of mine')).status).toBe(200);
    expect(refusalOf(await older('of the thief'))).toBe('401 code_invalid');
    expect((await signIn(phone, 'the second of mine')).status).toBe(200);
  });

  test('for whoever has the phone next', async () => {
    const { phone, account } = await anAccount();
    const reset = await aResetOf(phone);
    const moved = aPhone();
    await permit(sql, account.userId, 'phone', moved);
    await sql`update auth.users set phone = ${moved.slice(1)} where id = ${account.userId}`;
    const wish = aWish(phone);
    await registered(throughGateway(), wish);
    expect(refusalOf(await reset('of the one before'))).toBe('401 code_invalid');
    for (const [whose, own] of [
      [phone, wish.password],
      [moved, password]
    ] as const) {
      expect((await signIn(whose, own)).status).toBe(200);
    }
  });
});

describe('a texted password', () => {
  const texted = 'K7QWXM4P';
  async function aTexted() {
    const patient = await aPatient(sql, { phone: aPhone(), account: true, password: texted });
    await sql`
      insert into private.temporary_passwords (user_id, expires_at)
      values (${patient.account.userId}, now() + interval '1 hour')`;
    return patient;
  }
  const lives = (userId: string) => sql`select from private.temporary_passwords where user_id = ${userId}`;
  const same = {
    status: 400,
    body: {
      error: 'validation_failed',
      fields: { new_password: expect.stringContaining('differs from the one you have') as string }
    }
  };

  test('cannot be kept with a code to sign in', async () => {
    const { phone, account } = await aTexted();
    const post = throughGateway();
    const { body } = await post('sign-in-code', { phone_number: phone });
    const proof = { verification_id: body.verification_id, code: await nextCode(phone) };
    const token = String((await post('verify-phone', proof)).body.token);
    for (const new_password of [texted, texted.toLowerCase()]) {
      expect(await asOwner('change-password', token, { new_password })).toMatchObject(same);
    }
    expect(await lives(account.userId)).toHaveLength(1);
    const chosen = await asOwner('change-password', token, { new_password: 'the first of mine' });
    expect(chosen.status).toBe(200);
    expect(await lives(account.userId)).toHaveLength(0);
  });

  test('cannot be kept with a code for a forgotten one, which is good for another', async () => {
    const { phone, account } = await aTexted();
    const reset = await aResetOf(phone);
    const sessions = () => sql`select id from auth.sessions where user_id = ${account.userId} order by id`;
    const before = await sessions();
    for (const chosen of [texted, texted.toLowerCase()]) expect(await reset(chosen)).toMatchObject(same);
    expect(await lives(account.userId)).toHaveLength(1);
    expect(await sessions()).toEqual(before);
    expect((await reset('the first of mine')).status).toBe(200);
    expect(await lives(account.userId)).toHaveLength(0);
  });
});

describe('what failed on our side', () => {
  /** Auth writes no session of the account meanwhile. */
  async function withoutSessions<Result>(userId: string, work: () => Promise<Result>): Promise<Result> {
    const name = `test_refuse_session_${userId.replaceAll('-', '_')}`;
    await sql.unsafe(`
      create function private.${name}() returns trigger language plpgsql as
        $$ begin raise exception 'not today'; end $$;
      create trigger ${name} before insert on auth.sessions
        for each row when (new.user_id = '${userId}') execute function private.${name}();`);
    try {
      return await work();
    } finally {
      await sql.unsafe(`drop trigger ${name} on auth.sessions; drop function private.${name}()`);
    }
  }

  test('is done by the next try with the same password, which is the account’s by then', async () => {
    const { phone, account } = await anAccount();
    const reset = await aResetOf(phone);
    const chosen = 'the second of mine';
    expect((await withoutSessions(account.userId, () => reset(chosen))).status).toBe(500);
    expect(await reset(chosen)).toMatchObject({
      status: 200,
      body: { token: expect.any(String) as string, user: { id: account.userId } }
    });
    expect((await signIn(phone, chosen)).status).toBe(200);
    expect(refusalOf(await reset(chosen))).toBe('401 code_invalid');
  });
});
