// A token that is kept with a user, as Auth keeps those it texts, opens a session once. Nothing here sends one.
import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { databaseAsPostgres, theStack } from '../../tests/helpers/stack.ts';
import { aUser, authUrl } from './auth-stack.ts';

/** Keeps a token with a user, handed out so many seconds ago. */
async function keep(userId: string, seconds = 0): Promise<string> {
  const token = randomUUID();
  await databaseAsPostgres()`
    update auth.users
    set confirmation_token = encode(sha224(convert_to(phone || ${token}, 'UTF8')), 'hex'),
      confirmation_sent_at = now() - make_interval(secs => ${seconds})
    where id = ${userId}`;
  return token;
}

async function verify(body: object): Promise<{ status: number; code?: string; user?: { id: string } }> {
  const response = await fetch(`${authUrl()}/verify`, {
    method: 'POST',
    headers: {
      apikey: theStack().publishable_key,
      'content-type': 'application/json',
      'x-supabase-api-version': '2024-01-01'
    },
    body: JSON.stringify(body)
  });
  return { ...((await response.json()) as object), status: response.status };
}

describe('a token', () => {
  test('opens a session that was proven by it, once, also for those who bring it at the same time', async () => {
    const { id, phone } = await aUser();
    const token = await keep(id);
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => verify({ type: 'sms', phone: `+${phone}`, token }))
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 403, 403, 403, 403]);
    expect(answers.find(({ status }) => status === 200)?.user?.id).toBe(id);
    const methods = await databaseAsPostgres()`
      select c.authentication_method from auth.mfa_amr_claims c join auth.sessions s on s.id = c.session_id
      where s.user_id = ${id}`;
    expect(methods).toEqual([{ authentication_method: 'otp' }]);
  });

  test.each([
    ['is another', { token: 'another' }],
    ['is of another phone', { phone: '919999999999' }],
    ['is for something else', { type: 'phone_change' }]
  ])('that %s opens nothing', async (_, wrong) => {
    const { id, phone } = await aUser();
    const token = await keep(id);
    expect(await verify({ type: 'sms', phone, token, ...wrong })).toMatchObject({
      status: 403,
      code: 'otp_expired'
    });
  });

  test('is good for a minute, and not for who is banned', async () => {
    const { id, phone } = await aUser();
    expect((await verify({ type: 'sms', phone, token: await keep(id, 61) })).code).toBe('otp_expired');
    const token = await keep(id);
    await databaseAsPostgres()`update auth.users set banned_until = now() + interval '1 hour' where id = ${id}`;
    expect(await verify({ type: 'sms', phone, token })).toMatchObject({ status: 403, code: 'user_banned' });
  });
});

test.each([
  { phone: '919999999999', token: 'a' },
  { type: 'sms', phone: '919999999999' },
  { type: 'sms', token: 'a' },
  { type: 'sms', phone: 'nobody', token: 'a' }
])('what cannot be a question is refused: %j', async (body) => {
  expect(await verify(body)).toMatchObject({ status: 400, code: 'validation_failed' });
});
