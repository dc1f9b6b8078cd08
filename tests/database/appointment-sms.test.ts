import { afterAll, describe, expect, test } from 'vitest';
import { asPatient, asServiceRole, refusalIn, rolledBack, type Transaction } from '../helpers/database.ts';
import { closeDatabases, databaseAsPostgres } from '../helpers/stack.ts';
import { aClinic, aPatient, aPractitioner, book, nextSlots, whereItIsEarly } from '../helpers/world.ts';
import type { Appointment, Clinic, Patient, PatientWithAccount, Practitioner } from '../helpers/world.ts';

const sql = databaseAsPostgres();
afterAll(closeDatabases);

// So far ahead that what is booked there has not begun.
const now = new Date('2091-06-01T00:00:00Z');
const at = (time: string) => new Date(`2091-06-09T${time}:00+05:30`);

interface World {
  tx: Transaction;
  clinic: Clinic;
  practitioner: Practitioner;
  patient: Patient;
  account: PatientWithAccount;
}

function withClinic(work: (world: World) => Promise<void>): Promise<void> {
  return rolledBack(sql, async (tx) => {
    const clinic = await aClinic(tx);
    const practitioner = await aPractitioner(tx, clinic);
    const account = await aPatient(tx, { account: true });
    await work({ tx, clinic, practitioner, patient: await aPatient(tx), account });
  });
}

/** The end of a text: where to look, and whom to call (sms-way.test.ts). */
const way = /\n(Online|Book again): .+\nCall: [0-9 ]+$/;

/** What was queued for the patient, in order: template and text without its end, the reference written as REF. */
async function texts(
  tx: Transaction,
  { id, phone }: Patient,
  { reference }: Appointment
): Promise<string[][]> {
  const rows = await tx<{ template: string; body: string; to_phone: string; status: string }[]>`
    select template, body, to_phone, status from public.sms_messages where patient_id = ${id} order by cmin::text::int`;
  expect(rows.every((row) => row.to_phone === phone && row.status === 'queued')).toBe(true);
  return rows.map(({ template, body }) => [template, body.replaceAll(reference, 'REF').replace(way, '')]);
}

const booked10 = [
  'appointment_booked',
  'Booked: Dr. Anjali Rao, Sat 9 Jun at 10:00 am, Lakeside Clinic. Token 5. Reference REF.'
];

describe('what a patient is told', () => {
  test('of a booking on the web', () =>
    withClinic(async ({ tx, practitioner, account }) => {
      const appointment = await book(tx, account, practitioner, at('10:00'), { now });
      expect(await texts(tx, account, appointment)).toEqual([booked10]);
    }));

  test('of a booking by phone with a web account: that it is there too', () =>
    withClinic(async ({ tx, practitioner, account }) => {
      const appointment = await book(tx, account, practitioner, at('10:00'), { now, channel: 'ivr' });
      expect(await texts(tx, account, appointment)).toEqual([
        booked10,
        [
          'ivr_synced',
          'Your IVR booking has been synced with your web account. You can now view this appointment online.'
        ]
      ]);
    }));

  test('of a booking by phone without an account: only the booking, and an account is on its way', () =>
    withClinic(async ({ tx, practitioner, patient }) => {
      const appointment = await book(tx, patient, practitioner, at('10:00'), { now, channel: 'ivr' });
      await book(tx, patient, practitioner, at('11:00'), { now, channel: 'ivr' });
      const [first, second, ...more] = await texts(tx, patient, appointment);
      expect([first, second?.[0], more]).toEqual([booked10, 'appointment_booked', []]);
      expect(await tx`select from private.account_jobs where patient_id = ${patient.id}`).toHaveLength(1);
    }));

  test('of a booking typed in at the desk', () =>
    withClinic(async ({ tx, practitioner, patient }) => {
      const [appointment] = await tx<Appointment[]>`
        insert into public.appointments (patient_id, practitioner_id, starts_at)
        values (${patient.id}, ${practitioner.id}, ${at('16:45')}) returning *`;
      if (!appointment) throw new Error('Nothing was inserted.');
      expect(await texts(tx, patient, appointment)).toEqual([
        [
          'appointment_booked',
          'Booked: Dr. Anjali Rao, Sat 9 Jun at 4:45 pm, Lakeside Clinic. Token 32. Reference REF.'
        ]
      ]);
      expect(await tx`select from private.account_jobs where patient_id = ${patient.id}`).toHaveLength(0);
    }));

  test('of a move, whoever moves it, and each time', () =>
    withClinic(async ({ tx, practitioner, patient }) => {
      const appointment = await book(tx, patient, practitioner, at('10:00'), { now });
      const { id } = appointment;
      await tx`select private.reschedule(${patient.id}, ${id}, ${at('09:00')}, 'web', ${now})`;
      await tx`update public.appointments set starts_at = ${at('12:00')} where id = ${id}`;
      const moved = (text: string) => ['appointment_moved', text];
      expect(await texts(tx, patient, appointment)).toEqual([
        booked10,
        moved('Moved: Dr. Anjali Rao, now Sat 9 Jun at 9:00 am, Lakeside Clinic. Token 1. Reference REF.'),
        moved('Moved: Dr. Anjali Rao, now Sat 9 Jun at 12:00 pm, Lakeside Clinic. Token 13. Reference REF.')
      ]);
    }));

  test('of another doctor', () =>
    withClinic(async ({ tx, clinic, practitioner, patient }) => {
      const appointment = await book(tx, patient, practitioner, at('10:00'), { now });
      const { id } = await aPractitioner(tx, clinic, { name: 'Dr. Meera Iyer' });
      await tx`update public.appointments set practitioner_id = ${id} where id = ${appointment.id}`;
      expect((await texts(tx, patient, appointment))[1]).toEqual([
        'appointment_moved',
        'Moved: Dr. Meera Iyer, now Sat 9 Jun at 10:00 am, Lakeside Clinic. Token 5. Reference REF.'
      ]);
    }));

  test('of their own cancellation', () =>
    withClinic(async ({ tx, practitioner, patient }) => {
      const appointment = await book(tx, patient, practitioner, at('10:00'), { now });
      await tx`select private.cancel(${patient.id}, ${appointment.id}, 'web', ${now})`;
      expect((await texts(tx, patient, appointment)).slice(1)).toEqual([
        [
          'appointment_cancelled',
          'Cancelled: Dr. Anjali Rao, Sat 9 Jun at 10:00 am, Lakeside Clinic. Token 5. Reference REF.'
        ]
      ]);
    }));

  const byClinic = [
    'appointment_cancelled_by_clinic',
    'The clinic had to cancel: Dr. Anjali Rao, Sat 9 Jun at 10:00 am, Lakeside Clinic. Reference REF.'
  ];

  test.each([
    [
      'cancelled in the dashboard',
      (tx: Transaction, { id }: Appointment) =>
        tx`update public.appointments set status = 'cancelled' where id = ${id}`
    ],
    [
      'deleted in the dashboard',
      (tx: Transaction, { id }: Appointment) => tx`delete from public.appointments where id = ${id}`
    ],
    [
      'cancelled with a secret key',
      (tx: Transaction, { id }: Appointment) =>
        asServiceRole(tx, (db) => db`update public.appointments set status = 'cancelled' where id = ${id}`)
    ]
  ])('of a cancellation by the clinic: %s', (_way, cancel) =>
    withClinic(async ({ tx, practitioner, patient }) => {
      const appointment = await book(tx, patient, practitioner, at('10:00'), { now });
      // The booking was another transaction; the clinic's begins without a word.
      await tx`select set_config('medq.channel', '', true)`;
      await cancel(tx, appointment);
      expect((await texts(tx, patient, appointment)).slice(1)).toEqual([byClinic]);
    })
  );

  test('of one that is deleted while its time runs: they may be on their way', () =>
    withClinic(async ({ tx, practitioner, patient }) => {
      const [running] = await tx<Appointment[]>`
        insert into public.appointments (patient_id, practitioner_id, starts_at, ends_at)
        values (${patient.id}, ${practitioner.id}, now() - interval '5 minutes', now() + interval '5 minutes') returning *`;
      await tx`delete from public.appointments where id = ${running?.id ?? ''}`;
      const told = await tx`
        select template, expires_at > now() + interval '30 minutes' as long_enough
        from public.sms_messages where patient_id = ${patient.id}`;
      expect([...told]).toEqual([{ template: byClinic[0], long_enough: true }]);
    }));

  test('of an appointment taken up again', () =>
    withClinic(async ({ tx, practitioner, patient }) => {
      const appointment = await book(tx, patient, practitioner, at('10:00'), { now });
      await tx`update public.appointments set status = 'cancelled' where id = ${appointment.id}`;
      await tx`update public.appointments set status = 'booked' where id = ${appointment.id}`;
      expect((await texts(tx, patient, appointment)).slice(2)).toEqual([booked10]);
    }));
});

describe('what is no news is not texted', () => {
  test.each(['arrived', 'fulfilled', 'noshow'])('%s', (status) =>
    withClinic(async ({ tx, patient }) => {
      // Still to come, but today: nobody is marked before.
      const clinic = await aClinic(tx, { time_zone: whereItIsEarly() });
      const practitioner = await aPractitioner(tx, clinic);
      const [appointment] = await tx<Appointment[]>`
        insert into public.appointments (patient_id, practitioner_id, starts_at)
        values (${patient.id}, ${practitioner.id},
          ((now() at time zone ${clinic.time_zone})::date + time '23:00') at time zone ${clinic.time_zone}) returning *`;
      if (!appointment) throw new Error('Nothing was inserted.');
      const before = await texts(tx, patient, appointment);
      expect(before).toMatchObject([['appointment_booked', expect.any(String)]]);
      await tx`update public.appointments set status = ${status} where id = ${appointment.id}`;
      expect(await texts(tx, patient, appointment)).toEqual(before);
    })
  );

  test('a refused booking, or one that is undone', () =>
    withClinic(async ({ tx, practitioner, patient, account }) => {
      const appointment = await book(tx, patient, practitioner, at('10:00'), { now });
      await refusalIn(tx, () => book(tx, account, practitioner, at('10:00'), { now }));
      const undone = refusalIn(tx, async () => {
        await book(tx, account, practitioner, at('11:00'), { now });
        await tx`select 1 / 0`;
      });
      expect((await undone)?.code).toBe('22012');
      expect(await texts(tx, account, appointment)).toEqual([]);
    }));

  test('whatever happens to an appointment whose time has come', () =>
    withClinic(async ({ tx, practitioner, patient }) => {
      const [appointment] = await tx<Appointment[]>`
        insert into public.appointments (patient_id, practitioner_id, starts_at)
        values (${patient.id}, ${practitioner.id}, '2026-01-05 10:00+05:30') returning *`;
      if (!appointment) throw new Error('Nothing was inserted.');
      const { id } = appointment;
      await tx`update public.appointments set starts_at = '2026-01-06 10:00+05:30' where id = ${id}`;
      await tx`update public.appointments set status = 'cancelled' where id = ${id}`;
      await tx`delete from public.appointments where id = ${id}`;
      expect(await texts(tx, patient, appointment)).toEqual([]);
    }));

  test('a session’s repeated cancellation', () =>
    withClinic(async ({ tx, practitioner, account }) => {
      const [slot] = await nextSlots(tx, practitioner, 1);
      const { id } = await book(tx, account, practitioner, slot ?? '');
      for (let time = 0; time < 2; time += 1) {
        await asPatient(tx, account.account, (db) => db`select public.cancel_appointment(${id})`);
      }
      const told = await tx`select from public.sms_messages where appointment_id = ${id}`;
      expect(told).toHaveLength(2);
    }));
});

describe('times are told in the zone of the clinic', () => {
  test.each([
    ['Europe/London', '2091-10-27T12:30:00Z', 'Sat 27 Oct at 1:30 pm'],
    ['Europe/London', '2091-10-28T12:30:00Z', 'Sun 28 Oct at 12:30 pm'],
    ['Australia/Lord_Howe', '2091-09-30T22:00:00Z', 'Mon 1 Oct at 8:30 am'],
    ['Australia/Lord_Howe', '2091-10-07T22:00:00Z', 'Mon 8 Oct at 9:00 am'],
    ['Asia/Kathmandu', '2091-12-31T18:20:00Z', 'Tue 1 Jan at 12:05 am']
  ])('%s, %s: %s', (time_zone, instant, told) =>
    rolledBack(sql, async (tx) => {
      const practitioner = await aPractitioner(tx, await aClinic(tx, { time_zone }));
      const patient = await aPatient(tx);
      await tx`
        insert into public.appointments (patient_id, practitioner_id, starts_at)
        values (${patient.id}, ${practitioner.id}, ${instant})`;
      const [message] = await tx<{ body: string }[]>`
        select body from public.sms_messages where patient_id = ${patient.id}`;
      expect(message?.body).toContain(`Dr. Anjali Rao, ${told}, Lakeside Clinic.`);
    })
  );
});

describe('languages', () => {
  test('a patient’s own, else the clinic’s, else en-IN', () =>
    withClinic(async ({ tx, clinic, practitioner, patient, account }) => {
      const body = async (who: Patient, time: string) => {
        const { id } = await book(tx, who, practitioner, at(time), { now });
        const [row] = await tx<{ body: string; locale: string }[]>`
          select body, locale from public.sms_messages where appointment_id = ${id}`;
        return [row?.locale, row?.body.split(' ')[0]];
      };
      await tx`update public.patients set locale = 'ta-IN' where id = ${patient.id}`;
      expect(await body(patient, '10:00')).toEqual(['ta-IN', 'பதிவு']);
      expect(await body(account, '10:15')).toEqual(['en-IN', 'Booked:']);
      await tx`update public.clinics set locale = 'ta-IN' where id = ${clinic.id}`;
      expect(await body(account, '10:30')).toEqual(['ta-IN', 'பதிவு']);
      await tx`update public.patients set locale = 'hi-IN' where id = ${account.id}`;
      expect(await body(account, '10:45')).toEqual(['hi-IN', 'बुक']);
      await tx`update public.patients set locale = 'fr-FR' where id = ${account.id}`;
      expect(await body(account, '11:00')).toEqual(['en-IN', 'Booked:']);
    }));
});
