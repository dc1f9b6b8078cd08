import { randomInt } from 'node:crypto';
import type postgres from 'postgres';
import { smsTo } from '../helpers/inbox.ts';
import { aCall, type CallerOptions, type TestCall } from '../helpers/phone.ts';
import { theStack } from '../helpers/stack.ts';
import {
  aClinic,
  aPhone,
  aPractitioner,
  nextSlots,
  type Clinic,
  type Practitioner
} from '../helpers/world.ts';

const { ivr_url, messagebird_signing_key: signingKey } = theStack();

/** A number that is surely a landline: Chennai. */
export function aLandline(): string {
  return `+9144${randomInt(2_000_0000, 2_999_9999)}`;
}

export function callTo(
  clinic: Pick<Clinic, 'phone'>,
  from: string | null = aPhone(),
  options: Partial<CallerOptions> = {}
): TestCall {
  return aCall({ ivrUrl: ivr_url, signingKey, from, to: clinic.phone, ...options });
}

/** A clinic where every hour of every day can be booked, and its doctor. */
export async function anOpenClinic(
  sql: postgres.Sql,
  options: Parameters<typeof aClinic>[1] = {}
): Promise<{ clinic: Clinic; doctor: Practitioner }> {
  const clinic = await aClinic(sql, options);
  return { clinic, doctor: await anOpenDoctor(sql, clinic, 'Anjali Rao') };
}

/** A doctor who sees patients day and night. */
export function anOpenDoctor(
  sql: postgres.Sql,
  clinic: Clinic,
  name: string,
  specialty = 'General medicine'
): Promise<Practitioner> {
  const hours = [{ from: '00:00', to: '24:00' }];
  return aPractitioner(sql, clinic, { name: `Dr. ${name}`, spoken_name: `Doctor ${name}`, specialty, hours });
}

/** All that the caller is told now, to the end; what was heard ends where keys are taken, with the first sentence. */
export function prompt(call: TestCall): string {
  const steps = call.flow?.steps ?? [];
  return steps
    .map((step) => (step.action === 'say' ? step.options.payload : ''))
    .join(' ')
    .trim();
}

export interface Booked {
  id: string;
  patient_id: string;
  practitioner_id: string;
  starts_at: Date;
  status: string;
  reference: string;
  token_number: number;
}

/** Everything a phone has booked. */
export function bookingsOf(sql: postgres.Sql, phone: string): postgres.PendingQuery<Booked[]> {
  return sql<Booked[]>`
    select a.* from public.appointments a join public.patients p on p.id = a.patient_id
    where p.phone = ${phone} order by a.starts_at`;
}

/** Makes a patient of the phone, with an appointment some days from now. */
export async function anAppointmentOf(
  sql: postgres.Sql,
  phone: string,
  doctor: Practitioner,
  days = 3
): Promise<Booked> {
  await sql`insert into public.patients (phone) values (${phone}) on conflict do nothing`;
  const [slot] = await nextSlots(sql, doctor, 1, new Date(Date.now() + days * 86_400_000));
  const [booked] = await sql<Booked[]>`
    insert into public.appointments (patient_id, practitioner_id, starts_at)
    select p.id, ${doctor.id}, ${slot ?? null} from public.patients p where p.phone = ${phone} returning *`;
  if (!booked) throw new Error('Nothing was booked.');
  return booked;
}

export interface CallRecord {
  outcome: string;
  caller: string | null;
  patient_id: string | null;
  clinic_id: string | null;
  steps: { turn: number; step: string; keys: string; reference?: string }[];
  ended_at: Date | null;
  duration_seconds: number;
}

/** What the database kept of a call. */
export async function recordOf(sql: postgres.Sql, { callId }: Pick<TestCall, 'callId'>): Promise<CallRecord> {
  const [record] = await sql<CallRecord[]>`select * from public.ivr_calls where call_id = ${callId}`;
  if (!record) throw new Error(`Nothing was kept of the call ${callId}.`);
  return record;
}

/** The day of an instant in the clinic's time zone, as the voice says it: "Tuesday the 24th". */
export function spokenDay(instant: Date, timeZone = 'Asia/Kolkata'): string {
  const part = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat('en', { timeZone, ...options }).format(instant);
  const day = Number(part({ day: 'numeric' }));
  const ending =
    day % 10 === 1 && day !== 11
      ? 'st'
      : day % 10 === 2 && day !== 12
        ? 'nd'
        : day % 10 === 3 && day !== 13
          ? 'rd'
          : 'th';
  return `${part({ weekday: 'long' })} the ${day}${ending}`;
}

/** The code that a call had texted to the phone. */
export async function codeTextedTo(inboxUrl: string, phone: string, limitMs?: number): Promise<string> {
  const { body } = await smsTo(inboxUrl, phone, 'Key it in during the call', limitMs);
  return /^\d+/.exec(body)?.[0] ?? '';
}

/** The code that this very call had texted, where calls from the phone had several. */
export async function codeTextedIn(
  sql: postgres.Sql,
  inboxUrl: string,
  { callId }: Pick<TestCall, 'callId'>
): Promise<string> {
  const [text] = await sql<{ id: string; to_phone: string }[]>`
    select id, to_phone from public.sms_messages where dedupe_key = ${`call_code:${callId}`}`;
  if (!text) throw new Error(`The call ${callId} had no code texted.`);
  const { body } = await smsTo(inboxUrl, text.to_phone, ({ reference }) => reference === text.id);
  return /^\d+/.exec(body)?.[0] ?? '';
}

/** A call that takes whatever time is offered, however often it is gone; it ends, or waits for a code. */
export async function wantsAnyTime(clinic: Clinic, phone: string): Promise<TestCall> {
  // Not how fast it answers: a slow machine takes its time.
  const call = callTo(clinic, phone, { delivery: { timeoutMs: 120_000 } });
  await call.dial();
  await call.press('1');
  while (!call.ended && !call.said().includes('enter the code')) await call.press('1');
  return call;
}
