// A copy of all that is kept about somebody, which only they can have.
import { afterAll, beforeEach, expect, test } from 'vitest';
import { closeDatabases, databaseAsPostgres, theStack } from '../helpers/stack.ts';
import { aClinic, aPatient, aPhone, aPractitioner, book } from '../helpers/world.ts';
import { anAddress, asOwner, throughGateway } from './account-api.ts';

const { api_url, publishable_key } = theStack();
const sql = databaseAsPostgres();
afterAll(closeDatabases);

const password = 'a long secret';

async function aPerson() {
  const patient = await aPatient(sql, { phone: aPhone(), account: true, password });
  const { body } = await throughGateway()('sign-in', { username: patient.phone, password });
  return { ...patient, token: String(body.token) };
}
let person: Awaited<ReturnType<typeof aPerson>>;
beforeEach(async () => {
  person = await aPerson();
});

const copyOf = (typed: string, address = anAddress()) =>
  asOwner('export-account', person.token, { password: typed }, address);

test('has everything about them, nothing about others, and no secrets', async () => {
  const clinic = await aClinic(sql);
  const doctor = await aPractitioner(sql, clinic, { name: 'Dr. Meera Iyer' });
  const [child] = await sql<{ id: string }[]>`
    insert into public.dependents (patient_id, name, birth_year) values (${person.id}, 'Meera', 2019) returning id`;
  const other = await aPatient(sql);
  await book(sql, other, doctor, '2091-06-09T09:00:00+05:30', { now: new Date('2091-06-01') });
  const { id, reference } = await book(sql, person, doctor, '2091-06-09T10:00:00+05:30', {
    now: new Date('2091-06-01')
  });
  await sql`update public.appointments set dependent_id = ${child?.id ?? ''}, note = 'Brings reports' where id = ${id}`;
  await sql`
    insert into public.sms_messages (patient_id, to_phone, template, body, secret)
    values (${person.id}, ${person.phone}, 'code', '482193 is your MedQ code.', true)`;
  await sql`
    insert into public.ivr_calls (call_id, clinic_id, patient_id, outcome, last_step_at)
    values (${`export-${id}`}, ${clinic.id}, ${person.id}, 'booked', now())`;
  await sql`
    insert into public.audit_events (channel, action, table_name, row_id)
    values ('desk', 'read', 'patients', ${person.id})`;

  const { status, body } = await copyOf(password);
  expect(status).toBe(200);
  expect(body).toMatchObject({
    you: { phone: person.phone, wants_no_sms: false },
    you_book_for: [{ name: 'Meera', birth_year: 2019 }],
    appointments: [
      {
        doctor: 'Dr. Meera Iyer',
        clinic: clinic.name,
        for: 'Meera',
        status: 'booked',
        note: 'Brings reports'
      }
    ],
    calls: [{ clinic: clinic.name, outcome: 'booked' }],
    devices: { known: [expect.objectContaining({ signed_in_at: expect.any(String) as string })] }
  });
  const texts = body.sms as { about: string; text: string | null }[];
  expect(texts.find(({ about }) => about === 'appointment_booked')?.text).toContain('Reference ****.');
  expect(texts.find(({ about }) => about === 'code')).toMatchObject({ text: null });
  expect(body.history).toContainEqual(expect.objectContaining({ what: 'read', way: 'desk' }));
  const whole = JSON.stringify(body);
  for (const secret of [`Reference ${reference}`, '482193', other.phone, password]) {
    expect(whole).not.toContain(secret);
  }
  // That it was read is written down, and counted.
  expect(
    await sql`select channel, actor_id from public.audit_events where row_id = ${person.id} and action = 'read' order by id`
  ).toEqual([
    { channel: 'desk', actor_id: null },
    { channel: 'web', actor_id: person.account.userId }
  ]);
});

test('is not for who has a token alone', async () => {
  expect(await copyOf('a guess')).toMatchObject({ status: 401, body: { error: 'invalid_credentials' } });
  expect(await copyOf('')).toMatchObject({ status: 400, body: { error: 'validation_failed' } });
  const none = await asOwner('export-account', 'ey.no.token', { password });
  expect(none).toMatchObject({ status: 401, body: { error: 'not_signed_in' } });
  const rpc = await fetch(`${api_url}/rest/v1/rpc/export_account`, {
    method: 'POST',
    headers: {
      apikey: publishable_key,
      authorization: `Bearer ${person.token}`,
      'content-type': 'application/json'
    },
    body: JSON.stringify({ p_user_id: person.account.userId })
  });
  expect(rpc.status).toBe(404);
  expect(await sql`select from public.audit_events where row_id = ${person.id} and action = 'read'`).toEqual(
    []
  );
});

test('can be had five times a day', async () => {
  for (let times = 0; times < 5; times += 1) expect(await copyOf(password)).toMatchObject({ status: 200 });
  expect(await copyOf(password)).toMatchObject({ status: 429, body: { error: 'rate_limited' } });
});
