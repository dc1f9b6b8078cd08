// Requests of a call that come twice, late or at once: whatever they do is done once, and told as it stands.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startQuietDatabase, type QuietDatabase } from '../helpers/database.ts';
import { aClinic, aPatient, aPractitioner, book, whereItIsEarly } from '../helpers/world.ts';
import type { Appointment, Clinic, Patient, Practitioner } from '../helpers/world.ts';

let quiet: QuietDatabase;
beforeAll(async () => {
  quiet = await startQuietDatabase({ connections: 20 });
});
afterAll(() => quiet.stop());

interface Answer {
  appointment?: { id: string; status: string; starts_at: string };
  slot?: { starts_at: string };
  error?: string;
  no_more_tries?: boolean;
  proof?: string;
}

type Task = Record<string, unknown> & { kind: string };

let clinic: Clinic;
let doctor: Practitioner;
let caller: Patient;
let appointment: Appointment;
let slots: Date[];

beforeEach(async () => {
  const { sql } = quiet;
  clinic = await aClinic(sql, { time_zone: whereItIsEarly() });
  doctor = await aPractitioner(sql, clinic);
  caller = await aPatient(sql);
  const found = await sql<{ starts_at: Date }[]>`
    select starts_at from private.next_free_slots(${clinic.id}, null, ${doctor.id}, now() + interval '1 day', 8, now())`;
  slots = found.map(({ starts_at }) => starts_at);
  appointment = await book(sql, caller, doctor, slots[0] ?? '');
});

const at = (slot: number) => slots[slot]?.toISOString() ?? '';
const when = (answer: Answer | undefined) => new Date(answer?.appointment?.starts_at ?? 0).toISOString();

/** A call of the caller: takes turns, by number and task. */
const aCall =
  (callId = crypto.randomUUID()) =>
  async (turn: number, task: Task): Promise<Answer> => {
    const { sql } = quiet;
    const call = { call_id: callId, caller: caller.phone, dialled: clinic.phone, turn, step: 'x', keys: '1' };
    const [row] = await sql<{ answer: Answer }[]>`
      select private.ivr_turn(${sql.json(call)}, ${sql.json(task as never)}) as answer`;
    return row?.answer ?? {};
  };

const aBooking = (slot: number): Task => ({
  kind: 'book',
  practitioner_id: doctor.id,
  starts_at: at(slot),
  preference: {}
});
const aMove = (slot: number): Task => ({
  kind: 'move',
  appointment_id: appointment.id,
  starts_at: at(slot),
  preference: { practitioner_id: doctor.id, moving: appointment.id }
});
const aCancellation = (): Task => ({ kind: 'cancel', appointment_id: appointment.id });

const byWeb = (slot: number) =>
  quiet.sql`select private.reschedule(${caller.id}, ${appointment.id}, ${at(slot)}, 'web', now())`;
const asItStands = async () => {
  const [row] = await quiet.sql<{ status: string; starts_at: Date }[]>`
    select status, starts_at from public.appointments where id = ${appointment.id}`;
  return [row?.status, row?.starts_at.toISOString()];
};
const countOf = async () =>
  (await quiet.sql`select from public.appointments where patient_id = ${caller.id} and active`).count;

const referenceOf = async () => {
  const [row] = await quiet.sql<{ reference: string }[]>`
    select reference from public.appointments where id = ${appointment.id}`;
  return row?.reference ?? '';
};

describe('a request that comes once more', () => {
  test('moves nothing that was moved elsewhere since, and tells where it is', async () => {
    const turn = aCall();
    expect(when(await turn(5, aMove(2)))).toBe(at(2));
    await byWeb(4);
    expect(when(await turn(5, aMove(2)))).toBe(at(4));
    expect(await asItStands()).toEqual(['booked', at(4)]);
  });

  test('moves nothing where it was refused before, though the time is free by now', async () => {
    const turn = aCall();
    const other = await book(quiet.sql, await aPatient(quiet.sql), doctor, slots[2] ?? '');
    expect((await turn(5, aMove(2))).error).toBe('slot_taken');
    await quiet.sql`update public.appointments set status = 'cancelled' where id = ${other.id}`;
    expect(await turn(5, aMove(2))).toMatchObject({
      error: 'slot_taken',
      slot: { practitioner_id: doctor.id }
    });
    expect(await asItStands()).toEqual(['booked', at(0)]);
  });

  test('cancels nothing that the clinic has given back since', async () => {
    const turn = aCall();
    expect((await turn(5, aCancellation())).appointment?.status).toBe('cancelled');
    await quiet.sql`update public.appointments set status = 'booked' where id = ${appointment.id}`;
    expect((await turn(5, aCancellation())).appointment?.status).toBe('booked');
    expect(await asItStands()).toEqual(['booked', at(0)]);
  });

  test('books nothing that was deleted since', async () => {
    const turn = aCall();
    const { appointment: booked } = await turn(5, aBooking(3));
    await quiet.sql`delete from public.appointments where id = ${booked?.id ?? ''}`;
    expect(await turn(5, aBooking(3))).not.toHaveProperty('appointment');
    expect(await countOf()).toBe(1);
  });

  test('books nothing where it was refused before, and the caller has chosen another time since', async () => {
    const turn = aCall();
    const other = await book(quiet.sql, await aPatient(quiet.sql), doctor, slots[2] ?? '');
    expect((await turn(5, aBooking(2))).error).toBe('slot_taken');
    await quiet.sql`update public.appointments set status = 'cancelled' where id = ${other.id}`;
    expect((await turn(5, aBooking(2))).error).toBe('slot_taken');
    expect(when(await turn(6, aBooking(3)))).toBe(at(3));
    expect(await countOf()).toBe(2);
  });

  test('does not open an appointment that was cancelled since', async () => {
    const turn = aCall();
    const task = { kind: 'check_reference', reference: await referenceOf() };
    expect((await turn(3, task)).appointment?.id).toBe(appointment.id);
    await quiet.sql`update public.appointments set status = 'cancelled' where id = ${appointment.id}`;
    expect(await turn(3, task)).not.toHaveProperty('appointment');
  });

  test('of a number that was given up since is answered, and counts no guess', async () => {
    const turn = aCall();
    const task = { kind: 'check_reference', reference: 'none' };
    expect((await turn(3, task)).no_more_tries).toBe(false);
    await quiet.sql`update public.patients set phone = null where id = ${caller.id}`;
    expect((await turn(3, task)).no_more_tries).toBe(false);
  });

  test('at the same moment is answered the same, and done once', async () => {
    for (const task of [aMove(2), aBooking(3), aCancellation()]) {
      const turn = aCall();
      const [first, ...others] = await Promise.all([1, 2, 3].map(() => turn(5, task)));
      const { id, status, starts_at } = first?.appointment ?? {};
      expect(id).toBeDefined();
      for (const other of others) expect(other.appointment).toMatchObject({ id, status, starts_at });
    }
    expect(await asItStands()).toEqual(['cancelled', at(2)]);
    expect(await countOf()).toBe(1);
    const texts = await quiet.sql<{ template: string }[]>`
      select template from public.sms_messages where appointment_id = ${appointment.id} order by created_at, template`;
    expect(texts.map(({ template }) => template).filter((name) => name !== 'appointment_booked')).toEqual([
      'appointment_moved',
      'appointment_cancelled'
    ]);
  });
});

describe('two calls at once', () => {
  test('that move one appointment leave it at one of the times, and free at the other', async () => {
    const answers = await Promise.all([aCall()(5, aMove(2)), aCall()(5, aMove(4))]);
    expect(answers.map(when).sort()).toEqual([at(2), at(4)].sort());
    const [status, time] = await asItStands();
    expect(status).toBe('booked');
    expect([at(2), at(4)]).toContain(time);
  });

  test('that cancel and move it: it is cancelled, or cancelled where it was moved to', async () => {
    const [cancelled, moved] = await Promise.all([aCall()(5, aCancellation()), aCall()(5, aMove(2))]);
    expect(cancelled.appointment?.status).toBe('cancelled');
    expect(await asItStands()).toEqual(['cancelled', moved.appointment ? at(2) : at(0)]);
  });

  test('that book one time: one has it, and the other is told that it is theirs already', async () => {
    const answers = await Promise.all([aCall()(5, aBooking(3)), aCall()(5, aBooking(3))]);
    expect(answers.map(({ error }) => error ?? 'booked').sort()).toEqual(['booked', 'own_slot']);
    expect(await countOf()).toBe(2);
  });
});
