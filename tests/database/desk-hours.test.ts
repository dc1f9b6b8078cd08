// Hours that a manager sets at the desk, and whom they would strand.
import { afterAll, describe, expect, test } from 'vitest';
import { refusalIn, rolledBack, type Transaction } from '../helpers/database.ts';
import { aDeskPerson, asDesk, type DeskPerson } from '../helpers/desk.ts';
import { closeDatabases, databaseAsPostgres } from '../helpers/stack.ts';
import { aClinic, anException, aPatient, aPractitioner, book } from '../helpers/world.ts';
import type { Clinic, Practitioner } from '../helpers/world.ts';

const sql = databaseAsPostgres();
afterAll(closeDatabases);

interface Period {
  weekday?: number;
  start_time: string;
  end_time: string;
  slot_minutes: number;
}

interface Stranding {
  appointment_id: string;
  already: boolean;
}

interface World {
  tx: Transaction;
  clinic: Clinic;
  doctor: Practitioner;
  manager: DeskPerson;
  /** The date in so many days. */
  day(days: number): Promise<string>;
  /** Books somebody in so many days; answers with the appointment. */
  booked(days: number, time: string): Promise<string>;
  preview(week: Period[]): Promise<Stranding[]>;
  save(week: Period[], mayStrand?: string[]): Promise<Stranding[]>;
  previewDates(from: string, until: string, hours: Period[] | null): Promise<Stranding[]>;
  saveDates(from: string, until: string, hours: Period[] | null): Promise<Stranding[]>;
  /** Whom the desk shows as stranded. */
  stranded(): Promise<string[]>;
  hours(on: string): Promise<string[]>;
}

/** Somebody who is open from 9 to 17 every day, and a manager. */
function atAClinic(work: (world: World) => Promise<void>): Promise<void> {
  return rolledBack(sql, async (tx) => {
    const clinic = await aClinic(tx);
    const doctor = await aPractitioner(tx, clinic);
    const manager = await aDeskPerson(tx, clinic, { role: 'manager' });
    const day = async (days: number) => {
      const [row] = await tx<{ day: string }[]>`
        select ((now() at time zone ${clinic.time_zone})::date + ${days}::int)::text as day`;
      return row?.day ?? '';
    };
    const asked = (query: (db: Transaction) => Promise<Iterable<Stranding>>) =>
      asDesk(tx, manager, async (db) => [...(await query(db))]);
    const json = (hours: Period[] | null) => (hours === null ? null : tx.json(hours as never));
    await work({
      tx,
      clinic,
      doctor,
      manager,
      day,
      async booked(days, time) {
        const [at] = await tx<{ at: Date }[]>`
          select private.instant_of(${`${await day(days)} ${time}`}::timestamp, ${clinic.time_zone}) as at`;
        return (await book(tx, await aPatient(tx), doctor, at?.at ?? '')).id;
      },
      preview: (week) =>
        asked((db) => db<Stranding[]>`select * from public.preview_week(${doctor.id}, ${json(week)})`),
      save: (week, mayStrand) =>
        asked(
          (db) =>
            db<Stranding[]>`select * from public.set_week(${doctor.id}, ${json(week)}, ${mayStrand ?? null})`
        ),
      previewDates: (from, until, hours) =>
        asked(
          (db) => db<Stranding[]>`
            select * from public.preview_dates(${doctor.id}, ${from}, ${until}, ${json(hours)})`
        ),
      saveDates: (from, until, hours) =>
        asked(
          (db) => db<Stranding[]>`
            select * from public.set_dates(${doctor.id}, ${from}, ${until}, ${json(hours)}, 'Conference')`
        ),
      stranded: () =>
        asDesk(tx, manager, async (db) =>
          (
            await db<{ appointment_id: string }[]>`
              select appointment_id from public.stranded_appointments where practitioner_id = ${doctor.id}`
          ).map(({ appointment_id }) => appointment_id)
        ),
      hours: async (on) =>
        (
          await tx<{ hours: string }[]>`
            select concat_ws(' ', start_time, end_time, slot_minutes) as hours
            from private.local_hours(${doctor.id}, ${on}) order by 1`
        ).map(({ hours }) => hours)
    });
  });
}

const daily = (start_time: string, end_time: string, slot_minutes = 15): Period[] =>
  [1, 2, 3, 4, 5, 6, 7].map((weekday) => ({ weekday, start_time, end_time, slot_minutes }));
const idsOf = (rows: Stranding[]) => rows.map(({ appointment_id }) => appointment_id);

describe('the week', () => {
  test('says beforehand whom it would strand, which is who then is stranded', () =>
    atAClinic(async ({ tx, doctor, day, booked, preview, save, stranded, hours }) => {
      const [early, late] = [await booked(3, '09:00'), await booked(3, '16:45')];
      await booked(4, '12:00');
      await anException(tx, doctor, await day(5), { from: '09:00', to: '17:00' });
      // A date with hours of its own does not follow the week.
      await booked(5, '09:00');
      const week = daily('10:00', '16:00', 20);

      const before = [await hours(await day(3)), await stranded()];
      expect(idsOf(await preview(week))).toEqual([early, late]);
      expect([await hours(await day(3)), await stranded()]).toEqual(before);

      expect(idsOf(await save(week))).toEqual([early, late]);
      expect(await stranded()).toEqual([early, late]);
      expect(await hours(await day(3))).toEqual(['10:00:00 16:00:00 20']);
      // Whoever is in nobody's way any more is told apart from whom the next change would hit.
      const next = [...daily('10:00', '11:40', 20), ...daily('12:20', '16:00', 20)];
      expect((await preview(next)).map(({ already }) => already).sort()).toEqual([false, true, true]);
    }));

  test('has a break where a day has two rows, and none where there is no row', () =>
    atAClinic(async ({ day, save, hours }) => {
      await save([...daily('09:00', '12:00'), ...daily('14:00', '24:00')]);
      expect(await hours(await day(1))).toEqual(['09:00:00 12:00:00 15', '14:00:00 24:00:00 15']);
      await save([]);
      expect(await hours(await day(1))).toEqual([]);
    }));

  test('strands nobody but who was shown', () =>
    atAClinic(async ({ tx, day, booked, save, hours, stranded }) => {
      const shown = await booked(3, '09:00');
      const week = daily('10:00', '17:00');
      const since = await booked(3, '09:15');
      const refusal = await refusalIn(tx, () => save(week, [shown]));
      expect(refusal).toMatchObject({ code: 'PT409', message: 'would_strand' });
      expect(await hours(await day(3))).toEqual(['09:00:00 17:00:00 15']);
      await save(week, [shown, since]);
      expect(await stranded()).toEqual([shown, since]);
      // They are no reason to refuse what comes next.
      expect(idsOf(await save(daily('10:00', '17:00', 30), []))).toEqual([shown, since]);
    }));

  test('is written down with who changed it, and only what is another now', () =>
    atAClinic(async ({ tx, doctor, manager, save }) => {
      const week = daily('09:00', '17:00');
      week[0] = { weekday: 1, start_time: '10:00', end_time: '17:00', slot_minutes: 15 };
      await save(week);
      const events = await tx`
        select e.action, t.actor, e.changes ->> 'start_time' as start
        from public.audit_events e join public.audit_trail t using (id)
        where e.table_name = 'schedules' and e.actor_id = ${manager.account.userId} order by e.id`;
      expect([...events]).toEqual([
        { action: 'delete', actor: 'Priya Nair', start: '["09:00:00", null]' },
        { action: 'insert', actor: 'Priya Nair', start: '[null, "10:00:00"]' }
      ]);
      expect((await tx`select from public.schedules where practitioner_id = ${doctor.id}`).count).toBe(7);
    }));

  const day = (start_time: string, end_time: string, slot_minutes = 15) => ({
    weekday: 1,
    start_time,
    end_time,
    slot_minutes
  });
  test.each<[string, string, unknown]>([
    ['no list', 'invalid_hours', { weekday: 1 }],
    ['nothing', 'invalid_hours', null],
    ['a day that there is not', 'invalid_hours', [{ ...day('09:00', '10:00'), weekday: 8 }]],
    ['no day', 'invalid_hours', [{ start_time: '09:00', end_time: '10:00', slot_minutes: 15 }]],
    ['a time that there is not', 'invalid_hours', [day('09:00', '25:00')]],
    ['seconds', 'invalid_hours', [day('09:00:30', '10:00:30')]],
    ['no end', 'invalid_hours', [{ weekday: 1, start_time: '09:00', slot_minutes: 15 }]],
    ['appointments of no length', 'invalid_hours', [day('09:00', '10:00', 0)]],
    ['the end first', 'hours_backwards', [day('10:00', '09:00')]],
    ['an appointment that does not fit', 'hours_off_grid', [day('09:00', '10:00', 25)]],
    ['hours that overlap', 'hours_overlap', [day('09:00', '12:00'), day('11:00', '13:00')]]
  ])('is refused with %s: %s', (_what, word, week) =>
    atAClinic(async ({ tx, doctor, manager, hours, day: dayIn }) => {
      for (const name of ['set_week', 'preview_week']) {
        const refusal = await refusalIn(tx, () =>
          asDesk(
            tx,
            manager,
            (db) =>
              db`select * from ${db(`public.${name}`)}(${doctor.id}, ${week === null ? null : db.json(week as never)})`
          )
        );
        expect(refusal).toMatchObject({ code: 'PT400', message: 'validation_failed', detail: word });
      }
      expect(await hours(await dayIn(1))).toEqual(['09:00:00 17:00:00 15']);
    })
  );
});

describe('dates that differ', () => {
  test('are closed, have other hours, or the weekly ones again; and say beforehand whom they would strand', () =>
    atAClinic(async ({ day, booked, previewDates, saveDates, stranded, hours }) => {
      const [first, last] = [await day(3), await day(5)];
      const early = await booked(3, '09:00');
      const noon = await booked(4, '12:00');
      const other = [{ start_time: '11:00', end_time: '13:00', slot_minutes: 30 }];

      expect(idsOf(await previewDates(first, last, other))).toEqual([early]);
      expect(await stranded()).toEqual([]);
      expect(idsOf(await saveDates(first, last, other))).toEqual([early]);
      expect(await stranded()).toEqual([early]);
      expect(await hours(last)).toEqual(['11:00:00 13:00:00 30']);

      expect(idsOf(await previewDates(first, last, []))).toEqual([early, noon]);
      await saveDates(first, last, []);
      expect([await stranded(), await hours(last)]).toEqual([[early, noon], []]);

      expect(await previewDates(first, last, null)).toEqual([]);
      await saveDates(first, last, null);
      expect([await stranded(), await hours(last)]).toEqual([[], ['09:00:00 17:00:00 15']]);
    }));

  test('that stay as they are leave nothing in the audit, also among others that change', () =>
    atAClinic(async ({ tx, manager, day, saveDates, hours }) => {
      const noon = { start_time: '11:00', end_time: '13:00', slot_minutes: 30 };
      const events = async () =>
        (
          await tx`
            select from public.audit_events
            where table_name = 'schedule_exceptions' and actor_id = ${manager.account.userId}`
        ).count;
      await saveDates(await day(3), await day(4), [noon]);
      await saveDates(await day(6), await day(6), []);
      expect(await events()).toBe(3);
      await saveDates(await day(3), await day(4), [noon]);
      await saveDates(await day(6), await day(6), []);
      expect(await events()).toBe(3);
      await saveDates(await day(3), await day(5), [noon]);
      expect(await events()).toBe(4);
      await saveDates(await day(3), await day(3), [
        noon,
        { ...noon, start_time: '15:00', end_time: '16:00' }
      ]);
      expect(await events()).toBe(5);
      expect(await hours(await day(3))).toEqual(['11:00:00 13:00:00 30', '15:00:00 16:00:00 30']);
    }));

  test('without an end are refused, and nobody in a list is no leave to strand whomever', () =>
    atAClinic(async ({ tx, doctor, manager, day, booked }) => {
      const endless = await refusalIn(tx, () =>
        asDesk(tx, manager, (db) => db`select public.set_dates(${doctor.id}, 'infinity', 'infinity', '[]')`)
      );
      expect(endless).toMatchObject({ code: 'PT400', detail: 'wrong_dates' });
      await booked(3, '09:00');
      const on = await day(3);
      const refusal = await refusalIn(tx, () =>
        asDesk(
          tx,
          manager,
          (db) => db`select public.set_dates(${doctor.id}, ${on}, ${on}, '[]', may_strand => '{NULL}')`
        )
      );
      expect(refusal?.message).toBe('would_strand');
    }));

  test('are refused in the past, backwards, and for years', () =>
    atAClinic(async ({ tx, day, saveDates }) => {
      for (const [from, until] of [
        [-1, 1],
        [2, 1],
        [1, 400]
      ] as const) {
        const refusal = await refusalIn(tx, async () => saveDates(await day(from), await day(until), []));
        expect(refusal).toMatchObject({ code: 'PT400', detail: 'wrong_dates' });
      }
      const hours = [
        { start_time: '09:00', end_time: '12:00', slot_minutes: 15 },
        { start_time: '11:00', end_time: '13:00', slot_minutes: 15 }
      ];
      const refusal = await refusalIn(tx, async () => saveDates(await day(1), await day(1), hours));
      expect(refusal?.detail).toBe('hours_overlap');
    }));
});

test('an admin sets hours in the SQL editor', () =>
  atAClinic(async ({ tx, doctor, day, hours }) => {
    await tx`select * from public.set_week(${doctor.id}, ${tx.json(daily('08:00', '10:00') as never)})`;
    await tx`select * from public.set_dates(${doctor.id}, ${await day(2)}, ${await day(2)}, '[]')`;
    expect([await hours(await day(1)), await hours(await day(2))]).toEqual([['08:00:00 10:00:00 15'], []]);
  }));
