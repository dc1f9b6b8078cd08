import { afterAll, describe, expect, test } from 'vitest';
import { asPatient, refusalIn, refusalOf, rolledBack, type Transaction } from '../helpers/database.ts';
import { closeDatabases, databaseAsPostgres } from '../helpers/stack.ts';
import {
  aClinic,
  aPatient,
  aPractitioner,
  book,
  nextSlots,
  type Appointment,
  type PatientWithAccount,
  type Practitioner
} from '../helpers/world.ts';

const sql = databaseAsPostgres();
afterAll(closeDatabases);

interface World {
  tx: Transaction;
  patient: PatientWithAccount;
  doctor: Practitioner;
  slots: Date[];
}

function withSlots(work: (world: World) => Promise<void>): Promise<void> {
  return rolledBack(sql, async (tx) => {
    const doctor = await aPractitioner(tx, await aClinic(tx, { max_active_bookings: 100 }));
    const patient = await aPatient(tx, { account: true });
    await work({ tx, patient, doctor, slots: await nextSlots(tx, doctor, 40) });
  });
}

const rpc = (world: Pick<World, 'tx' | 'patient'>, name: string, ...values: (string | Date)[]) =>
  asPatient(world.tx, world.patient.account, async (db) => {
    const [row] = await db.unsafe<Appointment[]>(
      `select * from public.${name}(${values.map((_, n) => `$${n + 1}`).join(', ')})`,
      values.map((value) => (value instanceof Date ? value.toISOString() : value))
    );
    if (!row) throw new Error('Nothing came back.');
    return row;
  });

const booking = (world: World, slot: Date | undefined) =>
  rpc(world, 'book_appointment', world.doctor.id, slot ?? '');

const smsOf = (tx: Transaction, { id }: { id: string }) =>
  tx`select from public.sms_messages where patient_id = ${id} and template like 'appointment%'`;

describe('a patient', () => {
  test('who books and cancels 300 times in an hour makes 20 changes, and no SMS beyond theirs', () =>
    withSlots(async (world) => {
      const { tx, patient, slots } = world;
      let refused = 0;
      for (let cycle = 0; cycle < 300; cycle++) {
        const refusal = await refusalIn(tx, async () => {
          const { id } = await booking(world, slots[0]);
          await rpc(world, 'cancel_appointment', id);
        });
        if (refusal) {
          refused += 1;
          expect(refusal).toMatchObject({ code: 'PT429', message: 'too_many_changes' });
          expect(refusal.hint).toMatch(/try again in ([1-9]|[1-5]\d|60) minutes/);
        }
      }
      expect(refused).toBe(290);
      expect(await smsOf(tx, patient)).toHaveLength(20);
      expect(await tx`select from public.appointments where patient_id = ${patient.id}`).toHaveLength(10);
    }));

  test('who has made 20 changes can still cancel, and nothing else', () =>
    withSlots(async (world) => {
      const { tx, slots } = world;
      const booked: Appointment[] = [];
      for (const slot of slots.slice(0, 20)) booked.push(await booking(world, slot));
      const [first, second] = booked;
      const tooMany = { message: 'too_many_changes' };
      expect(await refusalIn(tx, () => booking(world, slots[30]))).toMatchObject(tooMany);
      const move = () => rpc(world, 'reschedule_appointment', first?.id ?? '', slots[31] ?? '');
      expect(await refusalIn(tx, move)).toMatchObject(tooMany);
      expect(await rpc(world, 'cancel_appointment', second?.id ?? '')).toMatchObject({ status: 'cancelled' });
    }));

  test('loses nothing by what is refused or changes nothing', () =>
    withSlots(async (world) => {
      const { tx, slots } = world;
      const { id } = await booking(world, slots[0]);
      for (let n = 0; n < 30; n++) {
        await refusalIn(tx, () => booking(world, slots[0]));
        await rpc(world, 'reschedule_appointment', id, slots[0] ?? '');
      }
      for (let n = 1; n < 20; n++) await rpc(world, 'reschedule_appointment', id, slots[n] ?? '');
      await rpc(world, 'cancel_appointment', id);
      await rpc(world, 'cancel_appointment', id);
    }));

  test('does not use up what others may change, and begins anew in the next hour', () =>
    withSlots(async (world) => {
      const { tx, doctor, slots } = world;
      await tx`update public.security_settings set changes_per_hour = 1`;
      await booking(world, slots[0]);
      expect(await refusalIn(tx, () => booking(world, slots[1]))).toMatchObject({ code: 'PT429' });
      await booking({ ...world, patient: await aPatient(tx, { account: true }) }, slots[1]);
      const inAnHour = { now: new Date(Date.now() + 3_600_000) };
      await book(tx, world.patient, doctor, slots[20] ?? '', inAnHour);
    }));

  test('is limited in sessions alone: calls have limits of their own, and the clinic has none', () =>
    withSlots(async (world) => {
      const { tx, patient, doctor, slots } = world;
      await tx`update public.security_settings set changes_per_hour = 1`;
      for (const [n, slot] of slots.slice(0, 5).entries()) {
        await book(tx, patient, doctor, slot, { channel: 'ivr', callId: `${patient.id}-${n}` });
      }
      for (const slot of slots.slice(5, 9)) {
        await tx`
          insert into public.appointments (patient_id, practitioner_id, starts_at)
          values (${patient.id}, ${doctor.id}, ${slot})`;
      }
      await booking(world, slots[9]);
    }));
});

test('changes at the same time are counted one after the other', async () => {
  const doctor = await aPractitioner(sql, await aClinic(sql, { max_active_bookings: 100 }));
  const patient = await aPatient(sql, { account: true });
  const slots = await nextSlots(sql, doctor, 40);
  const outcomes = await Promise.all(
    slots.map((slot) =>
      refusalOf(sql.begin((tx) => book(tx as unknown as typeof sql, patient, doctor, slot)))
    )
  );
  expect(outcomes.filter((refusal) => refusal === undefined)).toHaveLength(20);
  expect(await sql`select from public.appointments where patient_id = ${patient.id}`).toHaveLength(20);
});
