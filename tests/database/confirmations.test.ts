// A patient says that they will come: on the site, or to the desk on the phone.
import { afterAll, expect, test } from 'vitest';
import { asPatient, refusalIn, rolledBack, type Transaction } from '../helpers/database.ts';
import { aDeskPerson, asDesk, type DeskPerson } from '../helpers/desk.ts';
import { closeDatabases, databaseAsPostgres } from '../helpers/stack.ts';
import { aClinic, aPatient, aPractitioner, whereItIsEarly } from '../helpers/world.ts';
import type { PatientWithAccount } from '../helpers/world.ts';

const sql = databaseAsPostgres();
afterAll(closeDatabases);

interface Row {
  id: string;
  confirmed_at: Date | null;
  version: number;
}

interface World {
  tx: Transaction;
  patient: PatientWithAccount;
  desk: DeskPerson;
  /** An appointment of the patient in so many days, at nine. */
  comesIn(days: number): Promise<Row>;
  /** On the site. */
  confirm(visit: Row): Promise<Row | undefined>;
  /** At the desk. */
  note(visit: Row, confirmed: boolean): Promise<Row | undefined>;
}

function aDay(work: (world: World) => Promise<void>): Promise<void> {
  return rolledBack(sql, async (tx) => {
    const clinic = await aClinic(tx, { time_zone: whereItIsEarly() });
    const doctor = await aPractitioner(tx, clinic);
    const patient = await aPatient(tx, { account: true });
    const desk = await aDeskPerson(tx, clinic);
    await work({
      tx,
      patient,
      desk,
      async comesIn(days) {
        const [made] = await tx<Row[]>`
          insert into public.appointments (patient_id, practitioner_id, starts_at)
          values (${patient.id}, ${doctor.id},
            ((now() at time zone ${clinic.time_zone})::date + ${days}::int + time '09:00') at time zone ${clinic.time_zone})
          returning *`;
        if (!made) throw new Error('Nothing was booked.');
        return made;
      },
      confirm: async ({ id }) =>
        (
          await asPatient(
            tx,
            patient.account,
            (db) => db<Row[]>`select * from public.confirm_appointment(${id})`
          )
        )[0],
      note: async ({ id }, confirmed) =>
        (await asDesk(tx, desk, (db) => db<Row[]>`select * from public.desk_confirm(${id}, ${confirmed})`))[0]
    });
  });
}

test('a patient confirms from the day before on, once, without an SMS; another time is not confirmed', () =>
  aDay(async ({ tx, patient, comesIn, confirm }) => {
    const [today, tomorrow, later] = [await comesIn(0), await comesIn(1), await comesIn(2)];
    const texted = async () =>
      (await tx`select from public.sms_messages where patient_id = ${patient.id}`).count;
    const before = await texted();
    expect((await confirm(today))?.confirmed_at).not.toBeNull();
    const confirmed = await confirm(tomorrow);
    expect(confirmed?.version).toBe(tomorrow.version + 1);
    expect(await confirm(tomorrow)).toEqual(confirmed);
    expect(await refusalIn(tx, () => confirm(later))).toMatchObject({
      code: 'PT409',
      message: 'too_early_to_confirm'
    });
    expect(await texted()).toBe(before);
    const [event] = await tx`
      select channel, actor_id from public.audit_events where row_id = ${tomorrow.id} and action = 'update'`;
    expect(event).toEqual({ channel: 'web', actor_id: patient.account.userId });

    const [moved] = await tx<Row[]>`
      update public.appointments set starts_at = starts_at + interval '15 minutes' where id = ${tomorrow.id} returning *`;
    expect(moved?.confirmed_at).toBeNull();
  }));

test('what is over, cancelled or somebody else’s is not confirmed', () =>
  aDay(async ({ tx, comesIn, confirm }) => {
    const visit = await comesIn(0);
    const word = async () => (await refusalIn(tx, () => confirm(visit)))?.detail;
    await tx`update public.appointments set status = 'cancelled' where id = ${visit.id}`;
    expect(await word()).toBe('already_cancelled');
    await tx`update public.appointments set status = 'booked' where id = ${visit.id}`;
    await tx`update public.appointments set status = 'arrived' where id = ${visit.id}`;
    expect(await word()).toBe('already_begun');
    const yesterday = await comesIn(-1);
    expect((await refusalIn(tx, () => confirm(yesterday)))?.detail).toBe('already_begun');
    const stranger = await aPatient(tx, { account: true });
    const refusal = await refusalIn(tx, () =>
      asPatient(tx, stranger.account, (db) => db`select public.confirm_appointment(${visit.id})`)
    );
    expect(refusal?.detail).toBe('unknown_appointment');
  }));

test('the desk notes it after a call, any time before, and takes it back; pages of the clinic hear of it', () =>
  aDay(async ({ tx, desk, comesIn, note }) => {
    const visit = await comesIn(5);
    const confirmed = await note(visit, true);
    expect(confirmed?.confirmed_at).not.toBeNull();
    expect(await note(visit, true)).toEqual(confirmed);
    expect((await note(visit, false))?.confirmed_at).toBeNull();
    const events = await tx`
      select channel, actor_id from public.audit_events where row_id = ${visit.id} and action = 'update'`;
    expect([...events]).toEqual(Array(2).fill({ channel: 'desk', actor_id: desk.account.userId }));
    const heard = await tx`
      select from realtime.messages where topic like 'desk:%' and payload ->> 'id' = ${visit.id} and event = 'UPDATE'`;
    expect(heard).toHaveLength(2);

    const today = await comesIn(0);
    await tx`update public.appointments set status = 'arrived' where id = ${today.id}`;
    expect(await refusalIn(tx, () => note(today, true))).toMatchObject({
      code: 'PT409',
      message: 'changed_meanwhile'
    });
  }));
