// Booking, moving and cancelling at the desk: for whoever stands there, with a phone or without.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  refusalIn,
  refusalOf,
  rolledBack,
  startQuietDatabase,
  type QuietDatabase,
  type Transaction
} from '../helpers/database.ts';
import { aDeskPerson, asDesk, keptAtDesk, type DeskPerson } from '../helpers/desk.ts';
import { closeDatabases, databaseAsPostgres } from '../helpers/stack.ts';
import {
  aClinic,
  anException,
  aPatient,
  aPhone,
  aPractitioner,
  book,
  nextSlots,
  whereItIsEarly,
  type Appointment,
  type Clinic,
  type Practitioner
} from '../helpers/world.ts';

const sql = databaseAsPostgres();
afterAll(closeDatabases);

const now = new Date('2091-06-09T10:02:30+05:30');
const at = (time: string) => new Date(`2091-06-09T${time}:00+05:30`);

interface World {
  tx: Transaction;
  clinic: Clinic;
  doctor: Practitioner;
  priya: DeskPerson;
}

/** A desk where the day has hardly begun. */
function atTheDesk(work: (world: World) => Promise<void>): Promise<void> {
  return rolledBack(sql, async (tx) => {
    const clinic = await aClinic(tx, { time_zone: whereItIsEarly() });
    const doctor = await aPractitioner(tx, clinic);
    await work({ tx, clinic, doctor, priya: await aDeskPerson(tx, clinic) });
  });
}

interface Wish {
  starts_at?: Date | null;
  phone?: string | null;
  name?: string | null;
  dependent_id?: string | null;
}

async function bookAtDesk(
  tx: Transaction,
  person: DeskPerson,
  doctor: { id: string },
  { starts_at = null, phone = null, name = null, dependent_id = null }: Wish
): Promise<Appointment> {
  const [row] = await asDesk(
    tx,
    person,
    (db) => db<Appointment[]>`
      select * from public.desk_book(${doctor.id}, ${starts_at}, ${phone}, ${name}, ${dependent_id})`
  );
  if (!row) throw new Error('Nothing was booked.');
  return row;
}

async function patientOf(tx: Transaction, { patient_id }: { patient_id: string }) {
  const [row] = await tx<{ id: string; phone: string | null; name: string | null; user_id: string | null }[]>`
    select id, phone, name, user_id from public.patients where id = ${patient_id}`;
  return row;
}

describe('somebody at the desk', () => {
  test('with a phone becomes the same patient who calls tomorrow', () =>
    atTheDesk(async ({ tx, clinic, doctor, priya }) => {
      const phone = aPhone();
      const appointment = await bookAtDesk(tx, priya, doctor, { phone, name: 'Lakshmi Narayanan' });
      expect(appointment.channel).toBe('desk');
      const patient = await patientOf(tx, appointment);
      expect(patient).toMatchObject({ phone, name: 'Lakshmi Narayanan', user_id: null });

      const call = {
        call_id: clinic.id,
        caller: phone,
        dialled: clinic.phone,
        turn: 1,
        step: 'confirm',
        keys: '1'
      };
      const [, slot] = await nextSlots(tx, doctor, 2);
      const task = { kind: 'book', practitioner_id: doctor.id, starts_at: slot?.toISOString() ?? '' };
      await tx`select private.ivr_turn(${tx.json(call)}, ${tx.json(task)})`;
      const rows = await tx`select from public.appointments where patient_id = ${patient?.id ?? ''}`;
      expect(rows).toHaveLength(2);
    }));

  test.each([
    ['as it is', (phone: string) => phone],
    ['with blanks and dashes', (phone: string) => `+91 ${phone.slice(3, 8)}-${phone.slice(8)}`],
    ['as within the country', (phone: string) => `0${phone.slice(3)}`],
    ['without any prefix', (phone: string) => phone.slice(3)],
    ['without the plus', (phone: string) => phone.slice(1)],
    ['with two zeros', (phone: string) => `00${phone.slice(1)}`]
  ])('a phone that is written %s is one phone', (_, written) =>
    atTheDesk(async ({ tx, doctor, priya }) => {
      const { id, phone } = await aPatient(tx);
      const appointment = await bookAtDesk(tx, priya, doctor, { phone: written(phone) });
      expect(appointment.patient_id).toBe(id);
    })
  );

  test('without a phone has no account and is not texted, not reminded and not alerted to', () =>
    atTheDesk(async ({ tx, clinic, doctor, priya }) => {
      const appointment = await bookAtDesk(tx, priya, doctor, { name: 'Ammini' });
      expect(await patientOf(tx, appointment)).toMatchObject({ phone: null, name: 'Ammini', user_id: null });
      await tx`update public.appointments set starts_at = starts_at + interval '30 minutes' where id = ${appointment.id}`;
      await tx`update public.clinics set time_zone = 'Asia/Tokyo' where id = ${clinic.id}`;
      const toRemind = async () =>
        (
          await tx`
            select a.id from public.clinics c, private.appointments_to_remind(
              'reminder_day_before', c, now(), now() + interval '2 days', null) a
            where c.id = ${clinic.id}`
        ).count;
      expect(await toRemind()).toBe(0);
      await tx`update public.patients set phone = ${aPhone()} where id = ${appointment.patient_id}`;
      expect(await toRemind()).toBe(1);
      await tx`update public.patients set phone = null where id = ${appointment.patient_id}`;
      await tx`update public.appointments set status = 'cancelled' where id = ${appointment.id}`;
      await tx`delete from public.appointments where id = ${appointment.id}`;
      const texts = await tx`select from public.sms_messages where patient_id = ${appointment.patient_id}`;
      expect(texts).toHaveLength(0);
      const jobs = await tx`select from private.account_jobs where patient_id = ${appointment.patient_id}`;
      expect(jobs).toHaveLength(0);
    }));

  test('without a phone is a new patient each time, and needs a name', () =>
    atTheDesk(async ({ tx, doctor, priya }) => {
      const one = await bookAtDesk(tx, priya, doctor, { name: 'Ammini' });
      const other = await bookAtDesk(tx, priya, doctor, { name: 'Ammini' });
      expect(one.patient_id).not.toBe(other.patient_id);
      for (const name of [null, '', '  ', '123']) {
        const refusal = await refusalIn(tx, () => bookAtDesk(tx, priya, doctor, { name }));
        expect(refusal).toMatchObject({ code: 'PT400', message: 'validation_failed' });
      }
    }));

  test('keeps the name they gave themselves', () =>
    atTheDesk(async ({ tx, doctor, priya }) => {
      const { id, phone } = await aPatient(tx, { account: true });
      await tx`update public.patients set name = 'Asha Rao' where id = ${id}`;
      const appointment = await bookAtDesk(tx, priya, doctor, { phone, name: 'asha' });
      expect(await patientOf(tx, appointment)).toMatchObject({ id, name: 'Asha Rao' });
    }));

  test('is texted where they are to come, as the clinic booked it', () =>
    atTheDesk(async ({ tx, doctor, priya }) => {
      const phone = aPhone();
      const { id } = await bookAtDesk(tx, priya, doctor, { phone });
      const texts = await tx`select template, to_phone from public.sms_messages where appointment_id = ${id}`;
      expect([...texts]).toEqual([{ template: 'appointment_booked', to_phone: phone }]);
      const [event] = await tx`
        select channel, actor from public.audit_trail where table_name = 'appointments' and row_id = ${id}`;
      expect(event).toEqual({ channel: 'desk', actor: 'Priya Nair' });
    }));

  test('gets past the quota and the horizon of patients', () =>
    atTheDesk(async ({ tx, clinic, doctor, priya }) => {
      await tx`update public.clinics set max_active_bookings = 1, booking_horizon_days = 1 where id = ${clinic.id}`;
      const phone = aPhone();
      await bookAtDesk(tx, priya, doctor, { phone });
      await bookAtDesk(tx, priya, doctor, { phone, starts_at: at('10:00') }).catch(() => undefined);
      const [far] = await tx<{ day: Date }[]>`
        select private.instant_of((now() at time zone time_zone)::date + 200 + time '10:00', time_zone) as day
        from public.clinics where id = ${clinic.id}`;
      expect((await bookAtDesk(tx, priya, doctor, { phone, starts_at: far?.day ?? null })).status).toBe(
        'booked'
      );
    }));

  test.each([
    ['a number that is none', { phone: '12' }, 'invalid_phone'],
    ['what is no number at all', { phone: 'no phone' }, 'invalid_phone'],
    [
      'a time that is over',
      { phone: '+919876543210', starts_at: new Date('2021-06-09T10:00:00Z') },
      'slot_in_past'
    ],
    [
      'a time far ahead',
      { phone: '+919876543210', starts_at: new Date('2399-06-09T10:00:00Z') },
      'slot_unavailable'
    ],
    [
      'a dependent that there is not',
      { phone: '+919876543210', dependent_id: '00000000-0000-4000-8000-000000000000' },
      'not_found'
    ]
  ])('%s is refused and leaves nothing', (_, wish, word) =>
    atTheDesk(async ({ tx, doctor, priya }) => {
      const count = async () =>
        (await tx`select count(*)::int as count from public.patients`)[0]?.count as number;
      const before = await count();
      expect((await refusalIn(tx, () => bookAtDesk(tx, priya, doctor, wish)))?.message).toBe(word);
      expect(await count()).toBe(before);
    })
  );

  test('is not booked with a doctor who is away, has left, or works elsewhere', () =>
    atTheDesk(async ({ tx, clinic, priya }) => {
      const phone = aPhone();
      const refusal = async (doctor: Practitioner) =>
        (await refusalIn(tx, () => bookAtDesk(tx, priya, doctor, { phone })))?.detail;
      expect(await refusal(await aPractitioner(tx, clinic, { hours: [] }))).toBe('outside_hours');
      expect(await refusal(await aPractitioner(tx, clinic, { active: false }))).toBe('doctor_inactive');
      expect(await refusal(await aPractitioner(tx, await aClinic(tx)))).toBe('unknown_doctor');
    }));
});

describe('the time at the desk', () => {
  async function insertAt(tx: Transaction, doctor: Practitioner, starts_at: Date | null, moment = now) {
    const { id } = await aPatient(tx);
    const [row] = await tx<Appointment[]>`
      select * from private.book_at_desk(${id}, ${doctor.id}, ${starts_at}, ${moment})`;
    if (!row) throw new Error('Nothing was booked.');
    return row;
  }
  const inIndia = (work: (tx: Transaction, doctor: Practitioner) => Promise<void>) =>
    rolledBack(sql, async (tx) => work(tx, await aPractitioner(tx, await aClinic(tx))));

  test('as soon as possible is the next free slot, with its token', () =>
    inIndia(async (tx, doctor) => {
      await book(tx, await aPatient(tx), doctor, at('10:15'), { now });
      const soon = await insertAt(tx, doctor, null);
      expect([soon.starts_at, soon.token_number]).toEqual([at('10:30'), 7]);
      const next = await insertAt(tx, doctor, null);
      expect([next.starts_at, next.token_number]).toEqual([at('10:45'), 8]);
    }));

  test('as soon as possible is a time at which they are with no other doctor', () =>
    inIndia(async (tx, doctor) => {
      const patient = await aPatient(tx);
      const [{ id: other } = { id: '' }] = await tx<{ id: string }[]>`
        insert into public.practitioners (clinic_id, name, specialty)
        select clinic_id, 'Dr. Meera Iyer', 'General medicine' from public.practitioners where id = ${doctor.id} returning id`;
      await tx`
        insert into public.appointments (patient_id, practitioner_id, starts_at, ends_at)
        values (${patient.id}, ${other}, ${at('10:10')}, ${at('10:40')})`;
      const [soon] = await tx<Appointment[]>`
        select * from private.book_at_desk(${patient.id}, ${doctor.id}, null, ${now})`;
      expect(soon?.starts_at).toEqual(at('10:45'));
    }));

  test('on a full day it is after everybody, with the next number', () =>
    inIndia(async (tx, doctor) => {
      for (let slot = 0; slot < 27; slot++) await insertAt(tx, doctor, null);
      const last = await insertAt(tx, doctor, null);
      expect([last.starts_at, last.ends_at, last.token_number]).toEqual([at('17:00'), at('17:15'), 33]);
      expect((await insertAt(tx, doctor, null)).token_number).toBe(34);
    }));

  test('with no end to the day before midnight nothing is left', () =>
    inIndia(async (tx, doctor) => {
      await insertAt(tx, doctor, at('23:50'));
      const refusal = await refusalIn(tx, () => insertAt(tx, doctor, null, at('23:55')));
      expect(refusal).toMatchObject({ message: 'slot_unavailable', detail: 'day_is_full' });
    }));

  test('between two slots somebody is squeezed in as long as it leaves a few minutes', () =>
    inIndia(async (tx, doctor) => {
      const short = await tx<Appointment[]>`
        insert into public.appointments (patient_id, practitioner_id, starts_at, ends_at)
        values (${(await aPatient(tx)).id}, ${doctor.id}, ${at('10:30')}, ${at('10:40')}) returning *`;
      expect(short).toHaveLength(1);
      await insertAt(tx, doctor, at('10:45'));
      const [squeezed, token] = [await insertAt(tx, doctor, at('10:40')), 33];
      expect([squeezed.ends_at, squeezed.token_number]).toEqual([at('10:45'), token]);
      const refusal = await refusalIn(tx, () => insertAt(tx, doctor, at('10:42')));
      expect(refusal?.message).toBe('slot_taken');
    }));

  test('a slot that has begun can be had until its end', () =>
    inIndia(async (tx, doctor) => {
      expect((await insertAt(tx, doctor, at('10:00'))).token_number).toBe(5);
      expect((await refusalIn(tx, () => insertAt(tx, doctor, at('09:45'))))?.message).toBe('slot_in_past');
    }));

  test('a day on which nobody is there stays empty', () =>
    inIndia(async (tx, doctor) => {
      await anException(tx, doctor, '2091-06-09');
      expect((await refusalIn(tx, () => insertAt(tx, doctor, at('11:00'))))?.detail).toBe('outside_hours');
      expect((await refusalIn(tx, () => insertAt(tx, doctor, null)))?.detail).toBe('outside_hours');
    }));
});

describe('moving and cancelling', () => {
  const move = (
    tx: Transaction,
    person: DeskPerson,
    id: string,
    doctor: { id: string },
    starts_at: Date | undefined
  ) =>
    asDesk(
      tx,
      person,
      (db) => db<Appointment[]>`select * from public.desk_move(${id}, ${doctor.id}, ${starts_at ?? null})`
    );
  const texts = async (tx: Transaction, id: string) =>
    (
      await tx<{ template: string }[]>`
        select template from public.sms_messages where appointment_id = ${id} and status = 'queued' order by created_at, template`
    ).map(({ template }) => template);

  test('to another time, to a colleague, and the patient is told', () =>
    atTheDesk(async ({ tx, clinic, doctor, priya }) => {
      const colleague = await aPractitioner(tx, clinic, { name: 'Dr. Meera Iyer' });
      const [first, , later] = await nextSlots(tx, doctor, 3);
      const { id } = await book(tx, await aPatient(tx), doctor, first ?? now);
      const [moved] = await move(tx, priya, id, colleague, later);
      expect(moved).toMatchObject({ practitioner_id: colleague.id, starts_at: later, status: 'booked' });
      expect(await texts(tx, id)).toContain('appointment_moved');
    }));

  test('not to a time that somebody has, nor to a doctor of another clinic', () =>
    atTheDesk(async ({ tx, doctor, priya }) => {
      const [first, second] = await nextSlots(tx, doctor, 2);
      const { id } = await book(tx, await aPatient(tx), doctor, first ?? now);
      await book(tx, await aPatient(tx), doctor, second ?? now);
      expect((await refusalIn(tx, () => move(tx, priya, id, doctor, second)))?.message).toBe('slot_taken');
      const elsewhere = await aPractitioner(tx, await aClinic(tx));
      expect((await refusalIn(tx, () => move(tx, priya, id, elsewhere, second)))?.detail).toBe(
        'unknown_doctor'
      );
    }));

  test('a confirmation is of the time that it was given for', () =>
    atTheDesk(async ({ tx, doctor, priya }) => {
      const [first, second] = await nextSlots(tx, doctor, 2);
      const { id } = await book(tx, await aPatient(tx), doctor, first ?? now);
      await tx`update public.appointments set confirmed_at = now() where id = ${id}`;
      await move(tx, priya, id, doctor, second);
      const [row] = await tx`select confirmed_at from public.appointments where id = ${id}`;
      expect(row?.confirmed_at).toBeNull();
    }));

  test('of a time that runs the patient is told too, once, and of no step', () =>
    atTheDesk(async ({ tx, doctor, priya }) => {
      const [later, latest] = await nextSlots(tx, doctor, 2);
      const running = async (begun: string) => {
        const [row] = await tx<{ id: string; starts_at: Date }[]>`
          insert into public.appointments (patient_id, practitioner_id, starts_at, ends_at)
          values (${(await aPatient(tx)).id}, ${doctor.id}, now() - ${begun}::interval, now() - ${begun}::interval + interval '15 minutes')
          returning id, starts_at`;
        if (!row) throw new Error('Nothing was booked.');
        return row;
      };
      const { id: off } = await running('5 minutes');
      await asDesk(tx, priya, (db) => db`select public.desk_cancel(${off}, 'ill')`);
      expect(await texts(tx, off)).toEqual(['appointment_cancelled_by_clinic']);

      const { id: on, starts_at } = await running('10 minutes');
      for (const step of ['noshow', 'undo', 'arrived', 'undo'])
        await asDesk(tx, priya, (db) => db`select public.desk_mark(${on}, ${step})`);
      expect(await texts(tx, on)).toEqual([]);
      await move(tx, priya, on, doctor, later);
      expect(await texts(tx, on)).toEqual(['appointment_moved']);

      // Who comes now instead of later.
      const { id: early } = await book(tx, await aPatient(tx), doctor, latest ?? now);
      await move(tx, priya, early, doctor, starts_at);
      expect(await texts(tx, early)).toContain('appointment_moved');

      const { id: over } = await running('1 hour');
      await asDesk(tx, priya, (db) => db`select public.desk_cancel(${over})`);
      expect(await texts(tx, over)).toEqual([]);
    }));

  test('cancelled at the desk is cancelled by the clinic, once, with the reason beside what was noted', () =>
    atTheDesk(async ({ tx, doctor, priya }) => {
      const [first] = await nextSlots(tx, doctor, 1);
      const { id } = await book(tx, await aPatient(tx), doctor, first ?? now);
      await tx`update public.appointments set note = 'fever' where id = ${id}`;
      const cancel = () =>
        asDesk(
          tx,
          priya,
          (db) => db<{ note: string }[]>`select note from public.desk_cancel(${id}, 'Better by now')`
        );
      expect((await cancel())[0]?.note).toBe('fever\nBetter by now');
      expect(await texts(tx, id)).toContain('appointment_cancelled_by_clinic');
      const again = await refusalIn(tx, cancel);
      expect(again?.message).toBe('changed_meanwhile');
      expect(again?.hint).toContain('cancelled (Priya Nair');
      expect((await refusalIn(tx, () => move(tx, priya, id, doctor, first)))?.message).toBe(
        'changed_meanwhile'
      );
    }));
});

describe('at once', () => {
  let quiet: QuietDatabase;
  beforeAll(async () => {
    quiet = await startQuietDatabase();
  });
  afterAll(() => quiet.stop());

  test('two desks that take one time for two people, twenty times: one has it', async () => {
    const clinic = await aClinic(quiet.sql);
    const doctor = await aPractitioner(quiet.sql, clinic);
    const desks = [await aDeskPerson(quiet.sql, clinic), await aDeskPerson(quiet.sql, clinic)];
    const slots = await nextSlots(quiet.sql, doctor, 20);
    for (const slot of slots) {
      const outcomes = await Promise.all(
        desks.map((desk) =>
          refusalOf(
            keptAtDesk(
              quiet.sql,
              desk,
              (tx) => tx`select public.desk_book(${doctor.id}, ${slot}, ${aPhone()})`
            )
          )
        )
      );
      expect(outcomes.map((outcome) => outcome?.message ?? 'booked').sort()).toEqual([
        'booked',
        'slot_taken'
      ]);
    }
  });

  test('four who want to come as soon as possible all come, one after the other', async () => {
    const clinic = await aClinic(quiet.sql, { time_zone: whereItIsEarly() });
    const doctor = await aPractitioner(quiet.sql, clinic);
    const desk = await aDeskPerson(quiet.sql, clinic);
    await Promise.all(
      Array.from({ length: 4 }, () =>
        keptAtDesk(quiet.sql, desk, (tx) => tx`select public.desk_book(${doctor.id}, null, ${aPhone()})`)
      )
    );
    const tokens = await quiet.sql<{ token_number: number }[]>`
      select token_number from public.appointments where practitioner_id = ${doctor.id} order by starts_at`;
    expect(tokens.map(({ token_number }) => token_number)).toEqual([1, 2, 3, 4]);
  });
});
