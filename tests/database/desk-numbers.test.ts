// The numbers of a clinic: what came of its days, what is left of those to come, and what its SMS cost.
import { afterAll, describe, expect, test } from 'vitest';
import { refusalIn, rolledBack, type Transaction } from '../helpers/database.ts';
import { aDeskPerson, asDesk, type DeskPerson } from '../helpers/desk.ts';
import { closeDatabases, databaseAsPostgres } from '../helpers/stack.ts';
import { aClinic, aPractitioner, whereItIsEarly, type Clinic, type Practitioner } from '../helpers/world.ts';

const sql = databaseAsPostgres();
afterAll(closeDatabases);

interface World {
  tx: Transaction;
  clinic: Clinic;
  doctor: Practitioner;
  manager: DeskPerson;
  /** The calendar day so many days from today. */
  day(days: number): Promise<string>;
  /** Somebody who was seen so many days ago at that time, and waited so many minutes. */
  waited(days: number, time: string, minutes: number): Promise<string>;
}

/** Runs `work` at a clinic with one doctor, where the day has hardly begun. */
function atAClinic(work: (world: World) => Promise<void>): Promise<void> {
  return rolledBack(sql, async (tx) => {
    const clinic = await aClinic(tx, { time_zone: whereItIsEarly() });
    const doctor = await aPractitioner(tx, clinic);
    const manager = await aDeskPerson(tx, clinic, { role: 'manager' });
    await work({
      tx,
      clinic,
      doctor,
      manager,
      async day(days) {
        const [row] = await tx<{ day: string }[]>`
          select ((now() at time zone ${clinic.time_zone})::date + ${days}::int)::text as day`;
        return row?.day ?? '';
      },
      async waited(days, time, minutes) {
        const [row] = await tx<{ id: string }[]>`
          with patient as (insert into public.patients (name) values ('Asha Menon') returning id)
          insert into public.appointments
            (patient_id, practitioner_id, starts_at, channel, status, arrived_at, seen_at)
          select patient.id, ${doctor.id}, s.at, 'ivr', 'fulfilled', s.at, s.at + ${minutes} * interval '1 minute'
          from patient, private.instant_of(
            (now() at time zone ${clinic.time_zone})::date - ${days}::int + ${time}::time, ${clinic.time_zone}
          ) as s (at)
          returning id`;
        return row?.id ?? '';
      }
    });
  });
}

const between = ({ tx, clinic, manager }: World, from: string, until: string) =>
  asDesk(tx, manager, (db) => db`select * from public.desk_numbers_between(${clinic.id}, ${from}, ${until})`);

const free = async ({ tx, clinic, manager }: World, from: string, until: string) => [
  ...(await asDesk(
    tx,
    manager,
    (db) => db`select day::text, free from public.desk_free_slots(${clinic.id}, ${from}, ${until})`
  ))
];

describe('what came of days', () => {
  test('has with each average of waiting of how many it is', () =>
    atAClinic(async (world) => {
      await world.waited(2, '10:00', 10);
      await world.waited(2, '10:15', 20);
      await world.waited(1, '10:00', 60);
      const { id: patient } = world.manager;
      // Who is marked as seen without having arrived has not waited for nothing, but nobody knows how long.
      await world.tx`
        insert into public.appointments (patient_id, practitioner_id, starts_at, channel, status)
        select ${patient}, practitioner_id, starts_at + interval '1 hour', 'ivr', 'fulfilled'
        from public.appointments where practitioner_id = ${world.doctor.id} order by starts_at desc limit 1`;
      const rows = await between(world, await world.day(-3), await world.day(0));
      expect(rows.map(({ seen, waited, wait_minutes }) => ({ seen, waited, wait_minutes }))).toEqual([
        { seen: 2, waited: 2, wait_minutes: '15.0' },
        { seen: 2, waited: 1, wait_minutes: '60.0' }
      ]);
    }));

  test('is of the days that are asked for, and the same as in the view', () =>
    atAClinic(async (world) => {
      for (const days of [3, 2, 1]) await world.waited(days, '10:00', 5);
      const rows = await between(world, await world.day(-2), await world.day(-1));
      expect(rows).toHaveLength(2);
      const view = await asDesk(
        world.tx,
        world.manager,
        (db) => db`
          select n.* from public.desk_numbers n where clinic_id = ${world.clinic.id} order by day offset 1`
      );
      expect(view.map(({ clinic_id: _, ...numbers }) => numbers)).toEqual([...rows]);
    }));

  test('costs what a part does, once a price is known', () =>
    atAClinic(async (world) => {
      const { tx } = world;
      const id = await world.waited(1, '10:00', 5);
      await tx`
        insert into public.sms_messages (to_phone, template, body, status, sent_at, appointment_id)
        values (${world.clinic.phone}, 'test', ${'long '.repeat(40)}, 'sent', now(), ${id}),
          (${world.clinic.phone}, 'test', 'short', 'failed', null, ${id})`;
      const [yesterday] = [await world.day(-1)];
      await tx`update public.sms_settings set part_price = null`;
      expect(await between(world, yesterday, yesterday)).toMatchObject([{ sms_parts: 2, sms_cost: null }]);
      await tx`update public.sms_settings set part_price = 0.15, currency = 'INR'`;
      expect(await between(world, yesterday, yesterday)).toMatchObject([
        { sms_parts: 2, sms_cost: '0.30', currency: 'INR' }
      ]);
      const wrong = await refusalIn(tx, () => tx`update public.sms_settings set currency = 'rupees'`);
      expect(wrong?.code).toBe('23514');
    }));
});

test('what is free is told of today and the days to come, until booking ends', () =>
  atAClinic(async (world) => {
    const { tx, clinic, doctor } = world;
    const [before, today, tomorrow] = [await world.day(-1), await world.day(0), await world.day(1)];
    await tx`update public.clinics set booking_horizon_days = 2 where id = ${clinic.id}`;
    // Eight hours of quarters, one of which is taken.
    await tx`
      insert into public.appointments (patient_id, practitioner_id, starts_at, channel)
      values (${world.manager.id}, ${doctor.id},
        private.instant_of(${`${tomorrow} 10:00`}::timestamp, ${clinic.time_zone}), 'desk')`;
    expect(await free(world, before, tomorrow)).toEqual([
      { day: today, free: 32 },
      { day: tomorrow, free: 31 }
    ]);
    expect(await free(world, tomorrow, await world.day(30))).toEqual([
      { day: tomorrow, free: 31 },
      { day: await world.day(2), free: 32 }
    ]);
    expect(await free(world, before, before)).toEqual([]);
    expect(await free(world, tomorrow, today)).toEqual([]);
  }));
