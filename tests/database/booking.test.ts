import { afterAll, describe, expect, test } from 'vitest';
import { asPatient, refusalIn, rolledBack, type Transaction } from '../helpers/database.ts';
import { closeDatabases, databaseAsPostgres } from '../helpers/stack.ts';
import { aClinic, aPatient, aPractitioner, book, nextSlots } from '../helpers/world.ts';
import type { Appointment, Clinic, Patient, PatientWithAccount, Practitioner } from '../helpers/world.ts';

const sql = databaseAsPostgres();
afterAll(closeDatabases);

/** A moment long before the slots below. */
const now = new Date('2091-06-01T00:00:00Z');
const at = (time: string) => new Date(`2091-06-09T${time}:00+05:30`);

interface World {
  tx: Transaction;
  clinic: Clinic;
  practitioner: Practitioner;
  patient: PatientWithAccount;
}

function withPatient(work: (world: World) => Promise<void>, max_active_bookings = 5): Promise<void> {
  return rolledBack(sql, async (tx) => {
    const clinic = await aClinic(tx, { max_active_bookings });
    const practitioner = await aPractitioner(tx, clinic);
    await work({ tx, clinic, practitioner, patient: await aPatient(tx, { account: true }) });
  });
}

describe('a booking', () => {
  test('has everything that follows from patient, practitioner and time', () =>
    withPatient(async ({ tx, clinic, practitioner, patient }) => {
      const appointment = await book(tx, patient, practitioner, at('10:30'), { now });
      expect(appointment).toMatchObject({
        patient_id: patient.id,
        practitioner_id: practitioner.id,
        clinic_id: clinic.id,
        starts_at: at('10:30'),
        ends_at: at('10:45'),
        status: 'booked',
        channel: 'web',
        token_number: 7,
        call_id: null,
        cancelled_at: null,
        version: 1
      });
      expect(appointment.reference).toMatch(/^[0-9]{4}$/);
      const [{ local_date } = { local_date: '' }] = await tx<{ local_date: string }[]>`
        select local_date::text from public.appointments where id = ${appointment.id}`;
      expect(local_date).toBe('2091-06-09');
    }));

  test('is made by a session for its own patient, by way of the web', () =>
    withPatient(async ({ tx, practitioner, patient }) => {
      const [slot] = await nextSlots(tx, practitioner, 1);
      const [booked] = await asPatient(
        tx,
        patient.account,
        (db) => db<Appointment[]>`select * from public.book_appointment(${practitioner.id}, ${slot ?? null})`
      );
      expect(booked).toMatchObject({
        patient_id: patient.id,
        starts_at: slot,
        channel: 'web',
        status: 'booked'
      });
    }));

  test('can be made for what the free slots offer, all of it', () =>
    withPatient(async ({ tx, practitioner, patient }) => {
      const offered = await nextSlots(tx, practitioner, 3, now);
      for (const slot of offered) await book(tx, patient, practitioner, slot, { now });
      const [next] = await nextSlots(tx, practitioner, 1, now);
      expect(next?.getTime()).toBeGreaterThan(offered.at(-1)?.getTime() ?? Infinity);
    }));
});

describe('a booking is refused', () => {
  const refused = (
    { tx, practitioner }: World,
    patient: Patient,
    time: Date,
    options: { channel?: 'web' | 'ivr'; now?: Date } = {}
  ) => refusalIn(tx, () => book(tx, patient, practitioner, time, { now, ...options }));

  test('when another patient has the slot', () =>
    withPatient(async (world) => {
      await book(world.tx, await aPatient(world.tx), world.practitioner, at('10:00'), { now });
      expect(await refused(world, world.patient, at('10:00'))).toEqual({
        code: 'PT409',
        message: 'slot_taken',
        detail: 'slot_taken',
        hint: 'That time was just taken. Please choose another.'
      });
    }));

  test('when something squeezed in at the desk reaches into it', () =>
    withPatient(async (world) => {
      const { tx, practitioner, patient } = world;
      const other = await aPatient(tx);
      await tx`
        insert into public.appointments (patient_id, practitioner_id, starts_at, ends_at)
        values (${other.id}, ${practitioner.id}, ${at('09:50')}, ${at('10:01')})`;
      expect(await refused(world, patient, at('10:00'))).toMatchObject({
        code: 'PT409',
        message: 'slot_taken'
      });
      await book(tx, patient, practitioner, at('10:15'), { now });
    }));

  test('when the patient has an appointment then, with the same doctor or another', () =>
    withPatient(async (world) => {
      const { tx, clinic, patient } = world;
      const beside = {
        code: 'PT409',
        message: 'slot_unavailable',
        detail: 'own_appointment',
        hint: 'You already have an appointment at that time.'
      };
      await book(tx, patient, world.practitioner, at('10:00'), { now });
      // The same slot twice: taken, and the sentence says by whom.
      expect(await refused(world, patient, at('10:00'))).toEqual({
        ...beside,
        message: 'slot_taken',
        detail: 'own_slot'
      });
      const hours = [{ from: '09:50', to: '11:00', minutes: 20 }];
      const colleague = await aPractitioner(tx, clinic, { hours });
      expect(await refused({ ...world, practitioner: colleague }, patient, at('09:50'))).toEqual(beside);
    }));

  test.each([
    ['outside the hours', '08:45'],
    ['between two slots', '10:07'],
    ['at closing time', '17:00']
  ])('%s', (_where, time) =>
    withPatient(async (world) => {
      expect(await refused(world, world.patient, at(time))).toEqual({
        code: 'PT409',
        message: 'slot_unavailable',
        detail: 'outside_hours',
        hint: 'That time is not offered. Please choose another.'
      });
    })
  );

  test('beyond the horizon, and on its last day not', () =>
    withPatient(async (world) => {
      const { tx, clinic } = world;
      await tx`update public.clinics set booking_horizon_days = 7 where id = ${clinic.id}`;
      expect(await refused(world, world.patient, at('10:00'))).toMatchObject({
        message: 'slot_unavailable',
        detail: 'beyond_horizon'
      });
      await tx`update public.clinics set booking_horizon_days = 8 where id = ${clinic.id}`;
      expect(await refused(world, world.patient, at('10:00'))).toBeUndefined();
    }));

  test('with a practitioner who takes no bookings any more', () =>
    withPatient(async (world) => {
      await world.tx`update public.practitioners set active = false where id = ${world.practitioner.id}`;
      expect(await refused(world, world.patient, at('10:00'))).toMatchObject({
        message: 'slot_unavailable',
        detail: 'doctor_inactive'
      });
    }));

  test('with a practitioner nobody knows', () =>
    withPatient(async (world) => {
      const nobody = { ...world.practitioner, id: world.clinic.id };
      expect(await refused({ ...world, practitioner: nobody }, world.patient, at('10:00'))).toEqual({
        code: 'PT404',
        message: 'not_found',
        detail: 'unknown_doctor',
        hint: 'We do not know this doctor.'
      });
    }));

  test('when its time has come', () =>
    withPatient(async (world) => {
      const past = {
        code: 'PT409',
        message: 'slot_in_past',
        detail: 'slot_in_past',
        hint: 'That time has already passed. Please choose a later one.'
      };
      expect(await refused(world, world.patient, at('10:00'), { now: at('10:00') })).toEqual(past);
      expect(await refused(world, world.patient, at('10:00'), { now: at('09:59') })).toBeUndefined();
    }));

  test('without any time at all', () =>
    withPatient(async ({ tx, practitioner, patient }) => {
      for (const time of [null, 'infinity', '-infinity']) {
        const refusal = await refusalIn(tx, () =>
          asPatient(
            tx,
            patient.account,
            (db) => db`select public.book_appointment(${practitioner.id}, ${time}::text::timestamptz)`
          )
        );
        expect(refusal?.message).toBe(time === '-infinity' ? 'slot_in_past' : 'slot_unavailable');
      }
    }));

  test('when the patient holds as many upcoming appointments here as the clinic allows', () =>
    withPatient(async (world) => {
      const { tx, practitioner, patient } = world;
      const first = await book(tx, patient, practitioner, at('10:00'), { now });
      await book(tx, patient, practitioner, at('10:15'), { now });
      expect(await refused(world, patient, at('10:30'))).toEqual({
        code: 'PT409',
        message: 'too_many_bookings',
        detail: 'too_many_bookings',
        hint: 'You already have as many upcoming appointments as the clinic allows. Cancel one first.'
      });
      // Another clinic counts for itself, and so does another patient.
      const elsewhere = await aPractitioner(tx, await aClinic(tx));
      expect(await refused({ ...world, practitioner: elsewhere }, patient, at('10:30'))).toBeUndefined();
      expect(await refused(world, await aPatient(tx), at('10:45'))).toBeUndefined();
      // One that is over, cancelled or missed makes room.
      expect(await refused(world, patient, at('11:00'), { now: first.ends_at })).toBeUndefined();
    }, 2));

  test.each(['cancelled', 'fulfilled', 'noshow'])('no longer, once one of them is %s', (status) =>
    withPatient(async (world) => {
      const { tx, practitioner, patient } = world;
      // On a day that has come by the clock too: nobody is marked as seen before.
      const [early, first, second] = ['06:00', '10:00', '10:30'].map((time) => `2021-06-09T${time}:00+05:30`);
      const then = { now: new Date(early ?? '') };
      const { id } = await book(tx, patient, practitioner, first ?? '', then);
      const again = () => refused(world, patient, new Date(second ?? ''), then);
      expect(await again()).toMatchObject({ message: 'too_many_bookings' });
      await tx`update public.appointments set status = ${status} where id = ${id}`;
      expect(await again()).toBeUndefined();
    }, 1)
  );
});

describe('a call books once', () => {
  test('its confirmation again returns the same booking, even for another slot', () =>
    withPatient(async ({ tx, practitioner, patient }) => {
      const ivr = { channel: 'ivr', callId: `call-${patient.id}`, now } as const;
      const first = await book(tx, patient, practitioner, at('10:00'), ivr);
      expect(await book(tx, patient, practitioner, at('10:00'), ivr)).toEqual(first);
      expect(await book(tx, patient, practitioner, at('11:00'), ivr)).toEqual(first);
      // Neither the limit nor the clock is asked again.
      const late = { ...ivr, now: at('12:00') };
      expect(await book(tx, patient, practitioner, at('10:00'), late)).toEqual(first);
      expect(await tx`select from public.appointments where patient_id = ${patient.id}`).toHaveLength(1);
    }, 1));

  test('a refused call may try again', () =>
    withPatient(async ({ tx, practitioner, patient }) => {
      const ivr = { channel: 'ivr', callId: `call-${patient.id}`, now } as const;
      await book(tx, await aPatient(tx), practitioner, at('10:00'), { now });
      await refusalIn(tx, () => book(tx, patient, practitioner, at('10:00'), ivr));
      expect(await book(tx, patient, practitioner, at('10:15'), ivr)).toMatchObject({ call_id: ivr.callId });
    }));
});
