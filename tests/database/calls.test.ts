import { afterAll, describe, expect, test } from 'vitest';
import { rolledBack, type Transaction } from '../helpers/database.ts';
import { closeDatabases, databaseAsPostgres } from '../helpers/stack.ts';
import { aClinic, aPatient, aPhone, aPractitioner, book } from '../helpers/world.ts';
import type { Clinic, Practitioner } from '../helpers/world.ts';

const sql = databaseAsPostgres();
afterAll(closeDatabases);

const start = new Date('2091-06-08T18:30:00Z');
const after = (seconds: number) => new Date(start.getTime() + seconds * 1000);
const at = (time: string) => new Date(`2091-06-09T${time}:00+05:30`);

interface Answer {
  clinic: {
    id: string;
    name: string;
    time_zone: string;
    today: string;
    horizon: number;
    takes_bookings: boolean;
    reception: unknown;
  } | null;
  specialties?: { key: string; name: string }[];
  slot?: {
    practitioner_id: string;
    specialty: string;
    spoken_name: string;
    starts_at: string;
  } | null;
  appointment?: {
    patient_id: string;
    status: string;
    starts_at: string;
    token_number: number;
    spoken_name: string;
  };
  error?: string;
}

interface TurnToTake {
  turn: number;
  caller?: string | null;
  callId?: string;
  dialled?: string;
  step?: string;
  keys?: string;
  task?: Record<string, unknown> | null;
  now?: Date;
}

interface World {
  tx: Transaction;
  clinic: Clinic;
  practitioner: Practitioner;
  caller: string;
  callId: string;
  turn(turn: TurnToTake): Promise<Answer>;
  record(): Promise<Record<string, unknown> | undefined>;
}

/** Runs `work` with a caller of a clinic with one practitioner. */
function withCall(work: (world: World) => Promise<void>): Promise<void> {
  return rolledBack(sql, async (tx) => {
    const clinic = await aClinic(tx);
    const practitioner = await aPractitioner(tx, clinic, { spoken_name: 'Doctor Row' });
    const caller = aPhone();
    const callId = `call-${caller}`;
    await work({
      tx,
      clinic,
      practitioner,
      caller,
      callId,
      async turn({ turn, task = null, now = after(turn * 10), ...rest }) {
        const call = {
          call_id: rest.callId ?? callId,
          caller: rest.caller === undefined ? caller : rest.caller,
          dialled: rest.dialled ?? clinic.phone,
          turn,
          step: rest.step ?? 'menu',
          keys: rest.keys ?? ''
        };
        const [row] = await tx<{ answer: Answer }[]>`
          select private.ivr_turn(${tx.json(call)}, ${task ? tx.json(JSON.parse(JSON.stringify(task))) : null}, ${now}) as answer`;
        if (!row) throw new Error('No answer came.');
        return row.answer;
      },
      async record() {
        const [row] = await tx`
          select clinic_id, patient_id, caller, outcome, duration_seconds,
            (select jsonb_agg(s -> 'turn') from jsonb_array_elements(steps) s) as turns
          from public.ivr_calls where call_id = ${callId}`;
        return row;
      }
    });
  });
}

const booking = ({ practitioner }: World, time = at('09:00')) => ({
  kind: 'book',
  practitioner_id: practitioner.id,
  starts_at: time.toISOString(),
  preference: { practitioner_id: practitioner.id }
});

describe('a turn of a call', () => {
  test('tells of the clinic that was dialled', () =>
    withCall(async ({ turn, clinic }) => {
      expect(await turn({ turn: 0 })).toEqual({
        clinic: {
          id: clinic.id,
          name: 'Lakeside Clinic',
          time_zone: 'Asia/Kolkata',
          today: '2091-06-09',
          horizon: 30,
          takes_bookings: true,
          reception: null
        },
        clinics: [],
        locales: ['en-IN'],
        language: null,
        upcoming: [],
        wants_no_sms: false
      });
    }));

  test('of a clinic without practitioners has nothing to offer', () =>
    withCall(async ({ turn, tx }) => {
      const { phone } = await aClinic(tx);
      expect(await turn({ turn: 0, dialled: phone, task: { kind: 'offer' } })).toMatchObject({ slot: null });
    }));

  test('for a number nobody has is written down as failed', () =>
    withCall(async ({ turn, record }) => {
      expect(await turn({ turn: 0, dialled: aPhone() })).toEqual({ clinic: null });
      expect(await record()).toMatchObject({ clinic_id: null, outcome: 'failed', turns: [0] });
    }));

  test('of a withheld number has no caller and no patient', () =>
    withCall(async ({ turn, record, clinic }) => {
      await turn({ turn: 0, caller: null });
      expect(await record()).toMatchObject({ clinic_id: clinic.id, caller: null, patient_id: null });
    }));

  test('knows the patient of the calling number, and keeps the number masked', () =>
    withCall(async ({ tx, turn, record, caller }) => {
      const { id } = await aPatient(tx, { phone: caller });
      await turn({ turn: 0 });
      expect(await record()).toMatchObject({
        patient_id: id,
        caller: `${caller.slice(0, 3)}********${caller.slice(-2)}`,
        outcome: 'abandoned'
      });
    }));
});

describe('the record of a call', () => {
  test('has each step once, however often its request comes', () =>
    withCall(async ({ turn, record }) => {
      for (const number of [0, 1, 1, 2, 0, 2]) await turn({ turn: number });
      expect(await record()).toMatchObject({ turns: [0, 1, 2], duration_seconds: 20 });
    }));

  test('has steps that overtook each other, all of them', () =>
    withCall(async ({ turn, record }) => {
      for (const number of [1, 0, 2, 1]) await turn({ turn: number });
      expect((await record())?.turns).toHaveLength(3);
      expect((await record())?.duration_seconds).toBeGreaterThanOrEqual(0);
    }));

  test('of a booked call says booked, whatever comes after', () =>
    withCall(async (world) => {
      await world.turn({ turn: 1 });
      await world.turn({ turn: 2, task: booking(world), keys: '1' });
      await world.turn({ turn: 3 });
      expect(await world.record()).toMatchObject({ outcome: 'booked', turns: [1, 2, 3] });
    }));
});

describe('an offer', () => {
  test('is the earliest slot, with the name as it is to be said', () =>
    withCall(async ({ turn, practitioner }) => {
      const { slot } = await turn({ turn: 1, task: { kind: 'offer' } });
      expect(slot).toMatchObject({ practitioner_id: practitioner.id, spoken_name: 'Doctor Row' });
      expect(new Date(slot?.starts_at ?? 0)).toEqual(at('09:00'));
    }));

  test('waits for the specialty where there are several', () =>
    withCall(async ({ turn, tx, clinic }) => {
      const { id } = await aPractitioner(tx, clinic, { specialty: 'Paediatrics', name: 'Dr. Iyer' });
      await aPractitioner(tx, clinic, { specialty: 'Astrology', active: false });
      const { specialties, slot: none } = await turn({ turn: 1, task: { kind: 'offer' } });
      expect(none).toBeUndefined();
      expect(specialties?.map(({ name }) => name)).toEqual(['General medicine', 'Paediatrics']);
      const preference = { specialty: specialties?.[1]?.key };
      const { slot } = await turn({ turn: 2, task: { kind: 'offer', preference } });
      expect(slot).toMatchObject({ practitioner_id: id, spoken_name: 'Dr. Iyer' });
    }));

  test('does not offer a specialty that has no slot on any day', () =>
    withCall(async ({ turn, tx, clinic }) => {
      await aPractitioner(tx, clinic, { specialty: 'Paediatrics', hours: [] });
      const { specialties } = await turn({ turn: 1, task: { kind: 'offer' } });
      expect(specialties?.map(({ name }) => name)).toEqual(['General medicine']);
    }));

  test('is null where several specialties have no slot on any day', () =>
    withCall(async ({ turn, tx, clinic, practitioner }) => {
      await tx`delete from public.schedules where practitioner_id = ${practitioner.id}`;
      await aPractitioner(tx, clinic, { specialty: 'Paediatrics', hours: [] });
      const found = await turn({ turn: 1, task: { kind: 'offer' } });
      expect(found).toMatchObject({ slot: null });
      expect(found.specialties).toBeUndefined();
    }));

  test('knows a specialty by its key however it is spelt meanwhile', () =>
    withCall(async ({ turn, tx, clinic, practitioner }) => {
      await aPractitioner(tx, clinic, { specialty: 'Paediatrics' });
      await aPractitioner(tx, clinic, { specialty: 'general  medicine ' });
      const { specialties } = await turn({ turn: 1, task: { kind: 'offer' } });
      expect(specialties?.map(({ name }) => name)).toEqual(['General medicine', 'Paediatrics']);
      await tx`update public.practitioners set specialty = 'General Medicine' where id = ${practitioner.id}`;
      const preference = { specialty: specialties?.[0]?.key };
      const { slot } = await turn({ turn: 2, task: { kind: 'offer', preference } });
      expect(slot).toMatchObject({ specialty: preference.specialty });
    }));

  test('is beside the caller’s own appointments', () =>
    withCall(async ({ turn, tx, clinic, practitioner, caller }) => {
      const patient = await aPatient(tx, { phone: caller });
      await book(tx, patient, await aPractitioner(tx, clinic), at('09:00'), { now: start });
      const { slot } = await turn({ turn: 1, task: { kind: 'offer' } });
      expect([slot?.practitioner_id, new Date(slot?.starts_at ?? 0)]).not.toEqual([
        practitioner.id,
        at('09:00')
      ]);
      expect(new Date(slot?.starts_at ?? 0)).toEqual(at('09:15'));
    }));

  test('is null where nothing is free', () =>
    withCall(async ({ turn, tx, practitioner }) => {
      await tx`delete from public.schedules where practitioner_id = ${practitioner.id}`;
      expect(await turn({ turn: 1, task: { kind: 'offer' } })).toMatchObject({ slot: null });
    }));
});

describe('a confirmation', () => {
  test('books for the calling number, which becomes a patient', () =>
    withCall(async (world) => {
      const { tx, turn, caller, callId } = world;
      const { appointment, error } = await turn({ turn: 2, task: booking(world), keys: '1' });
      expect(error).toBeUndefined();
      expect(appointment).toMatchObject({ status: 'booked', token_number: 1, spoken_name: 'Doctor Row' });
      const [row] = await tx`
        select p.phone, a.channel, a.call_id, a.starts_at from public.appointments a
        join public.patients p on p.id = a.patient_id where a.call_id = ${callId}`;
      expect(row).toEqual({ phone: caller, channel: 'ivr', call_id: callId, starts_at: at('09:00') });
      expect(await world.record()).toMatchObject({ patient_id: appointment?.patient_id, outcome: 'booked' });
    }));

  test('that comes again says the same again', () =>
    withCall(async (world) => {
      const first = await world.turn({ turn: 2, task: booking(world), keys: '1' });
      const again = await world.turn({ turn: 2, task: booking(world), keys: '1' });
      expect(again.appointment).toEqual(first.appointment);
      const late = await world.turn({ turn: 2, task: booking(world), now: at('12:00') });
      expect(late.appointment).toEqual(first.appointment);
      const booked = await world.tx`select from public.appointments where call_id = ${world.callId}`;
      expect(booked).toHaveLength(1);
    }));

  test('that comes again after the booking was cancelled says that', () =>
    withCall(async (world) => {
      await world.turn({ turn: 2, task: booking(world) });
      await world.tx`update public.appointments set status = 'cancelled' where call_id = ${world.callId}`;
      const { appointment } = await world.turn({ turn: 2, task: booking(world) });
      expect(appointment?.status).toBe('cancelled');
    }));

  test('of a slot that is gone is refused with the next one, and leaves no patient behind', () =>
    withCall(async (world) => {
      const { tx, turn, caller, practitioner } = world;
      await book(tx, await aPatient(tx), practitioner, at('09:00'), { now: start });
      const { error, slot, appointment } = await turn({ turn: 2, task: booking(world) });
      expect([error, appointment, new Date(slot?.starts_at ?? 0)]).toEqual([
        'slot_taken',
        undefined,
        at('09:15')
      ]);
      expect(await tx`select from public.patients where phone = ${caller}`).toHaveLength(0);
      expect(await world.record()).toMatchObject({ outcome: 'abandoned', patient_id: null });
    }));

  test.each([
    [
      'slot_in_past',
      '09:00',
      (world: World) => ({ ...booking(world), starts_at: after(-3600).toISOString() })
    ],
    ['outside_hours', '09:15', (world: World) => booking(world, at('09:01'))],
    ['beyond_horizon', '09:00', (world: World) => booking(world, after(31 * 86_400 + 52_200))],
    ['unknown_doctor', '09:00', (world: World) => ({ ...booking(world), practitioner_id: world.clinic.id })]
  ])('is refused with %s, and the next slot from there, at %s, is offered', (word, next, task) =>
    withCall(async (world) => {
      const { error, slot } = await world.turn({ turn: 2, task: task(world) });
      expect([error, new Date(slot?.starts_at ?? 0)]).toEqual([word, at(next)]);
    })
  );

  test('of a doctor of another clinic is refused', () =>
    withCall(async (world) => {
      const elsewhere = await aPractitioner(world.tx, await aClinic(world.tx));
      const { error } = await world.turn({
        turn: 2,
        task: { ...booking(world), practitioner_id: elsewhere.id }
      });
      expect(error).toBe('unknown_doctor');
    }));

  test('at the time of another appointment of the caller is refused', () =>
    withCall(async (world) => {
      const { tx, clinic, caller } = world;
      const other = await aPractitioner(tx, clinic);
      await book(tx, await aPatient(tx, { phone: caller }), other, at('09:00'), { now: start });
      const { error, slot } = await world.turn({ turn: 2, task: booking(world) });
      expect([error, new Date(slot?.starts_at ?? 0)]).toEqual(['own_appointment', at('09:15')]);
    }));

  test('of a doctor who is away is refused, and another of the specialty offered', () =>
    withCall(async (world) => {
      const { tx, clinic, practitioner } = world;
      const other = await aPractitioner(tx, clinic);
      await tx`update public.practitioners set active = false where id = ${practitioner.id}`;
      const { error, slot } = await world.turn({ turn: 2, task: booking(world) });
      expect([error, slot?.practitioner_id]).toEqual(['doctor_inactive', other.id]);
    }));

  test('of one booking too many is refused', () =>
    withCall(async (world) => {
      const { tx, clinic, practitioner, caller } = world;
      await tx`update public.clinics set max_active_bookings = 1 where id = ${clinic.id}`;
      await book(tx, await aPatient(tx, { phone: caller }), practitioner, at('10:00'), { now: start });
      expect(await world.turn({ turn: 2, task: booking(world) })).toMatchObject({
        error: 'too_many_bookings'
      });
    }));
});
