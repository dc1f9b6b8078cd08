import { isAuthApiError } from '@supabase/supabase-js';
import { afterAll, describe, expect, test } from 'vitest';
import type { Auth, AuthOptions, LogEntry } from '../auth/index.ts';
import { theStack } from '../../tests/helpers/stack.ts';
import { aClient, aPhone, authUrl, authWith, aUser, password, signIn } from './auth-stack.ts';

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
  test.each([
    ['POST', '/signup', 422, 'signup_disabled'],
    ['POST', '/otp', 422, 'signup_disabled'],
    ['POST', '/resend', 422, 'sms_send_failed'],
    ['POST', '/verify', 400, 'validation_failed'],
    ['POST', '/recover', 422, 'email_provider_disabled'],
    ['POST', '/magiclink', 422, 'email_provider_disabled'],
    ['GET', '/authorize?provider=google', 400, 'validation_failed'],
    ['POST', '/sso', 404, 'saml_provider_disabled'],
    ['POST', '/passkeys/authentication/options', 404, 'passkey_disabled'],
    ['POST', '/oauth/token', 404, 'feature_disabled'],
    ['POST', '/token?grant_type=pkce', 400, 'validation_failed'],
    ['POST', '/token', 400, 'invalid_credentials']
  ])('%s %s', async (method, path, status, code) => {
    const token = theStack().service_role_key;
    const answer = await call(method, path, method === 'POST' ? { token, body: {} } : { token });
    expect([answer.status, answer.body.code]).toEqual([status, code]);
  });

  test.each([
    ['GET', '/reauthenticate', 422, 'sms_send_failed'],
    ['POST', '/factors', 422, 'mfa_totp_enroll_not_enabled'],
    ['GET', '/user/identities/authorize', 404, 'manual_linking_disabled']
  ])('%s %s to users, and others are told to sign in', async (method, path, status, code) => {
    const { phone } = await aUser();
    const { session } = await signIn(phone);
    const answer = await call(method, path, { token: session.access_token });
    expect([answer.status, answer.body.code]).toEqual([status, code]);
    expect((await call(method, path)).body.code).toBe('bad_jwt');
  });

  test.each([
    ['POST', '/invite', 422, 'email_provider_disabled'],
    ['GET', '/admin/users', 404, 'feature_disabled'],
    ['POST', '/admin/generate_link', 422, 'email_provider_disabled'],
    ['GET', '/admin/sso/providers', 404, 'saml_provider_disabled']
  ])('%s %s to admins, and others are told that they are none', async (method, path, status, code) => {
    const answer = await call(method, path, { token: theStack().service_role_key });
    expect([answer.status, answer.body.code]).toEqual([status, code]);
    expect((await call(method, path)).body.code).toBe('not_admin');
  });

  test('a code of a sign-in elsewhere, which nobody has', async () => {
    const body = { auth_code: crypto.randomUUID(), code_verifier: 'x'.repeat(43) };
    const answer = await call('POST', '/token?grant_type=pkce', { body });
    expect([answer.status, answer.body.code]).toEqual([404, 'flow_state_not_found']);
  });

  test('supabase-js shows the refusal', async () => {
    const { error } = await aClient().auth.signUp({ phone: aPhone(), password });
    expect(refusal(error)).toEqual([400, 'captcha_failed']);
  });
});

describe('a captcha, which nobody can solve,', () => {
  const { publishable_key, anon_key, secret_key, service_role_key } = theStack();
  const tryPassword = (key: string, phone: string, more: object = {}) =>
    fetch(`${authUrl()}/token?grant_type=password`, {
      method: 'POST',
      headers: { apikey: key, 'x-supabase-api-version': '2024-01-01' },
      body: JSON.stringify({ phone, password, ...more })
    });

  test('is asked of 130 guesses at a password, and of the right one', async () => {
    const { phone } = await aUser();
    for (let count = 0; count < 130; count++) {
      const answer = await tryPassword(publishable_key, phone, { password: `guess ${count}` });
      expect(answer.status).toBe(400);
      expect(await answer.json()).toEqual({
        code: 'captcha_failed',
        message: 'captcha protection: request disallowed (no captcha_token found)'
      });
    }
    expect((await tryPassword(publishable_key, phone)).status).toBe(400);
    expect((await tryPassword(anon_key, phone)).status).toBe(400);
    const solved = { gotrue_meta_security: { captcha_token: 'solved' } };
    expect(await (await tryPassword(publishable_key, phone, solved)).json()).toMatchObject({
      code: 'captcha_failed'
    });
  });

  test('is asked of a patient with a session too', async () => {
    const { phone } = await aUser();
    const { session } = await signIn(phone);
    const answer = await call('POST', '/token?grant_type=password', {
      token: session.access_token,
      body: { phone, password }
    });
    expect([answer.status, answer.body.code]).toEqual([400, 'captcha_failed']);
  });

  test.each(['/signup', '/otp', '/resend', '/recover', '/magiclink', '/token', '/token?grant_type=web3'])(
    'is asked at %s',
    async (path) => {
      const answer = await call('POST', path, { body: {} });
      expect([answer.status, answer.body.code]).toEqual([400, 'captcha_failed']);
    }
  );

  test('is not asked of either kind of secret key', async () => {
    const { phone } = await aUser();
    expect((await tryPassword(secret_key, phone)).status).toBe(200);
    expect((await tryPassword(service_role_key, phone)).status).toBe(200);
  });

  test('is not asked of whoever refreshes a session', async () => {
    const { phone } = await aUser();
    const { client } = await signIn(phone);
    expect((await client.auth.refreshSession()).error).toBeNull();
  });
});

describe('errors', () => {
  const admin = theStack().service_role_key;

  test('have a code and echo the version they are written in', async () => {
    const { response, body } = await call('POST', '/token?grant_type=password', { token: admin, body: {} });
    expect(response.headers.get('x-supabase-api-version')).toBe('2024-01-01');
    expect(body).toEqual({ code: 'validation_failed', message: 'missing email or phone' });
  });

  test.each([undefined, '2023-12-31', 'tomorrow'])(
    'keep the first form for the version %s',
    async (version) => {
      const response = await fetch(`${authUrl()}/token?grant_type=password`, {
        method: 'POST',
        headers: { apikey: admin, ...(version && { 'x-supabase-api-version': version }) },
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
      const answer = await call('POST', '/token?grant_type=password', { token: admin, body });
      expect([answer.status, answer.body.code]).toEqual([400, 'bad_json']);
    }
  );

  test('tell a body that is too large', async () => {
    const answer = await call('POST', '/token?grant_type=password', {
      token: admin,
      body: { phone: '1', password: 'x'.repeat(1_100_000) }
    });
    expect([answer.status, answer.body.code]).toEqual([413, 'request_entity_too_large']);
  });

  test('phone and email together are refused', async () => {
    const answer = await call('POST', '/token?grant_type=password', {
      token: admin,
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
      external: { phone: true, email: false, anonymous_users: false },
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

  test('signing in by phone can be switched off', async () => {
    const closed = anAuth({ enablePhone: false });
    const { phone } = await aUser();
    const signInByPhone = ask(closed, 'POST', '/token?grant_type=password', {}, { phone, password });
    expect(await signInByPhone).toEqual([422, 'phone_provider_disabled']);
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
        sqlstate: 'PT409'
      }
    ]);
    expect(JSON.stringify(lines)).not.toContain(other.phone);
    expect(JSON.stringify(lines)).not.toContain('another horse');
  });
});
