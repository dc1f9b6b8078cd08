// The doctor is away for a part of a day or for some days, and what the desk sees of it before and afterwards.
import type postgres from 'postgres';
import { afterAll, expect, test } from 'vitest';
import { refusalIn, rolledBack, type Transaction } from '../helpers/database.ts';
import { aDeskPerson, asDesk, type DeskPerson } from '../helpers/desk.ts';
import { closeDatabases, databaseAsPostgres } from '../helpers/stack.ts';
import {
  aClinic,
  anException,
  aPatient,
  aPractitioner,
  whereItIsEarly,
  type Clinic,
  type Practitioner
} from '../helpers/world.ts';

const sql = databaseAsPostgres();
afterAll(closeDatabases);

interface World {
  tx: Transaction;
  clinic: Clinic;
  doctor: Practitioner;
  priya: DeskPerson;
  /** A calendar day, so many days from now. */
  day(after: number): string;
  /** Somebody with an appointment of the doctor; without a phone nothing is texted to them. */
  booked(after: number, time: string, phone?: string | null): Promise<{ id: string; patient_id: string }>;
  /** Calls a function as somebody at the desk. */
  ask<Row>(query: (db: Transaction) => Promise<Iterable<Row>>): Promise<Row[]>;
  /** How the appointments of the doctor stand, by the number of the day and the time. */
  list(): Promise<string[]>;
  told(): Promise<string[]>;
}

/** Runs `work` at a clinic whose doctor sees patients every day from 9 to 12, on a day that has hardly begun. */
function atTheClinic(work: (world: World) => Promise<void>): Promise<void> {
  return rolledBack(sql, async (tx) => {
    const clinic = await aClinic(tx, { time_zone: whereItIsEarly() });
    const doctor = await aPractitioner(tx, clinic, { hours: [{ from: '09:00', to: '12:00' }] });
    const priya = await aDeskPerson(tx, clinic);
    const [{ today } = { today: '' }] = await tx<{ today: string }[]>`
      select (now() at time zone ${clinic.time_zone})::date::text as today`;
    const day = (after: number) =>
      new Date(Date.parse(today) + after * 86_400_000).toISOString().slice(0, 10);
    await work({
      tx,
      clinic,
      doctor,
      priya,
      day,
      async booked(after, time, phone) {
        const patient = phone === null ? null : await aPatient(tx, phone === undefined ? {} : { phone });
        const [made] = await tx<{ id: string; patient_id: string }[]>`
          with nameless as (insert into public.patients (name) select 'Ammini' where ${!patient} returning id)
          insert into public.appointments (patient_id, practitioner_id, starts_at, channel)
          select coalesce(${patient?.id ?? null}, (select id from nameless)), ${doctor.id},
            private.instant_of(${`${day(after)} ${time}`}::timestamp, ${clinic.time_zone}), 'web'
          returning id, patient_id`;
        if (!made) throw new Error('Nothing was booked.');
        return made;
      },
      ask: (query) => asDesk(tx, priya, async (db) => [...(await query(db))]),
      list: async () =>
        (
          await tx<{ line: string }[]>`
            select format('%s %s %s', local_date - ${today}::date, to_char(starts_at at time zone ${clinic.time_zone}, 'HH24:MI'),
              status) as line
            from public.appointments where clinic_id = ${clinic.id} order by starts_at, id`
        ).map(({ line }) => line),
      told: async () =>
        (
          await tx<{ template: string }[]>`
            select template from public.sms_messages where template in ('appointment_moved', 'appointment_cancelled_by_clinic')
              and patient_id in (select patient_id from public.appointments where clinic_id = ${clinic.id})`
        ).map(({ template }) => template)
    });
  });
}

/** The times of a day that can be booked. */
const free = async ({ tx, clinic, doctor }: World, on: string) =>
  (
    await tx<{ time: string }[]>`
      select to_char(f.starts_at at time zone ${clinic.time_zone}, 'HH24:MI') as time
      from private.free_slots(${doctor.id}, ${on}, now()) f order by 1`
  ).map(({ time }) => time);

test('from a time on: who comes before stays, and so do the hours before', () =>
  atTheClinic(async (world) => {
    const { doctor, day, booked, ask, list, told } = world;
    for (const time of ['09:30', '10:00', '11:00']) await booked(0, time);
    await ask((db) => db`select public.cancel_day(${doctor.id}, ${day(0)}, 'ill', '10:00')`);
    expect(await list()).toEqual(['0 09:30 booked', '0 10:00 cancelled', '0 11:00 cancelled']);
    expect(await told()).toHaveLength(2);
    expect(await free(world, day(0))).toEqual(['09:00', '09:15', '09:45']);
  }));

test('from a time on that is late in the evening: the hours before stay as they are', () =>
  atTheClinic(async (world) => {
    const { doctor, day, ask } = world;
    const before = [await free(world, day(1)), await free(world, day(2))];
    await ask((db) => db`select public.shift_day(${doctor.id}, ${day(1)}, '23:50', 10)`);
    await ask((db) => db`select public.cancel_day(${doctor.id}, ${day(2)}, 'ill', '23:50')`);
    expect([await free(world, day(1)), await free(world, day(2))]).toEqual(before);
  }));

test('for some days: each patient is told once, the days are closed, and nobody is moved to before or within them', () =>
  atTheClinic(async (world) => {
    const { tx, doctor, day, booked, ask, list, told } = world;
    const first = await booked(2, '09:30');
    await booked(2, '10:00');
    await booked(3, '09:00');
    await tx`
      insert into public.appointments (patient_id, practitioner_id, starts_at)
      select patient_id, practitioner_id, starts_at + interval '1 day' from public.appointments where id = ${first.id}`;
    const preview = await ask(
      (db) => db<{ appointment_id: string; starts_at: Date }[]>`
        select appointment_id, starts_at from public.preview_day(${doctor.id}, ${day(2)}, '10:00', to_next => true, until_date => ${day(3)})`
    );
    const done = await ask(
      (db) => db<{ appointment_id: string; starts_at: Date }[]>`
        select appointment_id, starts_at from public.move_day(${doctor.id}, ${day(2)}, '10:00', ${day(3)})`
    );
    expect(done).toEqual(preview);
    expect(await list()).toEqual(['2 09:30 booked', '4 09:00 booked', '4 09:15 booked', '4 09:30 booked']);
    expect(await told()).toEqual(Array(3).fill('appointment_moved'));
    expect([await free(world, day(2)), await free(world, day(3))]).toEqual([['09:00', '09:15', '09:45'], []]);
    expect((await free(world, day(1))).length).toBe(12);
  }));

test('a time that is taken after the plan was made goes to nobody twice', () =>
  atTheClinic(async ({ tx, doctor, day, booked, list }) => {
    await booked(0, '10:00');
    await booked(0, '10:15');
    const [{ planned } = { planned: null }] = await tx<{ planned: postgres.JSONValue }[]>`
      select to_jsonb(o) || jsonb_build_object('outcome', array(select l from private.plan(o) l)) as planned
      from private.day_operation('move', ${doctor.id}, ${day(0)}, null) o`;
    await booked(1, '09:00');
    await tx`select private.move_on(jsonb_populate_record(null::public.day_operations, ${tx.json(planned)}))`;
    expect(await list()).toEqual(['1 09:00 booked', '1 09:15 booked', '1 09:30 booked']);
  }));

test('only for the stranded: the others and the hours stay, and they get the next time after their own', () =>
  atTheClinic(async (world) => {
    const { tx, doctor, day, booked, ask, list, told } = world;
    await booked(1, '09:00');
    await booked(1, '11:00');
    // The doctor comes later that day.
    await anException(tx, doctor, day(1), { from: '10:30', to: '12:00' });
    const before = await free(world, day(1));
    await ask((db) => db`select public.move_day(${doctor.id}, ${day(1)}, only_stranded => true)`);
    expect(await list()).toEqual(['1 10:30 booked', '1 11:00 booked']);
    expect(await told()).toEqual(['appointment_moved']);
    expect(await free(world, day(1))).toEqual(before.filter((time) => time !== '10:30'));
    expect(
      await ask((db) => db`select public.cancel_day(${doctor.id}, ${day(1)}, only_stranded => true)`)
    ).toEqual([]);
  }));

test('what was done before is refused by its id, and changes nothing', () =>
  atTheClinic(async ({ tx, doctor, day, booked, ask, list }) => {
    await booked(0, '10:00');
    const [{ id } = { id: '' }] = await tx<{ id: string }[]>`select gen_random_uuid() as id`;
    const late = () => ask((db) => db`select public.shift_day(${doctor.id}, ${day(0)}, null, 30, ${id})`);
    await late();
    expect(await refusalIn(tx, late)).toMatchObject({
      code: 'PT409',
      message: 'changed_meanwhile',
      detail: 'day_changed'
    });
    expect(await list()).toEqual(['0 10:30 booked']);
  }));

test('afterwards the desk sees what became of whom, and who has to be called', () =>
  atTheClinic(async ({ tx, clinic, doctor, day, booked, ask }) => {
    const silent = await booked(0, '09:00', null);
    const stopped = await booked(0, '09:15');
    const texted = await booked(0, '09:30');
    await tx`
      insert into public.sms_opt_outs (phone) select phone from public.patients where id = ${stopped.patient_id}`;
    const [{ id } = { id: '' }] = await tx<{ id: string }[]>`select gen_random_uuid() as id`;
    await ask((db) => db`select public.cancel_day(${doctor.id}, ${day(0)}, 'ill', operation_id => ${id})`);
    const outcome = (operation: string) =>
      ask(
        (db) =>
          db`select appointment_id, can_be_texted, fits, practitioner from public.day_outcome(${operation})`
      );
    const line = { fits: true, practitioner: doctor.name };
    expect(await outcome(id)).toEqual([
      { ...line, appointment_id: silent.id, can_be_texted: false },
      { ...line, appointment_id: stopped.id, can_be_texted: false },
      { ...line, appointment_id: texted.id, can_be_texted: true }
    ]);
    const stranger = await aDeskPerson(tx, await aClinic(tx));
    expect([...(await asDesk(tx, stranger, (db) => db`select * from public.day_outcome(${id})`))]).toEqual(
      []
    );
    const kept = await ask(
      (db) => db`select kind, reason, actor_id from public.day_operations where clinic_id = ${clinic.id}`
    );
    expect(kept).toMatchObject([{ kind: 'cancel', reason: 'ill' }]);
  }));

test('closing is previewed for all doctors, and dates that cannot be are refused', () =>
  atTheClinic(async ({ tx, clinic, day, booked, ask, list }) => {
    const { id } = await booked(1, '10:00');
    const preview = (from: string, until: string) =>
      ask(
        (db) => db<{ appointment_id: string }[]>`
        select appointment_id from public.preview_closure(${clinic.id}, ${from}, ${until})`
      );
    expect(await preview(day(1), day(2))).toEqual([{ appointment_id: id }]);
    expect(await list()).toEqual(['1 10:00 booked']);
    expect((await refusalIn(tx, () => preview(day(2), day(1))))?.detail).toBe('wrong_dates');
  }));

test('dates that run backwards are refused of a doctor, too', () =>
  atTheClinic(async ({ tx, doctor, day, ask }) => {
    const cancel = (until: string) => () =>
      ask((db) => db`select public.cancel_day(${doctor.id}, ${day(2)}, until_date => ${until})`);
    for (const until of [day(1), day(400)])
      expect((await refusalIn(tx, cancel(until)))?.detail).toBe('wrong_dates');
  }));

test('dates without an end are refused, and none is kept', () =>
  atTheClinic(async ({ tx, clinic, doctor, ask }) => {
    for (const query of [
      (db: Transaction) => db`select public.cancel_day(${doctor.id}, 'infinity')`,
      (db: Transaction) => db`select public.shift_day(${doctor.id}, 'infinity', null, 10)`,
      (db: Transaction) => db`select public.preview_day(${doctor.id}, 'infinity')`,
      (db: Transaction) => db`select public.close_clinic(${clinic.id}, 'infinity', 'infinity')`,
      (db: Transaction) => db`select public.close_clinic(${clinic.id}, current_date + 2, 'infinity')`
    ])
      expect((await refusalIn(tx, () => ask(query)))?.detail).toBe('wrong_dates');
  }));
