import { afterAll, describe, expect, test } from 'vitest';
import { refusalIn, rolledBack, type Transaction } from '../helpers/database.ts';
import { closeDatabases, databaseAsPostgres } from '../helpers/stack.ts';
import { aClinic, aPatient, aPractitioner, book } from '../helpers/world.ts';
import type { Appointment, Clinic, Patient, Practitioner } from '../helpers/world.ts';

const sql = databaseAsPostgres();
afterAll(closeDatabases);

const now = new Date('2091-06-01T00:00:00Z');
const at = (time: string) => new Date(`2091-06-09T${time}:00+05:30`);

interface World {
  tx: Transaction;
  clinic: Clinic;
  practitioner: Practitioner;
  patient: Patient;
}

/** Runs `work` as an admin in the dashboard: role postgres, no word about where a change comes from. */
function atTheDesk(work: (world: World) => Promise<void>): Promise<void> {
  return rolledBack(sql, async (tx) => {
    const clinic = await aClinic(tx);
    await work({ tx, clinic, practitioner: await aPractitioner(tx, clinic), patient: await aPatient(tx) });
  });
}

async function insert(tx: Transaction, patient: Patient, practitioner: Practitioner, starts_at: Date) {
  const [row] = await tx<Appointment[]>`
    insert into public.appointments (patient_id, practitioner_id, starts_at)
    values (${patient.id}, ${practitioner.id}, ${starts_at}) returning *`;
  if (!row) throw new Error('Nothing was inserted.');
  return row;
}

async function update(
  tx: Transaction,
  { id }: Appointment,
  values: Partial<Appointment>
): Promise<Appointment> {
  const [row] = await tx<
    Appointment[]
  >`update public.appointments set ${tx(values)} where id = ${id} returning *`;
  if (!row) throw new Error('Nothing was updated.');
  return row;
}

describe('an appointment typed in by hand', () => {
  test('needs only patient, practitioner and beginning', () =>
    atTheDesk(async ({ tx, clinic, practitioner, patient }) => {
      const row = await insert(tx, patient, practitioner, at('10:30'));
      expect(row).toMatchObject({
        clinic_id: clinic.id,
        ends_at: at('10:45'),
        status: 'booked',
        channel: 'desk',
        token_number: 7,
        version: 1,
        cancelled_at: null
      });
      expect(row.reference).toMatch(/^[0-9]{4}$/);
    }));

  test('between slots lasts a quarter of an hour and has the next number after the last of the day', () =>
    atTheDesk(async ({ tx, practitioner, patient }) => {
      const first = await insert(tx, patient, practitioner, at('08:10'));
      expect([first.ends_at, first.token_number]).toEqual([at('08:25'), 33]);
      const second = await insert(tx, await aPatient(tx), practitioner, at('08:30'));
      expect(second.token_number).toBe(34);
      // The slots keep theirs.
      expect((await book(tx, await aPatient(tx), practitioner, at('09:00'), { now })).token_number).toBe(1);
    }));

  test('that was cancelled from the start says when', () =>
    atTheDesk(async ({ tx, practitioner, patient }) => {
      const [row] = await tx<Appointment[]>`
        insert into public.appointments (patient_id, practitioner_id, starts_at, status)
        values (${patient.id}, ${practitioner.id}, ${at('10:00')}, 'cancelled') returning *`;
      expect(row?.cancelled_at).toEqual(row?.created_at);
    }));

  test('is refused where it overlaps another, whatever its author knows', () =>
    atTheDesk(async ({ tx, practitioner, patient }) => {
      await insert(tx, patient, practitioner, at('10:00'));
      const other = await aPatient(tx);
      expect(await refusalIn(tx, () => insert(tx, other, practitioner, at('10:10')))).toMatchObject({
        code: '23P01'
      });
    }));

  test('has a reference that none of the upcoming ones of this patient has', () =>
    atTheDesk(async ({ tx, practitioner, patient }) => {
      const { reference } = await insert(tx, patient, practitioner, at('10:00'));
      const [taken] = await tx<Appointment[]>`
        insert into public.appointments (patient_id, practitioner_id, starts_at, reference)
        values (${patient.id}, ${practitioner.id}, ${at('11:00')}, ${reference}) returning *`;
      expect(taken?.reference).toMatch(/^[0-9]{4}$/);
      expect(taken?.reference).not.toBe(reference);
    }));
});

describe('an appointment changed by hand', () => {
  test('counts its changes and tells the last', () =>
    atTheDesk(async ({ tx, practitioner, patient }) => {
      const row = await insert(tx, patient, practitioner, at('10:00'));
      await tx`update public.appointments set updated_at = '2001-01-01' where id = ${row.id}`;
      const changed = await update(tx, row, { status: 'cancelled', version: 77 });
      expect(changed.version).toBe(3);
      expect(changed.updated_at).toEqual(row.updated_at);
    }));

  test('cancelled says when, and taken up again forgets it and keeps its number and reference', () =>
    atTheDesk(async ({ tx, practitioner, patient }) => {
      const row = await insert(tx, patient, practitioner, at('10:00'));
      const cancelled = await update(tx, row, { status: 'cancelled' });
      expect(cancelled.cancelled_at).toEqual(cancelled.updated_at);
      const again = await update(tx, row, { status: 'booked' });
      expect(again).toMatchObject({
        cancelled_at: null,
        token_number: row.token_number,
        reference: row.reference,
        version: 3
      });
    }));

  test('taken up again finds a new number and reference where its own are in use by now', () =>
    atTheDesk(async ({ tx, practitioner, patient }) => {
      const row = await insert(tx, patient, practitioner, at('10:00'));
      await update(tx, row, { status: 'cancelled' });
      // With longer slots another slot has the fifth number.
      await tx`update public.schedules set slot_minutes = 30 where practitioner_id = ${practitioner.id}`;
      const other = await insert(tx, patient, practitioner, at('11:00'));
      await update(tx, other, { reference: row.reference });
      expect(other.token_number).toBe(row.token_number);
      const again = await update(tx, row, { status: 'booked' });
      expect(again.token_number).toBe(3);
      expect(again.reference).not.toBe(row.reference);
    }));

  test('moved keeps its length, or takes that of the slot it is moved to, and follows the day and its numbers', () =>
    atTheDesk(async ({ tx, practitioner, patient }) => {
      const row = await insert(tx, patient, practitioner, at('10:00'));
      await update(tx, row, { ends_at: at('10:40') });
      const odd = await update(tx, row, { starts_at: at('08:00') });
      expect([odd.ends_at, odd.token_number]).toEqual([at('08:40'), 33]);
      const slot = await update(tx, row, { starts_at: at('11:00') });
      expect([slot.ends_at, slot.token_number]).toEqual([at('11:15'), 9]);
      const both = await update(tx, row, { starts_at: at('12:00'), ends_at: at('12:50') });
      expect([both.ends_at, both.token_number]).toEqual([at('12:50'), 13]);
      const [{ local_date } = { local_date: '' }] = await tx<{ local_date: string }[]>`
        update public.appointments set starts_at = '2091-06-10 00:10+05:30'
        where id = ${row.id} returning local_date::text`;
      expect(local_date).toBe('2091-06-10');
    }));

  test('given to another practitioner goes along to their clinic', () =>
    atTheDesk(async ({ tx, practitioner, patient }) => {
      const row = await insert(tx, patient, practitioner, at('10:00'));
      const clinic = await aClinic(tx, { time_zone: 'Pacific/Auckland' });
      const { id } = await aPractitioner(tx, clinic);
      expect(await update(tx, row, { practitioner_id: id })).toMatchObject({
        clinic_id: clinic.id,
        starts_at: at('10:00')
      });
    }));

  test('cannot be given to another patient', () =>
    atTheDesk(async ({ tx, practitioner, patient }) => {
      const row = await insert(tx, patient, practitioner, at('10:00'));
      const { id } = await aPatient(tx);
      expect(await refusalIn(tx, () => update(tx, row, { patient_id: id }))).toEqual({
        code: 'PT409',
        message: 'patient_is_fixed',
        detail: 'patient_is_fixed',
        hint: 'An appointment cannot be given to another patient. Cancel it and book a new one.'
      });
    }));

  test('keeps the clinic and day that follow from the rest', () =>
    atTheDesk(async ({ tx, clinic, practitioner, patient }) => {
      const row = await insert(tx, patient, practitioner, at('10:00'));
      const elsewhere = await aClinic(tx);
      expect(await update(tx, row, { clinic_id: elsewhere.id })).toMatchObject({ clinic_id: clinic.id });
    }));
});

describe('numbers of the day', () => {
  test('stay unique when the hours change under the bookings', () =>
    atTheDesk(async ({ tx, practitioner }) => {
      const tokens: number[] = [];
      for (const time of ['09:00', '09:15', '10:00']) {
        tokens.push((await book(tx, await aPatient(tx), practitioner, at(time), { now })).token_number);
      }
      await tx`update public.schedules set slot_minutes = 20 where practitioner_id = ${practitioner.id}`;
      for (const time of ['09:40', '10:20', '11:00']) {
        tokens.push((await book(tx, await aPatient(tx), practitioner, at(time), { now })).token_number);
      }
      // 10:20 is the fifth slot now, but the fifth number is 10:00's.
      expect(tokens).toEqual([1, 2, 5, 3, 25, 7]);
    }));

  test('count for each practitioner and day alone', () =>
    atTheDesk(async ({ tx, clinic, practitioner }) => {
      const colleague = await aPractitioner(tx, clinic);
      const token = async (doctor: Practitioner, time: Date | string) =>
        (await book(tx, await aPatient(tx), doctor, time, { now })).token_number;
      expect(await token(practitioner, at('09:00'))).toBe(1);
      expect(await token(colleague, at('09:00'))).toBe(1);
      expect(await token(practitioner, '2091-06-10T09:00:00+05:30')).toBe(1);
    }));
});

test('a deleted appointment leaves its SMS and its history behind', () =>
  atTheDesk(async ({ tx, practitioner, patient }) => {
    const row = await insert(tx, patient, practitioner, at('10:00'));
    await tx`delete from public.appointments where id = ${row.id}`;
    const messages =
      await tx`select appointment_id from public.sms_messages where patient_id = ${patient.id}`;
    expect([...messages]).toEqual([{ appointment_id: null }, { appointment_id: null }]);
    const history = await tx`select action from public.audit_events where row_id = ${row.id} order by id`;
    expect([...history]).toEqual([{ action: 'insert' }, { action: 'delete' }]);
  }));

describe('clinics, hours and practitioners changed by hand', () => {
  test.each(['IST', 'UTC+5', 'Foo5', 'Asia/Foo5', 'Asia/Atlantis', ''])('"%s" is no time zone', (zone) =>
    atTheDesk(async ({ tx, clinic }) => {
      const edit = () => tx`update public.clinics set time_zone = ${zone} where id = ${clinic.id}`;
      expect(await refusalIn(tx, edit)).toEqual({
        code: 'PT400',
        message: 'unknown_time_zone',
        detail: 'unknown_time_zone',
        hint: `"${zone}" is not a time zone. Use an IANA name such as Asia/Kolkata.`
      });
    })
  );

  test.each(['UTC', 'Asia/Kolkata', 'America/Argentina/Buenos_Aires', 'America/Port-au-Prince'])(
    '%s is one',
    (zone) =>
      atTheDesk(async ({ tx, clinic }) => {
        const edit = () => tx`update public.clinics set time_zone = ${zone} where id = ${clinic.id}`;
        expect(await refusalIn(tx, edit)).toBeUndefined();
      })
  );

  test('what has appointments is not deleted', () =>
    atTheDesk(async ({ tx, clinic, practitioner, patient }) => {
      await insert(tx, patient, practitioner, at('10:00'));
      const deletions = [
        () => tx`delete from public.practitioners where id = ${practitioner.id}`,
        () => tx`delete from public.clinics where id = ${clinic.id}`,
        () => tx`delete from public.patients where id = ${patient.id}`
      ];
      for (const deletion of deletions) {
        expect(await refusalIn(tx, deletion)).toMatchObject({ code: '23503' });
      }
    }));
});
