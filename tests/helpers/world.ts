import { randomInt, randomUUID } from 'node:crypto';
import type postgres from 'postgres';
import type { Account } from './database.ts';

// Everything here takes a connection first: a pool makes rows that stay, a transaction makes rows that do not.

export interface Clinic {
  id: string;
  name: string;
  phone: string;
  time_zone: string;
}

export interface Practitioner {
  id: string;
  clinic_id: string;
  name: string;
  specialty: string;
}

export interface Patient {
  id: string;
  phone: string;
}

export interface PatientWithAccount extends Patient {
  account: Account;
}

export interface Slot {
  starts_at: Date;
  ends_at: Date;
}

export interface Appointment extends Slot {
  id: string;
  patient_id: string;
  practitioner_id: string;
  clinic_id: string;
  status: string;
  channel: string;
  token_number: number;
  reference: string;
  call_id: string | null;
  cancelled_at: Date | null;
  version: number;
  created_at: Date;
  updated_at: Date;
}

/** Weekly hours; weekday 1 is Monday. */
export interface Hours {
  weekdays?: number[];
  from: string;
  to: string;
  minutes?: number;
}

/** A mobile number nobody else has, as +E.164: with a 9 in front, numbering tables know all of India's as mobile. */
export function aPhone(): string {
  return `+919${String(randomInt(1e9)).padStart(9, '0')}`;
}

/** A time zone in which the day has hardly begun, whatever the hour is here: all that is for today is still to come. */
export function whereItIsEarly(): string {
  const hourIn = (timeZone: string) =>
    new Intl.DateTimeFormat('en', { timeZone, hour: '2-digit', hourCycle: 'h23' }).format();
  const early = Intl.supportedValuesOf('timeZone').find(
    (zone) => /^(?:A(?:frica|merica|sia|tlantic)|Pacific)\//.test(zone) && hourIn(zone) === '01'
  );
  if (!early) throw new Error('It is early nowhere.');
  return early;
}

/** A clinic with a name and a number of its own. */
export async function aClinic(
  sql: postgres.Sql,
  options: {
    name?: string;
    phone?: string;
    address?: string;
    time_zone?: string;
    locale?: string;
    reception_phone?: string;
    booking_horizon_days?: number;
    max_active_bookings?: number;
    phone_booking?: 'open' | 'proven' | 'closed';
    new_callers_per_hour?: number;
    max_unproven_bookings?: number;
  } = {}
): Promise<Clinic> {
  const row = { name: 'Lakeside Clinic', phone: aPhone(), ...options };
  const [clinic] = await sql<Clinic[]>`
    insert into public.clinics ${sql(row)} returning id, name, phone, time_zone`;
  if (!clinic) throw new Error('The clinic was not made.');
  return clinic;
}

/** A practitioner of the clinic, by default one with slots of 15 minutes from 9 to 17 every day. */
export async function aPractitioner(
  sql: postgres.Sql,
  clinic: Pick<Clinic, 'id'>,
  {
    hours = [{ from: '09:00', to: '17:00' }],
    ...options
  }: {
    hours?: Hours[];
    name?: string;
    spoken_name?: string;
    specialty?: string;
    active?: boolean;
  } = {}
): Promise<Practitioner> {
  const row = { clinic_id: clinic.id, name: 'Dr. Anjali Rao', specialty: 'General medicine', ...options };
  const [practitioner] = await sql<Practitioner[]>`
    insert into public.practitioners ${sql(row)} returning id, clinic_id, name, specialty`;
  if (!practitioner) throw new Error('The practitioner was not made.');
  const schedules = hours.flatMap(({ weekdays = [1, 2, 3, 4, 5, 6, 7], from, to, minutes = 15 }) =>
    weekdays.map((weekday) => ({
      practitioner_id: practitioner.id,
      weekday,
      start_time: from,
      end_time: to,
      slot_minutes: minutes
    }))
  );
  if (schedules.length > 0) await sql`insert into public.schedules ${sql(schedules)}`;
  return practitioner;
}

/** A date on which a practitioner keeps other hours, or none. */
export async function anException(
  sql: postgres.Sql,
  practitioner: Practitioner,
  on_date: string,
  hours?: { from: string; to: string; minutes?: number }
): Promise<void> {
  const row = {
    practitioner_id: practitioner.id,
    on_date,
    start_time: hours?.from ?? null,
    end_time: hours?.to ?? null,
    slot_minutes: hours?.minutes ?? 15
  };
  await sql`insert into public.schedule_exceptions ${sql(row)}`;
}

/** Further devices of an account: one more session, as signing in makes it. */
export async function aSession(sql: postgres.Sql, userId: string): Promise<Account> {
  const sessionId = randomUUID();
  await sql`
    insert into auth.sessions (id, user_id, aal, created_at, updated_at)
    values (${sessionId}, ${userId}, 'aal1', now(), now())`;
  return { userId, sessionId };
}

interface AccountOptions {
  confirmed?: boolean;
  password?: string;
  /** The account job that makes it, or the registration; without either its owner has just registered. */
  jobId?: string;
  registration?: string;
}

/** What registering leaves before the account is made: a proven phone. Answers with its id. */
export async function aRegistration(sql: postgres.Sql, phone: string): Promise<string> {
  const id = randomUUID();
  await sql`
    insert into private.registrations (id, phone, name, age)
    select ${id}, ${phone}, coalesce((select name from public.patients where phone = ${phone}), 'Asha Rao'), 34`;
  return id;
}

/** What a booking by phone leaves for a patient without account: a job that makes one. Answers with its id. */
export async function anAccountJob(sql: postgres.Sql, patientId: string): Promise<string> {
  const [job] = await sql<{ id: string }[]>`
    insert into private.account_jobs (patient_id) values (${patientId}) returning id`;
  if (!job) throw new Error('The job was not made.');
  return job.id;
}

/** Lets an account be changed once, as our functions do before they ask Auth. */
export async function permit(
  sql: postgres.Sql,
  userId: string,
  what: 'password' | 'phone' | 'email',
  phone: string | null = null
): Promise<void> {
  await sql`select private.permit_change(${userId}, ${what}, ${phone})`;
}

/**
 * A user as Supabase Auth keeps it, signed in nowhere; by default with its phone confirmed, which makes or links the
 * patient. The password, if one is given, really signs in. Answers with the user's id.
 * @param phone +E.164
 */
export async function aUser(
  sql: postgres.Sql,
  phone: string,
  { confirmed = true, password, jobId, registration }: AccountOptions = {}
): Promise<string> {
  const id = randomUUID();
  const number = phone.slice(1);
  const madeBy =
    jobId === undefined
      ? { registration: registration ?? (await aRegistration(sql, phone)) }
      : { account_job: jobId };
  const metadata = { provider: 'phone', providers: ['phone'], ...madeBy };
  await sql`
    insert into auth.users (
      instance_id, id, aud, role, phone, encrypted_password, phone_confirmed_at, raw_app_meta_data, raw_user_meta_data,
      confirmation_token, recovery_token, email_change, email_change_token_new, email_change_token_current,
      phone_change, phone_change_token, reauthentication_token, created_at, updated_at
    ) values (
      '00000000-0000-0000-0000-000000000000', ${id}, 'authenticated', 'authenticated', ${number},
      ${password === undefined ? '' : sql`extensions.crypt(${password}, extensions.gen_salt('bf', 4))`},
      ${confirmed ? sql`now()` : null}, ${sql.json(metadata)}, '{}', '', '', '', '', '', '', '', '', now(), now()
    )`;
  await sql`
    insert into auth.identities (provider_id, user_id, identity_data, provider, created_at, updated_at)
    values (${id}, ${id}, ${sql.json({ sub: id, phone: number })}, 'phone', now(), now())`;
  // Auth's own transaction would end here, and with it what is said of its channel.
  await sql`select set_config('medq.channel', '', true)`;
  return id;
}

/** The same with a session. */
export async function anAccount(
  sql: postgres.Sql,
  phone: string,
  options: AccountOptions = {}
): Promise<Account> {
  return aSession(sql, await aUser(sql, phone, options));
}

/** A patient with a phone of their own; with `account: true` also a web account and a session of it. */
export async function aPatient(
  sql: postgres.Sql,
  options: { account: true; phone?: string; password?: string }
): Promise<PatientWithAccount>;
export async function aPatient(
  sql: postgres.Sql,
  options?: { account?: false; phone?: string }
): Promise<Patient>;
export async function aPatient(
  sql: postgres.Sql,
  { account, phone = aPhone(), password }: { account?: boolean; phone?: string; password?: string } = {}
): Promise<Patient | PatientWithAccount> {
  const [patient] = await sql<
    Patient[]
  >`insert into public.patients (phone) values (${phone}) returning id, phone`;
  if (!patient) throw new Error('The patient was not made.');
  if (!account) return patient;
  return { ...patient, account: await anAccount(sql, phone, password === undefined ? {} : { password }) };
}

/** The next free slots of a practitioner from `now` on; unless told otherwise none that is over before it is booked. */
export async function nextSlots(
  sql: postgres.Sql,
  practitioner: Practitioner,
  count: number,
  now = new Date(Date.now() + 600_000)
): Promise<Date[]> {
  const slots = await sql<Slot[]>`
    select starts_at from private.next_free_slots(
      ${practitioner.clinic_id}, null, ${practitioner.id}, ${now}, ${count}, ${now})`;
  return slots.map((slot) => slot.starts_at);
}

/** Books as calls and pages do, through private.book. */
export async function book(
  sql: postgres.Sql,
  patient: Patient,
  practitioner: Practitioner,
  startsAt: Date | string,
  { channel = 'web', callId = null, now = new Date() }: BookingOptions = {}
): Promise<Appointment> {
  const [appointment] = await sql<Appointment[]>`
    select * from private.book(${patient.id}, ${practitioner.id}, ${startsAt}, ${channel}, ${callId}, ${now})`;
  if (!appointment) throw new Error('Nothing was booked.');
  return appointment;
}

export interface BookingOptions {
  channel?: 'web' | 'ivr';
  callId?: string | null;
  now?: Date;
}
