// The desk as a page uses it: signed in, through the Data API and Realtime, with the code that was texted.
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { eventually } from '../helpers/eventually.ts';
import { smsTo } from '../helpers/inbox.ts';
import { clientWith, databaseReady, subscribe, theRealtime } from '../helpers/realtime.ts';
import { signedIn } from '../helpers/signed-in.ts';
import {
  anonymousClient,
  closeDatabases,
  databaseAsPostgres,
  serviceClient,
  theStack
} from '../helpers/stack.ts';
import { aClinic, aPatient, aPhone, aPractitioner, whereItIsEarly } from '../helpers/world.ts';

const sql = databaseAsPostgres();
afterAll(closeDatabases);

const password = 'a long secret';

/** Somebody who works at the desk of a new clinic, signed in with the password and no more. */
async function atTheDoor(role: 'desk' | 'manager' = 'desk') {
  const clinic = await aClinic(sql, { time_zone: whereItIsEarly() });
  const doctor = await aPractitioner(sql, clinic);
  const person = await aPatient(sql, { phone: aPhone(), account: true, password });
  await sql`
    insert into public.clinic_staff (clinic_id, phone, name, role)
    values (${clinic.id}, ${person.phone}, 'Priya Nair', ${role})`;
  const signed = await signedIn(theStack(), person.phone, password);
  if (!signed) throw new Error('The password was refused.');
  const [day] = await sql<
    { today: string }[]
  >`select (now() at time zone ${clinic.time_zone})::date::text as today`;
  return { clinic, doctor, person, ...signed, today: day?.today ?? '' };
}

/** The same with the desk open, by the code that arrived. */
async function atTheDesk(role?: 'desk' | 'manager') {
  const desk = await atTheDoor(role);
  const started = await desk.client.rpc('desk_start');
  expect(started).toMatchObject({ status: 200, data: [{ code_length: 6 }] });
  const sms = await smsTo(theStack().inbox_url, desk.person.phone, ' is your MedQ code');
  const proven = await desk.client.rpc('desk_prove', { code: sms.body.slice(0, 6) });
  expect(proven.error).toBeNull();
  expect(Date.parse(String(proven.data))).toBeGreaterThan(Date.now());
  return desk;
}

test('a password alone opens no desk, a code does, and a wrong one answers null', async () => {
  const { client, clinic, today } = await atTheDoor();
  const day = () => client.rpc('desk_day', { clinic_id: clinic.id, on_date: today });
  expect(await day()).toMatchObject({ status: 403, error: { message: 'desk_proof_required' } });
  expect(await client.rpc('desk_prove', { code: '123456' })).toMatchObject({ status: 200, data: null });
  const open = await atTheDesk();
  expect(await open.client.rpc('desk_day', { clinic_id: open.clinic.id, on_date: open.today })).toMatchObject(
    { status: 200, data: [] }
  );
});

test('a walk-in is booked, marked, found and read, and the page hears of it', async () => {
  const { client, clinic, doctor, session, today } = await atTheDesk();
  const realtime = await clientWith(theRealtime(), session.access_token);
  onTestFinished(() => void realtime.removeAllChannels());
  const channel = realtime.channel(`desk:${clinic.id}`, {
    config: { private: true, broadcast: { replication_ready: true } }
  });
  const heard: unknown[] = [];
  channel.on('broadcast', { event: '*' }, ({ event, payload }) => heard.push([event, payload]));
  const ready = databaseReady(channel);
  expect((await subscribe(channel)).status).toBe('SUBSCRIBED');
  await ready;

  const booked = await client.rpc('desk_book', { practitioner_id: doctor.id, name: 'Lakshmi Narayanan' });
  expect(booked).toMatchObject({ status: 200, data: { token_number: 1, channel: 'desk' } });
  const { id, patient_id } = booked.data as { id: string; patient_id: string };
  const marked = await client.rpc('desk_mark', { appointment_id: id, step: 'arrived' });
  expect(marked).toMatchObject({ status: 200, data: { status: 'arrived', version: 2 } });
  await eventually(() => heard[1]);
  expect(heard).toEqual([
    ['INSERT', { id, version: 1, operation: 'INSERT' }],
    ['UPDATE', { id, version: 2, operation: 'UPDATE' }]
  ]);
  const again = await client.rpc('desk_mark', { appointment_id: id, step: 'arrived' });
  expect(again).toMatchObject({ status: 409, error: { message: 'changed_meanwhile' } });
  expect(again.error?.hint).toContain('arrived (Priya Nair');

  expect(await client.rpc('desk_find', { clinic_id: clinic.id, words: 'laxmi' })).toMatchObject({
    data: [{ patient_id, name: 'Lakshmi Narayanan', phone_end: null }]
  });
  expect(await client.rpc('desk_patient', { patient_id })).toMatchObject({
    data: {
      patient_id,
      phone: null,
      timeline: expect.arrayContaining([expect.objectContaining({ kind: 'appointment' })]) as unknown
    }
  });
  expect(await client.rpc('desk_day', { clinic_id: clinic.id, on_date: today })).toMatchObject({
    data: [{ appointment_id: id, walk_in: true, status: 'arrived' }]
  });
  const shifted = await client.rpc('shift_day', {
    practitioner_id: doctor.id,
    on_date: today,
    from_time: null,
    minutes: 15
  });
  expect(shifted).toMatchObject({ status: 200, data: [{ appointment_id: id }] });
});

test('nobody else gets in: a patient, a visitor, the secret key', async () => {
  const { clinic, today } = await atTheDesk();
  const patient = await aPatient(sql, { phone: aPhone(), account: true, password });
  const signed = await signedIn(theStack(), patient.phone, password);
  const args = { clinic_id: clinic.id, on_date: today };
  expect(await signed?.client.rpc('desk_day', args)).toMatchObject({
    status: 403,
    error: { message: 'not_staff' }
  });
  expect((await anonymousClient().rpc('desk_day', args)).error?.code).toBe('42501');
  expect((await serviceClient().rpc('desk_day', args)).error?.code).toBe('42501');
  const views = await Promise.all(
    ['clinic_staff', 'stranded_appointments', 'desk_numbers', 'clinic_closures', 'day_operations'].map(
      async (view) => (await signed?.client.from(view).select())?.data
    )
  );
  expect(views).toEqual([[], [], [], [], []]);
});

test('a manager sees the numbers and the staff of their clinic', async () => {
  const { client, clinic, doctor, today } = await atTheDesk('manager');
  await client.rpc('desk_book', { practitioner_id: doctor.id, phone: aPhone() });
  expect((await client.from('desk_numbers').select().eq('day', today)).data).toMatchObject([
    { clinic_id: clinic.id, channel: 'desk', booked: 1 }
  ]);
  const added = await client
    .from('clinic_staff')
    .insert({ clinic_id: clinic.id, phone: aPhone(), name: 'Ravi Menon' });
  expect(added.error).toBeNull();
  expect((await client.from('clinic_staff').select('name').order('name')).data).toEqual([
    { name: 'Priya Nair' },
    { name: 'Ravi Menon' }
  ]);
});
