// What is done at the desk from the record of a patient: other times, a text again, and whose record it is.
import { afterAll, describe, expect, test } from 'vitest';
import { refusalIn, rolledBack, type Transaction } from '../helpers/database.ts';
import { aDeskPerson, asDesk, type DeskPerson } from '../helpers/desk.ts';
import { closeDatabases, databaseAsPostgres } from '../helpers/stack.ts';
import {
  aClinic,
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

interface World {
  tx: Transaction;
  clinic: Clinic;
  doctor: Practitioner;
  priya: DeskPerson;
  /** Times of today that are free with the doctor. */
  slots: Date[];
}

/** A desk where the day has hardly begun. */
function atTheDesk(work: (world: World) => Promise<void>): Promise<void> {
  return rolledBack(sql, async (tx) => {
    const clinic = await aClinic(tx, { time_zone: whereItIsEarly() });
    const doctor = await aPractitioner(tx, clinic);
    const priya = await aDeskPerson(tx, clinic);
    await work({ tx, clinic, doctor, priya, slots: await nextSlots(tx, doctor, 6) });
  });
}

/** A patient without phone, and what they came for. */
async function walkIn({ tx, doctor, priya }: World, at: Date | undefined): Promise<Appointment> {
  const [made] = await asDesk(
    tx,
    priya,
    (db) => db<Appointment[]>`select * from public.desk_book(${doctor.id}, ${at ?? null}, null, 'Ammini')`
  );
  if (!made) throw new Error('Nothing was booked.');
  return made;
}

interface Wish {
  at?: Date | undefined;
  phone?: string;
  name?: string;
}

/** Books for a record at a desk, as its page does. */
const bookFor = (
  tx: Transaction,
  person: DeskPerson,
  doctor: { id: string },
  patientId: string,
  { at, phone, name }: Wish
) =>
  asDesk(
    tx,
    person,
    (db) => db<Appointment[]>`
      select * from public.desk_book(
        ${doctor.id}, ${at ?? null}, ${phone ?? null}, ${name ?? null}, patient_id => ${patientId})`
  );

const patient = async (tx: Transaction, id: string) =>
  (
    await tx<{ phone: string | null; name: string | null }[]>`
    select phone, name from public.patients where id = ${id}`
  )[0];

describe('booking for a record', () => {
  test('without a phone is for that very patient, who gets the phone that was told', () =>
    atTheDesk(async (world) => {
      const { tx, doctor, priya, slots } = world;
      const { patient_id } = await walkIn(world, slots[0]);
      const [again] = await bookFor(tx, priya, doctor, patient_id, { at: slots[1], name: 'Somebody else' });
      expect(again).toMatchObject({ patient_id, starts_at: slots[1], channel: 'desk' });
      expect(await patient(tx, patient_id)).toEqual({ phone: null, name: 'Ammini' });

      const phone = aPhone();
      await bookFor(tx, priya, doctor, patient_id, { at: slots[2], phone: `0${phone.slice(3)}` });
      expect(await patient(tx, patient_id)).toEqual({ phone, name: 'Ammini' });
      const texts =
        await tx`select from public.sms_messages where to_phone = ${phone} and template = 'appointment_booked'`;
      expect(texts.count).toBe(1);
    }));

  test('that was merged is for the one that stayed', () =>
    atTheDesk(async (world) => {
      const { tx, doctor, priya, slots } = world;
      const gone = await walkIn(world, slots[0]);
      const kept = await walkIn(world, slots[1]);
      await asDesk(
        tx,
        priya,
        (db) => db`select public.merge_patients(${kept.patient_id}, ${gone.patient_id})`
      );
      const [again] = await bookFor(tx, priya, doctor, gone.patient_id, { at: slots[2] });
      expect(again?.patient_id).toBe(kept.patient_id);
    }));

  test('is refused for a phone that the patient does not have, or that somebody else has', () =>
    atTheDesk(async (world) => {
      const { tx, doctor, priya, slots } = world;
      const { patient_id } = await walkIn(world, slots[0]);
      const other = await aPatient(tx);
      await book(tx, other, doctor, slots[1] ?? '');
      const detail = async (id: string, phone: string) =>
        (await refusalIn(tx, () => bookFor(tx, priya, doctor, id, { at: slots[2], phone })))?.detail;
      expect(await detail(patient_id, other.phone)).toBe('other_patient_has_phone');
      expect(await detail(patient_id, '12')).toBe('invalid_phone');
      expect(await detail(patient_id, priya.phone)).toBe('phone_of_staff');
      expect(await detail(other.id, aPhone())).toBe('has_other_phone');
      expect(await detail(other.id, other.phone)).toBeUndefined();
      expect(await patient(tx, patient_id)).toMatchObject({ phone: null });
    }));

  test('is refused for patients of another clinic, also to whoever works at both', () =>
    atTheDesk(async (world) => {
      const { tx, doctor, priya, slots } = world;
      const { patient_id } = await walkIn(world, slots[0]);
      const elsewhere = await aClinic(tx);
      const stranger = await aDeskPerson(tx, elsewhere);
      const there = await aPractitioner(tx, elsewhere);
      const attempt = (person: DeskPerson) =>
        refusalIn(tx, () => bookFor(tx, person, there, patient_id, { at: slots[1] }));
      expect((await attempt(stranger))?.detail).toBe('unknown_patient');
      expect((await attempt(priya))?.detail).toBe('unknown_doctor');
      await tx`
        insert into public.clinic_staff (clinic_id, phone, name) values (${elsewhere.id}, ${priya.phone}, 'Priya Nair')`;
      expect((await attempt(priya))?.detail).toBe('unknown_patient');
      expect(
        (await refusalIn(tx, () => bookFor(tx, stranger, doctor, patient_id, { at: slots[1] })))?.detail
      ).toBe('unknown_doctor');
    }));
});

describe('the times that the desk offers', () => {
  interface Asked {
    patientId?: string;
    insteadOf?: string;
    days?: number;
  }
  const offered = async (
    { tx, priya }: World,
    doctor: Practitioner,
    { patientId, insteadOf, days = 0 }: Asked = {}
  ) =>
    (
      await asDesk(
        tx,
        priya,
        (db) => db<{ starts_at: Date }[]>`
          select s.starts_at from public.practitioners p join public.clinics c on c.id = p.clinic_id,
            public.desk_slots(p.id, (now() at time zone c.time_zone)::date + ${days}::int,
              ${patientId ?? null}, ${insteadOf ?? null}) s
          where p.id = ${doctor.id}`
      )
    ).map(({ starts_at }) => starts_at.getTime());
  const time = (at: Date | undefined) => at?.getTime();

  test('fit the other appointments of the patient, and not those of whoever asks', () =>
    atTheDesk(async (world) => {
      const { tx, clinic, doctor, priya, slots } = world;
      const colleague = await aPractitioner(tx, clinic, { name: 'Dr. Meera Iyer' });
      const lakshmi = await aPatient(tx);
      await book(tx, lakshmi, colleague, slots[0] ?? '');
      await book(tx, priya, colleague, slots[1] ?? '');
      await book(tx, await aPatient(tx), doctor, slots[2] ?? '');
      const times = await offered(world, doctor, { patientId: lakshmi.id });
      expect(times).not.toContain(time(slots[0]));
      expect(times).toContain(time(slots[1]));
      expect(times).not.toContain(time(slots[2]));
      expect(await offered(world, doctor)).toContain(time(slots[0]));
    }));

  test('instead of an appointment are also those that it keeps from being free, but not its own', () =>
    atTheDesk(async (world) => {
      const { tx, clinic, doctor, slots } = world;
      const colleague = await aPractitioner(tx, clinic, {
        name: 'Dr. Meera Iyer',
        hours: [{ from: '09:00', to: '17:00', minutes: 30 }]
      });
      const lakshmi = await aPatient(tx);
      const { id } = await book(tx, lakshmi, doctor, slots[0] ?? '');
      const asked = { patientId: lakshmi.id, insteadOf: id };
      expect(await offered(world, colleague, { patientId: lakshmi.id })).not.toContain(time(slots[0]));
      expect(await offered(world, colleague, asked)).toContain(time(slots[0]));
      expect(await offered(world, doctor, asked)).not.toContain(time(slots[0]));
      expect(await offered(world, doctor, asked)).toContain(time(slots[1]));
    }));

  test('reach further ahead than patients can book, for a year', () =>
    atTheDesk(async (world) => {
      const { tx, clinic, doctor } = world;
      await tx`update public.clinics set booking_horizon_days = 1 where id = ${clinic.id}`;
      expect((await offered(world, doctor, { days: 200 })).length).toBeGreaterThan(0);
      expect(await offered(world, doctor, { days: 400 })).toEqual([]);
    }));

  test('are those of the own clinic, and for its patients', () =>
    atTheDesk(async (world) => {
      const { tx, doctor } = world;
      const elsewhere = await aPractitioner(tx, await aClinic(tx));
      expect((await refusalIn(tx, () => offered(world, elsewhere)))?.detail).toBe('unknown_doctor');
      const { id } = await aPatient(tx);
      expect((await refusalIn(tx, () => offered(world, doctor, { patientId: id })))?.detail).toBe(
        'unknown_patient'
      );
    }));
});

test('who has come is booked again when they are to come on another day, and is still here on the same', () =>
  atTheDesk(async (world) => {
    const { tx, doctor, priya, slots } = world;
    const lakshmi = await aPatient(tx);
    const { id } = await book(tx, lakshmi, doctor, slots[0] ?? '');
    const move = async (to: Date | undefined) =>
      (
        await asDesk(
          tx,
          priya,
          (db) => db<(Appointment & { arrived_at: Date | null })[]>`
            select * from public.desk_move(${id}, ${doctor.id}, ${to ?? null})`
        )
      )[0];
    await asDesk(tx, priya, (db) => db`select public.desk_mark(${id}, 'arrived')`);
    expect(await move(slots[1])).toMatchObject({ status: 'arrived', arrived_at: expect.any(Date) as Date });
    const later = new Date((slots[1]?.getTime() ?? 0) + 7 * 86_400_000);
    expect(await move(later)).toMatchObject({ status: 'booked', arrived_at: null, starts_at: later });
    const told = await tx`
      select from public.sms_messages where appointment_id = ${id} and template = 'appointment_moved'`;
    expect(told.count).toBe(1);
    const refusal = await refusalIn(tx, () =>
      asDesk(tx, priya, (db) => db`select public.desk_mark(${id}, 'undo')`)
    );
    expect(refusal?.message).toBe('changed_meanwhile');
  }));

describe('a phone', () => {
  test('is not changed where the patient was at another clinic too, whose appointments would go along', () =>
    atTheDesk(async ({ tx, doctor, priya, slots }) => {
      const victim = await aPatient(tx, { account: true });
      const elsewhere = await aPractitioner(tx, await aClinic(tx));
      const [slot] = await nextSlots(tx, elsewhere, 1);
      await book(tx, victim, elsewhere, slot ?? new Date());
      await asDesk(
        tx,
        priya,
        (db) => db`select public.desk_book(${doctor.id}, ${slots[0] ?? null}, ${victim.phone})`
      );
      const mine = aPhone();
      const refusal = await refusalIn(tx, () =>
        asDesk(tx, priya, (db) => db`select public.change_patient_phone(${victim.id}, ${mine})`)
      );
      expect(refusal).toMatchObject({ message: 'not_staff', detail: 'phone_of_others' });
      await tx`select public.change_patient_phone(${victim.id}, ${mine})`;
      expect(await patient(tx, victim.id)).toMatchObject({ phone: mine });
    }));
});

describe('an SMS that failed', () => {
  const resend = (tx: Transaction, person: DeskPerson, id: string) =>
    asDesk(tx, person, (db) => db`select public.desk_resend(${id})`);

  test('goes to the phone that was corrected since, but for what tells of that', () =>
    atTheDesk(async ({ tx, doctor, priya, slots }) => {
      const { id, phone } = await aPatient(tx);
      await book(tx, { id, phone }, doctor, slots[0] ?? '');
      await tx`update public.sms_messages set status = 'failed' where patient_id = ${id}`;
      const right = aPhone();
      await asDesk(tx, priya, (db) => db`select public.change_patient_phone(${id}, ${right})`);
      await tx`update public.sms_messages set status = 'failed' where patient_id = ${id}`;
      const failed = await tx<{ id: string; template: string }[]>`
        select id, template from public.sms_messages where patient_id = ${id}`;
      for (const sms of failed) await resend(tx, priya, sms.id);
      const sent = await tx<{ template: string; to_phone: string; status: string }[]>`
        select template, to_phone, status from public.sms_messages where patient_id = ${id} order by template`;
      expect([...sent]).toEqual([
        { template: 'appointment_booked', to_phone: right, status: 'queued' },
        { template: 'phone_changed', to_phone: phone, status: 'queued' },
        { template: 'phone_moved_here', to_phone: right, status: 'queued' }
      ]);
    }));

  test('is not sent again when something newer was told, or its time is over', () =>
    atTheDesk(async ({ tx, doctor, priya, slots }) => {
      const { id, phone } = await aPatient(tx);
      const appointment = await book(tx, { id, phone }, doctor, slots[0] ?? '');
      await tx`
        update public.sms_messages set status = 'failed', created_at = now() - interval '1 minute'
        where patient_id = ${id}`;
      const [sms] = await tx<{ id: string }[]>`select id from public.sms_messages where patient_id = ${id}`;
      const offered = async () =>
        (
          await asDesk(
            tx,
            priya,
            (db) => db<{ can: boolean }[]>`
              select (entry -> 'can_be_resent')::bool as can
              from jsonb_array_elements(public.desk_patient(${id}) -> 'timeline') entry
              where entry ->> 'id' = ${sms?.id ?? ''}`
          )
        )[0]?.can;
      const detail = async () => (await refusalIn(tx, () => resend(tx, priya, sms?.id ?? '')))?.detail;
      expect(await offered()).toBe(true);
      await tx`update public.sms_messages set expires_at = now() - interval '1 second' where id = ${sms?.id ?? ''}`;
      expect([await offered(), await detail()]).toEqual([false, 'unknown_sms']);
      await tx`update public.sms_messages set expires_at = null where id = ${sms?.id ?? ''}`;
      expect(await offered()).toBe(true);
      await asDesk(tx, priya, (db) => db`select public.desk_cancel(${appointment.id}, null)`);
      expect([await offered(), await detail()]).toEqual([false, 'unknown_sms']);
    }));
});
