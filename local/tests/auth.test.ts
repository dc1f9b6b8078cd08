import { createHmac } from 'node:crypto';
import { isAuthApiError, isAuthSessionMissingError, isAuthWeakPasswordError } from '@supabase/supabase-js';
import { decodeJwt, decodeProtectedHeader, SignJWT } from 'jose';
import { afterAll, describe, expect, test } from 'vitest';
import { closeDatabases, databaseAsAdmin, theStack } from '../../tests/helpers/stack.ts';
import { aClient, anAdmin, aPhone, authUrl, aUser, password, signIn, withPassword } from './auth-stack.ts';

const database = databaseAsAdmin();
afterAll(closeDatabases);

/** The status and code of an error of Auth, as the client reports it. */
function refusal(error: unknown) {
  return isAuthApiError(error) ? [error.status, error.code] : error;
}

describe('signing in', () => {
  test('a phone and its password open a session', async () => {
    const { id, phone } = await aUser();
    const { data, error } = await withPassword({ phone: `+${phone}`, password });
    expect(error).toBeNull();
    expect(data.session).toMatchObject({ token_type: 'bearer', expires_in: 3600 });
    expect(data.session?.refresh_token).toMatch(/^[a-z0-9]{12}$/);
    expect(data.user).toMatchObject({
      id,
      aud: 'authenticated',
      role: 'authenticated',
      email: '',
      phone,
      app_metadata: { provider: 'phone', providers: ['phone'] },
      user_metadata: {},
      is_anonymous: false,
      last_sign_in_at: expect.any(String),
      phone_confirmed_at: expect.any(String),
      identities: [
        {
          identity_id: expect.any(String),
          id,
          user_id: id,
          provider: 'phone',
          identity_data: { sub: id, phone, email_verified: false, phone_verified: false }
        }
      ]
    });
    expect(data.user?.confirmed_at).toBe(data.user?.phone_confirmed_at);
    expect(data.user).not.toHaveProperty('banned_until');
  });

  test('the access token says who it is for, with the phone without plus', async () => {
    const { id, phone } = await aUser();
    const { session } = await signIn(phone);
    expect(decodeProtectedHeader(session.access_token)).toEqual({ alg: 'HS256', typ: 'JWT' });
    const claims = decodeJwt(session.access_token);
    expect(claims).toMatchObject({
      iss: expect.stringMatching(/\/auth\/v1$/),
      sub: id,
      aud: 'authenticated',
      role: 'authenticated',
      email: '',
      phone,
      app_metadata: { provider: 'phone', providers: ['phone'] },
      user_metadata: {},
      aal: 'aal1',
      is_anonymous: false
    });
    expect(claims.amr).toEqual([{ method: 'password', timestamp: expect.any(Number) }]);
    expect(claims.exp).toBe(session.expires_at);
    const [row] = await database`select user_id from auth.sessions where id = ${String(claims.session_id)}`;
    expect(row).toEqual({ user_id: id });
  });

  test.each([
    ['a wrong password', { password: 'wrong horse' }],
    ['an unknown phone', { phone: aPhone() }],
    ['a phone that is none', { phone: 'not a phone' }],
    ['an empty password', { password: '' }]
  ])('%s is refused in the same words', async (_, credentials) => {
    const { phone } = await aUser();
    const { error } = await withPassword({ phone, password, ...credentials });
    expect(refusal(error)).toEqual([400, 'invalid_credentials']);
    expect(error?.message).toBe('Invalid login credentials');
  });

  test('a user without a password cannot sign in by one', async () => {
    const { id, phone } = await aUser();
    await database`update auth.users set encrypted_password = '' where id = ${id}`;
    const { error } = await withPassword({ phone, password: '' });
    expect(refusal(error)).toEqual([400, 'invalid_credentials']);
  });

  test('an unconfirmed phone is told only after the right password', async () => {
    const phone = aPhone();
    await anAdmin().createUser({ phone, password });
    const wrong = await withPassword({ phone, password: 'wrong horse' });
    expect(refusal(wrong.error)).toEqual([400, 'invalid_credentials']);
    const right = await withPassword({ phone, password });
    expect(refusal(right.error)).toEqual([400, 'phone_not_confirmed']);
  });

  test('email is switched off', async () => {
    const { error } = await withPassword({ email: 'asha@example.org', password });
    expect(refusal(error)).toEqual([422, 'email_provider_disabled']);
  });

  test('a weak password that an admin gave works and is called weak', async () => {
    const phone = aPhone();
    await anAdmin().createUser({ phone, password: 'abc', phone_confirm: true });
    const { data, error } = await withPassword({ phone, password: 'abc' });
    expect(error).toBeNull();
    expect(data.weakPassword).toEqual({
      message: expect.stringMatching(/^Password should be at least \d+ characters\.$/),
      reasons: ['length']
    });
  });

  test('a row inserted by hand without the texts Auth needs cannot be read', async () => {
    const phone = aPhone();
    await database`
      insert into auth.users (instance_id, id, aud, role, phone, created_at, updated_at)
      values ('00000000-0000-0000-0000-000000000000', gen_random_uuid(), 'authenticated',
        'authenticated', ${phone}, now(), now())`;
    const { error } = await withPassword({ phone, password });
    expect(error).toMatchObject({ name: 'AuthRetryableFetchError', status: 500 });
  });
});

describe('who is calling', () => {
  test('getUser and getClaims agree with the session', async () => {
    const { id, phone } = await aUser();
    const { client } = await signIn(phone);
    const user = await client.auth.getUser();
    expect(user.data.user).toMatchObject({ id, phone, identities: [{ provider: 'phone' }] });
    const claims = await client.auth.getClaims();
    expect(claims.error).toBeNull();
    expect(claims.data?.claims).toMatchObject({ sub: id, phone, role: 'authenticated', aal: 'aal1' });
  });

  const userWith = async (token: string) => {
    const { error } = await aClient().auth.getUser(token);
    return refusal(error);
  };
  const sign = (claims: Record<string, unknown>, secret = theStack().jwt_secret) =>
    new SignJWT(claims)
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .setExpirationTime('1h')
      .sign(new TextEncoder().encode(secret));

  test('a token signed by somebody else is refused', async () => {
    const { id } = await aUser();
    const forged = await sign({ sub: id, aud: 'authenticated', role: 'authenticated' }, 'x'.repeat(40));
    expect(await userWith(forged)).toEqual([403, 'bad_jwt']);
  });

  test('an unsigned token is refused', async () => {
    const { id } = await aUser();
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const unsigned = `${part({ alg: 'none', typ: 'JWT' })}.${part({ sub: id, role: 'authenticated' })}.`;
    expect(await userWith(unsigned)).toEqual([403, 'bad_jwt']);
  });

  test('a token of another algorithm with the same secret is refused', async () => {
    const { id } = await aUser();
    const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const body = `${part({ alg: 'HS512', typ: 'JWT' })}.${part({ sub: id, role: 'authenticated' })}`;
    const signature = createHmac('sha512', theStack().jwt_secret).update(body).digest('base64url');
    expect(await userWith(`${body}.${signature}`)).toEqual([403, 'bad_jwt']);
  });

  test('an expired token is refused', async () => {
    const { id } = await aUser();
    const expired = await new SignJWT({ sub: id, aud: 'authenticated' })
      .setProtectedHeader({ alg: 'HS256' })
      .setExpirationTime(1_700_000_000)
      .sign(new TextEncoder().encode(theStack().jwt_secret));
    expect(await userWith(expired)).toEqual([403, 'bad_jwt']);
  });

  test('the key of the project is not a user', async () => {
    expect(await userWith(theStack().anon_key)).toEqual([403, 'bad_jwt']);
  });

  test('a token of a deleted user is refused', async () => {
    const { id, phone } = await aUser();
    const { session } = await signIn(phone);
    await anAdmin().deleteUser(id);
    expect(await userWith(session.access_token)).toEqual([403, 'user_not_found']);
  });

  test('a token whose session has ended is refused, although it has not expired', async () => {
    const { phone } = await aUser();
    const { client, session } = await signIn(phone);
    await client.auth.signOut();
    const { error } = await aClient().auth.getUser(session.access_token);
    expect(isAuthSessionMissingError(error)).toBe(true);
  });

  test('a banned user is shut out at once, also with a token from before', async () => {
    const { id, phone } = await aUser();
    const { client, session } = await signIn(phone);
    await database`update auth.users set banned_until = now() + interval '1 day' where id = ${id}`;
    expect(await userWith(session.access_token)).toEqual([403, 'user_banned']);
    expect(refusal((await client.auth.refreshSession()).error)).toEqual([400, 'user_banned']);
    const again = await withPassword({ phone, password: 'wrong horse' });
    expect(refusal(again.error)).toEqual([400, 'user_banned']);
    await database`update auth.users set banned_until = null where id = ${id}`;
    expect((await client.auth.getUser()).error).toBeNull();
  });
});

describe('changing an account', () => {
  test('a new password replaces the old one and ends every other session', async () => {
    const { id, phone } = await aUser();
    const here = await signIn(phone);
    const elsewhere = await signIn(phone);
    const { data, error } = await here.client.auth.updateUser({ password: 'another horse' });
    expect(error).toBeNull();
    expect(data.user?.id).toBe(id);
    expect((await here.client.auth.refreshSession()).error).toBeNull();
    expect(isAuthSessionMissingError((await elsewhere.client.auth.getUser()).error)).toBe(true);
    const { error: refused } = await aClient().auth.refreshSession(elsewhere.session);
    expect(refusal(refused)).toEqual([400, 'refresh_token_not_found']);
    const old = await withPassword({ phone, password });
    expect(refusal(old.error)).toEqual([400, 'invalid_credentials']);
    await signIn(phone, 'another horse');
  });

  test('a new password clears codes that are still out', async () => {
    const { id, phone } = await aUser();
    const { client } = await signIn(phone);
    await database`
      update auth.users set confirmation_token = 'abc', phone_change_token = 'def', reauthentication_token = 'ghi'
      where id = ${id}`;
    await database`
      insert into auth.one_time_tokens (id, user_id, token_type, token_hash, relates_to)
      values (gen_random_uuid(), ${id}, 'confirmation_token', 'abc', ${phone})`;
    await client.auth.updateUser({ password: 'another horse' });
    const [user] = await database`
      select confirmation_token, phone_change_token, reauthentication_token,
        (select count(*)::int from auth.one_time_tokens where user_id = ${id}) as codes
      from auth.users where id = ${id}`;
    expect(user).toEqual({
      confirmation_token: '',
      phone_change_token: '',
      reauthentication_token: '',
      codes: 0
    });
  });

  test('the same password is refused', async () => {
    const { phone } = await aUser();
    const { client } = await signIn(phone);
    const { error } = await client.auth.updateUser({ password });
    expect(refusal(error)).toEqual([422, 'same_password']);
  });

  test.each(['abc', ''])('the weak password "%s" is refused with the reason', async (weak) => {
    const { phone } = await aUser();
    const { client } = await signIn(phone);
    const { error } = await client.auth.updateUser({ password: weak });
    expect(isAuthWeakPasswordError(error) && error.reasons).toEqual(['length']);
    expect(error).toMatchObject({ status: 422, code: 'weak_password' });
  });

  test('a password of more than 72 bytes is refused', async () => {
    const { phone } = await aUser();
    const { client } = await signIn(phone);
    const { error } = await client.auth.updateUser({ password: 'é'.repeat(37) });
    expect(refusal(error)).toEqual([400, 'validation_failed']);
  });

  test('metadata is merged, and null takes a key away', async () => {
    const { phone } = await aUser();
    const { client } = await signIn(phone);
    await client.auth.updateUser({ data: { name: 'Asha', nickname: 'A', nested: { a: 1 } } });
    const { data } = await client.auth.updateUser({ data: { nickname: null, nested: { b: 2 }, age: 30 } });
    expect(data.user?.user_metadata).toEqual({ name: 'Asha', nested: { b: 2 }, age: 30 });
  });

  test('nobody makes themselves more than they are', async () => {
    const { id, phone } = await aUser();
    const { session } = await signIn(phone);
    const response = await fetch(`${authUrl()}/user`, {
      method: 'PUT',
      headers: {
        apikey: theStack().anon_key,
        authorization: `Bearer ${session.access_token}`,
        'x-supabase-api-version': '2024-01-01'
      },
      body: JSON.stringify({ app_metadata: { admin: true }, data: { name: 'x' } })
    });
    expect([response.status, await response.json()]).toEqual([
      403,
      { code: 'not_admin', message: 'Updating app_metadata requires admin privileges' }
    ]);
    const { data } = await anAdmin().getUserById(id);
    expect(data.user).toMatchObject({ app_metadata: { provider: 'phone' }, user_metadata: {} });
  });

  test('a new phone cannot be proven by a code of Auth, and nothing else of the request is kept', async () => {
    const [{ id, phone }, other] = await Promise.all([aUser(), aUser()]);
    const { client } = await signIn(phone);
    const taken = await client.auth.updateUser({ phone: other.phone });
    expect(refusal(taken.error)).toEqual([422, 'phone_exists']);
    const malformed = await client.auth.updateUser({ phone: '0999' });
    expect(refusal(malformed.error)).toEqual([400, 'validation_failed']);
    const free = await client.auth.updateUser({ phone: aPhone(), data: { name: 'Asha' } });
    expect(refusal(free.error)).toEqual([422, 'sms_send_failed']);
    const { data } = await anAdmin().getUserById(id);
    expect(data.user).toMatchObject({ phone, user_metadata: {} });
    expect((await client.auth.updateUser({ phone: `+${phone}`, data: { name: 'Asha' } })).error).toBeNull();
  });
});

describe('signing out', () => {
  async function threeSessions() {
    const { phone } = await aUser();
    return Promise.all([signIn(phone), signIn(phone), signIn(phone)]);
  }
  const alive = async ({ client }: Awaited<ReturnType<typeof signIn>>, token: string) =>
    (await client.auth.getUser(token)).error === null;

  test.each([
    ['global', [false, false, false]],
    ['local', [false, true, true]],
    ['others', [true, false, false]]
  ] as const)('scope %s', async (scope, expected) => {
    const sessions = await threeSessions();
    expect((await sessions[0].client.auth.signOut({ scope })).error).toBeNull();
    const left = await Promise.all(sessions.map((one) => alive(one, one.session.access_token)));
    expect(left).toEqual(expected);
  });

  test('an admin can sign a user out with the token of the user', async () => {
    const sessions = await threeSessions();
    const { error } = await anAdmin().signOut(sessions[0].session.access_token, 'others');
    expect(error).toBeNull();
    const left = await Promise.all(sessions.map((one) => alive(one, one.session.access_token)));
    expect(left).toEqual([true, false, false]);
  });

  test('an unknown scope is refused and ends nothing', async () => {
    const { phone } = await aUser();
    const { client, session } = await signIn(phone);
    const response = await fetch(`${authUrl()}/logout?scope=everybody`, {
      method: 'POST',
      headers: { apikey: theStack().anon_key, authorization: `Bearer ${session.access_token}` }
    });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({ code: 400, error_code: 'validation_failed' });
    expect((await client.auth.getUser()).error).toBeNull();
  });
});
