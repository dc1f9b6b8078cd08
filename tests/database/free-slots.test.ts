import { afterAll, describe, expect, test } from 'vitest';
import { asPatient, refusalOf, rolledBack, type Transaction } from '../helpers/database.ts';
import { closeDatabases, databaseAsPostgres } from '../helpers/stack.ts';
import { aClinic, anException, aPatient, aPractitioner, book } from '../helpers/world.ts';
import type { Clinic, Hours, Patient, Practitioner } from '../helpers/world.ts';

const sql = databaseAsPostgres();
afterAll(closeDatabases);

const longBefore = new Date('2026-06-01T00:00:00Z');
/** A Wednesday. */
const wednesday = '2026-06-10';

interface Question {
  now?: Date;
  patient?: Patient;
}

/** The free slots of a date, as `HH:MM` in the zone of the clinic, in the order in which they come. */
async function free(
  tx: Transaction,
  practitioner: Practitioner,
  date: string,
  { now = longBefore, patient }: Question = {}
): Promise<string[]> {
  const rows = await tx<{ time: string }[]>`
    select to_char(f.starts_at at time zone c.time_zone, 'HH24:MI') as time
    from private.free_slots(${practitioner.id}, ${date}, ${now}, ${patient?.id ?? null}) f, public.clinics c
    where c.id = ${practitioner.clinic_id}`;
  return rows.map(({ time }) => time);
}

/** Runs `work` with a clinic in Kolkata (open for a year ahead) and a practitioner with these hours. */
function withHours(
  hours: Hours[],
  work: (tx: Transaction, practitioner: Practitioner, clinic: Clinic) => Promise<void>
): Promise<void> {
  return rolledBack(sql, async (tx) => {
    const clinic = await aClinic(tx, { booking_horizon_days: 366 });
    await work(tx, await aPractitioner(tx, clinic, { hours }), clinic);
  });
}

const morning: Hours = { from: '09:00', to: '10:00', minutes: 20 };

describe('the next free slots', () => {
  const next = (tx: Transaction, { clinic_id }: Practitioner, count = 1) => tx<{ starts_at: Date }[]>`
    select starts_at from private.next_free_slots(
      ${clinic_id}, null, null, ${longBefore}, ${count}, ${longBefore})`;

  test.each([1, 2, 3, 4, 34, 35, 200, 366])('are found when they are %i days ahead', (days) =>
    withHours([], async (tx, practitioner) => {
      const day = new Date(longBefore.getTime() + days * 86_400_000).toISOString().slice(0, 10);
      await anException(tx, practitioner, day, { from: '09:00', to: '10:00', minutes: 30 });
      expect((await next(tx, practitioner, 5)).map(({ starts_at }) => starts_at.toISOString())).toEqual([
        `${day}T03:30:00.000Z`,
        `${day}T04:00:00.000Z`
      ]);
    })
  );

  test('are not invented where nothing is free for a year', () =>
    withHours([], async (tx, practitioner) => {
      await anException(tx, practitioner, '2027-07-01', { from: '09:00', to: '10:00' });
      expect(await next(tx, practitioner)).toHaveLength(0);
    }));

  test('go on behind a gap of full weeks', () =>
    withHours([{ from: '09:00', to: '09:30', minutes: 30 }], async (tx, practitioner) => {
      for (let n = 1; n <= 40; n++) {
        const starts_at = new Date(longBefore.getTime() + n * 86_400_000 + 3.5 * 3_600_000);
        await book(tx, await aPatient(tx), practitioner, starts_at, { now: longBefore });
      }
      expect((await next(tx, practitioner, 3)).map(({ starts_at }) => starts_at.toISOString())).toEqual([
        '2026-06-01T03:30:00.000Z',
        '2026-07-12T03:30:00.000Z',
        '2026-07-13T03:30:00.000Z'
      ]);
    }));

  test('days ahead are told 31 at a time, however many are asked for', () =>
    withHours([morning], async (tx, practitioner) => {
      const { account } = await aPatient(tx, { account: true });
      const days = await asPatient(
        tx,
        account,
        (db) => db`select free from public.available_days(${practitioner.clinic_id}, days => 366)`
      );
      expect(days).toHaveLength(31);
    }));
});

describe('hours become slots', () => {
  test('weekly hours give slots of their length on their weekdays', () =>
    withHours([{ ...morning, weekdays: [3] }], async (tx, practitioner) => {
      expect(await free(tx, practitioner, wednesday)).toEqual(['09:00', '09:20', '09:40']);
      expect(await free(tx, practitioner, '2026-06-11')).toEqual([]);
      expect(await free(tx, practitioner, '2026-06-17')).toEqual(['09:00', '09:20', '09:40']);
    }));

  test('what does not fit before the end is not offered', () =>
    withHours([{ from: '09:00', to: '09:50', minutes: 20 }], async (tx, practitioner) => {
      expect(await free(tx, practitioner, wednesday)).toEqual(['09:00', '09:20']);
    }));

  test('a break is two rows, and each may have slots of another length', () =>
    withHours([{ from: '16:00', to: '17:00', minutes: 30 }, morning], async (tx, practitioner) => {
      expect(await free(tx, practitioner, wednesday)).toEqual(['09:00', '09:20', '09:40', '16:00', '16:30']);
    }));

  test('hours may last until midnight', () =>
    withHours([{ from: '23:00', to: '24:00', minutes: 30 }], async (tx, practitioner) => {
      expect(await free(tx, practitioner, wednesday)).toEqual(['23:00', '23:30']);
    }));

  test('tokens count the slots of the day across its rows', () =>
    withHours([{ from: '16:00', to: '17:00', minutes: 30 }, morning], async (tx, practitioner) => {
      const rows = await tx<{ token_number: number }[]>`
        select token_number from private.free_slots(${practitioner.id}, ${wednesday}, ${longBefore})`;
      expect(rows.map((row) => row.token_number)).toEqual([1, 2, 3, 4, 5]);
    }));

  test('one slot looked up by its beginning is the same as in the list, and nothing in between is one', () =>
    withHours([morning, { from: '16:00', to: '17:00', minutes: 30 }], async (tx, practitioner) => {
      const listed = await tx`select * from private.slots_on(${practitioner.id}, ${wednesday})`;
      const single = await tx`
        select s.starts_at, o.ends_at, o.token_number
        from private.slots_on(${practitioner.id}, ${wednesday}) s
        cross join lateral private.slot_at(${practitioner.id}, ${wednesday}, s.starts_at) o`;
      expect([...single]).toEqual([...listed]);
      const [between] = await tx`
        select * from private.slot_at(${practitioner.id}, ${wednesday}, '2026-06-10 09:10+05:30')`;
      expect(between).toEqual({ ends_at: null, token_number: null });
    }));
});

describe('exceptions replace the hours of a date', () => {
  test('closed means no slots on that date alone', () =>
    withHours([morning], async (tx, practitioner) => {
      await anException(tx, practitioner, wednesday);
      expect(await free(tx, practitioner, wednesday)).toEqual([]);
      expect(await free(tx, practitioner, '2026-06-11')).toEqual(['09:00', '09:20', '09:40']);
    }));

  test('other hours come instead of the weekly ones, also on a day that has none', () =>
    withHours([{ ...morning, weekdays: [3] }], async (tx, practitioner) => {
      await anException(tx, practitioner, wednesday, { from: '12:00', to: '13:00', minutes: 30 });
      await anException(tx, practitioner, '2026-06-11', { from: '18:00', to: '18:15' });
      expect(await free(tx, practitioner, wednesday)).toEqual(['12:00', '12:30']);
      expect(await free(tx, practitioner, '2026-06-11')).toEqual(['18:00']);
    }));

  test('several rows of a date add up, and one that says closed beside them changes nothing', () =>
    withHours([morning], async (tx, practitioner) => {
      await anException(tx, practitioner, wednesday, { from: '18:00', to: '18:30', minutes: 30 });
      await anException(tx, practitioner, wednesday, { from: '07:00', to: '07:30', minutes: 30 });
      await anException(tx, practitioner, wednesday);
      expect(await free(tx, practitioner, wednesday)).toEqual(['07:00', '18:00']);
    }));

  test('rows that overlap are refused, in the week and on a date', () =>
    withHours([morning], async (tx, practitioner) => {
      const overlapping = tx`
        insert into public.schedules (practitioner_id, weekday, start_time, end_time)
        values (${practitioner.id}, 3, '09:59', '11:00')`;
      expect(await refusalOf(overlapping)).toMatchObject({ code: '23P01' });
    }));
});

describe('what is not offered', () => {
  test('slots that have begun', () =>
    withHours([morning], async (tx, practitioner) => {
      const now = new Date('2026-06-10T09:20:00+05:30');
      expect(await free(tx, practitioner, wednesday, { now })).toEqual(['09:40']);
      expect(await free(tx, practitioner, '2026-06-09', { now })).toEqual([]);
    }));

  test('dates beyond the horizon, counted in days of the clinic', () =>
    withHours([morning], async (tx, practitioner, clinic) => {
      await tx`update public.clinics set booking_horizon_days = 2 where id = ${clinic.id}`;
      // In Kolkata it is the 8th already.
      const now = new Date('2026-06-07T18:31:00Z');
      expect(await free(tx, practitioner, wednesday, { now })).toHaveLength(3);
      expect(await free(tx, practitioner, '2026-06-11', { now })).toEqual([]);
      await tx`update public.clinics set booking_horizon_days = 0 where id = ${clinic.id}`;
      expect(await free(tx, practitioner, '2026-06-08', { now })).toHaveLength(3);
      expect(await free(tx, practitioner, '2026-06-09', { now })).toEqual([]);
    }));

  test('anything of a practitioner who takes no bookings any more', () =>
    withHours([morning], async (tx, practitioner) => {
      await tx`update public.practitioners set active = false where id = ${practitioner.id}`;
      expect(await free(tx, practitioner, wednesday)).toEqual([]);
    }));

  test('taken slots, until they are cancelled', () =>
    withHours([morning], async (tx, practitioner) => {
      const patient = await aPatient(tx);
      const { id } = await book(tx, patient, practitioner, '2026-06-10T09:20:00+05:30', { now: longBefore });
      expect(await free(tx, practitioner, wednesday)).toEqual(['09:00', '09:40']);
      await tx`update public.appointments set status = 'cancelled' where id = ${id}`;
      expect(await free(tx, practitioner, wednesday)).toEqual(['09:00', '09:20', '09:40']);
    }));

  test('every slot that an appointment squeezed in at an odd time touches', () =>
    withHours([{ from: '09:00', to: '11:00', minutes: 20 }], async (tx, practitioner) => {
      const patient = await aPatient(tx);
      await tx`
        insert into public.appointments (patient_id, practitioner_id, starts_at, ends_at)
        values (${patient.id}, ${practitioner.id}, '2026-06-10 09:30+05:30', '2026-06-10 10:00:01+05:30')`;
      expect(await free(tx, practitioner, wednesday)).toEqual(['09:00', '10:20', '10:40']);
    }));

  test('slots beside which the asking patient has an appointment, with whomever', () =>
    withHours([morning], async (tx, practitioner, clinic) => {
      const elsewhere = await aPractitioner(tx, clinic, { hours: [{ from: '09:30', to: '10:00' }] });
      const patient = await aPatient(tx);
      await book(tx, patient, elsewhere, '2026-06-10T09:30:00+05:30', { now: longBefore });
      expect(await free(tx, practitioner, wednesday, { patient })).toEqual(['09:00']);
      expect(await free(tx, practitioner, wednesday)).toEqual(['09:00', '09:20', '09:40']);
    }));
});

describe('the next slots of a clinic', () => {
  interface Search {
    specialty?: string | null;
    practitioner?: Practitioner;
    from?: Date;
    limit?: number;
  }

  async function next(tx: Transaction, clinic: Clinic, search: Search): Promise<string[]> {
    const { specialty = null, practitioner, from = longBefore, limit = 10 } = search;
    const rows = await tx<{ found: string }[]>`
      select to_char(starts_at at time zone 'Asia/Kolkata', 'DD HH24:MI ') || practitioner_name as found
      from private.next_free_slots(
        ${clinic.id}, ${specialty}, ${practitioner?.id ?? null}, ${from}, ${limit}, ${longBefore})`;
    return rows.map(({ found }) => found);
  }

  /** A clinic with two physicians, a children's doctor and one who retired. */
  async function aBusyClinic(tx: Transaction) {
    const clinic = await aClinic(tx);
    const hours = [morning];
    const rao = await aPractitioner(tx, clinic, { name: 'Rao', specialty: 'General medicine', hours });
    await aPractitioner(tx, clinic, { name: 'Das', specialty: 'General medicine', hours });
    await aPractitioner(tx, clinic, {
      name: 'Iyer',
      specialty: 'Paediatrics',
      hours: [{ from: '08:30', to: '09:00', minutes: 30 }]
    });
    await aPractitioner(tx, clinic, { name: 'Sen', hours, active: false });
    await aPractitioner(tx, await aClinic(tx), { name: 'Elsewhere', hours });
    return { clinic, rao };
  }

  test('come by time, then by name, over as many days as it takes', () =>
    rolledBack(sql, async (tx) => {
      const { clinic } = await aBusyClinic(tx);
      // 31 May 18:30 UTC is the 1st of June in Kolkata.
      expect(await next(tx, clinic, { limit: 9 })).toEqual([
        ...['01 08:30 Iyer', '01 09:00 Das', '01 09:00 Rao', '01 09:20 Das', '01 09:20 Rao'],
        ...['01 09:40 Das', '01 09:40 Rao', '02 08:30 Iyer', '02 09:00 Das']
      ]);
    }));

  test('can be of one specialty or one practitioner', () =>
    rolledBack(sql, async (tx) => {
      const { clinic, rao } = await aBusyClinic(tx);
      expect(await next(tx, clinic, { specialty: 'Paediatrics', limit: 2 })).toEqual([
        '01 08:30 Iyer',
        '02 08:30 Iyer'
      ]);
      expect(await next(tx, clinic, { practitioner: rao, limit: 1 })).toEqual(['01 09:00 Rao']);
      expect(await next(tx, clinic, { specialty: 'Astrology' })).toEqual([]);
    }));

  test('begin where one asks, never before now, and end at the horizon', () =>
    rolledBack(sql, async (tx) => {
      const { clinic, rao } = await aBusyClinic(tx);
      const from = new Date('2026-06-03T09:20:00+05:30');
      expect(await next(tx, clinic, { practitioner: rao, from, limit: 1 })).toEqual(['03 09:20 Rao']);
      const longAgo = new Date('2020-01-01T00:00:00Z');
      expect(await next(tx, clinic, { practitioner: rao, from: longAgo, limit: 1 })).toEqual([
        '01 09:00 Rao'
      ]);
      await tx`update public.clinics set booking_horizon_days = 1 where id = ${clinic.id}`;
      expect(await next(tx, clinic, { practitioner: rao, limit: 99 })).toHaveLength(6);
    }));

  test('are for patients limited to between one and a hundred', () =>
    rolledBack(sql, async (tx) => {
      const { clinic } = await aBusyClinic(tx);
      const { account } = await aPatient(tx, { account: true });
      const count = (limit: number) =>
        asPatient(tx, account, async () => {
          return (await tx`select * from public.next_available_slots(${clinic.id}, "limit" => ${limit})`)
            .count;
        });
      expect(await count(0)).toBe(1);
      expect(await count(-5)).toBe(1);
      expect(await count(7)).toBe(7);
      expect(await count(1_000_000)).toBe(100);
    }));

  test('of an unknown clinic are refused; of an unknown practitioner there are none', () =>
    rolledBack(sql, async (tx) => {
      const { account } = await aPatient(tx, { account: true });
      const slots = await asPatient(
        tx,
        account,
        (db) => db`select * from public.available_slots(gen_random_uuid(), ${wednesday})`
      );
      expect([...slots]).toEqual([]);
      const unknown = asPatient(
        tx,
        account,
        (db) => db`select * from public.next_available_slots(gen_random_uuid())`
      );
      expect(await refusalOf(unknown)).toEqual({
        code: 'PT404',
        message: 'not_found',
        detail: 'unknown_clinic',
        hint: 'We do not know this clinic.'
      });
    }));
});
