// Operations on a whole day: the doctor is late, a colleague takes over, everybody is cancelled, the clinic closes.
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { refusalIn, rolledBack, type Refusal, type Transaction } from '../helpers/database.ts';
import { aDeskPerson, asDesk, type DeskPerson } from '../helpers/desk.ts';
import { closeDatabases, databaseAsPostgres } from '../helpers/stack.ts';
import { aClinic, anException, aPatient, aPractitioner, whereItIsEarly } from '../helpers/world.ts';
import type { Appointment, Clinic, Patient, Practitioner } from '../helpers/world.ts';

const sql = databaseAsPostgres();
afterAll(closeDatabases);

interface World {
  tx: Transaction;
  clinic: Clinic;
  doctor: Practitioner;
  colleague: Practitioner;
  priya: DeskPerson;
  /** The day of today, on which nobody has been seen yet. */
  today: string;
  at(time: string): Promise<Date>;
  booked(time: string, options?: { patient?: { id: string }; doctor?: Practitioner }): Promise<Appointment>;
  shift(from: string | null, minutes: number, on?: string): Promise<Row[]>;
  handOver(to?: Practitioner): Promise<Row[]>;
  move(): Promise<Row[]>;
  cancel(on?: string): Promise<Row[]>;
  close(from: string, until: string): Promise<Row[]>;
  /** What patients were told by operations, beside the first SMS of each. */
  told(): Promise<{ template: string; to_phone: string; body: string }[]>;
}

interface Row {
  appointment_id: string;
  patient_id: string;
  starts_at: Date;
  practitioner_id: string;
  why_not: string | null;
}

const hours = [{ from: '08:00', to: '20:00', minutes: 15 }];

/** Runs `work` at a clinic of two doctors where the day has hardly begun. */
function onTheDay(work: (world: World) => Promise<void>): Promise<void> {
  return rolledBack(sql, async (tx) => {
    const clinic = await aClinic(tx, { time_zone: whereItIsEarly() });
    const doctor = await aPractitioner(tx, clinic, { hours });
    const colleague = await aPractitioner(tx, clinic, { hours, name: 'Dr. Meera Iyer' });
    const priya = await aDeskPerson(tx, clinic);
    const [day] = await tx<
      { today: string }[]
    >`select (now() at time zone ${clinic.time_zone})::date::text as today`;
    const today = day?.today ?? '';
    const at = async (time: string) => {
      const [row] = await tx<{ at: Date }[]>`
        select private.instant_of(${`${today} ${time}`}::timestamp, ${clinic.time_zone}) as at`;
      return row?.at ?? new Date(NaN);
    };
    const asked = (query: (db: Transaction) => Promise<Iterable<Row>>) =>
      asDesk(tx, priya, async (db) => [...(await query(db))]);
    await work({
      tx,
      clinic,
      doctor,
      colleague,
      priya,
      today,
      at,
      async booked(time, { patient, doctor: other = doctor } = {}) {
        const { id } = patient ?? (await aPatient(tx));
        const [row] = await tx<Appointment[]>`
          insert into public.appointments (patient_id, practitioner_id, starts_at, channel)
          values (${id}, ${other.id}, ${await at(time)}, 'web') returning *`;
        if (!row) throw new Error('Nothing was booked.');
        return row;
      },
      shift: (from, minutes, on = today) =>
        asked((db) => db<Row[]>`select * from public.shift_day(${doctor.id}, ${on}, ${from}, ${minutes})`),
      handOver: (to = colleague) =>
        asked((db) => db<Row[]>`select * from public.hand_over_day(${doctor.id}, ${today}, ${to.id})`),
      move: () => asked((db) => db<Row[]>`select * from public.move_day(${doctor.id}, ${today})`),
      cancel: (on = today) =>
        asked((db) => db<Row[]>`select * from public.cancel_day(${doctor.id}, ${on}, 'The doctor is ill')`),
      close: (from, until) =>
        asked(
          (db) => db<Row[]>`select * from public.close_clinic(${clinic.id}, ${from}, ${until}, 'Pongal')`
        ),
      told: async () => [
        ...(await tx<{ template: string; to_phone: string; body: string }[]>`
          select template, to_phone, body from public.sms_messages
          where template in ('delayed', 'handed_over', 'appointment_moved', 'appointment_cancelled_by_clinic')
            and patient_id in (select patient_id from public.appointments where clinic_id = ${clinic.id})
          order by to_phone`)
      ]
    });
  });
}

const now = async (tx: Transaction, ids: string[]) =>
  tx<(Appointment & { local: string })[]>`
    select a.*, to_char(a.starts_at at time zone c.time_zone, 'HH24:MI') as local
    from public.appointments a join public.clinics c on c.id = a.clinic_id
    where a.id = any (${ids}) order by a.token_number`;

const free = async (tx: Transaction, { id }: Practitioner, on: string) =>
  (
    await tx<{ local: string }[]>`
      select to_char(f.starts_at at time zone c.time_zone, 'HH24:MI') as local
      from public.practitioners p join public.clinics c on c.id = p.clinic_id
      cross join lateral private.free_slots(p.id, ${on}, now()) f where p.id = ${id} order by 1`
  ).map(({ local }) => local);

async function patientOf(tx: Transaction, { patient_id }: { patient_id: string }): Promise<Patient> {
  const [row] = await tx<Patient[]>`select id, phone from public.patients where id = ${patient_id}`;
  if (!row) throw new Error('There is no such patient.');
  return row;
}

describe('the doctor is late', () => {
  test('everybody from then on comes later, with the token they have, and is told so once', () =>
    onTheDay(async ({ tx, doctor, today, booked, shift, told }) => {
      const early = await booked('09:00');
      const [a, b] = [await booked('10:00'), await booked('10:15')];
      const rows = await shift('10:00', 40);
      expect(rows.map(({ appointment_id }) => appointment_id)).toEqual([a.id, b.id]);
      expect(
        (await now(tx, [early.id, a.id, b.id])).map(({ local, token_number }) => [local, token_number])
      ).toEqual([
        ['09:00', early.token_number],
        ['10:40', a.token_number],
        ['10:55', b.token_number]
      ]);
      const texts = await told();
      expect(texts.map(({ template }) => template)).toEqual(['delayed', 'delayed']);
      const first = texts.find(({ to_phone }) => to_phone !== '' && texts[0]?.to_phone === to_phone);
      expect(first?.body).toMatch(/^Dr\. Anjali Rao is late\. Your time is now .+ at 10:(40|55) am/);
      // Nobody is booked into what became free, and the rest of the day goes on in its slots.
      const slots = await free(tx, doctor, today);
      expect(slots.filter((time) => time >= '10:00' && time < '11:10')).toEqual([]);
      expect(slots).toContain('11:10');
      expect(slots).toContain('09:45');
    }));

  test('who has two appointments is told of both where they have not been told of the second', () =>
    onTheDay(async ({ tx, booked, shift, told }) => {
      const first = await booked('10:00');
      const second = await booked('11:00', { patient: await patientOf(tx, first) });
      await tx`
        update public.sms_messages set next_attempt_at = now() + interval '15 minutes'
        where appointment_id = ${second.id}`;
      await shift(null, 20);
      const times = (await told()).map(({ body }) => / at (.+?), /.exec(body)?.[1]);
      expect(times.sort()).toEqual(['10:20 am', '11:20 am']);
    }));

  test('is told in Tamil to who reads Tamil', () =>
    onTheDay(async ({ tx, booked, shift, told }) => {
      const { patient_id } = await booked('10:00');
      await tx`update public.patients set locale = 'ta-IN' where id = ${patient_id}`;
      await shift(null, 20);
      expect((await told())[0]?.body).toContain('தாமதமாகிறது');
    }));

  test('and who books afterwards has the number of the place in the day', () =>
    onTheDay(async ({ tx, booked, shift }) => {
      const a = await booked('10:00');
      await shift('10:00', 40);
      const b = await booked('10:55');
      expect(b.token_number).toBe(a.token_number + 1);
      expect(b.ends_at.getTime() - b.starts_at.getTime()).toBe(15 * 60_000);
      expect(await now(tx, [a.id])).toMatchObject([{ local: '10:40' }]);
    }));

  test('who waits is moved too, and who is with the doctor is not', () =>
    onTheDay(async ({ tx, booked, shift }) => {
      const [called, waiting] = [await booked('08:00'), await booked('09:00')];
      await tx`update public.appointments set status = 'arrived' where id in (${called.id}, ${waiting.id})`;
      await tx`update public.appointments set called_at = now() where id = ${called.id}`;
      await shift(null, 30);
      expect((await now(tx, [called.id, waiting.id])).map(({ local }) => local)).toEqual(['08:00', '09:30']);
    }));

  test('who was seen before their turn is in nobody’s way, and not told', () =>
    onTheDay(async ({ tx, booked, shift, told }) => {
      const [waits, seen] = [await booked('11:00'), await booked('11:30')];
      await tx`update public.appointments set status = 'fulfilled' where id = ${seen.id}`;
      expect((await shift(null, 30)).map(({ appointment_id }) => appointment_id)).toEqual([waits.id]);
      expect((await now(tx, [waits.id, seen.id])).map(({ local }) => local)).toEqual(['11:30', '12:00']);
      expect(await told()).toHaveLength(1);
    }));

  test('who was called and not there stays behind the next', () =>
    onTheDay(async ({ tx, clinic, priya, today, booked, shift }) => {
      const [absent, next, third] = [await booked('09:00'), await booked('09:15'), await booked('09:30')];
      const mark = (id: string, step: string) =>
        asDesk(tx, priya, (db) => db`select public.desk_mark(${id}, ${step})`);
      for (const { id } of [absent, next, third]) await mark(id, 'arrived');
      await mark(absent.id, 'called');
      await mark(absent.id, 'waiting');
      await shift(null, 60);
      const day = await asDesk(
        tx,
        priya,
        (db) =>
          db<{ appointment_id: string }[]>`select appointment_id from public.desk_day(${clinic.id}, ${today})`
      );
      expect(day.map(({ appointment_id }) => appointment_id)).toEqual([next.id, absent.id, third.id]);
    }));

  test('a day with a break keeps it', () =>
    onTheDay(async ({ tx, doctor, today, shift }) => {
      await anException(tx, doctor, today, { from: '09:00', to: '10:00' });
      await anException(tx, doctor, today, { from: '11:00', to: '12:00' });
      await shift('09:20', 60);
      expect(await free(tx, doctor, today)).toEqual([
        '09:00',
        '09:15',
        '10:30',
        '10:45',
        '12:00',
        '12:15',
        '12:30',
        '12:45'
      ]);
    }));

  const unchanged = (word: string, make: (world: World) => Promise<() => Promise<unknown>>) =>
    onTheDay(async (world) => {
      const { tx, doctor, today, booked, told } = world;
      const { id } = await booked('10:00');
      const attempt = await make(world);
      const state = async () =>
        JSON.stringify([await now(tx, [id]), await free(tx, doctor, today), await told()]);
      const before = await state();
      expect((await refusalIn(tx, attempt))?.detail).toBe(word);
      expect(await state()).toBe(before);
    });

  test.each([0, -15, 601])('by %s minutes is refused', (minutes) =>
    unchanged(
      'wrong_minutes',
      async ({ shift }) =>
        () =>
          shift(null, minutes)
    )
  );
  test('on a day that is over is refused', () =>
    unchanged(
      'day_is_over',
      async ({ shift }) =>
        () =>
          shift(null, 15, '2021-06-09')
    ));
  test('so much that the day would not end is refused', () =>
    unchanged(
      'past_midnight',
      async ({ shift }) =>
        () =>
          shift(null, 300)
    ));
  test('is refused where a patient would have to be in two places', () =>
    unchanged('does_not_fit', async ({ booked, colleague, shift, tx }) => {
      const patient = await patientOf(tx, await booked('11:00'));
      await booked('11:30', { patient, doctor: colleague });
      return () => shift(null, 30);
    }));
});

describe('a colleague takes over', () => {
  test('whoever fits, at the same time, and the others are shown until somebody deals with them', () =>
    onTheDay(async ({ tx, clinic, doctor, colleague, priya, today, booked, handOver, told }) => {
      await tx`delete from public.schedules where practitioner_id = ${colleague.id}`;
      await anException(tx, colleague, today, { from: '09:00', to: '12:00' });
      const [fits, taken, late] = [await booked('09:00'), await booked('09:15'), await booked('12:00')];
      await booked('09:15', { doctor: colleague });
      const preview = await asDesk(
        tx,
        priya,
        (db) => db`
          select appointment_id, fits, why_not from public.preview_day(${doctor.id}, ${today}, null, null, ${colleague.id})`
      );
      expect([...preview]).toEqual([
        { appointment_id: fits.id, fits: true, why_not: null },
        { appointment_id: taken.id, fits: false, why_not: 'slot_taken' },
        { appointment_id: late.id, fits: false, why_not: 'outside_hours' }
      ]);
      const rows = await handOver();
      expect(rows.map(({ why_not }) => why_not)).toEqual([null, 'slot_taken', 'outside_hours']);
      const after = await now(tx, [fits.id, taken.id, late.id]);
      expect(Object.fromEntries(after.map((row) => [row.id, row.practitioner_id]))).toEqual({
        [fits.id]: colleague.id,
        [taken.id]: doctor.id,
        [late.id]: doctor.id
      });
      const texts = await told();
      expect(texts.map(({ template, to_phone }) => [template, to_phone])).toEqual([
        ['handed_over', (await patientOf(tx, fits)).phone]
      ]);
      expect(texts[0]?.body).toMatch(/^Dr\. Meera Iyer will see you instead: .+ at 9:00 am/);
      expect(await free(tx, doctor, today)).toEqual([]);
      const stranded = await asDesk(
        tx,
        priya,
        (db) => db<{ appointment_id: string }[]>`
          select appointment_id from public.stranded_appointments where clinic_id = ${clinic.id}`
      );
      expect(stranded.map(({ appointment_id }) => appointment_id)).toEqual([taken.id, late.id]);
    }));

  test('but not one without hours, of another clinic, who has left, or the doctor themselves', () =>
    onTheDay(async ({ tx, clinic, doctor, booked, handOver, told }) => {
      const { id } = await booked('10:00');
      const word = async (to: Practitioner) => (await refusalIn(tx, () => handOver(to)))?.detail;
      expect(await word(await aPractitioner(tx, clinic, { hours: [] }))).toBe('colleague_without_hours');
      expect(await word(await aPractitioner(tx, clinic, { active: false }))).toBe('doctor_inactive');
      expect(await word(await aPractitioner(tx, await aClinic(tx)))).toBe('unknown_doctor');
      expect(await word(doctor)).toBe('same_practitioner');
      expect(await now(tx, [id])).toMatchObject([{ practitioner_id: doctor.id, status: 'booked' }]);
      expect(await told()).toEqual([]);
    }));
});

describe('a day is moved to the next free times', () => {
  test('in the order they have, with numbers of that day, and each is told once', () =>
    onTheDay(async (world) => {
      const { tx, doctor, today, booked, move, told } = world;
      const first = await booked('10:00');
      const second = await booked('10:15', { patient: await patientOf(tx, first) });
      const waiting = await booked('10:30');
      await tx`update public.appointments set status = 'arrived' where id = ${waiting.id}`;
      await tx`update public.clinics set booking_horizon_days = 1 where id = ${doctor.clinic_id}`;
      const taken = await tx<{ local_date: string }[]>`
        insert into public.appointments (patient_id, practitioner_id, starts_at)
        select ${(await aPatient(tx)).id}, practitioner_id, starts_at - interval '2 hours' + interval '1 day'
        from public.appointments where id = ${first.id} returning local_date::text`;
      expect((await move()).map(({ why_not }) => why_not)).toEqual([null, null, null]);
      const rows = await tx<
        { id: string; local: string; day: string; token_number: number; status: string }[]
      >`
        select a.id, to_char(a.starts_at at time zone c.time_zone, 'HH24:MI') as local, a.local_date::text as day,
          a.token_number, a.status
        from public.appointments a join public.clinics c on c.id = a.clinic_id
        where a.id in (${first.id}, ${second.id}, ${waiting.id}) order by a.starts_at`;
      const day = taken[0]?.local_date;
      expect([...rows]).toEqual([
        { id: first.id, local: '08:15', day, token_number: 2, status: 'booked' },
        { id: second.id, local: '08:30', day, token_number: 3, status: 'booked' },
        { id: waiting.id, local: '08:45', day, token_number: 4, status: 'booked' }
      ]);
      expect((await told()).map(({ template }) => template)).toEqual([
        'appointment_moved',
        'appointment_moved'
      ]);
      expect(await free(tx, doctor, today)).toEqual([]);
    }));

  test('and for whom nothing is free stays, and is shown', () =>
    onTheDay(async (world) => {
      const { tx, clinic, booked, move, told } = world;
      await tx`update public.clinics set booking_horizon_days = 0 where id = ${clinic.id}`;
      const { id } = await booked('10:00');
      expect(await move()).toMatchObject([{ appointment_id: id, why_not: 'day_is_full' }]);
      expect(await now(tx, [id])).toMatchObject([{ local: '10:00', status: 'booked' }]);
      expect(await told()).toEqual([]);
      const stranded =
        await tx`select appointment_id from public.stranded_appointments where clinic_id = ${clinic.id}`;
      expect([...stranded]).toEqual([{ appointment_id: id }]);
    }));
});

describe('a day is cancelled', () => {
  test('for all who still wait, each is told once, and nobody else is booked', () =>
    onTheDay(async ({ tx, doctor, today, booked, cancel, told }) => {
      const first = await booked('10:00');
      const patient = await patientOf(tx, first);
      const [again, arrived, seen] = [
        await booked('11:00', { patient }),
        await booked('12:00'),
        await booked('08:00')
      ];
      await tx`update public.appointments set status = 'arrived' where id = ${arrived.id}`;
      await tx`update public.appointments set status = 'fulfilled' where id = ${seen.id}`;
      const [walkIn] = await tx<
        { id: string }[]
      >`insert into public.patients (name) values ('Ammini') returning id`;
      const silent = await booked('13:00', { patient: walkIn ?? { id: '' } });
      await cancel();
      const after = await now(tx, [first.id, again.id, arrived.id, seen.id, silent.id]);
      expect(Object.fromEntries(after.map(({ id, status }) => [id, status]))).toEqual({
        [first.id]: 'cancelled',
        [again.id]: 'cancelled',
        [arrived.id]: 'cancelled',
        [silent.id]: 'cancelled',
        [seen.id]: 'fulfilled'
      });
      const texts = await told();
      expect(texts.map(({ template }) => template)).toEqual([
        'appointment_cancelled_by_clinic',
        'appointment_cancelled_by_clinic'
      ]);
      expect(new Set(texts.map(({ to_phone }) => to_phone)).size).toBe(2);
      expect(texts.find(({ to_phone }) => to_phone === patient.phone)?.body).toContain('10:00 am');
      expect(await free(tx, doctor, today)).toEqual([]);
      const [reason] =
        await tx`select reason from public.schedule_exceptions where practitioner_id = ${doctor.id}`;
      expect(reason?.reason).toBe('The doctor is ill');
    }));

  test('twice tells nobody twice', () =>
    onTheDay(async ({ booked, cancel, told }) => {
      await booked('10:00');
      await cancel();
      expect(await cancel()).toEqual([]);
      expect(await told()).toHaveLength(1);
    }));
});

describe('a clinic is closed', () => {
  test('with one row, for all doctors, and whoever is booked is told once for all days', () =>
    onTheDay(async ({ tx, clinic, doctor, colleague, today, booked, close, told }) => {
      const patient = await patientOf(tx, await booked('10:00'));
      await booked('10:15', { patient, doctor: colleague });
      const [tomorrow] = await tx<{ day: string }[]>`select (${today}::date + 1)::text as day`;
      await close(today, tomorrow?.day ?? '');
      const closures = await tx`select reason from public.clinic_closures where clinic_id = ${clinic.id}`;
      expect([...closures]).toEqual([{ reason: 'Pongal' }]);
      expect(await told()).toHaveLength(1);
      for (const day of [today, tomorrow?.day ?? '']) expect(await free(tx, doctor, day)).toEqual([]);
      const days = await tx`
        select free, open from private.free_days(${clinic.id}, null, null, '-infinity', 3, now())`;
      expect(days.map(({ open }) => open as boolean)).toEqual([false, false, true]);
      await tx`delete from public.clinic_closures where clinic_id = ${clinic.id}`;
      expect((await free(tx, doctor, tomorrow?.day ?? '')).length).toBeGreaterThan(0);
    }));

  test('by hand it strands who is booked', () =>
    onTheDay(async ({ tx, clinic, today, booked, told }) => {
      const { id } = await booked('10:00');
      await tx`
        insert into public.clinic_closures (clinic_id, from_date, until_date) values (${clinic.id}, ${today}, ${today})`;
      const stranded =
        await tx`select appointment_id from public.stranded_appointments where clinic_id = ${clinic.id}`;
      expect([...stranded]).toEqual([{ appointment_id: id }]);
      expect(await told()).toEqual([]);
    }));

  test('not backwards, in the past or for years', () =>
    onTheDay(async ({ tx, today, close }) => {
      for (const [from, until] of [
        [today, '2021-06-09'],
        ['2021-06-09', today],
        [today, '2399-01-01']
      ] as const) {
        expect((await refusalIn(tx, () => close(from, until)))?.detail).toBe('wrong_dates');
      }
    }));
});

describe('stranded', () => {
  test('is who is booked outside the hours that hold now, and not whom the desk squeezed in', () =>
    onTheDay(async ({ tx, clinic, doctor, today, booked }) => {
      const [inside, outside] = [await booked('10:00'), await booked('15:00')];
      await tx`
        insert into public.appointments (patient_id, practitioner_id, starts_at)
        select ${(await aPatient(tx)).id}, practitioner_id, starts_at + interval '5 hours'
        from public.appointments where id = ${outside.id}`;
      await anException(tx, doctor, today, { from: '09:00', to: '12:00' });
      const ids = async () =>
        (
          await tx<{ id: string }[]>`
            select appointment_id as id from public.stranded_appointments where clinic_id = ${clinic.id}`
        ).map(({ id }) => id);
      expect(await ids()).toEqual([outside.id]);
      await tx`update public.appointments set status = 'cancelled' where id = ${outside.id}`;
      expect(await ids()).toEqual([]);
      await tx`delete from public.schedule_exceptions where practitioner_id = ${doctor.id}`;
      await anException(tx, doctor, today);
      expect(await ids()).toHaveLength(2);
      expect(await ids()).toContain(inside.id);
    }));
});

describe('stranded, of whom the desk has put somewhere', () => {
  const stranded = async (tx: Transaction, { id }: Clinic) =>
    (
      await tx<{ local: string }[]>`
        select to_char(s.starts_at at time zone c.time_zone, 'HH24:MI') as local
        from public.stranded_appointments s join public.clinics c on c.id = s.clinic_id where c.id = ${id}`
    ).map(({ local }) => local);
  const atDesk = async ({ tx, priya, doctor, at }: World, time: string) => {
    const starts_at = await at(time);
    return asDesk(tx, priya, (db) => db`select public.desk_book(${doctor.id}, ${starts_at}, null, 'Ammini')`);
  };

  test('is who had a time within the hours, and not who was squeezed in before or after them', () =>
    onTheDay(async (world) => {
      const { tx, clinic, doctor, today } = world;
      for (const time of ['07:30', '09:00', '15:00', '15:20', '20:00']) await atDesk(world, time);
      await anException(tx, doctor, today, { from: '09:00', to: '12:00' });
      expect(await stranded(tx, clinic)).toEqual(['15:00', '15:20']);
      await tx`select public.move_day(${doctor.id}, ${today}, only_stranded => true)`;
      expect(await stranded(tx, clinic)).toEqual([]);
      // On a day without any hours everybody is.
      await tx`update public.schedule_exceptions set start_time = null, end_time = null where practitioner_id = ${doctor.id}`;
      expect(await stranded(tx, clinic)).toEqual(['07:30', '09:00', '20:00']);
    }));

  test('is not whom it has moved outside the hours, however they had booked, until that changes again', () =>
    onTheDay(async ({ tx, clinic, doctor, priya, today, at, booked }) => {
      const { id } = await booked('15:00');
      await anException(tx, doctor, today, { from: '09:00', to: '12:00' });
      const move = async (time: string) => {
        const starts_at = await at(time);
        await asDesk(tx, priya, (db) => db`select public.desk_move(${id}, ${doctor.id}, ${starts_at})`);
      };
      await move('12:15');
      expect(await stranded(tx, clinic)).toEqual([]);
      await move('11:00');
      await tx`update public.schedule_exceptions set end_time = '11:00' where practitioner_id = ${doctor.id}`;
      expect(await stranded(tx, clinic)).toEqual(['11:00']);
    }));

  test('is who was so before, when the day is shifted', () =>
    onTheDay(async (world) => {
      const { tx, clinic, doctor, today, booked, shift } = world;
      await booked('15:00');
      await anException(tx, doctor, today, { from: '09:00', to: '12:00' });
      await atDesk(world, '12:15');
      await shift(null, 30);
      expect(await stranded(tx, clinic)).toEqual(['15:30']);
    }));
});

describe('the numbers of a clinic', () => {
  test('say of each day and way of booking what came of it', () =>
    onTheDay(async ({ tx, clinic, today, booked }) => {
      const manager = await aDeskPerson(tx, clinic, { role: 'manager' });
      const [seen, gone] = [await booked('10:00'), await booked('10:15'), await booked('10:30')];
      await tx`
        update public.appointments set status = 'fulfilled', arrived_at = now() - interval '40 minutes', seen_at = now()
        where id = ${seen.id}`;
      await tx`update public.appointments set status = 'noshow' where id = ${gone?.id ?? ''}`;
      await tx`update public.sms_messages set status = 'sent', sent_at = now() where appointment_id = ${seen.id}`;
      const numbers = await asDesk(
        tx,
        manager,
        (db) => db`select * from public.desk_numbers where clinic_id = ${clinic.id} and day = ${today}`
      );
      expect(numbers).toMatchObject([
        {
          channel: 'web',
          booked: 3,
          came: 1,
          seen: 1,
          noshow: 1,
          cancelled: 0,
          wait_minutes: '40.0',
          sms_parts: 1
        }
      ]);
    }));
});

interface Snapshot {
  id: string;
  patient_id: string;
  practitioner_id: string;
  status: string;
  token_number: number;
  starts: number;
  called: boolean;
}

/** A day of two doctors with 200 appointments in every state; 20 patients have three of them, some have no phone. */
async function aBusyDay({ tx, doctor, colleague, at }: World): Promise<void> {
  const start = await at('06:00');
  await tx`delete from public.schedules where practitioner_id in (${doctor.id}, ${colleague.id})`;
  await tx`
    insert into public.schedules (practitioner_id, weekday, start_time, end_time, slot_minutes)
    select p, d, '06:00', '18:00', 5 from unnest(${[doctor.id, colleague.id]}::uuid[]) p, generate_series(1, 7) d`;
  await tx`
    with people as (
      insert into public.patients (phone, name)
      select case when n % 10 <> 0 then '+9198' || lpad((${Date.now() % 1e6}::bigint * 100 + n)::text, 8, '0') end, 'Patient ' || chr(65 + n % 26)
      from generate_series(1, 180) n
      returning id
    ), numbered as (select id, row_number() over (order by id) - 1 as n from people)
    insert into public.appointments (patient_id, practitioner_id, starts_at, channel)
    select p.id, case when k.n < 120 then ${doctor.id}::uuid else ${colleague.id}::uuid end,
      ${start}::timestamptz + case when k.n < 120 then k.n else 263 - k.n end * interval '5 minutes', 'web'
    from generate_series(0, 199) k (n) join numbered p on p.n = case when k.n between 100 and 119 then k.n - 100 else k.n % 180 end`;
  await tx`
    update public.appointments set status = (array['arrived', 'noshow', 'cancelled', 'fulfilled', 'arrived'])[1 + token_number % 5]
    where practitioner_id in (${doctor.id}, ${colleague.id}) and token_number % 3 = 0`;
  await tx`
    update public.appointments set called_at = now() where practitioner_id = ${doctor.id} and status = 'arrived' and token_number < 7`;
}

describe('whatever is done to a day of 200 appointments', () => {
  const shift = fc.record({
    kind: fc.constant('shift' as const),
    from: fc.constantFrom(null, '06:00', '08:03', '12:00', '15:55', '18:00'),
    minutes: fc.noBias(fc.integer({ min: 1, max: 420 }))
  });
  const others = (['hand over', 'move', 'cancel', 'close'] as const).map((kind) => ({ kind }));

  test('nobody is lost, nobody is told twice, the order stays, and nobody is booked twice', () =>
    onTheDay(async (world) => {
      const { tx, doctor, colleague, clinic, today, at } = world;
      await aBusyDay(world);
      const appointments = () => tx<Snapshot[]>`
        select id, patient_id, practitioner_id, status, token_number, extract(epoch from starts_at)::float8 as starts,
          called_at is not null as called
        from public.appointments where clinic_id = ${clinic.id} order by starts_at, id`;
      const texts = async () =>
        new Set((await tx<{ id: string }[]>`select id from public.sms_messages`).map(({ id }) => id));
      const silent = new Set(
        (await tx<{ id: string }[]>`select id from public.patients where phone is null`).map(({ id }) => id)
      );
      const before = [...(await appointments())];
      const textsBefore = await texts();
      expect(before).toHaveLength(200);

      const lastOfDay = Math.max(...before.map(({ starts }) => starts));
      const runs = [...others, ...fc.sample(shift, { numRuns: 9, seed: 15 })];
      const shifted = { done: 0, refused: 0 };
      for (const run of runs) {
        await tx`savepoint run`;
        const from = run.kind === 'shift' && run.from ? (await at(run.from)).getTime() / 1000 : 0;
        const isHit = (a: Snapshot) =>
          (run.kind === 'close' || a.practitioner_id === doctor.id) &&
          a.starts >= from &&
          (a.status === 'booked' || (a.status === 'arrived' && !a.called));
        const first = Math.min(...before.filter(isHit).map(({ starts }) => starts));
        const comesAlong = (a: Snapshot) =>
          run.kind === 'shift' &&
          a.practitioner_id === doctor.id &&
          a.starts > first &&
          ['arrived', 'fulfilled'].includes(a.status);
        const perform = (): Promise<Row[]> => {
          if (run.kind === 'shift') return world.shift(run.from, run.minutes);
          if (run.kind === 'hand over') return world.handOver();
          if (run.kind === 'move') return world.move();
          return run.kind === 'cancel' ? world.cancel() : world.close(today, today);
        };
        let rows: Row[] = [];
        const refusal: Refusal | undefined = await refusalIn(tx, async () => (rows = await perform()));
        const after = new Map((await appointments()).map((row) => [row.id, row]));
        const added = [
          ...(await tx<{ id: string; patient_id: string; template: string }[]>`
          select id, patient_id, template from public.sms_messages`)
        ].filter(({ id }) => !textsBefore.has(id));
        const context = JSON.stringify([run, refusal?.detail]);

        if (run.kind === 'shift') shifted[refusal ? 'refused' : 'done'] += 1;
        if (refusal) {
          expect([context, [...after.values()]]).toEqual([context, before]);
          expect([context, added]).toEqual([context, []]);
        } else {
          expect([context, after.size]).toEqual([context, before.length]);
          const given = new Map(rows.map((row) => [row.appointment_id, row.starts_at.getTime() / 1000]));
          const done = new Set(
            rows.filter(({ why_not }) => why_not === null).map((row) => row.appointment_id)
          );
          expect([context, [...rows].length]).toEqual([context, before.filter(isHit).length]);
          for (const was of before) {
            const expected = { ...was };
            if (done.has(was.id)) {
              expect([context, isHit(was)]).toEqual([context, true]);
              if (run.kind === 'shift') expected.starts += run.minutes * 60;
              else if (run.kind === 'hand over') {
                expected.practitioner_id = colleague.id;
                expected.token_number = after.get(was.id)?.token_number ?? 0;
              } else if (run.kind === 'move') {
                expected.starts = given.get(was.id) ?? 0;
                expect([context, expected.starts > lastOfDay]).toEqual([context, true]);
                expected.token_number = after.get(was.id)?.token_number ?? 0;
                expected.status = 'booked';
              } else expected.status = 'cancelled';
            } else if (run.kind === 'shift' && comesAlong(was)) expected.starts += run.minutes * 60;
            else if (isHit(was)) expect([context, run.kind]).toEqual([context, 'hand over']);
            expect([context, after.get(was.id)]).toEqual([context, expected]);
          }
          // Each patient who was hit and has a phone, exactly once, and nobody else.
          const told = added.map(({ patient_id }) => patient_id).sort();
          const hit = new Set(before.filter(({ id }) => done.has(id)).map(({ patient_id }) => patient_id));
          expect([context, told]).toEqual([context, [...hit].filter((id) => !silent.has(id)).sort()]);
          // The order of those who moved together is that of before.
          const order = (list: Iterable<Snapshot>) =>
            [...list]
              .filter(({ id }) => done.has(id))
              .sort((a, b) => a.starts - b.starts || (a.id < b.id ? -1 : 1))
              .map(({ id }) => id);
          if (run.kind !== 'close')
            expect([context, order(after.values())]).toEqual([context, order(before)]);
          if (run.kind !== 'shift') expect([context, await free(tx, doctor, today)]).toEqual([context, []]);
        }
        await tx`rollback to savepoint run`;
      }
      // They were not all refused, nor all done.
      expect(Math.min(...Object.values(shifted))).toBeGreaterThan(0);
    }));
});
