import { randomInt } from 'node:crypto';
import { afterAll, describe, expect, test } from 'vitest';
import { signedGet } from '../helpers/phone.ts';
import { closeDatabases, databaseAsPostgres, theStack } from '../helpers/stack.ts';
import { smsTo } from '../helpers/inbox.ts';
import { aClinic, aPhone, type Clinic } from '../helpers/world.ts';
import { throughGateway } from './account-api.ts';
import {
  aLandline,
  anAppointmentOf,
  anOpenClinic,
  anOpenDoctor,
  bookingsOf,
  callTo,
  prompt,
  recordOf,
  spokenDay
} from './ivr-calls.ts';

const { ivr_url, inbox_url, messagebird_signing_key: signingKey } = theStack();
const statusUrl = `${ivr_url}/status`;
const sql = databaseAsPostgres();
afterAll(closeDatabases);

const withTamil = (clinic: Clinic) =>
  sql`update public.clinics set other_locales = '{ta-IN}' where id = ${clinic.id}`;
const localeOf = async (phone: string) =>
  (await sql<{ locale: string | null }[]>`select locale from public.patients where phone = ${phone}`)[0]
    ?.locale;

describe('languages', () => {
  test('are chosen where there are several, kept for the call, and remembered of a new patient', async () => {
    const { clinic } = await anOpenClinic(sql);
    await withTamil(clinic);
    const phone = aPhone();
    const call = callTo(clinic, phone);
    await call.dial();
    expect(prompt(call)).toContain(
      'Welcome to Lakeside Clinic. தமிழில் கேட்க, எண் எட்டை அழுத்தவும். To book the next available appointment, press 1.'
    );
    expect(await call.press('8')).toContain('முன்பதிவு செய்ய, எண் ஒன்றை அழுத்தவும்');
    expect(await localeOf(phone)).toBeUndefined();
    expect(await call.press('1')).toContain('நேரம் கிடைக்கிறது');
    expect(await call.press('1')).toContain('உங்கள் முன்பதிவு உறுதி செய்யப்பட்டது');
    expect(await bookingsOf(sql, phone)).toHaveLength(1);
    expect(await localeOf(phone)).toBe('ta-IN');
    const next = callTo(clinic, phone);
    expect(await next.dial()).toMatch(/^Lakeside Clinic உங்களை வரவேற்கிறது\. உங்களுக்கு/);
    expect(prompt(next)).toContain('For English, press 8.');
    await next.press('8');
    expect(next.said()).toContain('To choose a day, press 2.');
  });

  test('are changed in a call of a patient without an account', async () => {
    const { clinic } = await anOpenClinic(sql);
    await withTamil(clinic);
    const phone = aPhone();
    await sql`insert into public.patients (phone, locale) values (${phone}, 'ta-IN')`;
    const call = callTo(clinic, phone);
    await call.dial();
    await call.press('8', '3');
    expect(await localeOf(phone)).toBe('en-IN');
  });

  test('English is offered where the clinic speaks Tamil, and Tamil first', async () => {
    const { clinic } = await anOpenClinic(sql, { locale: 'ta-IN' });
    const call = callTo(clinic);
    await call.dial();
    expect(prompt(call)).toMatch(/^Lakeside Clinic உங்களை வரவேற்கிறது\. For English, press 8\. அடுத்து /);
    expect(await call.press('8')).toContain('press 1');
  });

  test('that we have no prompts in are not offered', async () => {
    const { clinic } = await anOpenClinic(sql);
    await sql`update public.clinics set other_locales = '{hi-IN}' where id = ${clinic.id}`;
    expect(await callTo(clinic).dial()).toMatch(/^Welcome to Lakeside Clinic. To book/);
  });

  test.each(['{Tamil}', '{ta_IN}', '{null}'])('%s is refused as a language', async (locales) => {
    const { clinic } = await anOpenClinic(sql);
    const wrong = sql`update public.clinics set other_locales = ${locales}::text::text[] where id = ${clinic.id}`;
    await expect(wrong).rejects.toThrow(/other_locales/);
  });

  test('a goodbye by SMS is written in the chosen language', async () => {
    const { clinic } = await anOpenClinic(sql);
    await withTamil(clinic);
    const phone = aPhone();
    const call = callTo(clinic, phone);
    await call.dial();
    await call.press('8');
    for (let times = 0; times < 3; times += 1) await call.silence();
    expect(call.said()).toContain('எஸ் எம் எஸ் செய்துள்ளோம்');
    await smsTo(inbox_url, phone, 'இணையதளத்தில்');
  });
});

describe('a number that several clinics share', () => {
  test('lets the caller choose one, tells of the appointments there, and books there', async () => {
    const { clinic: first, doctor } = await anOpenClinic(sql);
    const second = await aClinic(sql, { phone: first.phone });
    await sql`update public.clinics set name = 'Zenith Clinic' where id = ${second.id}`;
    await anOpenDoctor(sql, second, 'Zacharias');
    const phone = aPhone();
    const booked = await anAppointmentOf(sql, phone, doctor);

    const call = callTo(first, phone);
    expect(await call.dial()).toBe('Welcome. For Lakeside Clinic, press 1. For Zenith Clinic, press 2.');
    expect(await call.press('1')).toContain(`You have an appointment on ${spokenDay(booked.starts_at)}`);
    expect(await call.press('*')).toContain('For Zenith Clinic, press 2.');
    expect(await call.press('2')).toMatch(/^Welcome to Zenith Clinic. To book/);
    expect(await call.press('1')).toContain('Doctor Zacharias');
    await call.press('1');
    expect(await recordOf(sql, call)).toMatchObject({ outcome: 'booked', clinic_id: second.id });
  });

  test('is a number of one again when the other has left it during the call', async () => {
    const { clinic: first } = await anOpenClinic(sql);
    const second = await aClinic(sql, { phone: first.phone });
    const call = callTo(first);
    await call.dial();
    await sql`update public.clinics set phone = ${aPhone()} where id = ${second.id}`;
    await call.silence();
    expect(call.said()).toContain('press 1');
    expect(call.ended).toBeUndefined();
  });
});

describe('phones that get no SMS', () => {
  test('a landline is told how to book, and connected to reception', async () => {
    const { clinic } = await anOpenClinic(sql, { reception_phone: '+914440001001' });
    const phone = aLandline();
    const call = callTo(clinic, phone);
    expect(await call.dial()).toMatch(
      /^Welcome to Lakeside Clinic. You are calling from a landline.*press 0/
    );
    await call.press('0');
    expect(call.ended?.reason).toContain('transfer');
    expect(await sql`select from public.patients where phone = ${phone}`).toHaveLength(0);
  });

  test('a landline and a withheld number are told so where there is no reception, and not texted', async () => {
    const { clinic } = await anOpenClinic(sql);
    for (const from of [aLandline(), null]) {
      const call = callTo(clinic, from);
      expect(await call.dial()).toMatch(/book on our website. Goodbye\.$/);
      expect(call.ended?.reason).toBe('hangup');
      expect((await recordOf(sql, call)).outcome).toBe('informed');
      if (from) expect(await sql`select from public.sms_messages where to_phone = ${from}`).toHaveLength(0);
    }
  });
});

describe('what is shown in place of a number', () => {
  test.each(['86282452253', '10000000000', '11111111111', '15555555555', '910000000000', '266696687'])(
    '%s is told that it is hidden, and is nobody',
    async (from) => {
      const { clinic } = await anOpenClinic(sql, { reception_phone: '+914440001001' });
      const call = callTo(clinic, from);
      expect(await call.dial()).toMatch(/^Welcome to Lakeside Clinic. Your phone hides its number/);
      await call.press('1');
      expect((await recordOf(sql, call)).caller).toBeNull();
      expect(await sql`select from public.patients where phone = ${`+${from}`}`).toHaveLength(0);
    }
  );
});

describe('a number of another country', () => {
  test('that is newer than the numbering tables books, signs in as texted, and can forget its password', async () => {
    const phone = `+446${String(randomInt(1e9)).padStart(9, '0')}`;
    const { clinic } = await anOpenClinic(sql, { phone: `+44207946${randomInt(1000, 9999)}` });
    const call = callTo(clinic, phone);
    await call.dial();
    await call.press('1', '1');
    const { body } = await smsTo(inbox_url, phone, 'Welcome to MedQ');
    const [, username = '', password = ''] = /^Username: (\S+)$\n^Password: (\S+)$/m.exec(body) ?? [];
    const post = throughGateway();
    expect((await post('sign-in', { username, password })).body).toMatchObject({
      must_change_password: true
    });
    expect((await post('forgot-password', { phone_number: phone })).status).toBe(202);
    await smsTo(inbox_url, phone, 'is your MedQ code');
  });

  test('from Mexico is one person, with and without the 1 of former times', async () => {
    const { clinic } = await anOpenClinic(sql, { phone: `+525512${randomInt(100_000, 999_999)}` });
    const national = `55${String(randomInt(1e8)).padStart(8, '0')}`;
    const call = callTo(clinic, `521${national}`);
    await call.dial();
    await call.press('1', '1');
    expect(await bookingsOf(sql, `+52${national}`)).toHaveLength(1);
    expect(await callTo(clinic, `52${national}`).dial()).toContain('You have an appointment');
  });

  test.each(['541112345678', '870776123456', '979123456789', '91987654321'])(
    '%s is told that no SMS reaches it, neither that it is hidden nor a landline',
    async (from) => {
      const { clinic } = await anOpenClinic(sql);
      const call = callTo(clinic, from);
      expect(await call.dial()).toMatch(/^Welcome to Lakeside Clinic. We cannot send an SMS to your number/);
      expect(call.ended?.reason).toBe('hangup');
    }
  );
});

describe('the end of a call', () => {
  test('is reported by the provider, and closes the record', async () => {
    const { clinic } = await anOpenClinic(sql);
    const call = callTo(clinic, aPhone(), { statusUrl });
    await call.dial();
    await call.press('9');
    expect((await recordOf(sql, call)).ended_at).toBeNull();
    await call.hangUp();
    const record = await recordOf(sql, call);
    expect(record).toMatchObject({ outcome: 'abandoned', patient_id: null });
    expect(record.ended_at).toBeInstanceOf(Date);
    expect(record.duration_seconds).toBeGreaterThanOrEqual(0);
  });

  const report = (items: unknown) => JSON.stringify({ timestamp: new Date().toISOString(), items });
  const ended = (id: string, endedAt?: string) =>
    report([{ type: 'callUpdated', payload: { id, status: 'ended', endedAt } }]);
  const send = (body: string) =>
    signedGet(statusUrl, {
      signingKey,
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json' }
    });

  test('is taken once, and neither before the call began nor after now', async () => {
    const { clinic } = await anOpenClinic(sql);
    for (const [at, seconds] of [
      ['1999-01-01T00:00:00Z', 0],
      ['2999-01-01T00:00:00Z', null]
    ] as const) {
      const call = callTo(clinic);
      await call.dial();
      expect((await send(ended(call.callId, at))).status).toBe(200);
      const { ended_at, duration_seconds } = await recordOf(sql, call);
      expect(Math.abs((ended_at?.getTime() ?? 0) - Date.now())).toBeLessThan(60_000);
      if (seconds !== null) expect(duration_seconds).toBe(seconds);
      await send(ended(call.callId));
      expect((await recordOf(sql, call)).ended_at).toEqual(ended_at);
    }
  });

  test('does not end what still comes: a confirmation that was under way books, once', async () => {
    const { clinic } = await anOpenClinic(sql);
    const phone = aPhone();
    const call = callTo(clinic, phone);
    await call.dial();
    await call.press('1');
    await send(ended(call.callId));
    expect(await call.press('1')).toContain('is booked');
    expect(await bookingsOf(sql, phone)).toHaveLength(1);
    expect((await recordOf(sql, call)).outcome).toBe('booked');
  });

  test.each([
    '',
    '{',
    '[]',
    report('x'),
    report([null]),
    ended('a call nobody knows'),
    report([{ payload: { id: 'x'.repeat(500), status: 'ended' } }])
  ])('reports that mean nothing are taken quietly: %j', async (body) => {
    expect((await send(body)).status).toBe(200);
  });

  test('unsigned reports are refused', async () => {
    const { clinic } = await anOpenClinic(sql);
    const call = callTo(clinic);
    await call.dial();
    const answer = await fetch(statusUrl, { method: 'POST', body: ended(call.callId) });
    expect(answer.status).toBe(401);
    expect((await recordOf(sql, call)).ended_at).toBeNull();
  });
});
