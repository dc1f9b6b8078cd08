// Whatever holds an SMS up, the last that a patient gets about an appointment tells what holds.
import type postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rolledBack, startQuietDatabase, type QuietDatabase, type Transaction } from '../helpers/database.ts';
import { aClinic, aPatient, aPractitioner, book } from '../helpers/world.ts';
import type { Appointment, Patient, Practitioner } from '../helpers/world.ts';

let database: QuietDatabase;
let sql: postgres.Sql;

beforeAll(async () => {
  database = await startQuietDatabase();
  sql = database.sql;
});
afterAll(() => database.stop());

const at = (time: string) => new Date(`2091-06-09T${time}:00+05:30`);
const bookedAt = new Date('2091-06-01T00:00:00Z');

interface World {
  tx: Transaction;
  doctor: Practitioner;
  patient: Patient;
  own: Appointment;
}

function withBooking(work: (world: World) => Promise<void>): Promise<void> {
  return rolledBack(sql, async (tx) => {
    const doctor = await aPractitioner(tx, await aClinic(tx));
    const patient = await aPatient(tx, { account: true });
    await tx`delete from public.sms_messages`;
    const own = await book(tx, patient, doctor, at('10:00'), { now: bookedAt });
    // A minute ago.
    await tx`
      update public.sms_messages set created_at = created_at - interval '1 minute',
        next_attempt_at = next_attempt_at - interval '1 minute'`;
    await work({ tx, doctor, patient, own });
  });
}

/** What workers send until the given number of minutes from now. */
const sentWithin = async (tx: Transaction, minutes: number) =>
  (
    await tx<{ template: string }[]>`
      select template from private.claim_sms(100, now() + make_interval(mins => ${minutes}))`
  ).map(({ template }) => template);

const settled = (outcome: string) => async (tx: Transaction) => {
  await tx`
    select private.settle_sms(c.id, c.attempts, ${outcome}, null, 'in the way') from private.claim_sms(100) c`;
};

/** Everything that keeps an SMS from going out in its turn; what is in the way is gone after two hours. */
const delays = {
  'an attempt that failed': settled('retry'),
  'a provider without balance': settled('hold'),
  'the limit of the number': async (tx: Transaction) => {
    await tx`update public.sms_settings set daily_cap = 1`;
    await tx`
      insert into public.sms_messages (to_phone, template, body, status, sent_at)
      select to_phone, 'test', 'Hello', 'sent', now() from public.sms_messages limit 1`;
    expect(await sentWithin(tx, 0)).toEqual([]);
    await tx`update public.sms_settings set daily_cap = null`;
  },
  'the budget': async (tx: Transaction) => {
    await tx`update public.sms_settings set parts_per_hour = 1`;
    await tx`insert into private.sms_spending values (date_trunc('hour', now(), 'UTC'), 1, 1)`;
    expect(await sentWithin(tx, 0)).toEqual([]);
    await tx`update public.sms_settings set parts_per_hour = null`;
  }
};

const changes: Record<string, [(world: World) => Promise<unknown>, string]> = {
  cancelled: [
    ({ tx, patient, own }) => tx`select private.cancel(${patient.id}, ${own.id}, 'web', ${bookedAt})`,
    'appointment_cancelled'
  ],
  moved: [
    ({ tx, patient, own }) =>
      tx`select private.reschedule(${patient.id}, ${own.id}, ${at('12:00')}, 'web', ${bookedAt})`,
    'appointment_moved'
  ],
  deleted: [
    ({ tx, own }) => tx`delete from public.appointments where id = ${own.id}`,
    'appointment_cancelled'
  ],
  'at another time by the clock': [
    ({ tx, own }) => tx`update public.clinics set time_zone = 'Asia/Kathmandu' where id = ${own.clinic_id}`,
    'clock_corrected'
  ]
};

const both = Object.keys(delays).flatMap((delay) => Object.keys(changes).map((change) => [delay, change]));

describe('news that was put off does not follow what has overtaken it', () => {
  test.each(both)('put off by %s, then the appointment is %s', (delay, change) =>
    withBooking(async (world) => {
      await delays[delay as keyof typeof delays](world.tx);
      const [make, template] = changes[change ?? ''] ?? [];
      await make?.(world);
      expect(await sentWithin(world.tx, 120)).toEqual([template]);
    })
  );

  test('nor when the time has come until which it was put off', () =>
    withBooking(async (world) => {
      await delays['the budget'](world.tx);
      await world.tx`
        update public.sms_messages
        set created_at = created_at - interval '3 hours', next_attempt_at = next_attempt_at - interval '2 hours'`;
      await changes.moved?.[0](world);
      expect(await sentWithin(world.tx, 0)).toEqual(['appointment_moved']);
    }));

  test('a cancellation that is put off does not follow the booking that takes it back', () =>
    withBooking(async ({ tx, own }) => {
      await settled('sent')(tx);
      await tx`update public.appointments set status = 'cancelled' where id = ${own.id}`;
      await settled('hold')(tx);
      await tx`update public.appointments set status = 'booked' where id = ${own.id}`;
      expect(await sentWithin(tx, 120)).toEqual(['appointment_booked']);
    }));

  test('nor does that a phone booking is on the web', () =>
    withBooking(async ({ tx, doctor, patient }) => {
      await settled('sent')(tx);
      const call = await book(tx, patient, doctor, at('11:00'), { now: bookedAt, channel: 'ivr' });
      await settled('hold')(tx);
      await tx`select private.cancel(${patient.id}, ${call.id}, 'web', ${bookedAt})`;
      expect(await sentWithin(tx, 120)).toEqual(['appointment_cancelled']);
    }));

  test('nor what is put off when newer news waits for its turn as well', () =>
    withBooking(async (world) => {
      const { tx, own } = world;
      await changes.moved?.[0](world);
      await tx`
        update public.sms_messages set created_at = created_at - interval '1 minute',
          next_attempt_at = next_attempt_at - interval '1 minute'`;
      await changes.cancelled?.[0](world);
      // No room but for bookings and cancellations, and nothing is sent by the one that is allowed.
      await tx`update public.sms_settings set parts_per_hour = 100`;
      await tx`insert into private.sms_spending values (date_trunc('hour', now(), 'UTC'), 1, 95)`;
      expect(await sentWithin(tx, 0)).toEqual(['appointment_booked', 'appointment_cancelled']);
      await tx`update public.sms_messages set status = 'sent' where status = 'sending'`;
      expect(await sentWithin(tx, 120)).toEqual([]);
      const [moved] = await tx`
        select status from public.sms_messages where appointment_id = ${own.id} and template = 'appointment_moved'`;
      expect(moved).toEqual({ status: 'cancelled' });
    }));
});

describe('what nothing has overtaken comes, however late', () => {
  test('news in its turn, in order', () =>
    withBooking(async (world) => {
      await changes.moved?.[0](world);
      await changes.cancelled?.[0](world);
      expect((await sentWithin(world.tx, 0)).sort()).toEqual([
        'appointment_booked',
        'appointment_cancelled',
        'appointment_moved'
      ]);
    }));

  test.each(Object.entries(delays))('a booking that is put off by %s', (_, delay) =>
    withBooking(async ({ tx }) => {
      await delay(tx);
      expect(await sentWithin(tx, 120)).toEqual(['appointment_booked']);
    })
  );

  test.each([
    ['deleted', (tx: Transaction, id: string) => tx`delete from public.appointments where id = ${id}`],
    [
      'given another time',
      (tx: Transaction, id: string) =>
        tx`update public.appointments set starts_at = ${at('12:00')} where id = ${id}`
    ]
  ])('that an appointment is off whose row is then %s', (_, change) =>
    withBooking(async ({ tx, own }) => {
      await settled('sent')(tx);
      await tx`update public.appointments set status = 'cancelled' where id = ${own.id}`;
      await settled('retry')(tx);
      await change(tx, own.id);
      expect(await sentWithin(tx, 120)).toEqual(['appointment_cancelled']);
    })
  );
});
