import { afterAll, describe, expect, test } from 'vitest';
import { siteSecret } from '../../local/settings/keys.ts';
import { startSite, type Site } from '../../local/site.ts';
import { textsOf } from '../helpers/inbox.ts';
import { closeDatabases, databaseAsPostgres, theStack } from '../helpers/stack.ts';
import { aPatient, aPhone } from '../helpers/world.ts';
import { anAddress, aWish, nextCode, registered, send, throughGateway } from './account-api.ts';

const { inbox_url, api_url, publishable_key, functions_secret } = theStack();
const sql = databaseAsPostgres();
let site: Site | undefined;
afterAll(async () => {
  await site?.close();
  await closeDatabases();
});

const password = 'the right one';
const aPatientWithAccount = () => aPatient(sql, { phone: aPhone(), account: true, password });
const warning = /^A new device has signed in to your MedQ account\./;

/** How often the owner of a phone was told: queued, sent or not. */
const told = async (phone: string) =>
  (await sql`select from sms_messages where to_phone = ${phone} and template = 'signed_in_new_device'`).count;
const signIn = async (post: ReturnType<typeof throughGateway>, username: string, secret = password) => {
  const answer = await post('sign-in', { username, password: secret });
  expect(answer.status).toBe(200);
};
const aDevice = () => throughGateway(anAddress(), { 'x-device': crypto.randomUUID() });

describe('the owner of an account', () => {
  test('is told when another device signs in, once, with what to do, in one SMS', async () => {
    const { phone } = await aPatientWithAccount();
    const [home, other] = [aDevice(), aDevice()];
    await signIn(home, phone);
    await signIn(home, phone);
    expect(await told(phone)).toBe(0);
    await signIn(other, phone);
    await signIn(other, phone);
    await signIn(home, phone);
    expect(await told(phone)).toBe(1);
    await expect
      .poll(async () => (await textsOf(inbox_url, phone)).filter(({ body }) => warning.test(body)))
      .toHaveLength(1);
    const [row] = await sql<{ parts: number; body: string }[]>`
      select parts, body from sms_messages where to_phone = ${phone} and template = 'signed_in_new_device'`;
    expect(row?.parts).toBe(1);
    expect(row?.body).toMatch(/choose "Forgot your password\?"/);
  });

  test('is not told of wrong passwords', async () => {
    const { phone } = await aPatientWithAccount();
    await signIn(aDevice(), phone);
    expect((await aDevice()('sign-in', { username: phone, password: 'guess' })).status).toBe(401);
    expect(await told(phone)).toBe(0);
  });

  test('is not told of the device on which they registered', async () => {
    const wish = aWish();
    const home = aDevice();
    await registered(home, wish);
    await signIn(home, wish.phone_number, wish.password);
    expect(await told(wish.phone_number)).toBe(0);
    await signIn(aDevice(), wish.username, wish.password);
    expect(await told(wish.phone_number)).toBe(1);
  });

  test('is told three times a day at most, or as often as an admin says', async () => {
    const { phone } = await aPatientWithAccount();
    for (let count = 0; count < 6; count++) await signIn(aDevice(), phone);
    expect(await told(phone)).toBe(3);
    await sql`update sms_messages set created_at = created_at - interval '25 hours' where to_phone = ${phone}`;
    await sql`update security_settings set new_device_sms_a_day = 0 where id`;
    try {
      await signIn(aDevice(), phone);
      expect(await told(phone)).toBe(3);
    } finally {
      await sql`update security_settings set new_device_sms_a_day = 3 where id`;
    }
    await signIn(aDevice(), phone);
    expect(await told(phone)).toBe(4);
  });

  test('reads it in their own language', async () => {
    const { phone, id } = await aPatientWithAccount();
    await sql`update patients set locale = 'ta-IN' where id = ${id}`;
    await signIn(aDevice(), phone);
    await signIn(aDevice(), phone);
    const rows = await sql`
      select locale from sms_messages where to_phone = ${phone} and template = 'signed_in_new_device'`;
    expect([...rows]).toEqual([{ locale: 'ta-IN' }]);
  });
});

describe('a device', () => {
  test('is known by its cookie wherever it is, and not by what another one sends', async () => {
    const { phone } = await aPatientWithAccount();
    const cookie = { 'x-device': crypto.randomUUID() };
    await signIn(throughGateway(anAddress(), cookie), phone);
    await signIn(throughGateway(anAddress(), cookie), phone);
    expect(await told(phone)).toBe(0);
    const address = anAddress();
    await signIn(throughGateway(address), phone);
    await signIn(throughGateway(address, { 'user-agent': 'another' }), phone);
    expect(await told(phone)).toBe(2);
    await signIn(throughGateway(address), phone);
    expect(await told(phone)).toBe(2);
  });

  test('is kept as a hash alone, and not after the account', async () => {
    const { phone, account } = await aPatientWithAccount();
    const cookie = crypto.randomUUID();
    await signIn(throughGateway(anAddress(), { 'x-device': cookie }), phone);
    const kept = await sql<{ device_hash: Buffer }[]>`
      select device_hash from private.known_devices where user_id = ${account.userId}`;
    expect(kept.map(({ device_hash }) => device_hash.length)).toEqual([32]);
    expect(kept[0]?.device_hash.includes(cookie)).toBe(false);
    await sql`delete from auth.users where id = ${account.userId}`;
    expect(await sql`select from private.known_devices where user_id = ${account.userId}`).toHaveLength(0);
  });

  test('is forgotten with the password, but for the one that resets it', async () => {
    const { phone, account } = await aPatientWithAccount();
    const [thief, owner] = [aDevice(), aDevice()];
    await signIn(thief, phone);
    const asked = await owner('forgot-password', { phone_number: phone });
    const code = await nextCode(phone);
    const { verification_id } = asked.body;
    const new_password = 'another right one';
    expect((await owner('verify-phone', { verification_id, code, new_password })).status).toBe(200);
    expect(await sql`select from private.known_devices where user_id = ${account.userId}`).toHaveLength(1);
    const before = await told(phone);
    await signIn(owner, phone, new_password);
    expect(await told(phone)).toBe(before);
    await signIn(thief, phone, new_password);
    expect(await told(phone)).toBe(before + 1);
  });

  test('stays known when it changes the password, and others do not', async () => {
    const { phone } = await aPatientWithAccount();
    const mine = { 'x-device': crypto.randomUUID() };
    const [here, elsewhere] = [throughGateway(anAddress(), mine), aDevice()];
    await signIn(elsewhere, phone);
    const { body } = await here('sign-in', { username: phone, password });
    const before = await told(phone);
    const new_password = 'another right one';
    const changed = await send(
      `${api_url}/functions/v1/change-password`,
      { password, new_password },
      { apikey: publishable_key, authorization: `Bearer ${String(body.token)}`, ...mine }
    );
    expect(changed.status).toBe(200);
    await signIn(here, phone, new_password);
    expect(await told(phone)).toBe(before);
    await signIn(elsewhere, phone, new_password);
    expect(await told(phone)).toBe(before + 1);
  });

  test('of the site has a cookie that no script reads, and that makes it known', async () => {
    site = await startSite({
      supabaseUrl: api_url,
      key: publishable_key,
      secret: siteSecret(functions_secret),
      port: 0
    });
    const { phone } = await aPatientWithAccount();
    const login = (cookie = '') =>
      fetch(`${site?.url}/login`, {
        method: 'POST',
        headers: { origin: site?.url ?? '', accept: 'text/html', cookie },
        body: new URLSearchParams({ username: phone, password }),
        redirect: 'manual'
      });
    const first = await login();
    expect(first.status).toBe(303);
    const cookie = first.headers.getSetCookie().find((text) => text.startsWith('medq-device='));
    expect(cookie).toMatch(/^medq-device=[\w-]{43};.*Max-Age=34560000.*HttpOnly/);
    expect((await login(cookie?.split(';')[0])).status).toBe(303);
    expect(await told(phone)).toBe(0);
    expect((await login()).status).toBe(303);
    expect(await told(phone)).toBe(1);
    // What is no cookie of ours is replaced.
    const odd = await login('medq-device=%0d%0a');
    expect(odd.headers.getSetCookie().some((text) => /^medq-device=[\w-]{43};/.test(text))).toBe(true);
  }, 180_000);
});

test('sign-ins, refusals and limits are counted for admins, masked', async () => {
  const { phone } = await aPatientWithAccount();
  const masked = `${phone.slice(0, 3)}${'*'.repeat(phone.length - 5)}${phone.slice(-2)}`;
  const [home, other, stranger] = [aDevice(), aDevice(), aDevice()];
  await signIn(home, phone);
  await signIn(home, phone);
  await signIn(other, phone);
  for (let count = 0; count < 12; count++) await stranger('sign-in', { username: phone, password: 'guess' });
  await stranger('verify-phone', {
    verification_id: `00000000-0000-4000-8000-000000000001.${'A'.repeat(43)}`,
    code: '123456'
  });
  const events = await sql<{ kind: string; count: number }[]>`
    select kind, sum(count)::int as count from security_events
    where phone = ${masked} and hour > now() - interval '2 hours' group by kind order by kind`;
  const counted = Object.fromEntries(events.map(({ kind, count }) => [kind, count]));
  // Another phone may look the same when it is masked.
  expect(counted.signed_in).toBeGreaterThanOrEqual(2);
  expect(counted.signed_in_new_device).toBeGreaterThanOrEqual(1);
  expect(counted.sign_in_refused).toBeGreaterThanOrEqual(10);
  const others = await sql`
    select distinct kind from security_events where kind in ('limited', 'code_refused') and client ~ '^[0-9a-f]{16}$'`;
  expect(others).toHaveLength(2);
  expect(JSON.stringify(await sql`select * from security_events`)).not.toContain(phone.slice(3));
});
