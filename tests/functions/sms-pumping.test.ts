import { randomInt } from 'node:crypto';
import { afterAll, describe, expect, test } from 'vitest';
import { closeDatabases, databaseAsPostgres, theStack } from '../helpers/stack.ts';
import { aPatient, aPhone } from '../helpers/world.ts';
import { aLink, anAddress, aWish, onBehalfOf, send, throughGateway } from './account-api.ts';
import { anOpenClinic, callTo, recordOf } from './ivr-calls.ts';

const { api_url, publishable_key } = theStack();
const sql = databaseAsPostgres();
afterAll(closeDatabases);

/** Numbers that somebody is paid for when an SMS goes there, each another every time. No clinic is in their countries. */
const digits = (count: number) => String(randomInt(10 ** (count - 1), 10 ** count));
const costly: Record<string, () => string> = {
  'premium rate of no country': () => `+979${digits(9)}`,
  'toll free of no country': () => `+800${digits(8)}`,
  'a satellite: Inmarsat': () => `+87077${digits(7)}`,
  'a satellite: Iridium': () => `+8816${digits(8)}`,
  'a network of no country': () => `+8835100${digits(6)}`,
  'premium rate here': () => `+911860${digits(7)}`,
  'toll free here': () => `+911800${digits(7)}`,
  'premium rate abroad': () => `+44909${digits(7)}`,
  'personal numbers abroad': () => `+4470${digits(8)}`,
  'an island with the code of a big country: Jamaica': () => `+1876210${digits(4)}`,
  'an island with the code of a big country: Anguilla': () => `+1264235${digits(4)}`,
  'a mobile phone of Somalia': () => `+25261${digits(7)}`,
  'a mobile phone of Cuba': () => `+535${digits(7)}`,
  'a mobile phone of Latvia': () => `+3712${digits(7)}`,
  'a mobile phone of Tuvalu': () => `+68890${digits(4)}`
};
const kinds = Object.entries(costly);
const abroad = kinds.slice(9);

const queuedTo = (phone: string) => sql`select from public.sms_messages where to_phone = ${phone}`;

describe.each(kinds)('%s', (_, aNumber) => {
  test('cannot register or link: no code is queued for it', async () => {
    const phone = aNumber();
    const post = throughGateway();
    for (const answer of [
      await post('register-patient', aWish(phone)),
      await post('link-ivr-account', aLink(phone))
    ]) {
      expect(answer).toMatchObject({ status: 400, body: { error: 'validation_failed' } });
      expect(Object.keys(answer.body.fields as object)).toEqual(['phone_number']);
    }
    expect(await queuedTo(phone)).toHaveLength(0);
  });

  test('is not texted after a call, and nothing is booked for it', async () => {
    const { clinic } = await anOpenClinic(sql);
    const phone = aNumber();
    const call = callTo(clinic, phone);
    expect(await call.dial()).toMatch(/(do not|cannot) send (an )?SMS to .*Goodbye\.$/);
    expect(call.ended?.reason).toBe('hangup');
    expect((await recordOf(sql, call)).outcome).toBe('informed');
    expect(await sql`select from public.patients where phone = ${phone}`).toHaveLength(0);
    expect(await queuedTo(phone)).toHaveLength(0);
  });
});

describe.each(abroad)('%s', (_, aNumber) => {
  test('is told which countries are texted, and admins see that it was tried', async () => {
    const phone = aNumber();
    const { body } = await throughGateway()('register-patient', aWish(phone));
    expect(body.fields).toEqual({ phone_number: expect.stringMatching(/do not send SMS to the country/) });
    const seen = await sql`
      select client <> '' as of_a_client from public.security_events
      where kind = 'sms_refused' and phone = private.mask_phone(${phone})`;
    expect(seen).toContainEqual({ of_a_client: true });
  });

  test('is not told whether it has an account when it forgot its password or wants to sign in, and is texted in neither case', async () => {
    const owner = await aPatient(sql, { phone: aNumber(), account: true });
    for (const phone_number of [owner.phone, aNumber()]) {
      for (const ask of ['forgot-password', 'sign-in-code'] as const) {
        const answer = await throughGateway()(ask, { phone_number });
        expect(answer).toMatchObject({ status: 202, body: { verification_required: true } });
      }
      expect(await queuedTo(phone_number)).toHaveLength(0);
    }
  });

  test('signs in with the account it has from before', async () => {
    const owner = await aPatient(sql, { phone: aNumber(), account: true, password: 'a long secret' });
    const answer = await throughGateway()('sign-in', { username: owner.phone, password: 'a long secret' });
    expect(answer.status).toBe(200);
  });
});

test('an account does not move to a phone of a country that is not texted', async () => {
  const owner = await aPatient(sql, { account: true, password: 'a long secret' });
  const signedIn = await throughGateway()('sign-in', { username: owner.phone, password: 'a long secret' });
  const phone_number = `+1876210${digits(4)}`;
  const answer = await send(
    `${api_url}/functions/v1/change-phone`,
    { phone_number, password: 'a long secret' },
    {
      apikey: publishable_key,
      ...onBehalfOf(anAddress()),
      authorization: `Bearer ${String(signedIn.body.token)}`
    }
  );
  expect(answer).toMatchObject({ status: 400, body: { error: 'validation_failed' } });
  expect(await queuedTo(phone_number)).toHaveLength(0);
});

describe('patients get through', () => {
  test.each([
    ['a mobile phone', () => aPhone()],
    ['a range that is newer than the tables', () => `+9150${digits(8)}`]
  ])('from here: %s', async (_, aNumber) => {
    const phone = aNumber();
    expect((await throughGateway()('register-patient', aWish(phone))).status).toBe(201);
    expect(await queuedTo(phone)).toHaveLength(1);
  });

  test('of a country where a clinic has a number, by phone at once and on the web as soon as it is known', async () => {
    const { clinic } = await anOpenClinic(sql, { phone: `+6421${digits(7)}` });
    const phone = `+6422${digits(7)}`;
    const call = callTo(clinic, phone);
    await call.dial();
    expect(await call.press('1', '1')).toContain('is booked');
    // The countries of the clinics are remembered for some seconds.
    await expect
      .poll(async () => (await throughGateway()('register-patient', aWish(`+6422${digits(7)}`))).status)
      .toBe(201);
  });

  test('of a clinic on an island, and not those of the big country with the same code', async () => {
    const { clinic } = await anOpenClinic(sql, { phone: `+1246${digits(7)}` });
    const call = callTo(clinic, `+124625${digits(5)}`);
    await call.dial();
    expect(await call.press('1', '1')).toContain('is booked');
    expect(await callTo(clinic, `+1876210${digits(4)}`).dial()).toContain('do not send SMS to the country');
  });
});
