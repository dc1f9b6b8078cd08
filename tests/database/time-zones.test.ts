// A clinic's time zone that is corrected: appointments are instants and stay, hours are local and are kept by the new clock.
import { afterAll, describe, expect, test } from 'vitest';
import { rolledBack, type Transaction } from '../helpers/database.ts';
import { closeDatabases, databaseAsPostgres } from '../helpers/stack.ts';
import { aClinic, aPatient, aPractitioner, book, type Clinic } from '../helpers/world.ts';
import type { Appointment, Patient, Practitioner } from '../helpers/world.ts';

const sql = databaseAsPostgres();
afterAll(closeDatabases);

const now = new Date('2091-06-01T00:00:00Z');

interface World {
  tx: Transaction;
  clinic: Clinic;
  practitioner: Practitioner;
  /** Books at a time of Kolkata. */
  at(date: string, time: string): Promise<Appointment & { patient: Patient }>;
  correct(time_zone: string): Promise<void>;
}

/** Runs `work` at a clinic that is thought to be in Kolkata, open from 9:00 to 17:00. */
function inKolkata(work: (world: World) => Promise<void>): Promise<void> {
  return rolledBack(sql, async (tx) => {
    const clinic = await aClinic(tx);
    const practitioner = await aPractitioner(tx, clinic);
    await work({
      tx,
      clinic,
      practitioner,
      at: async (date, time) => {
        const patient = await aPatient(tx);
        return { ...(await book(tx, patient, practitioner, `${date}T${time}:00+05:30`, { now })), patient };
      },
      correct: async (time_zone) => {
        await tx`update public.clinics set time_zone = ${time_zone} where id = ${clinic.id}`;
      }
    });
  });
}

const tokensOf = async (tx: Transaction, clinic: Clinic) =>
  (
    await tx<{ day: string; at: string; token: number }[]>`
      select a.local_date::text as day, to_char(a.starts_at at time zone c.time_zone, 'HH24:MI') as at,
        a.token_number as token
      from public.appointments a join public.clinics c on c.id = a.clinic_id
      where c.id = ${clinic.id} order by a.starts_at`
  ).map(({ day, at, token }) => `${day} ${at} ${token}`);

const smsTo = async (tx: Transaction, { id }: Patient, template: string) =>
  (
    await tx<{ body: string }[]>`
      select body from public.sms_messages where patient_id = ${id} and template = ${template}`
  ).map(({ body }) => body);

describe('day and token of its appointments', () => {
  test('follow, however close together they are', () =>
    inKolkata(async ({ tx, clinic, at, correct }) => {
      for (const time of ['09:00', '09:15', '09:30', '12:00', '16:45']) await at('2091-06-09', time);
      // Two hours later by the clock: eight slots of a quarter of an hour.
      await correct('Asia/Urumqi');
      expect(await tokensOf(tx, clinic)).toEqual([
        '2091-06-09 09:30 3',
        '2091-06-09 09:45 4',
        '2091-06-09 10:00 5',
        '2091-06-09 12:30 15',
        // After hours by the new clock: after the last slot.
        '2091-06-09 17:15 33'
      ]);
      await correct('Asia/Kolkata');
      expect(await tokensOf(tx, clinic)).toEqual([
        '2091-06-09 09:00 1',
        '2091-06-09 09:15 2',
        '2091-06-09 09:30 3',
        '2091-06-09 12:00 13',
        '2091-06-09 16:45 32'
      ]);
    }));

  test('follow to another day', () =>
    inKolkata(async ({ tx, clinic, at, correct }) => {
      await at('2091-06-09', '09:00');
      await at('2091-06-09', '16:45');
      await correct('Pacific/Auckland');
      expect(await tokensOf(tx, clinic)).toEqual(['2091-06-09 15:30 27', '2091-06-09 23:15 33']);
      await correct('America/New_York');
      expect(await tokensOf(tx, clinic)).toEqual(['2091-06-08 23:30 33', '2091-06-09 07:15 33']);
    }));

  test('of what is over: the day, for the sake of its history', () =>
    inKolkata(async ({ tx, clinic, practitioner, correct }) => {
      const patient = await aPatient(tx);
      await tx`
        insert into public.appointments (patient_id, practitioner_id, starts_at, status)
        values (${patient.id}, ${practitioner.id}, '2021-06-09 09:00+05:30', 'fulfilled')`;
      await correct('America/New_York');
      expect(await tokensOf(tx, clinic)).toEqual(['2021-06-08 23:30 33']);
      expect(await smsTo(tx, patient, 'clock_corrected')).toEqual([]);
    }));

  test('cannot be edited into something else by hand', () =>
    inKolkata(async ({ tx, clinic, at }) => {
      const { id } = await at('2091-06-09', '09:00');
      await tx`update public.appointments set local_date = '2091-06-10' where id = ${id}`;
      expect(await tokensOf(tx, clinic)).toEqual(['2091-06-09 09:00 1']);
    }));

  test('of other clinics stay', () =>
    inKolkata(async ({ tx, at, correct }) => {
      const elsewhere = await aClinic(tx);
      const doctor = await aPractitioner(tx, elsewhere);
      await book(tx, await aPatient(tx), doctor, '2091-06-09T09:00:00+05:30', { now });
      await at('2091-06-09', '10:00');
      await correct('Asia/Dubai');
      expect(await tokensOf(tx, elsewhere)).toEqual(['2091-06-09 09:00 1']);
    }));
});

describe('patients', () => {
  test('are told once that their time has another name, and that they need do nothing', () =>
    inKolkata(async ({ tx, at, correct }) => {
      const { patient, reference, starts_at, id } = await at('2091-06-09', '16:00');
      await correct('Asia/Dubai');
      const sms = await smsTo(tx, patient, 'clock_corrected');
      expect(sms).toHaveLength(1);
      expect(sms[0]).toMatch(
        /^The clinic corrected its clock; nothing was moved\. It now says: Dr\. Anjali Rao, \w{3} 9 Jun at 2:30 pm, Lakeside Clinic\. Token 23\. /
      );
      expect(sms[0]).toContain(`Reference ${reference}.`);
      expect([...(await tx`select starts_at, status from public.appointments where id = ${id}`)]).toEqual([
        { starts_at, status: 'booked' }
      ]);
      expect(await smsTo(tx, patient, 'appointment_moved')).toEqual([]);
    }));

  test('are not told where their clock shows the same, or who cancelled', () =>
    inKolkata(async ({ tx, at, correct }) => {
      const [same, cancelled] = [await at('2091-06-09', '10:00'), await at('2091-06-09', '11:00')];
      await tx`update public.appointments set status = 'cancelled' where id = ${cancelled.id}`;
      await correct('Asia/Colombo');
      expect(await smsTo(tx, same.patient, 'clock_corrected')).toEqual([]);
      await correct('Asia/Dubai');
      expect(await smsTo(tx, cancelled.patient, 'clock_corrected')).toEqual([]);
      expect(await smsTo(tx, same.patient, 'clock_corrected')).toHaveLength(1);
    }));

  test('are not reminded by the old clock', () =>
    inKolkata(async ({ tx, at, correct }) => {
      const { patient, id } = await at('2091-06-09', '10:00');
      await tx`
        insert into public.sms_messages (to_phone, template, body, patient_id, appointment_id, expires_at)
        values (${patient.phone}, 'reminder_hours_before', 'at 10:00', ${patient.id}, ${id}, '2091-06-09')`;
      await correct('Asia/Dubai');
      const reminders = await tx`
        select status from public.sms_messages where appointment_id = ${id} and template like 'reminder%'`;
      expect([...reminders]).toEqual([{ status: 'cancelled' }]);
    }));
});

test('hours are kept by the new clock', () =>
  inKolkata(async ({ tx, practitioner, correct }) => {
    await correct('Asia/Dubai');
    const [first] = await tx<{ starts_at: Date }[]>`
      select starts_at from private.free_slots(${practitioner.id}, '2091-06-09', ${now}) order by 1`;
    expect(first?.starts_at).toEqual(new Date('2091-06-09T09:00:00+04:00'));
  }));
