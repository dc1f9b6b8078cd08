// Somebody who was given up and comes after all, when their time is somebody else's by now.
import { afterAll, expect, test } from 'vitest';
import { refusalIn, rolledBack, type Transaction } from '../helpers/database.ts';
import { aDeskPerson, asDesk } from '../helpers/desk.ts';
import { closeDatabases, databaseAsPostgres } from '../helpers/stack.ts';
import { aClinic, aPatient, aPractitioner, whereItIsEarly } from '../helpers/world.ts';
import type { Appointment, Clinic, Patient, Practitioner } from '../helpers/world.ts';

const sql = databaseAsPostgres();
afterAll(closeDatabases);

interface World {
  tx: Transaction;
  clinic: Clinic;
  doctor: Practitioner;
  /** Who had 09:00 and was given up. */
  patient: Patient;
  own: Appointment;
  today: string;
  booked(time: string, options?: { patient?: { id: string }; doctor?: Practitioner }): Promise<Appointment>;
  mark(step: string): Promise<Appointment>;
  /** When they come, as who, with which number. */
  stands(): Promise<string>;
  /** What they were told beside the first SMS. */
  told(): Promise<string[]>;
}

/** Runs `work` where a doctor sees patients from 9 to 10 today, which has hardly begun. */
function afterANoShow(work: (world: World) => Promise<void>): Promise<void> {
  return rolledBack(sql, async (tx) => {
    const clinic = await aClinic(tx, { time_zone: whereItIsEarly() });
    const doctor = await aPractitioner(tx, clinic, { hours: [{ from: '09:00', to: '10:00' }] });
    const priya = await aDeskPerson(tx, clinic);
    const patient = await aPatient(tx);
    const [{ today } = { today: '' }] = await tx<{ today: string }[]>`
      select (now() at time zone ${clinic.time_zone})::date::text as today`;
    const booked: World['booked'] = async (time, { patient: who, doctor: other = doctor } = {}) => {
      const [row] = await tx<Appointment[]>`
        insert into public.appointments (patient_id, practitioner_id, starts_at, channel)
        values (${(who ?? (await aPatient(tx))).id}, ${other.id},
          private.instant_of(${`${today} ${time}`}::timestamp, ${clinic.time_zone}), 'web') returning *`;
      if (!row) throw new Error('Nothing was booked.');
      return row;
    };
    const own = await booked('09:00', { patient });
    const mark = async (step: string) => {
      const [row] = await asDesk(
        tx,
        priya,
        (db) => db<Appointment[]>`select * from public.desk_mark(${own.id}, ${step})`
      );
      if (!row) throw new Error('Nothing was marked.');
      return row;
    };
    await mark('noshow');
    await work({
      tx,
      clinic,
      doctor,
      patient,
      own,
      today,
      booked,
      mark,
      async stands() {
        const [row] = await tx<{ line: string }[]>`
          select format('%s %s-%s %s', status, to_char(starts_at at time zone ${clinic.time_zone}, 'HH24:MI'),
            to_char(ends_at at time zone ${clinic.time_zone}, 'HH24:MI'), token_number) as line
          from public.appointments where id = ${own.id}`;
        return row?.line ?? '';
      },
      told: async () =>
        (
          await tx<{ template: string }[]>`
            select template from public.sms_messages where appointment_id = ${own.id} and template <> 'appointment_booked'`
        ).map(({ template }) => template)
    });
  });
}

test('has come for the next free time, waits for that, and is not texted; taken back, they are given up as before', () =>
  afterANoShow(async ({ tx, doctor, own, today, booked, mark, stands, told }) => {
    await booked('09:00');
    await mark('arrived');
    expect(await stands()).toBe('arrived 09:15-09:30 2');
    const queue = await tx`select token_number, here from private.queue_of(${doctor.id}, ${today}, now())`;
    expect([...queue]).toContainEqual({ token_number: 2, here: true });
    const [event] = await tx`
      select channel, actor from public.audit_trail
      where table_name = 'appointments' and row_id = ${own.id} and changes ? 'starts_at' and action = 'update'`;
    expect(event).toEqual({ channel: 'desk', actor: 'Priya Nair' });
    await mark('undo');
    expect(await stands()).toMatch(/^noshow 09:00-09:15 /);
    await mark('arrived');
    expect(await stands()).toBe('arrived 09:15-09:30 2');
    expect(await told()).toEqual([]);
  }));

test('is squeezed in after everybody where the day is full', () =>
  afterANoShow(async ({ booked, mark, stands }) => {
    for (const time of ['09:00', '09:15', '09:30', '09:45']) await booked(time);
    await mark('arrived');
    expect(await stands()).toBe('arrived 10:00-10:15 5');
  }));

test('keeps the time that nobody else has', () =>
  afterANoShow(async ({ booked, mark, stands }) => {
    await booked('09:15');
    await mark('arrived');
    expect(await stands()).toBe('arrived 09:00-09:15 1');
  }));

test('and who was given up by mistake is told of the time that they have now', () =>
  afterANoShow(async ({ booked, mark, stands, told }) => {
    await booked('09:00');
    await mark('undo');
    expect(await stands()).toBe('booked 09:15-09:30 2');
    expect(await told()).toEqual(['appointment_moved']);
  }));

test('finds room where the day was shifted, and somebody came to be at their time', () =>
  afterANoShow(async ({ tx, doctor, today, own, booked, mark, stands }) => {
    await booked('09:00');
    await tx`
      update public.appointments set starts_at = starts_at + interval '15 minutes', ends_at = ends_at + interval '15 minutes'
      where id = ${own.id}`;
    await tx`select public.shift_day(${doctor.id}, ${today}, null, 15)`;
    await mark('arrived');
    expect(await stands()).toBe('arrived 09:30-09:45 2');
  }));

test('comes when they are not with another doctor, whom they booked meanwhile', () =>
  afterANoShow(async ({ tx, clinic, patient, booked, mark, stands }) => {
    const colleague = await aPractitioner(tx, clinic, { hours: [{ from: '09:00', to: '10:00' }] });
    await booked('09:00', { patient, doctor: colleague });
    await mark('arrived');
    expect(await stands()).toBe('arrived 09:15-09:30 2');
  }));

test('on a day that is over nothing is moved: the desk hears that the time is taken', () =>
  afterANoShow(async ({ tx, own, mark }) => {
    await tx`update public.appointments set starts_at = starts_at - interval '3 days', ends_at = ends_at - interval '3 days' where id = ${own.id}`;
    await tx`
      insert into public.appointments (patient_id, practitioner_id, starts_at, ends_at)
      select ${(await aPatient(tx)).id}, practitioner_id, starts_at, ends_at from public.appointments where id = ${own.id}`;
    expect(await refusalIn(tx, () => mark('arrived'))).toMatchObject({
      code: 'PT409',
      message: 'slot_taken'
    });
  }));
