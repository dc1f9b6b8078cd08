// What the functions tell the doctor of themselves, and only the doctor.
import { afterAll, expect, test } from 'vitest';
import { siteSecret } from '../../local/settings/keys.ts';
import { closeDatabases, databaseAsPostgres, theStack } from '../helpers/stack.ts';

const { api_url, functions_secret, publishable_key, secret_key } = theStack();
const sql = databaseAsPostgres();
afterAll(closeDatabases);

const ask = (headers: Record<string, string>, body?: string) =>
  fetch(`${api_url}/functions/v1/self-check`, {
    method: 'POST',
    headers,
    ...(body !== undefined && { body })
  });
const bearer = { authorization: `Bearer ${functions_secret}` };
const answerTo = async (headers: Record<string, string>, body?: string) =>
  (await (await ask({ ...bearer, ...headers }, body)).json()) as Record<string, unknown>;

test('nobody without the secret learns anything', async () => {
  const strangers: Record<string, string>[] = [
    {},
    { authorization: 'Bearer wrong' },
    { apikey: publishable_key }
  ];
  for (const headers of strangers) {
    const answer = await ask(headers, '{"auth": true}');
    expect(answer.status).toBe(401);
    expect(await answer.json()).toMatchObject({ error: 'unauthorized' });
  }
  expect((await ask({ apikey: secret_key })).status).toBe(200);
  expect((await fetch(`${api_url}/functions/v1/self-check`, { headers: bearer })).status).toBe(405);
});

test('the time, the settings and the client are told; what costs others requests only if it is asked for', async () => {
  const answer = await answerTo({});
  expect(Math.abs(Date.parse(String(answer.at)) - Date.now())).toBeLessThan(60_000);
  expect(answer).toMatchObject({ settings: [], client: '127.0.0.1', messagebird: null, auth: null });
});

test('what is no wish is none', async () => {
  for (const body of ['', 'no json', '[]', '{"messagebird": "yes"}', 'x'.repeat(5000)]) {
    expect(await answerTo({}, body)).toMatchObject({ messagebird: null, auth: null });
  }
});

test('the balance at MessageBird is told', async () => {
  expect(await answerTo({}, '{"messagebird": true}')).toMatchObject({
    messagebird: { told: true, payment: 'prepaid', amount: 1000 }
  });
});

test('the client is whom the site asks for, when it knows the secret', async () => {
  const visitor = { 'x-client-address': '192.0.2.88' };
  const site = { ...visitor, 'x-site-secret': siteSecret(functions_secret) };
  expect(await answerTo(site)).toMatchObject({ client: '192.0.2.88' });
  expect(await answerTo({ ...visitor, 'x-site-secret': 'wrong' })).toMatchObject({ client: '127.0.0.1' });
});

test('trying Auth leaves nothing but the account that is nobody’s, as it was', async () => {
  const rows = () => sql`
    select (select count(*) from private.rate_limits) as limits, (select count(*) from auth.sessions) as sessions,
      (select count(*) from public.security_events) as events, (select count(*) from public.patients) as patients`;
  const nobody = () =>
    sql`select phone, phone_confirmed_at, encrypted_password from auth.users where phone like '999000%'`;
  const before = await rows();
  for (const time of [1, 2]) {
    expect(await answerTo({}, '{"auth": true}'), `${time}`).toMatchObject({
      auth: { sign_ins: 40, limited: false, refuses_short_passwords: true }
    });
  }
  const [account, ...others] = await nobody();
  expect(others).toEqual([]);
  expect(account).toMatchObject({ phone: '999000000000000', phone_confirmed_at: null });
  await answerTo({}, '{"auth": true}');
  expect(await nobody()).toEqual([account]);
  expect(await rows()).toEqual(before);
});
