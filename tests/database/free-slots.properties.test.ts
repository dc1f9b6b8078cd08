import fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { rolledBack } from '../helpers/database.ts';
import { closeDatabases, databaseAsPostgres } from '../helpers/stack.ts';
import { aClinic, anException, aPatient, aPractitioner, type Hours, type Slot } from '../helpers/world.ts';

const sql = databaseAsPostgres();
afterAll(closeDatabases);

/** Dates on which clocks change somewhere below, and some on which none do. */
const dates = ['2027-03-28', '2027-10-31', '2027-04-04', '2027-10-03', '2027-06-16', '2027-12-31'];
const zones = [
  'Asia/Kolkata',
  'Europe/London',
  'Australia/Lord_Howe',
  'Australia/Adelaide',
  'America/St_Johns'
];

const clock = (minutes: number) =>
  `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;

/** Hours of one day that do not overlap, in order. */
const hoursOfADay: fc.Arbitrary<Hours[]> = fc
  .tuple(
    fc.uniqueArray(fc.integer({ min: 0, max: 288 }), { minLength: 2, maxLength: 6 }),
    fc.array(fc.integer({ min: 5, max: 90 }), { minLength: 3, maxLength: 3 })
  )
  .map(([marks, lengths]) => {
    const sorted = marks.map((mark) => mark * 5).sort((a, b) => a - b);
    return lengths.flatMap((minutes, row) => {
      const [from, to] = sorted.slice(row * 2, row * 2 + 2);
      return from === undefined || to === undefined ? [] : [{ from: clock(from), to: clock(to), minutes }];
    });
  });

const world = fc.record({
  zone: fc.constantFrom(...zones),
  date: fc.constantFrom(...dates),
  hours: hoursOfADay,
  onDate: fc.option(hoursOfADay, { nil: undefined }),
  /** Appointments at the desk: when they begin (minutes after midnight UTC) and how long they last. */
  squeezedIn: fc.array(
    fc.tuple(fc.integer({ min: -720, max: 2160 }), fc.integer({ min: 1, max: 120 }), fc.boolean()),
    { maxLength: 6 }
  ),
  now: fc.integer({ min: -1440, max: 1440 }),
  /** From when on times are asked for. */
  from: fc.integer({ min: -720, max: 2160 })
});

test('free slots are in order, apart, ahead, inside the hours, beside every active appointment, and as many as a day’s sum', async () => {
  await rolledBack(sql, async (tx) => {
    await fc.assert(
      fc.asyncProperty(world, async ({ zone, date, hours, onDate, squeezedIn, now, from }) => {
        await tx`savepoint example`;
        const midnight = new Date(`${date}T00:00:00Z`).getTime();
        // Hours that end in an hour which comes twice end with the second one.
        const slack = ['2027-10-31', '2027-04-04'].includes(date) ? '1 hour' : '0';
        const at = (minutes: number) => new Date(midnight + minutes * 60_000);
        const clinic = await aClinic(tx, { time_zone: zone, booking_horizon_days: 366 });
        const practitioner = await aPractitioner(tx, clinic, { hours });
        for (const other of onDate ?? [])
          await anException(tx, practitioner, date, { minutes: 15, ...other });
        for (const [begins, length, cancelled] of squeezedIn) {
          const patient = await aPatient(tx);
          // Those that overlap one another are left out.
          await tx`
            insert into public.appointments (patient_id, practitioner_id, starts_at, ends_at, status)
            values (
              ${patient.id}, ${practitioner.id}, ${at(begins)}, ${at(begins + length)},
              ${cancelled ? 'cancelled' : 'booked'}
            ) on conflict do nothing`;
        }

        const free = await tx<Slot[]>`
          select * from private.free_slots(${practitioner.id}, ${date}, ${at(now)})`;
        const [wrong] = await tx`
          with free as (select * from private.free_slots(${practitioner.id}, ${date}, ${at(now)})),
          hours as (
            select start_time, end_time, slot_minutes from public.schedule_exceptions
            where practitioner_id = ${practitioner.id}
            union all
            select start_time, end_time, slot_minutes from public.schedules
            where practitioner_id = ${practitioner.id} and weekday = extract(isodow from ${date}::date)
              and not exists (select from public.schedule_exceptions where practitioner_id = ${practitioner.id})
          )
          select 'overlaps an appointment' as reason, free.starts_at from free, public.appointments a
          where a.practitioner_id = ${practitioner.id} and a.active
            and tstzrange(a.starts_at, a.ends_at) && tstzrange(free.starts_at, free.ends_at)
          union all
          select 'outside the hours', free.starts_at from free
          where not exists (
            select from hours h
            where free.ends_at - free.starts_at = make_interval(mins => h.slot_minutes)
              and (free.starts_at at time zone ${zone}) >= ${date}::date + h.start_time
              and (free.ends_at - interval '1 second') at time zone ${zone} < ${date}::date + h.end_time + ${slack}::interval
          )
          limit 1`;
        // A colleague keeps the usual hours only, so that the days of a clinic are sums.
        await aPractitioner(tx, clinic, { name: 'Dr. Meera Iyer', hours });
        const guest = await tx<{ patient_id: string }[]>`
          select patient_id from public.appointments where practitioner_id = ${practitioner.id} limit 1`;
        const patient = guest[0]?.patient_id ?? null;
        const days = await tx`
          select on_date::text, free, open, over
          from private.free_days(${clinic.id}, null, null, ${date}::date - 1, 3, ${at(now)}, ${patient})`;
        const oneByOne = await tx`
          select d::date::text as on_date,
            sum((select count(*) from private.free_slots(p.id, d::date, ${at(now)}, ${patient})))::int as free,
            bool_or(h.slots > 0) as open, bool_or(h.slots > 0) and not bool_or(h.ahead) as over
          from generate_series(
            greatest(${date}::date - 1, (${at(now)}::timestamptz at time zone ${zone})::date),
            greatest(${date}::date - 1, (${at(now)}::timestamptz at time zone ${zone})::date) + 2, interval '1 day'
          ) d
          cross join public.practitioners p
          cross join lateral (
            select count(*) as slots, coalesce(bool_or(s.starts_at > ${at(now)}), false) as ahead
            from private.slots_on(p.id, d::date) s
          ) h
          where p.clinic_id = ${clinic.id}
          group by d order by d`;
        // All at once, and the first of each session, against one practitioner after the other.
        const [together] = await tx`
          with one as (
            select p.id, f.starts_at, f.ends_at from public.practitioners p
            cross join lateral private.free_slots(p.id, ${date}, ${at(now)}, ${patient}) f where p.clinic_id = ${clinic.id}
          ),
          asked as (select array_agg(p.id) as ids from public.practitioners p where p.clinic_id = ${clinic.id}),
          many as (
            select f.practitioner_id as id, f.starts_at, f.ends_at from asked
            cross join lateral private.free_slots_of(ids, ${date}, ${zone}, ${at(from)}, null, ${at(now)}, ${patient}) f
          ),
          first as (
            select f.* from asked
            cross join lateral private.free_slots_of(ids, ${date}, ${zone}, ${at(from)}, 1, ${at(now)}, ${patient}) f
          )
          select
            (select json_agg(o order by o) from one o where o.starts_at >= ${at(from)})::text as one,
            (select json_agg(m order by m) from many m)::text as many,
            (select json_agg(distinct o.id::text) from one o where o.starts_at >= ${at(from)})::text as with_slots,
            (select json_agg(distinct f.practitioner_id::text) from first f)::text as with_first`;
        await tx`rollback to savepoint example`;

        expect([...days]).toEqual([...oneByOne]);
        expect(together?.many).toEqual(together?.one);
        expect(together?.with_first).toEqual(together?.with_slots);

        expect(wrong).toBeUndefined();
        for (const [index, slot] of free.entries()) {
          expect(slot.starts_at.getTime()).toBeGreaterThan(at(now).getTime());
          const previous = free[index - 1];
          if (previous) expect(slot.starts_at.getTime()).toBeGreaterThanOrEqual(previous.ends_at.getTime());
        }
      }),
      { numRuns: 100 }
    );
  });
});
