import { createHash, randomUUID } from 'node:crypto';
import { SignJWT } from 'jose';
import { afterAll, describe, expect, test } from 'vitest';
import { checkCallFlow } from '../../local/messagebird/call-flow.ts';
import { smsTo, textsOf } from '../helpers/inbox.ts';
import { aCall, signedGet } from '../helpers/phone.ts';
import { closeDatabases, databaseAsPostgres, theStack } from '../helpers/stack.ts';
import { aClinic, aPhone, aPractitioner, type Clinic } from '../helpers/world.ts';
import {} from './ivr-calls.ts';

const { ivr_url, inbox_url, messagebird_signing_key: signingKey, functions_secret, anon_key } = theStack();
const sql = databaseAsPostgres();
afterAll(closeDatabases);

const call = (from: string | null, clinic: Clinic, options: Partial<Parameters<typeof aCall>[0]> = {}) =>
  aCall({ ivrUrl: ivr_url, signingKey, from, to: clinic.phone, ...options });

async function aClinicWithDoctor(hours = { from: '00:00', to: '24:00' }) {
  const clinic = await aClinic(sql);
  const doctor = await aPractitioner(sql, clinic, {
    name: 'Dr. Anjali Rao',
    spoken_name: 'Doctor Anjali Rao',
    hours: [hours]
  });
  return { clinic, doctor };
}

const bookingsOf = (phone: string) => sql`
  select a.*, p.user_id from appointments a join patients p on p.id = a.patient_id where p.phone = ${phone}
  order by a.starts_at`;

/** The URL of the request in which a caller confirms the slot on offer, not sent yet. */
async function confirmation(from: string, clinic: Clinic): Promise<string> {
  const offered = call(from, clinic);
  await offered.dial();
  await offered.press('1');
  const next = offered.flow?.steps.find((step) => step.action === 'fetchCallFlow');
  const { url } = next?.options as { url: string };
  const [first] = offered.flow?.steps ?? [];
  const variable = first?.action === 'say' ? (first.onKeypressVar ?? '') : '';
  const query = new URLSearchParams({
    callID: offered.callId,
    source: from.slice(1),
    destination: clinic.phone.slice(1),
    variables: JSON.stringify({ [variable]: '1' })
  });
  return `${url}&${query}`;
}

async function spoken(response: Response): Promise<string> {
  expect(response.status).toBe(200);
  const { flow, problems = [] } = checkCallFlow(await response.text());
  expect(problems).toEqual([]);
  return (flow?.steps ?? []).map((step) => (step.action === 'say' ? step.options.payload : '')).join(' ');
}

describe('a call from an unknown number', () => {
  test('books the earliest free slot and hears doctor, day, time and token number', async () => {
    const { clinic } = await aClinicWithDoctor();
    const phone = aPhone();
    const caller = call(phone, clinic);
    expect(await caller.dial()).toContain(`Welcome to ${clinic.name}`);
    expect(await caller.press('1')).toContain('Doctor Anjali Rao');
    const heard = await caller.press('1');

    const [booked, ...more] = await bookingsOf(phone);
    expect(more).toEqual([]);
    const [earliest] = await sql`
      select min(s.starts_at) as starts_at from appointments a
      join private.slots_on(a.practitioner_id, a.local_date) s on s.starts_at > a.created_at where a.id = ${booked?.id}`;
    expect(booked?.starts_at).toEqual(earliest?.starts_at);
    expect(booked).toMatchObject({ status: 'booked', channel: 'ivr', call_id: caller.callId });
    expect(heard).toContain('Doctor Anjali Rao');
    expect(heard).toContain(`token number is ${[...String(booked?.token_number)].join(' ')}.`);
    const [local] =
      await sql`select to_char(${booked?.starts_at} at time zone 'Asia/Kolkata', 'FMDay') as weekday`;
    expect(heard).toContain(local?.weekday);
    expect(caller.ended?.reason).toBe('hangup');

    const [record] = await sql`select * from ivr_calls where call_id = ${caller.callId}`;
    expect(record).toMatchObject({ outcome: 'booked', patient_id: booked?.patient_id, clinic_id: clinic.id });
    expect(record?.steps.map(({ step }: { step: string }) => step)).toEqual(['greeting', 'menu', 'confirm']);
    expect(JSON.stringify(record)).not.toContain(phone.slice(4, 10));
  });

  test('is asked for the specialty where there are several', async () => {
    const clinic = await aClinic(sql);
    await aPractitioner(sql, clinic, { specialty: 'General medicine', name: 'Dr. Rao' });
    const children = await aPractitioner(sql, clinic, { specialty: 'Paediatrics', name: 'Dr. Iyer' });
    const phone = aPhone();
    const caller = call(phone, clinic);
    await caller.dial();
    expect(await caller.press('1')).toContain('For Paediatrics, press 2.');
    expect(await caller.press('2')).toContain('Dr. Iyer');
    await caller.press('1');
    expect(await bookingsOf(phone)).toMatchObject([{ practitioner_id: children.id }]);
  });

  test('is texted the booking and the credentials of a new account', async () => {
    const { clinic } = await aClinicWithDoctor();
    const phone = aPhone();
    const caller = call(phone, clinic);
    await caller.dial();
    await caller.press('1', '1');

    const [booked] = await bookingsOf(phone);
    const [local] = await sql`
      select to_char(${booked?.starts_at} at time zone 'Asia/Kolkata', 'FMDy FMDD Mon "at" FMHH12:MI am') as moment,
        private.appointments_link() as link`;
    expect((await smsTo(inbox_url, phone, 'Booked')).body).toBe(
      `Booked: Dr. Anjali Rao, ${local?.moment}, ${clinic.name}. Token ${booked?.token_number}. Reference ${booked?.reference}.\n` +
        `Online: ${local?.link}\nCall: ${clinic.phone.replace(/^\+91(\d{2})(\d{4})(\d{4})$/, '0$1 $2 $3')}`
    );
    const welcome = await smsTo(inbox_url, phone, 'Welcome to MedQ');
    expect(welcome.body).toMatch(
      new RegExp(
        `^Welcome to MedQ! A web account has been created for you\\.\\nUsername: \\${phone}\\nPassword: [A-Z2-9]{8}\\nYou can now view your appointments online!$`
      )
    );
    expect((await bookingsOf(phone))[0]?.user_id).not.toBeNull();
    // The password is nowhere to be read once it is sent.
    const password = /Password: (\S+)/.exec(welcome.body)?.[1] ?? '';
    await expect
      .poll(() => sql`select status from sms_messages where to_phone = ${phone} and template = 'welcome'`)
      .toMatchObject([{ status: 'delivered' }]);
    expect(await sql`select from sms_messages where body like ${`%${password}%`}`).toEqual([]);
  });

  test('books once more from the same phone into the same account, without a second welcome', async () => {
    const { clinic } = await aClinicWithDoctor();
    const phone = aPhone();
    const first = call(phone, clinic);
    await first.dial();
    await first.press('1', '1');
    await smsTo(inbox_url, phone, 'Welcome to MedQ');
    const second = call(phone, clinic);
    await second.dial();
    await second.press('1', '1');
    expect((await smsTo(inbox_url, phone, 'synced')).body).toBe(
      'Your IVR booking has been synced with your web account. You can now view this appointment online.'
    );
    const bookings = await bookingsOf(phone);
    expect(new Set(bookings.map(({ user_id }) => user_id)).size).toBe(1);
    expect((await textsOf(inbox_url, phone)).filter(({ body }) => body.startsWith('Welcome'))).toHaveLength(
      1
    );
  });
});

describe('two callers and one slot', () => {
  test('confirming at the same moment, one books it and the other hears so and is offered the next', async () => {
    const { clinic } = await aClinicWithDoctor();
    const callers = [call(aPhone(), clinic), call(aPhone(), clinic)];
    for (const caller of callers) {
      await caller.dial();
      await caller.press('1');
    }
    const heard = await Promise.all(callers.map((caller) => caller.press('1')));
    const [winner, loser] = heard[0]?.includes('is booked') ? [0, 1] : [1, 0];
    expect(heard[winner]).toContain('Your appointment is booked.');
    expect(heard[loser]).toContain('was just taken');
    expect(heard[loser]).toContain('The next available appointment');
    expect(await callers[loser]?.press('1')).toContain('Your appointment is booked.');
    const taken =
      await sql`select starts_at from appointments where clinic_id = ${clinic.id} order by starts_at`;
    expect(new Set(taken.map(({ starts_at }) => starts_at.getTime())).size).toBe(2);
  });

  test('the same confirmation delivered twice at once books once, and both answers say so', async () => {
    const { clinic } = await aClinicWithDoctor();
    const phone = aPhone();
    const url = await confirmation(phone, clinic);
    const answers = await Promise.all([signedGet(url, { signingKey }), signedGet(url, { signingKey })]);
    const [first, second] = await Promise.all(answers.map(spoken));
    expect(first).toContain('is booked');
    expect(second).toBe(first);
    expect(await bookingsOf(phone)).toHaveLength(1);
  });
});

describe('requests that are not from MessageBird', () => {
  const token = (url: string, { key = signingKey, issued = 0, claims = {} } = {}) => {
    const now = Math.floor(Date.now() / 1000) + issued;
    return new SignJWT({
      url_hash: createHash('sha256').update(url).digest('hex'),
      jti: randomUUID(),
      ...claims
    })
      .setProtectedHeader({ alg: 'HS256' })
      .setIssuer('MessageBird')
      .setNotBefore(now)
      .setExpirationTime(now + 60)
      .sign(new TextEncoder().encode(key));
  };

  test.each<[string, (url: string) => Promise<string | undefined>]>([
    ['unsigned', async () => undefined],
    ['signed with another key', (url) => token(url, { key: 'f'.repeat(64) })],
    ['expired', (url) => token(url, { issued: -120 })],
    ['not valid yet', (url) => token(url, { issued: 120 })],
    ['signed for another address', (url) => token(`${url}&x=1`)],
    ['signed for another body', (url) => token(url, { claims: { payload_hash: 'a'.repeat(64) } })],
    ['garbage', async () => 'a.b.c'],
    [
      'unsecured',
      async (url) =>
        `${btoa('{"alg":"none"}')}.${btoa(JSON.stringify({ iss: 'MessageBird', url_hash: createHash('sha256').update(url).digest('hex'), jti: 'x', nbf: 0, exp: 9e9 }))}.`
    ]
  ])('are refused without detail and book nothing: %s', async (_, sign) => {
    const { clinic } = await aClinicWithDoctor();
    const phone = aPhone();
    const url = await confirmation(phone, clinic);
    const signature = await sign(url);
    const response = await fetch(url, {
      headers: {
        // Our own keys open nothing here.
        apikey: anon_key,
        authorization: `Bearer ${functions_secret}`,
        ...(signature === undefined ? {} : { 'MessageBird-Signature-JWT': signature })
      }
    });
    expect(response.status).toBe(401);
    expect(await response.text()).toBe('');
    expect(await bookingsOf(phone)).toEqual([]);
  });

  test('a replayed confirmation books nothing more, even after the booking was cancelled', async () => {
    const { clinic } = await aClinicWithDoctor();
    const phone = aPhone();
    const url = await confirmation(phone, clinic);
    const signature = await token(url);
    const send = () => signedGet(url, { signingKey, token: signature });
    expect(await spoken(await send())).toContain('is booked');
    expect(await spoken(await send())).toContain('is booked');
    await sql`update appointments set status = 'cancelled' where clinic_id = ${clinic.id}`;
    expect(await spoken(await send())).toContain('was cancelled');
    expect(await bookingsOf(phone)).toMatchObject([{ status: 'cancelled' }]);
  });
});

describe('bad input in signed requests', () => {
  const url = (query: Record<string, string>) =>
    Object.keys(query).length === 0 ? ivr_url : `${ivr_url}?${new URLSearchParams(query)}`;

  test.each<[string, Record<string, string>]>([
    ['nothing at all', {}],
    ['no call id', { source: '919876543210', destination: '914440001000' }],
    ['an endless call id', { callID: 'x'.repeat(5000), source: '919876543210', destination: '914440001000' }],
    ['an unknown number dialled', { callID: 'bad-1', source: '919876543210', destination: '15005550000' }],
    ['no number dialled', { callID: 'bad-2', source: '919876543210' }],
    ['letters for numbers', { callID: 'bad-3', source: 'anonymous', destination: 'nobody' }],
    [
      'a broken position',
      { callID: 'bad-4', source: '919876543210', destination: '914440001000', position: '%%%' }
    ]
  ])('%s is answered with a sentence in a valid call flow', async (_, query) => {
    const response = await signedGet(url(query), { signingKey });
    expect(response.headers.get('content-type')).toContain('application/json');
    expect((await spoken(response)).length).toBeGreaterThan(20);
  });

  test.each([
    '',
    '{',
    'null',
    '[]',
    '"1"',
    '{"keys1":1}',
    '{"keys1":{"a":1}}',
    '{"other":"1"}',
    'x'.repeat(3000)
  ])('variables that are %j press no key', async (variables) => {
    const { clinic } = await aClinicWithDoctor();
    const menu = call(aPhone(), clinic);
    await menu.dial();
    const next = menu.flow?.steps.find((step) => step.action === 'fetchCallFlow')?.options as { url: string };
    const query = new URLSearchParams({
      callID: menu.callId,
      source: '919876543210',
      destination: clinic.phone.slice(1),
      variables
    });
    const heard = await spoken(await signedGet(`${next.url}&${query}`, { signingKey }));
    expect(heard).toContain('press 1');
    expect(heard).not.toContain('The next available appointment');
  });

  test.each([null, 'anonymous'])('a withheld caller (%j) hears how to book otherwise', async (from) => {
    const { clinic } = await aClinicWithDoctor();
    if (from === null) {
      const caller = call(null, clinic);
      expect(await caller.dial()).toContain('hides its number');
      expect(caller.ended?.reason).toBe('hangup');
    } else {
      const query = { callID: randomUUID(), source: from, destination: clinic.phone.slice(1) };
      expect(await spoken(await signedGet(url(query), { signingKey }))).toContain('hides its number');
    }
  });

  test('a caller with a long address instead of a number hears how to book otherwise', async () => {
    const { clinic } = await aClinicWithDoctor();
    const source = 'sip:+919876543210@carrier-gw-12.voip.example-operator.net;user=phone';
    const query = { callID: randomUUID(), source, destination: clinic.phone.slice(1) };
    expect(await spoken(await signedGet(url(query), { signingKey }))).toContain('book on our website');
  });

  test('a POST with a body of any type is answered as a GET is', async () => {
    const { clinic } = await aClinicWithDoctor();
    const query = { callID: randomUUID(), source: '919876543210', destination: clinic.phone.slice(1) };
    for (const type of ['application/json', 'text/xml', 'multipart/form-data; boundary=x']) {
      const response = await signedGet(url(query), {
        signingKey,
        method: 'POST',
        body: '<not json>',
        headers: { 'content-type': type }
      });
      expect(await spoken(response)).toContain(`Welcome to ${clinic.name}`);
    }
  });
});

describe('during a call', () => {
  test('silence is met with the question again, twice, and then a goodbye', async () => {
    const { clinic } = await aClinicWithDoctor();
    const caller = call(aPhone(), clinic);
    await caller.dial();
    expect(await caller.silence()).toContain('press 1');
    expect(await caller.silence()).toContain('press 1');
    expect(await caller.silence()).toContain('Goodbye');
    expect(caller.ended?.reason).toBe('hangup');
  });

  test('0 connects to reception where there is one', async () => {
    const clinic = await aClinic(sql, { reception_phone: '+914440009999' });
    await aPractitioner(sql, clinic);
    const caller = call(aPhone(), clinic);
    await caller.dial();
    await caller.press('0');
    expect(caller.ended?.reason).toContain('transfer');
  });

  test('a full clinic says so', async () => {
    const clinic = await aClinic(sql, { booking_horizon_days: 3 });
    await aPractitioner(sql, clinic, { hours: [] });
    const caller = call(aPhone(), clinic);
    await caller.dial();
    expect(await caller.press('1')).toContain('no free appointment');
  });

  test('a patient who holds as many bookings as allowed hears so', async () => {
    const clinic = await aClinic(sql, { max_active_bookings: 1 });
    await aPractitioner(sql, clinic);
    const phone = aPhone();
    for (const expected of ['is booked', 'as many appointments as this clinic allows']) {
      const caller = call(phone, clinic);
      await caller.dial();
      await caller.press('1');
      expect(await caller.press('1')).toContain(expected);
    }
    expect(await bookingsOf(phone)).toHaveLength(1);
  });

  test('when the line breaks while the booking is under way, the booking and its SMS are there', async () => {
    const { clinic } = await aClinicWithDoctor();
    const phone = aPhone();
    const caller = call(phone, clinic, { dropDuringRequest: 3 });
    await caller.dial();
    await caller.press('1', '1');
    expect(await bookingsOf(phone)).toHaveLength(1);
    await smsTo(inbox_url, phone, 'Booked');
  });
});
