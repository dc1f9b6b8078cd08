import { createClient } from '@supabase/supabase-js';
import { afterAll, expect, test } from 'vitest';
import { startStack } from '../../local/start-stack.ts';
import { smsTo, textsOf } from '../helpers/inbox.ts';
import { aCall } from '../helpers/phone.ts';
import { closeDatabases, databaseAsPostgres, theStack } from '../helpers/stack.ts';
import { aClinic, aPhone, aPractitioner, type Clinic } from '../helpers/world.ts';
import {
  aCaller,
  aLink,
  aWish,
  nextCode,
  registered,
  send,
  throughGateway,
  type Answer
} from './account-api.ts';

const { api_url, publishable_key, ivr_url, inbox_url, messagebird_signing_key: signingKey } = theStack();
const sql = databaseAsPostgres();
afterAll(closeDatabases);
const post = throughGateway();

async function bookByCall(phone: string, clinic: Clinic): Promise<void> {
  const call = aCall({ ivrUrl: ivr_url, signingKey, from: phone, to: clinic.phone });
  await call.dial();
  await call.press('1', '1');
}

async function aClinicWithDoctor(): Promise<Clinic> {
  const clinic = await aClinic(sql);
  await aPractitioner(sql, clinic, { hours: [{ from: '00:00', to: '24:00' }] });
  return clinic;
}

/** What the Data API shows to whoever holds these tokens. */
async function seenWith({ body }: Answer) {
  const client = createClient(api_url, publishable_key, {
    auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
    global: { headers: { authorization: `Bearer ${String(body.token)}` } }
  });
  const { data: patients } = await client.from('patients').select('id, name, age, phone');
  const { data: appointments } = await client.from('appointments').select('id').order('starts_at');
  return { patients, appointments: (appointments ?? []).map(({ id }) => id as string) };
}

test('who registers on the web and then calls finds the booking in the same account, and is told so', async () => {
  const wish = aWish();
  const phone = wish.phone_number;
  const proven = await registered(post, wish);
  expect((await seenWith(proven)).appointments).toEqual([]);
  await bookByCall(phone, await aClinicWithDoctor());
  const { body } = await smsTo(inbox_url, phone, 'synced');
  expect(body).toBe(
    'Your IVR booking has been synced with your web account. You can now view this appointment online.'
  );
  const seen = await seenWith(proven);
  expect(seen.appointments).toHaveLength(1);
  expect(seen.patients).toMatchObject([{ name: wish.name, age: wish.age, phone }]);
  expect(await sql`select id from patients where phone = ${phone}`).toHaveLength(1);
  expect((await textsOf(inbox_url, phone)).filter((text) => text.body.includes('Welcome'))).toEqual([]);
});

test('who booked by phone long ago links: same patient, name and age of the web, every booking', async () => {
  const caller = await aCaller(sql, aPhone(), 3);
  await sql`update patients set name = 'Misheard', age = 99 where id = ${caller.id}`;
  const refused = await post('register-patient', aWish(caller.phone));
  expect(refused.body).toMatchObject({ error: 'ivr_account_exists', phone_number: caller.phone });

  const link = aLink(caller.phone, { name: 'Asha Rao', age: 34 });
  const asked = await post('link-ivr-account', link);
  const { verification_id } = asked.body;
  const proven = await post('verify-phone', { verification_id, code: await nextCode(caller.phone) });
  const seen = await seenWith(proven);
  expect(seen.patients).toEqual([{ id: caller.id, name: 'Asha Rao', age: 34, phone: caller.phone }]);
  expect(seen.appointments).toEqual(caller.bookings.map(({ id }) => id));
  const { body } = await smsTo(inbox_url, caller.phone, 'linked');
  expect(body).toBe(
    'Great! Your web account has been linked to your existing appointments. You can now view all your bookings online.'
  );
});

test('who was texted an account by a call hears on the web that there is one, and comes in by a code', async () => {
  const phone = aPhone();
  await bookByCall(phone, await aClinicWithDoctor());
  const welcome = await smsTo(inbox_url, phone, 'Welcome to MedQ');
  const texted = /^Password: (\S+)$/m.exec(welcome.body)?.[1] ?? '';
  const refused = await post('register-patient', aWish(phone));
  expect(refused.body).toMatchObject({ error: 'phone_already_registered' });
  expect(refused.body.message).toMatch(/sign in|code/i);

  const first = await post('sign-in', { username: phone, password: texted });
  expect(first.body).toMatchObject({ must_change_password: true });
  expect((await seenWith(first)).appointments).toEqual([]);

  const asked = await post('forgot-password', { phone_number: phone });
  const { verification_id } = asked.body;
  const new_password = 'my very own words';
  const proven = await post('verify-phone', { verification_id, code: await nextCode(phone), new_password });
  expect(proven.status).toBe(200);
  expect((await seenWith(proven)).appointments).toHaveLength(1);
  expect((await post('sign-in', { username: phone, password: texted })).status).toBe(401);
  const again = await post('sign-in', { username: phone, password: new_password });
  expect(again.body).toMatchObject({ must_change_password: false });
});

test('a reset ends every other session', async () => {
  const wish = aWish();
  const before = await registered(post, wish);
  const asked = await post('forgot-password', { phone_number: wish.phone_number });
  const { verification_id } = asked.body;
  const code = await nextCode(wish.phone_number);
  const proven = await post('verify-phone', { verification_id, code, new_password: 'after the theft' });
  expect((await seenWith(before)).patients).toEqual([]);
  expect((await seenWith(proven)).patients).toHaveLength(1);
  const { id } = proven.body.user as { id: string };
  expect(await sql`select id from auth.sessions where user_id = ${id}`).toHaveLength(1);
});

test('where phones need no proof, registering and linking are done at once; a reset still needs its code', async () => {
  const stack = await startStack({
    ephemeral: true,
    seed: false,
    functionsEnvironment: { PHONE_VERIFICATION: 'off' },
    log: () => undefined
  });
  try {
    const at = (name: string) => `${stack.addresses.api_url}/functions/v1/${name}`;
    const wish = aWish();
    const done = await send(at('register-patient'), wish);
    expect(done.status).toBe(201);
    expect(done.body).toEqual({
      token: expect.stringMatching(/^ey/),
      refresh_token: expect.any(String),
      user: {
        id: expect.any(String),
        username: wish.username,
        name: wish.name,
        age: wish.age,
        phone_number: wish.phone_number,
        role: 'patient'
      },
      verification_required: false,
      verification_id: null,
      expires_in: null
    });
    const again = await send(at('register-patient'), aWish(wish.phone_number));
    expect(again.body.error).toBe('phone_already_registered');
    const taken = await send(at('register-patient'), aWish(aPhone(), { username: wish.username }));
    expect(taken.body.error).toBe('username_taken');
    const forgot = await send(at('forgot-password'), { phone_number: wish.phone_number });
    expect(forgot.body).toMatchObject({ token: null, verification_required: true });
    expect((await send(at('link-ivr-account'), aLink(aPhone()))).body.error).toBe('no_ivr_bookings');
  } finally {
    await stack.close();
  }
}, 90_000);
