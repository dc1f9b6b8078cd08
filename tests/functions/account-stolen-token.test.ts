// What somebody can do who has got hold of a session's access token, and of nothing else.
import { createClient } from '@supabase/supabase-js';
import { decodeJwt } from 'jose';
import { afterAll, describe, expect, test } from 'vitest';
import { smsTo, textsOf } from '../helpers/inbox.ts';
import { closeDatabases, databaseAsPostgres, theStack } from '../helpers/stack.ts';
import { aClinic, aPatient, aPhone, aPractitioner, book, nextSlots } from '../helpers/world.ts';
import {
  anAddress,
  asOwner,
  aWish,
  registered,
  throughGateway,
  untilLimited,
  type Answer
} from './account-api.ts';

const { api_url, publishable_key, inbox_url } = theStack();
const sql = databaseAsPostgres();
afterAll(closeDatabases);

const password = 'a long secret';
const refusalOf = ({ status, body }: Answer) => `${status} ${String(body.error)}`;

async function signIn(phone: string, typed: string): Promise<Answer> {
  return throughGateway()('sign-in', { username: phone, password: typed });
}

/** A patient with an account, whose token was stolen. */
async function aVictim() {
  const patient = await aPatient(sql, { phone: aPhone(), account: true, password });
  const answer = await signIn(patient.phone, password);
  return { ...patient, userId: patient.account.userId, token: String(answer.body.token) };
}

/** The same whose password was texted so many hours ago. */
async function aTexted(hours: number) {
  const texted = 'ABCD2345';
  const patient = await aPatient(sql, { phone: aPhone(), account: true, password: texted });
  await sql`
    insert into private.temporary_passwords (user_id, expires_at)
    values (${patient.account.userId}, now() + interval '72 hours')`;
  const answer = await signIn(patient.phone, texted);
  await sql`
    update private.temporary_passwords set expires_at = now() + make_interval(hours => ${72 - hours})
    where user_id = ${patient.account.userId}`;
  return { ...patient, texted, userId: patient.account.userId, token: String(answer.body.token) };
}

const atAuth = (token: string, method: string, path: string, body?: unknown) =>
  fetch(`${api_url}/auth/v1${path}`, {
    method,
    headers: {
      apikey: publishable_key,
      authorization: `Bearer ${token}`,
      'content-type': 'application/json'
    },
    ...(body !== undefined && { body: JSON.stringify(body) })
  });

const kept = async (userId: string) => {
  const [row] = await sql`
    select encrypted_password, phone, phone_change, email, email_change from auth.users where id = ${userId}`;
  return row;
};

describe('a stolen token', () => {
  test.each([
    ['another password', { password: 'the thief chose it' }],
    ['no password', { password: '' }],
    ['another phone', { phone: aPhone() }],
    ['an e-mail', { email: 'thief@example.org' }]
  ])('cannot give the account %s', async (_what, change) => {
    const { userId, phone, token } = await aVictim();
    const before = await kept(userId);
    expect((await atAuth(token, 'PUT', '/user', change)).ok).toBe(false);
    expect(await kept(userId)).toEqual(before);
    expect((await signIn(phone, password)).status).toBe(200);
  });

  test('adds no way of its own to sign in', async () => {
    const { token } = await aVictim();
    for (const path of ['/factors', '/passkeys/registration/options', '/user/identities/authorize']) {
      expect((await atAuth(token, 'POST', path, {})).ok).toBe(false);
    }
  });

  test('cannot delete the account', async () => {
    const { userId, token } = await aVictim();
    const rpc = await fetch(`${api_url}/rest/v1/rpc/delete_account`, {
      method: 'POST',
      headers: { apikey: publishable_key, authorization: `Bearer ${token}` }
    });
    expect(rpc.status).toBe(404);
    const guess = await asOwner('delete-account', token, { password: 'a guess at it' });
    expect(refusalOf(guess)).toBe('401 invalid_credentials');
    expect(await kept(userId)).toBeDefined();
  });

  test.each(['change-password', 'change-phone', 'delete-account'])(
    'guesses the password at %s no more often than at sign-in',
    async (name) => {
      const { token } = await aVictim();
      const body = { password: 'a guess', new_password: 'the thief chose it', phone_number: aPhone() };
      const address = anAddress();
      const limited = await untilLimited(10, 401, () => asOwner(name, token, body, address));
      expect(refusalOf(limited)).toBe('429 rate_limited');
    },
    60_000
  );
});

describe('changing the password', () => {
  test('needs the present one, ends every session and opens a new one; the owner is told', async () => {
    const victim = await aVictim();
    const chosen = 'another long secret';
    const answer = await asOwner('change-password', victim.token, { password, new_password: chosen });
    expect(answer).toMatchObject({
      status: 200,
      body: {
        token: expect.stringMatching(/^ey/),
        refresh_token: expect.any(String),
        user: { id: victim.userId, phone_number: victim.phone, role: 'patient' }
      }
    });
    const sessions = await sql`select id from auth.sessions where user_id = ${victim.userId}`;
    expect([...sessions]).toEqual([{ id: decodeJwt(String(answer.body.token)).session_id }]);
    expect((await signIn(victim.phone, password)).status).toBe(401);
    expect((await signIn(victim.phone, chosen)).status).toBe(200);
    const { body } = await smsTo(inbox_url, victim.phone, 'The password of your MedQ account was changed.');
    expect(body).toMatch(/Forgot password/);
    expect(await sql`select from private.account_permits where user_id = ${victim.userId}`).toHaveLength(0);
  });

  test('needs another one that can be one, and says so beside its field', async () => {
    const { token } = await aVictim();
    for (const new_password of [password, 'short', 'x'.repeat(73)]) {
      const answer = await asOwner('change-password', token, { password, new_password });
      expect(refusalOf(answer)).toBe('400 validation_failed');
      expect(Object.keys(answer.body.fields as object)).toEqual(['new_password']);
    }
  });

  test('needs a session', async () => {
    const { token } = await aVictim();
    const body = { password, new_password: 'another long secret' };
    for (const none of [undefined, publishable_key, `${token}x`]) {
      expect(refusalOf(await asOwner('change-password', none, body))).toBe('401 not_signed_in');
      expect(refusalOf(await asOwner('delete-account', none, body))).toBe('401 not_signed_in');
    }
  });

  test('from the texted one to one’s own works for 72 hours', async () => {
    const body = (texted: string) => ({ password: texted.toLowerCase(), new_password: 'my very own words' });
    const early = await aTexted(71);
    expect((await asOwner('change-password', early.token, body(early.texted))).status).toBe(200);
    const late = await aTexted(73);
    const answer = await asOwner('change-password', late.token, body(late.texted));
    expect(refusalOf(answer)).toBe('401 invalid_credentials');
    expect(answer.body.message).toMatch(/Forgot your password/);
    expect((await signIn(late.phone, 'my very own words')).status).toBe(401);
  });

  test('is not undone by keeping the texted one', async () => {
    const { token, texted } = await aTexted(1);
    const answer = await asOwner('change-password', token, { password: 'abcd 2345', new_password: texted });
    expect(refusalOf(answer)).toBe('400 validation_failed');
  });

  test('tells nobody of an account that is new', async () => {
    const wish = aWish();
    await registered(throughGateway(), wish);
    const texts = await textsOf(inbox_url, wish.phone_number);
    expect(texts.filter(({ body }) => body.includes('password of your MedQ account'))).toEqual([]);
  });
});

test('deleting the account needs its password, and leaves the appointments to the clinic', async () => {
  const victim = await aVictim();
  const practitioner = await aPractitioner(sql, await aClinic(sql));
  const [slot] = await nextSlots(sql, practitioner, 1);
  if (!slot) throw new Error('There is no slot.');
  await book(sql, victim, practitioner, slot);
  const answer = await asOwner('delete-account', victim.token, { password });
  expect(answer.status).toBe(204);
  expect(await kept(victim.userId)).toBeUndefined();
  expect(await sql`select user_id, name from patients where id = ${victim.id}`).toEqual([
    { user_id: null, name: null }
  ]);
  expect(refusalOf(await asOwner('delete-account', victim.token, { password }))).toBe('401 not_signed_in');
});

describe('the token that scripts of a page get', () => {
  async function aListener() {
    const victim = await aVictim();
    const answer = await asOwner('live-token', victim.token, {});
    expect(answer.status).toBe(200);
    return { ...victim, listening: String(answer.body.token), lasts: answer.body.expires_in };
  }

  test('names no user and lasts ten minutes', async () => {
    const { listening, lasts, token } = await aListener();
    const { role, listens_for, sub, session_id, exp = 0, iat = 0 } = decodeJwt(listening);
    expect({ role, listens_for, sub, session_id }).toEqual({
      role: 'authenticated',
      listens_for: decodeJwt(token).session_id,
      sub: undefined,
      session_id: undefined
    });
    expect([exp - iat, lasts]).toEqual([600, 600]);
  });

  test('does nothing at Auth, at the functions and at the Data API', async () => {
    const { listening, id } = await aListener();
    for (const [method, path] of [
      ['GET', '/user'],
      ['PUT', '/user'],
      ['POST', '/logout?scope=global']
    ] as const) {
      const { status } = await atAuth(listening, method, path, method === 'GET' ? undefined : {});
      expect(status).toBe(403);
    }
    for (const name of ['change-password', 'delete-account', 'change-phone', 'live-token']) {
      const body = { password, new_password: 'the thief chose it', phone_number: aPhone() };
      expect(refusalOf(await asOwner(name, listening, body))).toBe('401 not_signed_in');
    }
    const data = createClient(api_url, publishable_key, {
      global: { headers: { authorization: `Bearer ${listening}` } }
    });
    const practitioner = await aPractitioner(sql, await aClinic(sql));
    const [slot] = await nextSlots(sql, practitioner, 1);
    await book(sql, { id, phone: '' }, practitioner, slot ?? '');
    for (const table of ['patients', 'appointments']) {
      expect((await data.from(table).select('id')).data).toEqual([]);
    }
    for (const name of ['my_sessions', 'update_profile']) {
      expect((await data.rpc(name)).error).toMatchObject({ code: 'PT401', message: 'not_signed_in' });
    }
  });
});
