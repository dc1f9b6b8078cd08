import { isAuthApiError } from '@supabase/supabase-js';
import { decodeJwt } from 'jose';
import type postgres from 'postgres';
import { afterAll, describe, expect, test } from 'vitest';
import type { Auth } from '../auth/index.ts';
import { closeDatabases, databaseAsAdmin, theStack } from '../../tests/helpers/stack.ts';
import { aClient, authUrl, authWith, aUser, signIn } from './auth-stack.ts';

const database = databaseAsAdmin();
const strict = authWith({ refreshTokenReuseInterval: 0 });
const hasty = authWith({ maxRequestDuration: 1, log: () => undefined });
afterAll(() => Promise.all([strict.close(), hasty.close(), closeDatabases()]));

/** Refreshes without a client in between: the status, and the session or the error. */
async function refresh(token: unknown, auth?: Auth) {
  const url = '/token?grant_type=refresh_token';
  const init = {
    method: 'POST',
    headers: {
      apikey: theStack().anon_key,
      'content-type': 'application/json',
      'x-supabase-api-version': '2024-01-01'
    },
    body: JSON.stringify({ refresh_token: token })
  };
  const response = auth
    ? await auth.fetch(new Request(`http://auth${url}`, init))
    : await fetch(`${authUrl()}${url}`, init);
  return { status: response.status, body: await response.json() };
}

async function aSession() {
  const { id, phone } = await aUser();
  const { client, session } = await signIn(phone);
  return { id, client, session, token: session.refresh_token };
}

/** Makes every token of a user look as if it had been used a minute ago. */
async function age(userId: string) {
  await database`
    update auth.refresh_tokens set updated_at = updated_at - interval '1 minute' where user_id = ${userId}`;
}

const tokensOf = (userId: string) =>
  database<{ token: string; parent: string | null; revoked: boolean }[]>`
    select token, parent, revoked from auth.refresh_tokens where user_id = ${userId} order by id`;

test('a refresh gives a new pair of tokens in the same session', async () => {
  const { id, client, session, token } = await aSession();
  const { data, error } = await client.auth.refreshSession();
  expect(error).toBeNull();
  expect(data.session?.refresh_token).toMatch(/^[a-z0-9]{12}$/);
  expect(data.session?.refresh_token).not.toBe(token);
  const [before, after] = [session.access_token, data.session?.access_token ?? ''].map(decodeJwt);
  expect(after?.session_id).toBe(before?.session_id);
  expect(after?.amr).toEqual(before?.amr);
  expect(data.user).toMatchObject({ id, identities: [{ provider: 'phone' }] });
  expect(await tokensOf(id)).toEqual([
    { token, parent: null, revoked: true },
    { token: data.session?.refresh_token, parent: token, revoked: false }
  ]);
});

test('a refresh picks up what has changed about the user', async () => {
  const { id, token } = await aSession();
  await database`
    update auth.users set raw_app_meta_data = raw_app_meta_data || '{"desk": true}' where id = ${id}`;
  const { body } = await refresh(token);
  expect(decodeJwt(body.access_token)).toMatchObject({ app_metadata: { desk: true, provider: 'phone' } });
});

describe('a token that was used before', () => {
  test('gives the active one again while that has not been used, however late', async () => {
    const { id, token } = await aSession();
    const first = await refresh(token, strict);
    await age(id);
    const again = await refresh(token, strict);
    expect(again.status).toBe(200);
    expect(again.body.refresh_token).toBe(first.body.refresh_token);
  });

  test('is exchanged anew within the reuse interval', async () => {
    const { id, token } = await aSession();
    const first = await refresh(token);
    const second = await refresh(first.body.refresh_token);
    const again = await refresh(token);
    expect(again.status).toBe(200);
    const tokens = await tokensOf(id);
    expect(tokens.map(({ parent }) => parent)).toEqual([null, token, first.body.refresh_token, token]);
    expect((await refresh(second.body.refresh_token)).status).toBe(200);
  });

  test('ends the session after the reuse interval', async () => {
    const { id, token } = await aSession();
    const first = await refresh(token, strict);
    const second = await refresh(first.body.refresh_token, strict);
    await age(id);
    expect(await refresh(token, strict)).toEqual({
      status: 400,
      body: { code: 'refresh_token_already_used', message: 'Invalid Refresh Token: Already Used' }
    });
    expect((await tokensOf(id)).every(({ revoked }) => revoked)).toBe(true);
    const latest = await refresh(second.body.refresh_token, strict);
    expect([latest.status, latest.body.code]).toEqual([400, 'refresh_token_already_used']);
  });

  test('is only refused when rotation is off', async () => {
    const lenient = authWith({ refreshTokenReuseInterval: 0, refreshTokenRotation: false });
    const { id, token } = await aSession();
    const first = await refresh(token, lenient);
    const second = await refresh(first.body.refresh_token, lenient);
    await age(id);
    expect((await refresh(token, lenient)).body.code).toBe('refresh_token_already_used');
    expect((await refresh(second.body.refresh_token, lenient)).status).toBe(200);
    await lenient.close();
  });

  test('is reported by the client with its code', async () => {
    const { id, client, session } = await aSession();
    await client.auth.refreshSession();
    await client.auth.refreshSession();
    await age(id);
    const { error } = await aClient().auth.refreshSession(session);
    expect(isAuthApiError(error) && [error.status, error.code]).toEqual([400, 'refresh_token_already_used']);
  });
});

describe('many refreshes at once', () => {
  test('with one token all get the same successor', async () => {
    const { id, token } = await aSession();
    const answers = await Promise.all(Array.from({ length: 25 }, () => refresh(token, strict)));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(answers.map(({ body }) => body.refresh_token)).size).toBe(1);
    expect(await tokensOf(id)).toHaveLength(2);
  });

  test('while the user signs out leave nothing behind', async () => {
    const { id, client, token } = await aSession();
    const [, ...answers] = await Promise.all([
      client.auth.signOut(),
      ...Array.from({ length: 10 }, () => refresh(token))
    ]);
    for (const { status, body } of answers) {
      expect([status, status === 200 ? undefined : body.code]).toSatisfy(
        ([code, reason]) =>
          code === 200 || (code === 400 && ['refresh_token_not_found', 'session_not_found'].includes(reason))
      );
    }
    expect(await tokensOf(id)).toHaveLength(0);
  });

  test('while the password changes elsewhere never deadlock', async () => {
    const { phone } = await aUser();
    const [here, there] = [await signIn(phone), await signIn(phone)];
    const [changed, ...answers] = await Promise.all([
      here.client.auth.updateUser({ password: 'another horse' }),
      ...Array.from({ length: 10 }, () => refresh(there.session.refresh_token))
    ]);
    expect(changed.error).toBeNull();
    expect(answers.filter(({ status }) => status >= 500)).toEqual([]);
    expect((await refresh(there.session.refresh_token)).status).toBe(400);
  });

  /** Refreshes while somebody else has locked what `locked` selects, and again when they have let go. */
  async function refreshBehind(
    locked: (holder: postgres.ReservedSql) => Promise<unknown>,
    token: string,
    auth?: Auth
  ) {
    const holder = await database.reserve();
    await holder`begin`;
    await locked(holder);
    const { status, body } = await refresh(token, auth);
    await holder`rollback`;
    holder.release();
    return { refused: [status, body.code], after: (await refresh(token)).status };
  }

  test('wait for a locked session only so long', async () => {
    const { id, token } = await aSession();
    const locked = (holder: postgres.ReservedSql) =>
      holder`select from auth.sessions where user_id = ${id} for update`;
    expect(await refreshBehind(locked, token)).toEqual({ refused: [409, 'conflict'], after: 200 });
  });

  test('wait for a locked user until the request is given up', async () => {
    const { id, token } = await aSession();
    const locked = (holder: postgres.ReservedSql) =>
      holder`select from auth.users where id = ${id} for update`;
    expect(await refreshBehind(locked, token, hasty)).toEqual({
      refused: [504, 'request_timeout'],
      after: 200
    });
  });
});

describe('a refresh is refused', () => {
  test.each(['', 'short', 'UPPERCASE123', 'abcdef12345-', 'abcdefghijklm', null])(
    'for the token %j',
    async (token) => {
      const { status, body } = await refresh(token);
      expect([status, body.code]).toEqual([400, 'validation_failed']);
    }
  );

  test('for a token that is no text', async () => {
    const { status, body } = await refresh(123456789012);
    expect([status, body.code]).toEqual([400, 'bad_json']);
  });

  test('for a token nobody has', async () => {
    const { status, body } = await refresh('zzzzzzzzzzzz');
    expect([status, body.code]).toEqual([400, 'refresh_token_not_found']);
  });

  test('when the session has come to its end', async () => {
    const { id, token } = await aSession();
    await database`update auth.sessions set not_after = now() - interval '1 second' where user_id = ${id}`;
    const { status, body } = await refresh(token);
    expect([status, body.code]).toEqual([400, 'session_expired']);
  });

  test('when the token has lost its session', async () => {
    const { id, token } = await aSession();
    await database`update auth.refresh_tokens set session_id = null where user_id = ${id}`;
    const { status, body } = await refresh(token);
    expect([status, body.code]).toEqual([400, 'session_not_found']);
  });
});

const tenMinutesAgo = () => new Date(Date.now() - 601_000);
test.each([
  ['older than its timebox', { sessionTimebox: 600 }, { created_at: tenMinutesAgo() }, ''],
  [
    'never refreshed in time',
    { sessionInactivityTimeout: 600 },
    { created_at: tenMinutesAgo(), refreshed_at: null },
    ' (Inactivity)'
  ],
  ['idle for too long', { sessionInactivityTimeout: 600 }, { refreshed_at: tenMinutesAgo() }, ' (Inactivity)']
])('a session %s is not refreshed', async (_what, options, past, reason) => {
  const auth = authWith(options);
  const { id, token } = await aSession();
  const { status, body } = await refresh(token, auth);
  expect(status).toBe(200);
  await database`update auth.sessions set ${database(past)} where user_id = ${id}`;
  const late = await refresh(body.refresh_token, auth);
  await auth.close();
  expect(late).toMatchObject({
    status: 400,
    body: { code: 'session_expired', message: `Invalid Refresh Token: Session Expired${reason}` }
  });
});
