/**
 * Bookings through book_appointment with all its triggers: against bare inserts of the same rows, and through the Data API.
 */
import postgres from 'postgres';
import type { StackAddresses } from '../local/start-stack.ts';
import { aBookableClinic, bookingThroughDataApi, take, type Slot } from './clinic.ts';
import { finding, inTurns, rate, type Effort, type Finding } from './measure.ts';
import { processorTime, separateStack } from './processes.ts';

interface Amount {
  /** Every quarter of an hour of so many days of so many doctors is a slot that can be booked once. */
  doctors: number;
  days: number;
  rounds: number;
  seconds: number;
}

const amounts: Record<Effort, Amount> = {
  full: { doctors: 40, days: 30, rounds: 3, seconds: 4 },
  quick: { doctors: 4, days: 30, rounds: 1, seconds: 0.25 }
};

/**
 * Copies of the tables that a booking writes to, with their indexes and constraints but neither triggers nor foreign keys.
 * An appointment, its audit, its SMS, and what is broadcast to the patient, the desk and whoever looks at the doctor's times.
 */
const copies = `
  create schema bare;
  create table bare.appointments (like public.appointments including all);
  create table bare.audit_events (like public.audit_events including all);
  create table bare.sms_messages (like public.sms_messages including all);
  create table bare.messages (like realtime.messages including all);
  grant usage on schema bare to postgres;
  grant all on all tables in schema bare to postgres`;

const columns = `
  (patient_id, practitioner_id, clinic_id, starts_at, ends_at, local_date, token_number, reference)`;

/** The one row that nobody can do without. Parameters: patient, doctor, start. */
const oneRow = `
  insert into bare.appointments ${columns}
  select $1, p.id, p.clinic_id, $3::timestamptz, $3::timestamptz + interval '15 minutes',
    $3::timestamptz::date, 1 + random() * 1000000000, lpad((random() * 9999)::int::text, 4, '0')
  from public.practitioners p where p.id = $2
  on conflict do nothing
  returning id, patient_id, practitioner_id, clinic_id, starts_at`;

/** All rows of a booking, in one statement. */
const sameRows = `
  with appointment as (${oneRow}),
  audit as (
    insert into bare.audit_events (channel, action, table_name, row_id, changes)
    select 'web', 'insert', 'appointments', a.id::text, jsonb_build_object('starts_at', jsonb_build_array(null, a.starts_at))
    from appointment a
  ),
  sms as (
    insert into bare.sms_messages (patient_id, appointment_id, to_phone, template, body, parts, dedupe_key)
    select a.patient_id, a.id, '+919811100000', 'appointment_booked',
      'Booked: Dr. Anjali Rao, tomorrow at 10:30 am, MedQ Clinic. Token 12. Reference 4821.', 1, 'booked:' || a.id
    from appointment a
  )
  insert into bare.messages (topic, extension, event, payload, private)
  select topic, 'broadcast', 'INSERT', jsonb_build_object('id', a.id, 'version', 1, 'operation', 'INSERT'), true
  from appointment a
  cross join unnest(array['patient:' || a.patient_id, 'desk:' || a.clinic_id, 'practitioner:' || a.practitioner_id]) topic`;

async function againstFloors(
  url: string,
  slots: Slot[],
  bareSlots: Slot[],
  amount: Amount
): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const connections of [1, 16]) {
    const sql = postgres(url, { max: connections, idle_timeout: 0 });
    const book = () =>
      rate(connections, amount.seconds, async () => {
        const { practitioner_id, starts_at, user_id } = take(slots);
        const claims = JSON.stringify({ sub: user_id, role: 'authenticated' });
        await sql`
          select set_config('request.jwt.claims', ${claims}, true), public.book_appointment(${practitioner_id}, ${starts_at})`;
      });
    const insert = (statement: string) => () =>
      rate(connections, amount.seconds, async () => {
        const { practitioner_id, starts_at, patient_id } = take(bareSlots);
        await sql.unsafe(statement, [patient_id, practitioner_id, starts_at], { prepare: true });
      });
    const floors = [
      { of: 'the same rows in one statement', statement: sameRows, atLeast: 0.6 },
      { of: 'the row of the appointment alone', statement: oneRow, atLeast: 0.3 }
    ];
    for (const { of, statement, atLeast } of floors) {
      const { ours, floor, ratio } = await inTurns(amount.rounds, book, insert(statement));
      findings.push(
        finding(
          `bookings a second against bare inserts of ${of}, ${connections} ${connections === 1 ? 'connection' : 'connections'}`,
          `${ours.perSecond.toFixed(0)}/s against ${floor.perSecond.toFixed(0)}/s`,
          ratio,
          { atLeast }
        )
      );
    }
    await sql.end();
  }
  return findings;
}

/** What a booking by eight patients at once costs all processes of the stack, the one that asks not counted. */
async function throughDataApi(
  addresses: StackAddresses,
  pid: number,
  slots: Slot[],
  { seconds }: Amount
): Promise<Finding> {
  const book = await bookingThroughDataApi(addresses, slots);
  await rate(8, seconds, book);
  const before = await processorTime(pid);
  const { perSecond, done } = await rate(8, seconds * 3, book);
  const used = ((await processorTime(pid)) - before) / done;
  return finding(
    'processor time of a booking through the Data API, 8 patients at once, in ms',
    `${used.toFixed(1)} ms, ${perSecond.toFixed(0)}/s`,
    used,
    { atMost: 2.4 }
  );
}

/** On a stack of its own, in processes of its own, whose work can be told from that of the benchmark. */
export async function benchBooking(effort: Effort): Promise<Finding[]> {
  await using closing = new AsyncDisposableStack();
  const { addresses, pid } = await separateStack(closing);
  const admin = postgres(addresses.admin_db_url, { max: 1, onnotice: () => undefined });
  closing.defer(() => admin.end());
  const setup = postgres(addresses.db_url, { max: 1 });
  closing.defer(() => setup.end());
  await admin.unsafe(copies);
  // The dispatcher is woken at an address where nobody listens: sending SMS is not what is measured here.
  await setup`select vault.update_secret(id, 'http://127.0.0.1:9/none') from vault.decrypted_secrets where name = 'functions_url'`;
  const slots = await aBookableClinic(setup, amounts[effort]);
  return [
    await throughDataApi(addresses, pid, slots, amounts[effort]),
    ...(await againstFloors(addresses.db_url, slots, [...slots], amounts[effort]))
  ];
}
