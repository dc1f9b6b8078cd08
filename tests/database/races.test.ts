import type postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { refusalOf, startQuietDatabase, type QuietDatabase } from '../helpers/database.ts';
import { aClinic, aPatient, aPhone, aPractitioner, book, nextSlots } from '../helpers/world.ts';
import type { Appointment, Clinic, Patient, PatientWithAccount, Practitioner } from '../helpers/world.ts';

const width = 50;
let database: QuietDatabase;
let sql: postgres.Sql;
const connections: postgres.ReservedSql[] = [];

// All connections are there before a race begins, so that it is one.
beforeAll(async () => {
  database = await startQuietDatabase({ connections: width + 5 });
  sql = database.sql;
  connections.push(...(await Promise.all(Array.from({ length: width }, () => sql.reserve()))));
});
afterAll(async () => {
  for (const connection of connections) connection.release();
  await database.stop();
});

/** Runs all of `work` at the same time, each on a connection of its own. */
function atOnce<T>(work: ((connection: postgres.Sql) => Promise<T>)[]): Promise<T[]> {
  return Promise.all(
    work.map((run, index) => {
      const connection = connections[index];
      if (!connection) throw new Error(`Only ${width} can race.`);
      return run(connection);
    })
  );
}

/** What came of each: the word of its refusal, or `done`. */
function outcomes(work: ((connection: postgres.Sql) => Promise<unknown>)[]): Promise<string[]> {
  return atOnce(
    work.map((run) => async (connection) => {
      const refusal = await refusalOf(run(connection));
      return refusal ? refusal.message : 'done';
    })
  );
}

/** As the Data API does it: one transaction as role authenticated with the claims of the session. */
async function bookBySession(
  connection: postgres.Sql,
  { account }: PatientWithAccount,
  practitioner: Practitioner,
  slot: Date
): Promise<void> {
  const claims = JSON.stringify({
    sub: account.userId,
    session_id: account.sessionId,
    role: 'authenticated'
  });
  await connection`begin`;
  try {
    await connection`
      select set_config('role', 'authenticated', true), set_config('request.jwt.claims', ${claims}, true)`;
    await connection`select public.book_appointment(${practitioner.id}, ${slot})`;
    await connection`commit`;
  } catch (error) {
    await connection`rollback`;
    throw error;
  }
}

async function someSlots(practitioner: Practitioner, count: number): Promise<Date[]> {
  const slots = await nextSlots(sql, practitioner, count, new Date(Date.now() + 3_600_000));
  if (slots.length < count) throw new Error('The practitioner has too few slots.');
  return slots;
}

function call(clinic: Clinic, caller: string, callId: string): Record<string, string | number> {
  return { call_id: callId, caller, dialled: clinic.phone, turn: 3, step: 'confirm', keys: '1' };
}

interface TurnAnswer {
  appointment?: { patient_id: string; starts_at: string };
  error?: string;
  proof?: string;
  slot?: { starts_at: string };
}

async function confirm(
  connection: postgres.Sql,
  clinic: Clinic,
  practitioner: Practitioner,
  caller: string,
  slot: Date,
  callId = `${caller}/${slot.toISOString()}`
): Promise<TurnAnswer> {
  const ask = {
    kind: 'book',
    practitioner_id: practitioner.id,
    starts_at: slot.toISOString(),
    specialty: practitioner.specialty
  };
  const [row] = await connection<{ answer: TurnAnswer }[]>`
    select private.ivr_turn(${connection.json(call(clinic, caller, callId))}, ${connection.json(ask)}) as answer`;
  return row?.answer ?? {};
}

test('fifty patients fight for ten slots: ten are booked, forty hear slot_taken, and each booking has its SMS and its history', async () => {
  const clinic = await aClinic(sql);
  const practitioner = await aPractitioner(sql, clinic);
  const patients = await Promise.all(Array.from({ length: width }, () => aPatient(sql, { account: true })));
  const slots = await someSlots(practitioner, 10);

  const results = await outcomes(
    patients.map(
      (patient, index) => (connection) =>
        bookBySession(connection, patient, practitioner, slots[index % slots.length] ?? new Date(0))
    )
  );

  expect(results.filter((result) => result === 'done')).toHaveLength(10);
  expect(results.filter((result) => result === 'slot_taken')).toHaveLength(40);
  const booked = await sql<{ starts_at: Date; patient_id: string; sms: number; events: number }[]>`
    select a.starts_at, a.patient_id,
      (select count(*)::int from public.sms_messages m
        where m.appointment_id = a.id and m.template = 'appointment_booked') as sms,
      (select count(*)::int from public.audit_events e
        where e.row_id = a.id::text and e.action = 'insert' and e.channel = 'web') as events
    from public.appointments a where a.practitioner_id = ${practitioner.id} order by a.starts_at`;
  expect(booked.map(({ starts_at }) => starts_at)).toEqual(slots);
  expect(booked.map(({ sms, events }) => [sms, events])).toEqual(slots.map(() => [1, 1]));
  const winners = patients.filter((_patient, index) => results[index] === 'done').map(({ id }) => id);
  expect(booked.map(({ patient_id }) => patient_id).sort()).toEqual(winners.sort());
});

test('twenty first calls of one new phone make one patient, with all their bookings and one account job', async () => {
  const clinic = await aClinic(sql, { max_active_bookings: 100, max_unproven_bookings: 100 });
  const practitioner = await aPractitioner(sql, clinic);
  const caller = aPhone();
  const slots = await someSlots(practitioner, 20);

  const answers = await atOnce(
    slots.map((slot) => (connection) => confirm(connection, clinic, practitioner, caller, slot))
  );

  expect(new Set(answers.map((answer) => answer.appointment?.patient_id)).size).toBe(1);
  const [counts] = await sql`
    select (select count(*)::int from public.patients p where p.phone = ${caller}) as patients,
      (select count(*)::int from public.appointments a where a.practitioner_id = ${practitioner.id}) as appointments,
      (select count(distinct (a.local_date, a.token_number))::int from public.appointments a
        where a.practitioner_id = ${practitioner.id}) as tokens,
      (select count(*)::int from private.account_jobs j join public.patients p on p.id = j.patient_id
        where p.phone = ${caller}) as jobs`;
  expect(counts).toEqual({ patients: 1, appointments: 20, tokens: 20, jobs: 1 });
});

test('fifty new phones confirm at once: as many book as new callers may within an hour, and leave no patient otherwise', async () => {
  const clinic = await aClinic(sql, { new_callers_per_hour: 10 });
  const practitioner = await aPractitioner(sql, clinic, { hours: [{ from: '00:00', to: '24:00' }] });
  const slots = await someSlots(practitioner, width);
  const phones = slots.map(() => aPhone());

  const answers = await atOnce(
    slots.map((slot, n) => (connection) => confirm(connection, clinic, practitioner, phones[n] ?? '', slot))
  );

  expect(answers.filter(({ appointment }) => appointment)).toHaveLength(10);
  // No code came along with the requests, so none can be texted.
  expect(answers.filter(({ proof }) => proof === 'refused')).toHaveLength(width - 10);
  const [counts] = await sql`
    select (select count(*)::int from public.patients p where p.phone = any (${phones})) as patients,
      (select count(*)::int from public.appointments a where a.clinic_id = ${clinic.id} and a.unproven) as appointments`;
  expect(counts).toEqual({ patients: 10, appointments: 10 });
});

test('the confirmation of one call, arriving ten times at once, books once', async () => {
  const clinic = await aClinic(sql);
  const practitioner = await aPractitioner(sql, clinic);
  const caller = aPhone();
  const [slot = new Date(0)] = await someSlots(practitioner, 1);

  const answers = await atOnce(
    Array.from(
      { length: 10 },
      () => (connection: postgres.Sql) =>
        confirm(connection, clinic, practitioner, caller, slot, `one/${caller}`)
    )
  );

  expect(answers.map((answer) => answer.error)).toEqual(answers.map(() => undefined));
  const appointments =
    await sql`select id from public.appointments where practitioner_id = ${practitioner.id}`;
  expect(appointments).toHaveLength(1);
  const [recorded] = await sql`
    select jsonb_array_length(steps) as steps, outcome from public.ivr_calls where call_id = ${`one/${caller}`}`;
  expect(recorded).toEqual({ steps: 1, outcome: 'booked' });
});

test('two callers confirm one slot: one books it, the other hears slot_taken and is offered the next', async () => {
  const clinic = await aClinic(sql);
  const practitioner = await aPractitioner(sql, clinic);
  const [slot = new Date(0), next = new Date(0)] = await someSlots(practitioner, 2);
  // What is before them is taken, so that the next is the next.
  await sql`
    insert into public.appointments (patient_id, practitioner_id, starts_at, ends_at, status)
    select ${(await aPatient(sql)).id}, ${practitioner.id}, now(), ${slot}, 'arrived' where now() < ${slot}`;

  const answers = await atOnce(
    [aPhone(), aPhone()].map(
      (caller) => (connection: postgres.Sql) => confirm(connection, clinic, practitioner, caller, slot)
    )
  );

  const [winner, loser] = answers.sort((a) => (a.appointment ? -1 : 1));
  expect(new Date(winner?.appointment?.starts_at ?? 0)).toEqual(slot);
  expect(loser?.appointment).toBeUndefined();
  expect(loser?.error).toBe('slot_taken');
  expect(new Date(loser?.slot?.starts_at ?? 0)).toEqual(next);
});

test('a patient who books from many devices at once gets no more than the clinic allows', async () => {
  const practitioner = await aPractitioner(sql, await aClinic(sql, { max_active_bookings: 3 }));
  const patient = await aPatient(sql, { account: true });
  const slots = await someSlots(practitioner, 12);

  const results = await outcomes(
    slots.map((slot) => (connection) => bookBySession(connection, patient, practitioner, slot))
  );

  expect(results.filter((result) => result === 'done')).toHaveLength(3);
  expect(results.filter((result) => result === 'too_many_bookings')).toHaveLength(9);
});

describe('moving while others book', () => {
  const move =
    (patient: Patient, { id }: Appointment, to: Date) =>
    (connection: postgres.Sql) =>
      connection`select private.reschedule(${patient.id}, ${id}, ${to}, 'web', now())`;

  test('a booking and a move into the same slot: one has it, the other hears slot_taken', async () => {
    const practitioner = await aPractitioner(sql, await aClinic(sql, { max_active_bookings: 100 }));
    const [mover, booker] = [await aPatient(sql), await aPatient(sql)];
    const slots = await someSlots(practitioner, 20);
    const pairs = Array.from({ length: 10 }, (_, index) => slots.slice(index * 2, index * 2 + 2));

    for (const [from = new Date(0), to = new Date(0)] of pairs) {
      const appointment = await book(sql, mover, practitioner, from);
      const results = await outcomes([
        move(mover, appointment, to),
        (connection) => book(connection, booker, practitioner, to)
      ]);
      expect(results.sort()).toEqual(['done', 'slot_taken']);
    }
    const overlapping = await sql`
      select from public.appointments a join public.appointments b on a.practitioner_id = b.practitioner_id
        and a.id < b.id and a.active and b.active
        and tstzrange(a.starts_at, a.ends_at) && tstzrange(b.starts_at, b.ends_at)
      where a.practitioner_id = ${practitioner.id}`;
    expect(overlapping).toHaveLength(0);
  });

  test('two patients who want each other’s slots keep their own, and hear why', async () => {
    const practitioner = await aPractitioner(sql, await aClinic(sql));
    const [one, two] = [await aPatient(sql), await aPatient(sql)];
    const [first = new Date(0), second = new Date(0)] = await someSlots(practitioner, 2);
    const mine = await book(sql, one, practitioner, first);
    const theirs = await book(sql, two, practitioner, second);
    const results = await outcomes([move(one, mine, second), move(two, theirs, first)]);
    expect(results).toEqual(['slot_taken', 'slot_taken']);
  });

  test('cancelled from two devices at once, it is cancelled and told once', async () => {
    const practitioner = await aPractitioner(sql, await aClinic(sql));
    const patient = await aPatient(sql);
    const [slot = new Date(0)] = await someSlots(practitioner, 1);
    const { id } = await book(sql, patient, practitioner, slot);
    const cancel = (connection: postgres.Sql) =>
      connection`select private.cancel(${patient.id}, ${id}, 'web', now())`;
    expect(await outcomes([cancel, cancel, cancel])).toEqual(['done', 'done', 'done']);
    const told = await sql`
      select from public.sms_messages where appointment_id = ${id} and template = 'appointment_cancelled'`;
    expect(told).toHaveLength(1);
  });
});
