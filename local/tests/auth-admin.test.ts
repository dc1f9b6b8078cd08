import { randomUUID } from 'node:crypto';
import { isAuthApiError } from '@supabase/supabase-js';
import type postgres from 'postgres';
import { afterAll, describe, expect, test } from 'vitest';
import { closeDatabases, databaseAsAdmin, theStack } from '../../tests/helpers/stack.ts';
import { aClient, anAdmin, aPhone, authUrl, aUser, password, signIn, withPassword } from './auth-stack.ts';

const database = databaseAsAdmin();
const admin = anAdmin();
afterAll(closeDatabases);

/** Waits until another connection waits for what `holder` has locked. */
async function untilWaiting(holder: postgres.ReservedSql): Promise<void> {
  const [self] = await holder<{ pid: number }[]>`select pg_backend_pid() as pid`;
  const waiting = () => database`
    select pid from pg_stat_activity where ${self?.pid ?? 0} = any (pg_blocking_pids(pid))`;
  await expect.poll(waiting).toHaveLength(1);
}

const refusal = (error: unknown) => (isAuthApiError(error) ? [error.status, error.code] : error);

describe('creating a user', () => {
  test('with a confirmed phone, metadata and an id of one’s own', async () => {
    const id = randomUUID();
    const phone = aPhone();
    const { data, error } = await admin.createUser({
      id,
      phone: `+${phone}`,
      password,
      phone_confirm: true,
      user_metadata: { name: 'Asha' },
      app_metadata: { origin: 'ivr' }
    });
    expect(error).toBeNull();
    expect(data.user).toMatchObject({
      id,
      phone,
      email: '',
      aud: 'authenticated',
      role: 'authenticated',
      user_metadata: { name: 'Asha' },
      app_metadata: { provider: 'phone', providers: ['phone'], origin: 'ivr' },
      identities: [{ provider: 'phone', id, identity_data: { sub: id, phone } }],
      is_anonymous: false
    });
    expect(data.user?.phone_confirmed_at).toEqual(expect.any(String));
    await signIn(phone);
  });

  test('without a password nobody can sign in by one', async () => {
    const phone = aPhone();
    const { data } = await admin.createUser({ phone, phone_confirm: true });
    expect(data.user?.phone).toBe(phone);
    const { error } = await withPassword({ phone, password: '' });
    expect(refusal(error)).toEqual([400, 'invalid_credentials']);
  });

  test.each([
    ['no phone', {}, [400, 'validation_failed']],
    ['a phone that is none', { phone: '+91 99999-99999' }, [400, 'validation_failed']],
    ['an id that is none', { phone: aPhone(), id: 'one' }, [400, 'validation_failed']],
    [
      'the empty id',
      { phone: aPhone(), id: '00000000-0000-0000-0000-000000000000' },
      [400, 'validation_failed']
    ],
    ['what is not offered here', { phone: aPhone(), email: 'asha@example.org' }, [400, 'bad_json']]
  ])('is refused for %s', async (_, attributes, expected) => {
    const { error } = await admin.createUser(attributes);
    expect(refusal(error)).toEqual(expected);
  });

  test('with a password of 73 bytes fails without a reason, and leaves nothing', async () => {
    const phone = aPhone();
    const { error } = await admin.createUser({ phone, password: 'x'.repeat(73) });
    expect(error).toMatchObject({
      name: 'AuthRetryableFetchError',
      status: 500,
      message: 'Internal Server Error'
    });
    expect(await database`select from auth.users where phone = ${phone}`).toHaveLength(0);
  });

  test('is refused for a phone that is taken, however it is written', async () => {
    const { phone } = await aUser();
    for (const written of [phone, `+${phone}`, `+91 ${phone.slice(2)}`]) {
      const { error } = await admin.createUser({ phone: written });
      expect(refusal(error)).toEqual([422, 'phone_exists']);
    }
  });

  test('with one phone many times at once gives one user', async () => {
    const phone = aPhone();
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => admin.createUser({ phone, password, phone_confirm: true }))
    );
    // Who comes while another is being created hears of a failure; who comes later hears why.
    const outcomes = answers.map(({ error }) => (error ? String(refusal(error)) : 'created'));
    expect(outcomes.filter((outcome) => outcome === 'created')).toHaveLength(1);
    const failures = ['422,phone_exists', 'AuthRetryableFetchError: Database error creating new user'];
    expect(outcomes.filter((outcome) => !failures.includes(outcome))).toEqual(['created']);
    const [row] = await database`
      select count(*)::int as users,
        (select count(*)::int from auth.identities where identity_data ->> 'phone' = ${phone}) as identities
      from auth.users where phone = ${phone}`;
    expect(row).toEqual({ users: 1, identities: 1 });
  });

  test('loses a race for a phone with a failure that does not say so', async () => {
    const phone = aPhone();
    const rival = await database.reserve();
    await rival`begin`;
    await rival`insert into auth.users (instance_id, id, phone) values (${randomUUID()}, ${randomUUID()}, ${phone})`;
    const late = admin.createUser({ phone, password });
    await untilWaiting(rival);
    await rival`commit`;
    rival.release();
    expect((await late).error).toMatchObject({ status: 500, message: 'Database error creating new user' });
    await database`delete from auth.users where phone = ${phone}`;
  });
});

describe('reading users', () => {
  test('one by id', async () => {
    const { id, phone } = await aUser();
    const { data } = await admin.getUserById(id);
    expect(data.user).toMatchObject({ id, phone, identities: [{ provider: 'phone' }] });
  });

  test('an unknown id and a broken one are not found', async () => {
    expect(refusal((await admin.getUserById(randomUUID())).error)).toEqual([404, 'user_not_found']);
    const response = await fetch(`${authUrl()}/admin/users/one`, {
      headers: { apikey: theStack().service_role_key, authorization: `Bearer ${theStack().service_role_key}` }
    });
    expect([response.status, await response.json()]).toEqual([
      404,
      { code: 404, error_code: 'validation_failed', msg: 'user_id must be an UUID' }
    ]);
  });

  test('all of them is not offered, and says where they are', async () => {
    const { error } = await admin.listUsers();
    expect(refusal(error)).toEqual([404, 'feature_disabled']);
    expect(error?.message).toContain('auth.users');
  });
});

describe('updating a user', () => {
  test('a new password ends all sessions', async () => {
    const { id, phone } = await aUser();
    const { session } = await signIn(phone);
    expect((await admin.updateUserById(id, { password: 'another horse' })).error).toBeNull();
    const { error } = await aClient().auth.refreshSession(session);
    expect(refusal(error)).toEqual([400, 'refresh_token_not_found']);
    await signIn(phone, 'another horse');
  });

  test('a password of 73 bytes is refused', async () => {
    const { id, phone } = await aUser();
    const { error } = await admin.updateUserById(id, { password: 'x'.repeat(73) });
    expect(refusal(error)).toEqual([400, 'validation_failed']);
    await signIn(phone);
  });

  test('a weak password is refused', async () => {
    const { id } = await aUser();
    const { error } = await admin.updateUserById(id, { password: 'abc' });
    expect(error).toMatchObject({ status: 422, code: 'weak_password', reasons: ['length'] });
  });

  test('a new phone counts at once and keeps its confirmation', async () => {
    const { id, phone } = await aUser();
    const before = await admin.getUserById(id);
    const next = aPhone();
    const { data } = await admin.updateUserById(id, { phone: `+${next}` });
    expect(data.user).toMatchObject({
      phone: next,
      phone_confirmed_at: before.data.user?.phone_confirmed_at,
      identities: [{ identity_data: { phone } }]
    });
    // The answer shows the identities of before the change.
    expect((await admin.getUserById(id)).data.user?.identities).toMatchObject([
      { identity_data: { phone: next, phone_verified: false } }
    ]);
    await signIn(next);
    const { error } = await withPassword({ phone, password });
    expect(refusal(error)).toEqual([400, 'invalid_credentials']);
  });

  test('the phone of somebody else fails without a change', async () => {
    const [{ id, phone }, other] = await Promise.all([aUser(), aUser()]);
    const { error } = await admin.updateUserById(id, { phone: other.phone, user_metadata: { name: 'x' } });
    expect(error).toMatchObject({ name: 'AuthRetryableFetchError', status: 500 });
    const { data } = await admin.getUserById(id);
    expect(data.user).toMatchObject({ phone, user_metadata: {} });
  });

  test('metadata is merged, and null takes a key away', async () => {
    const { id } = await aUser();
    await admin.updateUserById(id, { user_metadata: { a: 1, b: 2 }, app_metadata: { c: 3 } });
    const { data } = await admin.updateUserById(id, { user_metadata: { a: null }, app_metadata: { d: 4 } });
    expect(data.user?.user_metadata).toEqual({ b: 2 });
    expect(data.user?.app_metadata).toEqual({ provider: 'phone', providers: ['phone'], c: 3, d: 4 });
  });

  test('a phone can be confirmed later', async () => {
    const phone = aPhone();
    const { data } = await admin.createUser({ phone, password });
    expect(data.user?.phone_confirmed_at).toBeUndefined();
    await admin.updateUserById(data.user?.id ?? '', { phone_confirm: true });
    await signIn(phone);
  });
});

describe('deleting a user', () => {
  test('leaves nothing and frees the phone', async () => {
    const { id, phone } = await aUser();
    await signIn(phone);
    expect((await admin.deleteUser(id)).error).toBeNull();
    const [left] = await database`
      select
        (select count(*)::int from auth.identities where user_id = ${id}) as identities,
        (select count(*)::int from auth.sessions where user_id = ${id}) as sessions,
        (select count(*)::int from auth.refresh_tokens where user_id = ${id}) as tokens`;
    expect(left).toEqual({ identities: 0, sessions: 0, tokens: 0 });
    expect(refusal((await admin.deleteUser(id)).error)).toEqual([404, 'user_not_found']);
    expect((await aUser(phone)).id).not.toBe(id);
  });

  test('needs no body, but refuses a broken one', async () => {
    const { id } = await aUser();
    const remove = async (body?: string) => {
      const response = await fetch(`${authUrl()}/admin/users/${id}`, {
        method: 'DELETE',
        headers: { apikey: theStack().secret_key },
        body
      });
      return [response.status, await response.json()];
    };
    expect(await remove('{')).toMatchObject([400, { error_code: 'bad_json' }]);
    expect(await remove()).toEqual([200, {}]);
    expect(refusal((await admin.getUserById(id)).error)).toEqual([404, 'user_not_found']);
  });

  test('softly is refused, and nothing is deleted', async () => {
    const { id } = await aUser();
    expect(refusal((await admin.deleteUser(id, true)).error)).toEqual([400, 'validation_failed']);
    expect((await admin.getUserById(id)).error).toBeNull();
  });
});

describe('the admin API is closed', () => {
  const call = async (token: string | undefined) => {
    const response = await fetch(`${authUrl()}/admin/users/${randomUUID()}`, {
      headers: { apikey: theStack().anon_key, ...(token && { authorization: `Bearer ${token}` }) }
    });
    return [response.status, (await response.json()).error_code];
  };

  test('to the public key', async () => {
    expect(await call(theStack().anon_key)).toEqual([403, 'not_admin']);
  });

  test('to a signed-in user', async () => {
    const { phone } = await aUser();
    const { session } = await signIn(phone);
    expect(await call(session.access_token)).toEqual([403, 'not_admin']);
  });

  test('to nonsense', async () => {
    expect(await call('nonsense')).toEqual([403, 'bad_jwt']);
  });

  test('to a user with the role of an admin whose session has ended', async () => {
    const { id, phone } = await aUser();
    await database`update auth.users set role = 'service_role' where id = ${id}`;
    const { client, session } = await signIn(phone);
    expect(await call(session.access_token)).toEqual([404, 'user_not_found']);
    await client.auth.signOut();
    expect(await call(session.access_token)).toEqual([403, 'session_not_found']);
  });
});
