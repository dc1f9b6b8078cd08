import { afterAll, describe, expect, test } from 'vitest';
import { asPatient, refusalIn, refusalOf, rolledBack, type Transaction } from '../helpers/database.ts';
import { closeDatabases, databaseAsPostgres } from '../helpers/stack.ts';
import { aClinic, aPatient, aPractitioner, book, nextSlots } from '../helpers/world.ts';
import type { Appointment, Clinic, Patient, PatientWithAccount, Practitioner } from '../helpers/world.ts';

const sql = databaseAsPostgres();
afterAll(closeDatabases);

const now = new Date('2091-06-01T00:00:00Z');
const at = (time: string) => new Date(`2091-06-09T${time}:00+05:30`);

interface World {
  tx: Transaction;
  clinic: Clinic;
  practitioner: Practitioner;
  patient: PatientWithAccount;
  appointment: Appointment;
}

/** Runs `work` with a patient who is booked for 10:00. */
function withBooking(work: (world: World) => Promise<void>): Promise<void> {
  return rolledBack(sql, async (tx) => {
    const clinic = await aClinic(tx);
    const practitioner = await aPractitioner(tx, clinic);
    const patient = await aPatient(tx, { account: true });
    const appointment = await book(tx, patient, practitioner, at('10:00'), { now });
    await work({ tx, clinic, practitioner, patient, appointment });
  });
}

async function cancel(
  tx: Transaction,
  patient: Patient,
  { id }: Appointment,
  when = now
): Promise<Appointment> {
  const [row] = await tx<Appointment[]>`select * from private.cancel(${patient.id}, ${id}, 'web', ${when})`;
  if (!row) throw new Error('Nothing came back.');
  return row;
}

async function move(
  tx: Transaction,
  patient: Patient,
  { id }: Appointment,
  to: Date,
  when = now
): Promise<Appointment> {
  const [row] = await tx<Appointment[]>`
    select * from private.reschedule(${patient.id}, ${id}, ${to}, 'web', ${when})`;
  if (!row) throw new Error('Nothing came back.');
  return row;
}

const notChangeable = {
  code: 'PT409',
  message: 'not_cancellable',
  hint: 'This appointment can no longer be changed.'
};
const alreadyBegun = { ...notChangeable, detail: 'already_begun' };
const notFound = {
  code: 'PT404',
  message: 'not_found',
  detail: 'unknown_appointment',
  hint: 'We could not find this appointment.'
};

describe('cancelling', () => {
  test('frees the slot, says when, and counts as a change', () =>
    withBooking(async ({ tx, practitioner, patient, appointment }) => {
      const cancelled = await cancel(tx, patient, appointment);
      expect(cancelled).toMatchObject({ id: appointment.id, status: 'cancelled', version: 2 });
      expect(cancelled.cancelled_at).toEqual(cancelled.updated_at);
      await book(tx, await aPatient(tx), practitioner, at('10:00'), { now });
    }));

  test('twice is one cancellation', () =>
    withBooking(async ({ tx, patient, appointment }) => {
      const once = await cancel(tx, patient, appointment);
      expect(await cancel(tx, patient, appointment)).toEqual(once);
      expect(await cancel(tx, patient, appointment, at('12:00'))).toEqual(once);
    }));

  test('is too late once the appointment has begun, or its patient has arrived', () =>
    withBooking(async ({ tx, patient, appointment }) => {
      expect(await refusalIn(tx, () => cancel(tx, patient, appointment, at('10:00')))).toEqual(alreadyBegun);
      // Nobody is marked before the day has come by the clock.
      await tx`update public.appointments set starts_at = '2021-06-09T10:00:00+05:30' where id = ${appointment.id}`;
      const refusals = { arrived: 'already_begun', fulfilled: 'already_seen', noshow: 'already_begun' };
      for (const [status, detail] of Object.entries(refusals)) {
        await tx`update public.appointments set status = 'booked' where id = ${appointment.id}`;
        await tx`update public.appointments set status = ${status} where id = ${appointment.id}`;
        const early = new Date('2021-06-09T06:00:00+05:30');
        expect(await refusalIn(tx, () => cancel(tx, patient, appointment, early))).toEqual({
          ...notChangeable,
          detail
        });
      }
    }));

  test('of what belongs to somebody else is as if it were not there', () =>
    withBooking(async ({ tx, appointment }) => {
      const stranger = await aPatient(tx, { account: true });
      expect(await refusalIn(tx, () => cancel(tx, stranger, appointment))).toEqual(notFound);
      const own = asPatient(
        tx,
        stranger.account,
        (db) => db`select public.cancel_appointment(${appointment.id})`
      );
      expect(await refusalOf(own)).toEqual(notFound);
    }));

  test('by a session goes by way of the web', () =>
    withBooking(async ({ tx, practitioner, patient }) => {
      const [slot] = await nextSlots(tx, practitioner, 1);
      const { id } = await book(tx, patient, practitioner, slot ?? '');
      await asPatient(tx, patient.account, (db) => db`select public.cancel_appointment(${id})`);
      const [event] = await tx`
        select channel, actor_id from public.audit_events
        where row_id = ${id} and action = 'update'`;
      expect(event).toEqual({ channel: 'web', actor_id: patient.account.userId });
    }));
});

describe('moving', () => {
  test('takes the other slot, frees the old one and gives its number; the reference stays', () =>
    withBooking(async ({ tx, practitioner, patient, appointment }) => {
      const moved = await move(tx, patient, appointment, at('11:00'));
      expect(moved).toMatchObject({
        id: appointment.id,
        starts_at: at('11:00'),
        ends_at: at('11:15'),
        status: 'booked',
        token_number: 9,
        reference: appointment.reference,
        version: 2
      });
      await book(tx, await aPatient(tx), practitioner, at('10:00'), { now });
    }));

  test('to where it is changes nothing', () =>
    withBooking(async ({ tx, patient, appointment }) => {
      expect(await move(tx, patient, appointment, at('10:00'))).toEqual(appointment);
    }));

  test('to a slot of another length gives it that length, even when both end together', () =>
    withBooking(async ({ tx, practitioner, patient, appointment }) => {
      await tx`update public.schedules set slot_minutes = 5 where practitioner_id = ${practitioner.id}`;
      const moved = await move(tx, patient, appointment, at('10:10'));
      expect([moved.starts_at, moved.ends_at]).toEqual([at('10:10'), at('10:15')]);
    }));

  test('is refused into what is taken, not offered, past, or beside one of their own', () =>
    withBooking(async ({ tx, clinic, practitioner, patient, appointment }) => {
      const words = async (to: Date, when = now) => {
        const refusal = await refusalIn(tx, () => move(tx, patient, appointment, to, when));
        return [refusal?.message, refusal?.detail];
      };
      await book(tx, await aPatient(tx), practitioner, at('10:15'), { now });
      const colleague = await aPractitioner(tx, clinic);
      await book(tx, patient, colleague, at('12:00'), { now });
      expect(await words(at('10:15'))).toEqual(['slot_taken', 'slot_taken']);
      expect(await words(at('12:00'))).toEqual(['slot_unavailable', 'own_appointment']);
      expect(await words(at('10:05'))).toEqual(['slot_unavailable', 'outside_hours']);
      expect(await words(at('08:00'))).toEqual(['slot_unavailable', 'outside_hours']);
      expect(await words(at('09:30'), at('09:45'))).toEqual(['slot_in_past', 'slot_in_past']);
      const [unchanged] = await tx<
        Appointment[]
      >`select * from public.appointments where id = ${appointment.id}`;
      expect(unchanged).toMatchObject({ starts_at: at('10:00'), version: 1 });
    }));

  test('is too late once it has begun or is not booked any more', () =>
    withBooking(async ({ tx, patient, appointment }) => {
      expect(await refusalIn(tx, () => move(tx, patient, appointment, at('11:00'), at('10:00')))).toEqual(
        alreadyBegun
      );
      await cancel(tx, patient, appointment);
      expect(await refusalIn(tx, () => move(tx, patient, appointment, at('11:00')))).toEqual({
        ...notChangeable,
        detail: 'already_cancelled'
      });
    }));

  test('of what belongs to somebody else is as if it were not there', () =>
    withBooking(async ({ tx, appointment }) => {
      const stranger = await aPatient(tx);
      expect(await refusalIn(tx, () => move(tx, stranger, appointment, at('11:00')))).toEqual(notFound);
    }));
});
