// What happens at a desk while something else happens: other desks, patients who cancel, move and book, other operations.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { refusalOf, startQuietDatabase, untilBlocked, type QuietDatabase } from '../helpers/database.ts';
import { aDeskPerson, keptAtDesk, type DeskPerson } from '../helpers/desk.ts';
import { aClinic, aPatient, aPhone, aPractitioner, book, whereItIsEarly } from '../helpers/world.ts';
import type { Appointment, Clinic, Patient, Practitioner } from '../helpers/world.ts';

let quiet: QuietDatabase;
beforeAll(async () => {
  quiet = await startQuietDatabase({ connections: 20 });
});
afterAll(() => quiet.stop());

interface World {
  clinic: Clinic;
  doctor: Practitioner;
  colleague: Practitioner;
  desks: DeskPerson[];
  patients: Patient[];
  appointments: Appointment[];
  today: string;
}

/** A clinic where the day has hardly begun, with as many patients as are asked for. */
async function aDay(count: number): Promise<World> {
  const { sql } = quiet;
  const clinic = await aClinic(sql, { time_zone: whereItIsEarly() });
  const doctor = await aPractitioner(sql, clinic);
  const colleague = await aPractitioner(sql, clinic, { name: 'Dr. Meera Iyer' });
  const desks = [await aDeskPerson(sql, clinic), await aDeskPerson(sql, clinic)];
  const slots = await sql<{ starts_at: Date }[]>`
    select starts_at from private.next_free_slots(${clinic.id}, null, ${doctor.id}, now(), ${count}, now())`;
  const patients: Patient[] = [];
  const appointments: Appointment[] = [];
  for (const { starts_at } of slots) {
    const patient = await aPatient(sql);
    patients.push(patient);
    appointments.push(await book(sql, patient, doctor, starts_at));
  }
  const [day] = await sql<
    { today: string }[]
  >`select (now() at time zone ${clinic.time_zone})::date::text as today`;
  return { clinic, doctor, colleague, desks, patients, appointments, today: day?.today ?? '' };
}

/** How often each patient was told by the desk or by themselves that something changed. */
async function told({ patients }: World): Promise<number[]> {
  const rows = await quiet.sql<{ id: string; count: number }[]>`
    select p.id, count(m.id)::int as count
    from public.patients p left join public.sms_messages m on m.patient_id = p.id
      and m.template not in ('appointment_booked', 'welcome')
    where p.id = any (${patients.map(({ id }) => id)}) group by p.id`;
  const counts = new Map(rows.map((row) => [row.id, row.count]));
  return patients.map(({ id }) => counts.get(id) ?? 0);
}

const statuses = async ({ appointments }: World) =>
  (
    await quiet.sql<{ status: string }[]>`
      select status from public.appointments where id = any (${appointments.map(({ id }) => id)})`
  ).map(({ status }) => status);

describe('a day that is cancelled', () => {
  test('by two desks at once tells everybody once', async () => {
    const world = await aDay(10);
    const { doctor, desks, today } = world;
    await Promise.all(
      desks.map((desk) =>
        keptAtDesk(quiet.sql, desk, (tx) => tx`select public.cancel_day(${doctor.id}, ${today}, 'ill')`)
      )
    );
    expect(await told(world)).toEqual(Array.from({ length: 10 }, () => 1));
    expect(new Set(await statuses(world))).toEqual(new Set(['cancelled']));
  });

  test('while patients cancel themselves tells everybody once', async () => {
    const world = await aDay(10);
    const { doctor, desks, today, appointments } = world;
    const own = appointments.map(({ id, patient_id }) =>
      refusalOf(quiet.sql`select private.cancel(${patient_id}, ${id}, 'web', now())`)
    );
    const [desk] = desks;
    if (!desk) throw new Error('There is no desk.');
    await Promise.all([
      ...own,
      keptAtDesk(quiet.sql, desk, (tx) => tx`select public.cancel_day(${doctor.id}, ${today}, 'ill')`)
    ]);
    expect(await told(world)).toEqual(Array.from({ length: 10 }, () => 1));
    expect(new Set(await statuses(world))).toEqual(new Set(['cancelled']));
  });

  test('while patients move to another day cancels nobody who has moved', async () => {
    const world = await aDay(8);
    const { doctor, desks, today, appointments } = world;
    const [desk] = desks;
    if (!desk) throw new Error('There is no desk.');
    const moves = appointments.map(({ id, patient_id, starts_at }) =>
      refusalOf(
        quiet.sql`select private.reschedule(${patient_id}, ${id}, ${starts_at}::timestamptz + interval '7 days', 'web', now())`
      )
    );
    const [outcomes] = await Promise.all([
      Promise.all(moves),
      keptAtDesk(quiet.sql, desk, (tx) => tx`select public.cancel_day(${doctor.id}, ${today}, 'ill')`)
    ]);
    const rows = await quiet.sql<{ id: string; status: string; later: boolean }[]>`
      select id, status, local_date > ${today} as later from public.appointments
      where id = any (${appointments.map(({ id }) => id)})`;
    for (const [index, { id }] of appointments.entries()) {
      const row = rows.find((found) => found.id === id);
      // Whoever was faster: moved and booked, or cancelled and told that it cannot be moved any more.
      expect([outcomes[index]?.message, row?.status, row?.later]).toEqual(
        outcomes[index] ? ['not_cancellable', 'cancelled', false] : [undefined, 'booked', true]
      );
    }
    expect(await told(world)).toEqual(Array.from({ length: 8 }, () => 1));
  });
});

test('a day that is shifted while others book is shifted as a whole or not at all', async () => {
  for (let race = 0; race < 5; race++) {
    const world = await aDay(6);
    const { clinic, doctor, desks, today, appointments } = world;
    const [desk] = desks;
    const last = appointments.at(-1);
    if (!desk || !last) throw new Error('There is no desk.');
    const next = new Date(last.ends_at.getTime());
    const [shifted] = await Promise.all([
      refusalOf(
        keptAtDesk(quiet.sql, desk, (tx) => tx`select public.shift_day(${doctor.id}, ${today}, null, 30)`)
      ),
      aPatient(quiet.sql).then((patient) => refusalOf(book(quiet.sql, patient, doctor, next)))
    ]);
    const rows = await quiet.sql<{ id: string; starts_at: Date }[]>`
      select id, starts_at from public.appointments where clinic_id = ${clinic.id}`;
    const moved = appointments.map(
      ({ id, starts_at }) =>
        ((rows.find((row) => row.id === id)?.starts_at.getTime() ?? 0) - starts_at.getTime()) / 60_000
    );
    expect(moved).toEqual(appointments.map(() => (shifted ? 0 : 30)));
    expect(await told(world)).toEqual(appointments.map(() => (shifted ? 0 : 1)));
    if (shifted) expect(shifted.message).toMatch(/^slot_/);
  }
});

test('a day that is handed over while the colleague is booked loses nobody', async () => {
  const world = await aDay(8);
  const { doctor, colleague, desks, today, appointments } = world;
  const [desk] = desks;
  if (!desk) throw new Error('There is no desk.');
  await Promise.all([
    keptAtDesk(
      quiet.sql,
      desk,
      (tx) => tx`select public.hand_over_day(${doctor.id}, ${today}, ${colleague.id})`
    ),
    ...appointments
      .slice(0, 4)
      .map(async ({ starts_at }) =>
        refusalOf(book(quiet.sql, await aPatient(quiet.sql), colleague, starts_at))
      )
  ]);
  const rows = await quiet.sql<{ id: string; practitioner_id: string; status: string }[]>`
    select id, practitioner_id, status from public.appointments where id = any (${appointments.map(({ id }) => id)})`;
  expect(rows.map(({ status }) => status)).toEqual(appointments.map(() => 'booked'));
  const handed = appointments.map(
    ({ id }) => rows.find((row) => row.id === id)?.practitioner_id === colleague.id
  );
  expect(await told(world)).toEqual(handed.map((is) => (is ? 1 : 0)));
  const stranded = await quiet.sql`
    select from public.stranded_appointments where practitioner_id = ${doctor.id}`;
  expect(stranded.count).toBe(handed.filter((is) => !is).length);
});

test('of two merges of the same two, whichever way round, one is done; twenty times', async () => {
  const { sql } = quiet;
  const clinic = await aClinic(sql);
  const doctor = await aPractitioner(sql, clinic);
  const desks = [await aDeskPerson(sql, clinic), await aDeskPerson(sql, clinic)];
  const slots = await sql<{ starts_at: Date }[]>`
    select starts_at from private.next_free_slots(${clinic.id}, null, ${doctor.id}, now(), 40, now())`;
  for (let race = 0; race < 20; race++) {
    const [one, other] = [await aPatient(sql), await aPatient(sql)];
    await book(sql, one, doctor, slots[2 * race]?.starts_at ?? '');
    await book(sql, other, doctor, slots[2 * race + 1]?.starts_at ?? '');
    const outcomes = await Promise.all(
      desks.map((desk, index) => {
        const [keep, gone] = race % 2 === 0 && index === 1 ? [other, one] : [one, other];
        return refusalOf(
          keptAtDesk(sql, desk, (tx) => tx`select public.merge_patients(${keep.id}, ${gone.id})`)
        );
      })
    );
    expect(outcomes.map((outcome) => outcome?.detail ?? 'merged').sort()).toEqual(['merged', 'same_patient']);
  }
});

test('of merges in a ring at once nothing is lost: all is with who stayed', async () => {
  const { sql } = quiet;
  for (let race = 0; race < 5; race++) {
    const world = await aDay(4);
    const { clinic, patients, desks } = world;
    const ids = patients.map(({ id }) => id);
    await Promise.all(
      ids.map((id, index) =>
        refusalOf(
          keptAtDesk(
            sql,
            desks[index % 2] ?? { account: { userId: '', sessionId: '' } },
            (tx) => tx`select public.merge_patients(${id}, ${ids[(index + 1) % ids.length] ?? ''})`
          )
        )
      )
    );
    const lost = await sql`
      select from public.appointments a join private.patient_merges m on m.gone_id = a.patient_id
      where a.clinic_id = ${clinic.id}`;
    const kept = await sql`
      select from public.patients p where p.id = any (${ids}) and p.phone is not null
        and exists (select from private.patient_merges m where m.gone_id = p.id)`;
    const leadsOn = await sql`
      select from private.patient_merges m join private.patient_merges n on n.gone_id = m.keep_id
      where m.gone_id = any (${ids})`;
    expect([lost.count, kept.count, leadsOn.count]).toEqual([0, 0, 0]);
  }
});

test('what is booked for a record, or is its new phone, while it is merged goes to the one that stays', async () => {
  const { sql } = quiet;
  const { clinic, doctor, patients, desks } = await aDay(2);
  const [keep, gone] = patients;
  const [one, two] = desks;
  if (!keep || !gone || !one || !two) throw new Error('There is nobody.');
  const slots = await sql<{ starts_at: Date }[]>`
    select starts_at from private.next_free_slots(${clinic.id}, null, ${doctor.id}, now(), 4, now())`;
  const phone = aPhone();
  const waiting: Promise<unknown>[] = [];
  await keptAtDesk(sql, one, async (tx) => {
    await tx`select public.merge_patients(${keep.id}, ${gone.id})`;
    for (const ask of [
      (other: typeof tx) =>
        other`select public.desk_book(${doctor.id}, ${slots.at(-1)?.starts_at ?? null}, patient_id => ${gone.id})`,
      (other: typeof tx) => other`select public.change_patient_phone(${gone.id}, ${phone})`
    ]) {
      let pid = 0;
      const work = keptAtDesk(sql, two, async (other) => {
        const [row] = await other<{ pid: number }[]>`select pg_backend_pid() as pid`;
        pid = row?.pid ?? 0;
        await ask(other);
      });
      waiting.push(work);
      await expect.poll(() => pid).toBeGreaterThan(0);
      await untilBlocked(sql, pid, work);
    }
  });
  await Promise.all(waiting);
  const rows = await sql<{ patient_id: string }[]>`
    select distinct patient_id from public.appointments where clinic_id = ${clinic.id}`;
  expect(rows.map(({ patient_id }) => patient_id)).toEqual([keep.id]);
  const phones =
    await sql`select id, phone from public.patients where id in (${keep.id}, ${gone.id}) and phone is not null`;
  expect([...phones]).toEqual([{ id: keep.id, phone }]);
});

test('a merge that is undone twice at once is undone once, and one that is merged on at once is either', async () => {
  const { sql } = quiet;
  for (let race = 0; race < 5; race++) {
    const { patients, desks } = await aDay(3);
    const [keep, gone, third] = patients;
    const [one, two] = desks;
    if (!keep || !gone || !third || !one || !two) throw new Error('There is nobody.');
    const [merge] = await keptAtDesk(
      sql,
      one,
      (tx) => tx<{ id: string }[]>`select public.merge_patients(${keep.id}, ${gone.id}) as id`
    );
    const undo = (desk: DeskPerson) =>
      refusalOf(keptAtDesk(sql, desk, (tx) => tx`select public.undo_merge(${merge?.id ?? ''})`));
    const outcomes = await Promise.all([
      undo(one),
      undo(two),
      refusalOf(keptAtDesk(sql, two, (tx) => tx`select public.merge_patients(${third.id}, ${keep.id})`))
    ]);
    expect(outcomes.map((outcome) => outcome?.detail ?? 'done').sort()).toEqual([
      'done',
      'done',
      'too_late_to_undo'
    ]);
    const owners = await sql<{ patient_id: string; count: number }[]>`
      select patient_id, count(*)::int from public.appointments
      where patient_id in (${keep.id}, ${gone.id}, ${third.id}) group by patient_id`;
    expect(Object.fromEntries(owners.map(({ patient_id, count }) => [patient_id, count]))).toEqual({
      [third.id]: 2,
      [gone.id]: 1
    });
  }
});

test('two desks that give two patients one phone: one has it', async () => {
  const { sql } = quiet;
  const { patients, desks } = await aDay(2);
  const phone = aPhone();
  const outcomes = await Promise.all(
    desks.map((desk, index) =>
      refusalOf(
        keptAtDesk(
          sql,
          desk,
          (tx) => tx`select public.change_patient_phone(${patients[index]?.id ?? ''}, ${phone})`
        )
      )
    )
  );
  expect(outcomes.map((outcome) => outcome?.message ?? 'changed').sort()).toEqual([
    'changed',
    'phone_already_registered'
  ]);
});
