import { afterAll, describe, expect, test } from 'vitest';
import { asPatient, refusalIn, rolledBack, type Transaction } from '../helpers/database.ts';
import { closeDatabases, databaseAsPostgres } from '../helpers/stack.ts';
import { aClinic, aPatient, aPractitioner, type Appointment } from '../helpers/world.ts';
import type { Clinic, PatientWithAccount, Practitioner } from '../helpers/world.ts';

const sql = databaseAsPostgres();
afterAll(closeDatabases);

/** A day that has come, as patients are marked on no other. */
const at = (time: string) => new Date(`2021-06-09T${time}:00+05:30`);

interface World {
  tx: Transaction;
  clinic: Clinic;
  practitioner: Practitioner;
  patient: PatientWithAccount;
  own: Appointment;
  /** Books at a time, for somebody else. */
  other(time: string, doctor?: Practitioner): Promise<Appointment>;
  mark(appointment: Appointment, status: string): Promise<void>;
  /** The place of the patient, who is booked for 10:00. */
  place(now?: string): Promise<{ ahead: number | null; now_serving: number | null } | undefined>;
}

async function insert(tx: Transaction, patient: { id: string }, practitioner: Practitioner, time: string) {
  const [row] = await tx<Appointment[]>`
    insert into public.appointments (patient_id, practitioner_id, starts_at)
    values (${patient.id}, ${practitioner.id}, ${at(time)}) returning *`;
  if (!row) throw new Error('Nothing was inserted.');
  return row;
}

/** Runs `work` on a day on which a patient is booked for 10:00. */
function onTheDay(work: (world: World) => Promise<void>): Promise<void> {
  return rolledBack(sql, async (tx) => {
    const clinic = await aClinic(tx);
    const practitioner = await aPractitioner(tx, clinic);
    const patient = await aPatient(tx, { account: true });
    const own = await insert(tx, patient, practitioner, '10:00');
    await work({
      tx,
      clinic,
      practitioner,
      patient,
      own,
      other: async (time, doctor = practitioner) => insert(tx, await aPatient(tx), doctor, time),
      mark: async ({ id }, status) => {
        await tx`update public.appointments set status = ${status} where id = ${id}`;
      },
      place: async (now = '09:00') =>
        (
          await tx<{ ahead: number | null; now_serving: number | null }[]>`
            select * from private.queue_place(${patient.id}, ${own.id}, ${at(now)})`
        )[0]
    });
  });
}

describe('who is before', () => {
  test('is whoever has an earlier time that day with that doctor, and is not seen or gone', () =>
    onTheDay(async ({ tx, clinic, practitioner, other, mark, place }) => {
      const [early, arrived, gone] = [await other('09:00'), await other('09:15'), await other('09:30')];
      await other('10:15');
      await other('09:00', await aPractitioner(tx, clinic));
      const yesterday = await aPatient(tx);
      await tx`
        insert into public.appointments (patient_id, practitioner_id, starts_at)
        values (${yesterday.id}, ${practitioner.id}, ${at('09:00')}::timestamptz - interval '1 day')`;
      await mark(arrived, 'arrived');
      await mark(gone, 'cancelled');
      expect(await place()).toEqual({ ahead: 2, now_serving: null });
      await mark(early, 'fulfilled');
      expect(await place()).toEqual({ ahead: 1, now_serving: early.token_number });
      await mark(arrived, 'fulfilled');
      expect(await place()).toEqual({ ahead: 0, now_serving: arrived.token_number });
    }));

  test('is nobody who was called: they are with the doctor', () =>
    onTheDay(async ({ tx, other, mark, place }) => {
      const called = await other('09:00');
      await mark(called, 'arrived');
      await tx`update public.appointments set called_at = now() where id = ${called.id}`;
      expect(await place()).toEqual({ ahead: 0, now_serving: called.token_number });
    }));

  test('is not whom the queue has gone past', () =>
    onTheDay(async ({ other, mark, place }) => {
      await other('09:00');
      const later = await other('09:30');
      await mark(later, 'fulfilled');
      // Seen out of turn before nine: the other is still expected.
      expect(await place('08:50')).toMatchObject({ ahead: 1 });
      expect(await place('09:01')).toMatchObject({ ahead: 0 });
    }));

  test('is whoever waits, also when the queue has gone past them', () =>
    onTheDay(async ({ other, mark, place }) => {
      await mark(await other('09:00'), 'arrived');
      await mark(await other('09:30'), 'fulfilled');
      expect(await place('09:50')).toMatchObject({ ahead: 1 });
    }));

  test('is nobody for ever: who was not marked at all counts until two hours after their end', () =>
    onTheDay(async ({ own, other, mark, place }) => {
      await other('09:45');
      await mark(own, 'arrived');
      expect(await place('11:59')).toMatchObject({ ahead: 1 });
      expect(await place('12:00')).toMatchObject({ ahead: 0 });
    }));

  test('is not told to somebody else', () =>
    onTheDay(async ({ tx, own }) => {
      const stranger = await aPatient(tx);
      const asked = refusalIn(tx, () => tx`select private.queue_place(${stranger.id}, ${own.id}, now())`);
      expect(await asked).toMatchObject({ code: 'PT404', detail: 'unknown_appointment' });
    }));
});

describe('now serving', () => {
  test('is the one seen last, and not the largest number: a walk-in has a token after the last slot', () =>
    onTheDay(async ({ other, mark, place }) => {
      const [first, walkIn, third] = [await other('09:00'), await other('08:30'), await other('09:30')];
      expect(walkIn.token_number).toBe(33);
      await mark(first, 'fulfilled');
      await mark(walkIn, 'fulfilled');
      expect(await place()).toMatchObject({ now_serving: 33 });
      await mark(third, 'fulfilled');
      expect(await place()).toMatchObject({ now_serving: third.token_number });
    }));

  test('is the one called last, though another is marked as seen after that', () =>
    onTheDay(async ({ tx, other, mark, place }) => {
      const [first, second] = [await other('09:00'), await other('09:15')];
      for (const one of [first, second]) {
        await mark(one, 'arrived');
        await tx`update public.appointments set called_at = clock_timestamp() where id = ${one.id}`;
      }
      await mark(first, 'fulfilled');
      expect(await place()).toMatchObject({ now_serving: second.token_number });
    }));

  test('goes back when a mark is undone', () =>
    onTheDay(async ({ other, mark, place }) => {
      const [first, second] = [await other('09:00'), await other('09:15')];
      await mark(first, 'fulfilled');
      await mark(second, 'fulfilled');
      await mark(second, 'booked');
      expect(await place()).toEqual({ ahead: 1, now_serving: first.token_number });
    }));
});

describe('a clinic that marks nobody', () => {
  test('has no queue to tell of, and one as soon as it marks anybody', () =>
    onTheDay(async ({ other, mark, place }) => {
      const first = await other('09:00');
      expect(await place()).toEqual({ ahead: null, now_serving: null });
      await mark(first, 'noshow');
      expect(await place()).toEqual({ ahead: 0, now_serving: null });
      await mark(first, 'booked');
      expect(await place()).toEqual({ ahead: null, now_serving: null });
    }));

  test('tells the patient’s session the same', () =>
    onTheDay(async ({ tx, patient, own }) => {
      const told = await asPatient(
        tx,
        patient.account,
        (db) => db`select * from public.queue_position(${own.id})`
      );
      expect([...told]).toEqual([{ ahead: null, now_serving: null }]);
    }));
});
