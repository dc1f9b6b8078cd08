import { isAuthApiError } from '@supabase/supabase-js';
import { afterAll, describe, expect, test } from 'vitest';
import type { Auth, AuthOptions, LogEntry } from '../auth/index.ts';
import { closeDatabases, databaseAsAdmin, theStack } from '../../tests/helpers/stack.ts';
import { aClient, anAdmin, aPhone, authUrl, authWith, aUser, password, signIn } from './auth-stack.ts';

const database = databaseAsAdmin();
afterAll(closeDatabases);

const refusal = (error: unknown) => (isAuthApiError(error) ? [error.status, error.code] : error);

async function call(
  method: string,
  path: string,
  { token = theStack().anon_key, body }: { token?: string; body?: unknown } = {}
) {
  const response = await fetch(`${authUrl()}${path}`, {
    method,
    headers: {
      apikey: theStack().anon_key,
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'x-supabase-api-version': '2024-01-01'
    },
    body: typeof body === 'string' || body === undefined ? body : JSON.stringify(body)
  });
  return { response, status: response.status, body: await response.json() };
}

describe('what is switched off says so', () => {
  test('signing up', async () => {
    const { error } = await aClient().auth.signUp({ phone: aPhone(), password });
    expect(refusal(error)).toEqual([422, 'signup_disabled']);
    expect(refusal((await aClient().auth.signInAnonymously()).error)).toEqual([
      422,
      'anonymous_provider_disabled'
    ]);
  });

  test('codes for a phone that nobody has', async () => {
    const { auth } = aClient();
    expect(refusal((await auth.signInWithOtp({ phone: aPhone() })).error)).toEqual([422, 'signup_disabled']);
    const existing = await auth.signInWithOtp({ phone: aPhone(), options: { shouldCreateUser: false } });
    expect(refusal(existing.error)).toEqual([422, 'otp_disabled']);
  });

  test('codes for a phone that somebody has', async () => {
    const { phone } = await aUser();
    const { auth } = aClient();
    expect(refusal((await auth.signInWithOtp({ phone })).error)).toEqual([422, 'sms_send_failed']);
    expect((await auth.resend({ type: 'sms', phone })).error).toBeNull();
    expect((await auth.resend({ type: 'sms', phone: aPhone() })).error).toBeNull();
    const unconfirmed = aPhone();
    await anAdmin().createUser({ phone: unconfirmed });
    expect(refusal((await auth.resend({ type: 'sms', phone: unconfirmed })).error)).toEqual([
      422,
      'sms_send_failed'
    ]);
  });

  test('every code is wrong', async () => {
    const { phone } = await aUser();
    const { error } = await aClient().auth.verifyOtp({ phone, token: '123456', type: 'sms' });
    expect(refusal(error)).toEqual([403, 'otp_expired']);
  });

  test('email', async () => {
    const { auth } = aClient();
    const email = 'asha@example.org';
    expect(refusal((await auth.signInWithOtp({ email })).error)).toEqual([422, 'email_provider_disabled']);
    expect(refusal((await auth.resetPasswordForEmail(email)).error)).toEqual([
      400,
      'email_provider_disabled'
    ]);
    const invitation = await anAdmin().inviteUserByEmail(email);
    expect(refusal(invitation.error)).toEqual([422, 'email_provider_disabled']);
  });

  test('second factors and linked identities', async () => {
    const { phone } = await aUser();
    const { client } = await signIn(phone);
    const factor = await client.auth.mfa.enroll({ factorType: 'totp' });
    expect(refusal(factor.error)).toEqual([422, 'mfa_totp_enroll_not_enabled']);
    expect((await client.auth.mfa.listFactors()).data?.all).toEqual([]);
    expect(refusal((await client.auth.reauthenticate()).error)).toEqual([422, 'sms_send_failed']);
    const linked = await client.auth.linkIdentity({
      provider: 'google',
      options: { skipBrowserRedirect: true }
    });
    expect(refusal(linked.error)).toEqual([404, 'manual_linking_disabled']);
  });

  test.each([
    ['GET', '/authorize?provider=google', 400, 'validation_failed'],
    ['POST', '/sso', 404, 'saml_provider_disabled'],
    ['POST', '/passkeys/authentication/options', 404, 'passkey_disabled'],
    ['POST', '/oauth/token', 404, 'feature_disabled'],
    ['POST', '/token?grant_type=pkce', 404, 'flow_state_not_found'],
    ['POST', '/token?grant_type=web3', 422, 'web3_provider_disabled'],
    ['POST', '/token?grant_type=client_credentials', 400, 'invalid_credentials'],
    ['POST', '/token', 400, 'invalid_credentials']
  ])('%s %s', async (method, path, status, code) => {
    const answer = await call(method, path, method === 'POST' ? { body: {} } : {});
    expect([answer.status, answer.body.code]).toEqual([status, code]);
  });
});

describe('errors', () => {
  test('have a code and echo the version they are written in', async () => {
    const { response, body } = await call('POST', '/token?grant_type=password', { body: {} });
    expect(response.headers.get('x-supabase-api-version')).toBe('2024-01-01');
    expect(body).toEqual({ code: 'validation_failed', message: 'missing email or phone' });
  });

  test.each([undefined, '2023-12-31', 'tomorrow'])(
    'keep the first form for the version %s',
    async (version) => {
      const response = await fetch(`${authUrl()}/token?grant_type=password`, {
        method: 'POST',
        headers: { apikey: theStack().anon_key, ...(version && { 'x-supabase-api-version': version }) },
        body: '{}'
      });
      expect(response.headers.get('x-supabase-api-version')).toBeNull();
      expect([response.status, await response.json()]).toEqual([
        400,
        { code: 400, error_code: 'validation_failed', msg: 'missing email or phone' }
      ]);
    }
  );

  test('of a weak password carry the reasons in both forms', async () => {
    const { phone } = await aUser();
    const { session } = await signIn(phone);
    const today = await call('PUT', '/user', { token: session.access_token, body: { password: 'abc' } });
    expect(today.body).toMatchObject({ code: 'weak_password', weak_password: { reasons: ['length'] } });
    const response = await fetch(`${authUrl()}/user`, {
      method: 'PUT',
      headers: { apikey: theStack().anon_key, authorization: `Bearer ${session.access_token}` },
      body: JSON.stringify({ password: 'abc' })
    });
    expect(await response.json()).toMatchObject({
      code: 422,
      error_code: 'weak_password',
      weak_password: { reasons: ['length'] }
    });
  });

  test.each(['', 'phone=1', '[]', '{"phone": 1}', '{"phone": "1"'])(
    'tell a broken body: %s',
    async (body) => {
      const answer = await call('POST', '/token?grant_type=password', { body });
      expect([answer.status, answer.body.code]).toEqual([400, 'bad_json']);
    }
  );

  test('tell a body that is too large', async () => {
    const answer = await call('POST', '/token?grant_type=password', {
      body: { phone: '1', password: 'x'.repeat(1_100_000) }
    });
    expect([answer.status, answer.body.code]).toEqual([413, 'request_entity_too_large']);
  });

  test('phone and email together are refused', async () => {
    const answer = await call('POST', '/token?grant_type=password', {
      body: { phone: '1', email: 'asha@example.org', password }
    });
    expect([answer.status, answer.body.code]).toEqual([400, 'validation_failed']);
  });

  test('tell which address or method does not exist', async () => {
    const headers = { apikey: theStack().anon_key };
    expect((await fetch(`${authUrl()}/nothing`, { headers })).status).toBe(404);
    expect((await fetch(`${authUrl()}/token`, { headers })).status).toBe(405);
  });
});

describe('what anybody may know', () => {
  test('health, settings and keys', async () => {
    expect((await call('GET', '/health')).body).toMatchObject({
      version: expect.any(String),
      name: 'GoTrue',
      description: expect.any(String)
    });
    expect((await call('GET', '/settings')).body).toMatchObject({
      external: { phone: true, email: false, google: false, anonymous_users: false },
      disable_signup: true,
      phone_autoconfirm: false,
      sms_provider: expect.any(String)
    });
    const keys = await call('GET', '/.well-known/jwks.json');
    expect(keys.body).toEqual({ keys: [] });
    expect(keys.response.headers.get('cache-control')).toBe('public, max-age=600');
  });
});

describe('settings the project does not have', () => {
  const asked: Auth[] = [];
  function anAuth(options: Partial<AuthOptions>): Auth {
    const auth = authWith(options);
    asked.push(auth);
    return auth;
  }
  afterAll(() => Promise.all(asked.map((auth) => auth.close())));

  async function ask(
    auth: Auth,
    method: string,
    path: string,
    headers: Record<string, string>,
    body: unknown
  ) {
    const response = await auth.fetch(
      new Request(`http://auth${path}`, {
        method,
        headers: { 'x-supabase-api-version': '2024-01-01', ...headers },
        body: JSON.stringify(body)
      })
    );
    const answer = await response.json();
    return [response.status, answer.code];
  }

  test('limits count for each client address apart', async () => {
    const auth = anAuth({
      rateLimitHeader: 'x-forwarded-for',
      rateLimits: { tokenRefresh: 1, tokenVerifications: 1, signInSignUps: 1, burst: 3 }
    });
    const attempt = (address: string, path: string) =>
      ask(auth, 'POST', path, address ? { 'x-forwarded-for': address } : {}, {
        refresh_token: 'zzzzzzzzzzzz'
      });
    const token = '/token?grant_type=refresh_token';
    for (let count = 0; count < 3; count++) expect((await attempt('192.0.2.1', token))[0]).toBe(400);
    expect(await attempt('192.0.2.1', token)).toEqual([429, 'over_request_rate_limit']);
    expect(await attempt('192.0.2.1, 198.51.100.7', token)).toEqual([429, 'over_request_rate_limit']);
    expect((await attempt('192.0.2.2', token))[0]).toBe(400);
    expect((await attempt('192.0.2.1', '/verify'))[0]).toBe(400);
    for (let count = 0; count < 5; count++) expect((await attempt('', token))[0]).toBe(400);
  });

  test('a password change may need a fresh session', async () => {
    const auth = anAuth({ securePasswordChange: true });
    const { id, phone } = await aUser();
    const { session } = await signIn(phone);
    const change = (body: Record<string, unknown>) =>
      ask(auth, 'PUT', '/user', { authorization: `Bearer ${session.access_token}` }, body);
    expect((await change({ password: 'another horse' }))[0]).toBe(200);
    await database`update auth.sessions set created_at = now() - interval '25 hours' where user_id = ${id}`;
    expect(await change({ password: 'third horse' })).toEqual([400, 'reauthentication_needed']);
    expect(await change({ password: 'third horse', nonce: '123456' })).toEqual([
      422,
      'reauthentication_not_valid'
    ]);
  });

  test('a password change may need the current password', async () => {
    const auth = anAuth({ requireCurrentPassword: true });
    const { phone } = await aUser();
    const { session } = await signIn(phone);
    const change = (body: Record<string, unknown>) =>
      ask(auth, 'PUT', '/user', { authorization: `Bearer ${session.access_token}` }, body);
    expect(await change({ password: 'another horse' })).toEqual([400, 'current_password_required']);
    expect(await change({ password: 'another horse', current_password: 'wrong horse' })).toEqual([
      400,
      'current_password_invalid'
    ]);
    expect((await change({ password: 'another horse', current_password: password }))[0]).toBe(200);
  });

  test('a password may need characters of several kinds', async () => {
    const auth = anAuth({ passwordRequirements: 'lower_upper_letters_digits', minimumPasswordLength: 8 });
    const { phone } = await aUser();
    const { session } = await signIn(phone);
    const change = async (wanted: string) => {
      const response = await auth.fetch(
        new Request('http://auth/user', {
          method: 'PUT',
          headers: { authorization: `Bearer ${session.access_token}` },
          body: JSON.stringify({ password: wanted })
        })
      );
      return (await response.json()).weak_password?.reasons;
    };
    expect(await change('abc')).toEqual(['length', 'characters']);
    expect(await change('lowercase 1')).toEqual(['characters']);
    expect(await change('Mixed Case 1')).toBeUndefined();
    expect(() => anAuth({ passwordRequirements: 'runes' })).toThrow('runes');
  });

  test('sign-up and phones can be switched', async () => {
    const open = anAuth({ enableSignup: true });
    expect(await ask(open, 'POST', '/signup', {}, { phone: aPhone(), password })).toEqual([
      422,
      'sms_send_failed'
    ]);
    expect(await ask(open, 'POST', '/signup', {}, { phone: aPhone() })).toEqual([400, 'validation_failed']);
    const closed = anAuth({ enablePhone: false });
    const { phone } = await aUser();
    const signInByPhone = ask(closed, 'POST', '/token?grant_type=password', {}, { phone, password });
    expect(await signInByPhone).toEqual([422, 'phone_provider_disabled']);
  });

  test('email can be switched on for signing in', async () => {
    const auth = anAuth({ enableEmail: true });
    const email = `${aPhone()}@example.org`;
    await anAdmin().createUser({ email, password });
    const attempt = () => ask(auth, 'POST', '/token?grant_type=password', {}, { email, password });
    expect(await attempt()).toEqual([400, 'email_not_confirmed']);
    await database`update auth.users set email_confirmed_at = now() where email = ${email}`;
    expect((await attempt())[0]).toBe(200);
  });

  test('a failure is logged once, without the phone or the password', async () => {
    const lines: LogEntry[] = [];
    const auth = anAuth({ log: (entry) => lines.push(entry) });
    const phone = aPhone();
    const other = await aUser();
    const { id } = await aUser(phone);
    const admin = { authorization: `Bearer ${theStack().service_role_key}`, 'x-request-id': 'request-7' };
    const attributes = { phone: other.phone, password: 'another horse' };
    expect(await ask(auth, 'PUT', `/admin/users/${id}`, admin, attributes)).toEqual([
      500,
      'unexpected_failure'
    ]);
    expect(lines).toEqual([
      {
        level: 'error',
        service: 'auth',
        error_id: 'request-7',
        method: 'PUT',
        path: `/admin/users/${id}`,
        message: expect.stringContaining('Error updating user'),
        sqlstate: '23505'
      }
    ]);
    expect(JSON.stringify(lines)).not.toContain(other.phone);
    expect(JSON.stringify(lines)).not.toContain('another horse');
  });
});
