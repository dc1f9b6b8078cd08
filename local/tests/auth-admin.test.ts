import { randomUUID } from 'node:crypto';
import { isAuthApiError } from '@supabase/supabase-js';
import { hash } from '@node-rs/bcrypt';
import { afterAll, describe, expect, test } from 'vitest';
import { closeDatabases, databaseAsAdmin, theStack } from '../../tests/helpers/stack.ts';
import { aClient, anAdmin, aPhone, authUrl, authWith, aUser, password, signIn } from './auth-stack.ts';

const database = databaseAsAdmin();
const admin = anAdmin();
afterAll(closeDatabases);

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
    const { error } = await aClient().auth.signInWithPassword({ phone, password: '' });
    expect(refusal(error)).toEqual([400, 'invalid_credentials']);
  });

  test('with the hash of a password', async () => {
    const phone = aPhone();
    const { error } = await admin.createUser({
      phone,
      phone_confirm: true,
      password_hash: await hash('from elsewhere', { cost: 4 })
    });
    expect(error).toBeNull();
    await signIn(phone, 'from elsewhere');
  });

  test('with an email, which has an identity of its own', async () => {
    const email = `Asha-${randomUUID()}@Example.org`;
    const { data } = await admin.createUser({ email, phone: aPhone(), email_confirm: true });
    expect(data.user).toMatchObject({
      email: email.toLowerCase(),
      app_metadata: { provider: 'email', providers: ['email', 'phone'] },
      user_metadata: { email_verified: true }
    });
    expect(data.user?.identities?.map(({ provider }) => provider).sort()).toEqual(['email', 'phone']);
    const again = await admin.createUser({ email: email.toUpperCase() });
    expect(refusal(again.error)).toEqual([422, 'email_exists']);
  });

  test('banned from the start', async () => {
    const phone = aPhone();
    const { data } = await admin.createUser({ phone, password, phone_confirm: true, ban_duration: '1h30m' });
    expect(data.user?.banned_until).toEqual(expect.any(String));
    const { error } = await aClient().auth.signInWithPassword({ phone, password });
    expect(refusal(error)).toEqual([400, 'user_banned']);
  });

  test.each([
    ['neither phone nor email', {}, [400, 'validation_failed']],
    ['a phone that is none', { phone: '+91 99999-99999' }, [400, 'validation_failed']],
    ['an email that is none', { email: 'asha' }, [400, 'validation_failed']],
    ['an id that is none', { phone: aPhone(), id: 'one' }, [400, 'validation_failed']],
    [
      'the empty id',
      { phone: aPhone(), id: '00000000-0000-0000-0000-000000000000' },
      [400, 'validation_failed']
    ],
    ['a password and a hash', { phone: aPhone(), password, password_hash: 'x' }, [400, 'validation_failed']],
    ['an unreadable hash', { phone: aPhone(), password_hash: 'x' }, [400, 'validation_failed']],
    ['a password of 73 bytes', { phone: aPhone(), password: 'x'.repeat(73) }, [400, 'validation_failed']],
    ['a ban without end', { phone: aPhone(), ban_duration: 'forever' }, [400, 'validation_failed']]
  ])('is refused for %s', async (_, attributes, expected) => {
    const { error } = await admin.createUser(attributes);
    expect(refusal(error)).toEqual(expected);
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
    const outcomes = answers.map(({ error }) => (error ? String(refusal(error)) : 'created')).sort();
    expect(outcomes).toEqual([...Array.from({ length: 11 }, () => '422,phone_exists'), 'created']);
    const [row] = await database`
      select count(*)::int as users,
        (select count(*)::int from auth.identities where identity_data ->> 'phone' = ${phone}) as identities
      from auth.users where phone = ${phone}`;
    expect(row).toEqual({ users: 1, identities: 1 });
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

  test('page by page, the newest first', async () => {
    const audience = `clinic-${randomUUID()}`;
    const ours = anAdmin(audience);
    const ids: (string | undefined)[] = [];
    for (let count = 0; count < 3; count++)
      ids.unshift((await ours.createUser({ phone: aPhone() })).data.user?.id);
    const first = await ours.listUsers({ page: 1, perPage: 2 });
    expect(first.error).toBeNull();
    expect(first.data).toMatchObject({ aud: audience, nextPage: 2, lastPage: 2, total: 3 });
    const second = await ours.listUsers({ page: 2, perPage: 2 });
    expect(second.data).toMatchObject({ nextPage: null, lastPage: 2, total: 3 });
    expect([...first.data.users, ...second.data.users].map(({ id }) => id)).toEqual(ids);
    const everybody = await ours.listUsers();
    expect(everybody.data.users.map(({ id }) => id)).toEqual(ids);
  });

  test('by full name', async () => {
    const name = `Asha ${randomUUID()}`;
    const { data } = await admin.createUser({ phone: aPhone(), user_metadata: { full_name: name } });
    const response = await fetch(
      `${authUrl()}/admin/users?${new URLSearchParams({ filter: name.toUpperCase() })}`,
      {
        headers: {
          apikey: theStack().service_role_key,
          authorization: `Bearer ${theStack().service_role_key}`
        }
      }
    );
    expect(response.headers.get('x-total-count')).toBe('1');
    expect(await response.json()).toMatchObject({ users: [{ id: data.user?.id }] });
  });

  test.each(['page=x', 'per_page=-1', 'sort=phone', 'sort=created_at%20up'])(
    '%s is refused',
    async (query) => {
      const response = await fetch(`${authUrl()}/admin/users?${query}`, {
        headers: {
          apikey: theStack().service_role_key,
          authorization: `Bearer ${theStack().service_role_key}`
        }
      });
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({ error_code: 'validation_failed' });
    }
  );
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
      identities: [{ identity_data: { phone: next, phone_verified: false } }]
    });
    await signIn(next);
    const { error } = await aClient().auth.signInWithPassword({ phone, password });
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

  test('softly keeps the row and empties it', async () => {
    const auth = authWith({ enableEmail: true });
    const [phone, email] = [aPhone(), `${randomUUID()}@example.org`];
    const { data } = await admin.createUser({
      phone,
      email,
      password,
      email_confirm: true,
      user_metadata: { name: 'Asha' }
    });
    const id = data.user?.id ?? '';
    const signedIn = await auth.fetch(
      new Request('http://auth/token?grant_type=password', {
        method: 'POST',
        body: JSON.stringify({ email, password })
      })
    );
    await auth.close();
    expect((await admin.deleteUser(id, true)).error).toBeNull();
    const deleted = await admin.getUserById(id);
    expect(deleted.data.user).toMatchObject({
      user_metadata: {},
      app_metadata: {},
      deleted_at: expect.any(String),
      identities: [{ identity_data: {} }, { identity_data: {} }]
    });
    for (const secret of [phone, email]) expect(JSON.stringify(deleted.data.user)).not.toContain(secret);
    const { error } = await aClient().auth.refreshSession(await signedIn.json());
    expect(refusal(error)).toEqual([400, 'refresh_token_not_found']);
    expect((await admin.deleteUser(id, true)).error).toBeNull();
    expect((await aUser(phone)).id).not.toBe(id);
  });
});

describe('the admin API is closed', () => {
  const call = async (token: string | undefined) => {
    const response = await fetch(`${authUrl()}/admin/users`, {
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
    await admin.updateUserById(id, { role: 'service_role' });
    const { client, session } = await signIn(phone);
    expect((await call(session.access_token))[0]).toBe(200);
    await client.auth.signOut();
    expect(await call(session.access_token)).toEqual([403, 'session_not_found']);
  });
});
