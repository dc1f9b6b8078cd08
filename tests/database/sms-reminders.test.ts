import type postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rolledBack, startQuietDatabase, type QuietDatabase, type Transaction } from '../helpers/database.ts';
import { aClinic, aPatient, aPractitioner, type Clinic } from '../helpers/world.ts';

let database: QuietDatabase;
let sql: postgres.Sql;

beforeAll(async () => {
  database = await startQuietDatabase();
  sql = database.sql;
});
afterAll(() => database.stop());

const within = (work: (tx: Transaction) => Promise<void>) => rolledBack(sql, work);

interface Rules {
  time_zone?: string;
  reminder_day_before?: boolean;
  reminder_hours_before?: number | null;
  quiet_from?: string | null;
  quiet_until?: string | null;
}

async function clinicWith(
  tx: postgres.Sql,
  { time_zone = 'Asia/Kolkata', ...rules }: Rules = {}
): Promise<Clinic> {
  const clinic = await aClinic(tx, { time_zone });
  if (Object.keys(rules).length > 0) {
    await tx`update public.clinics set ${tx(rules)} where id = ${clinic.id}`;
  }
  return clinic;
}

/** A wall clock time at the clinic, such as `2091-06-09 10:00`. */
async function at(tx: postgres.Sql, { time_zone }: Clinic, local: string): Promise<Date> {
  const [row] = await tx<{ at: Date }[]>`select ${local}::timestamp at time zone ${time_zone} as at`;
  if (!row) throw new Error('No time.');
  return row.at;
}

/** An appointment typed in long ago (all are in 2091, and this test runs before). */
async function appointmentAt(tx: postgres.Sql, clinic: Clinic, local: string): Promise<string> {
  const practitioner = await aPractitioner(tx, clinic);
  const patient = await aPatient(tx);
  const [appointment] = await tx<{ id: string }[]>`
    insert into public.appointments (patient_id, practitioner_id, starts_at)
    values (${patient.id}, ${practitioner.id}, ${await at(tx, clinic, local)}) returning id`;
  return String(appointment?.id);
}

async function run(tx: postgres.Sql, now: Date): Promise<number> {
  const [row] = await tx<{ queued: number }[]>`select private.queue_reminders(${now}) as queued`;
  return row?.queued ?? NaN;
}

interface Reminder {
  template: string;
  status: string;
  body: string;
  dedupe_key: string | null;
  expires_at: Date;
}

const remindersOf = (tx: postgres.Sql, id: string) => tx<Reminder[]>`
  select template, status, body, dedupe_key, expires_at from public.sms_messages
  where appointment_id = ${id} and template like 'reminder%' order by dedupe_key`;

/** Lets the job run every ten minutes and tells when, on the clinic's clock, each reminder was queued. */
async function schedule(tx: postgres.Sql, clinic: Clinic, id: string, from: string, to: string) {
  const seen: Record<string, string> = {};
  const end = (await at(tx, clinic, to)).getTime();
  for (let now = (await at(tx, clinic, from)).getTime(); now <= end; now += 600_000) {
    if ((await run(tx, new Date(now))) === 0) continue;
    for (const { template } of await remindersOf(tx, id)) {
      const [row] = await tx<{ local: string }[]>`
        select to_char(${new Date(now)}::timestamptz at time zone ${clinic.time_zone}, 'DD HH24:MI') as local`;
      seen[template.replace('reminder_', '')] ??= row?.local ?? '';
    }
  }
  return seen;
}

describe('a reminder comes at the right time on the clinic’s clock', () => {
  const noon = { quiet_from: '13:00', quiet_until: '15:00' };
  const never = { quiet_from: null, quiet_until: null };
  test.each<[string, Rules, string, Record<string, string>]>([
    ['as a rule', {}, '09 10:00', { day_before: '08 10:00', hours_before: '09 08:00' }],
    ['when the quiet hours end', {}, '09 09:00', { day_before: '08 09:00', hours_before: '09 08:00' }],
    ['the evening before', {}, '09 08:30', { day_before: '08 08:30', hours_before: '08 20:30' }],
    ['both moved', {}, '09 06:00', { day_before: '08 08:00', hours_before: '08 20:30' }],
    ['not after the day before', {}, '09 22:00', { day_before: '08 20:30', hours_before: '09 20:00' }],
    ['before a quiet evening', {}, '09 23:30', { day_before: '08 20:30', hours_before: '09 20:30' }],
    ['after midnight', {}, '09 00:30', { day_before: '08 08:00', hours_before: '08 20:30' }],
    ['at any hour', never, '09 03:00', { day_before: '08 03:00', hours_before: '09 01:00' }],
    ['a quiet lunch, after it', noon, '09 16:00', { day_before: '08 16:00', hours_before: '09 15:00' }],
    ['a quiet lunch, before it', noon, '09 15:30', { day_before: '08 15:30', hours_before: '09 12:30' }],
    ['a quiet lunch the day before', noon, '09 14:00', { day_before: '08 15:00', hours_before: '09 12:00' }],
    [
      'many hours before',
      { reminder_hours_before: 20 },
      '09 12:00',
      { day_before: '08 12:00', hours_before: '08 16:00' }
    ],
    ['only the day before', { reminder_hours_before: null }, '09 10:00', { day_before: '08 10:00' }],
    ['only hours before', { reminder_day_before: false }, '09 10:00', { hours_before: '09 08:00' }],
    ['none at all', { reminder_day_before: false, reminder_hours_before: null }, '09 10:00', {}]
  ])('%s', (_, rules, start, expected) =>
    within(async (tx) => {
      const clinic = await clinicWith(tx, rules);
      const id = await appointmentAt(tx, clinic, `2091-06-${start}`);
      expect(await schedule(tx, clinic, id, '2091-06-07 00:00', '2091-06-10 00:00')).toEqual(expected);
    })
  );

  test.each<[string, string, string, Rules, Record<string, string>]>([
    // The clocks go forward on 25 March 2091 and back on 28 October.
    [
      'a day of 23 hours',
      'Europe/London',
      '03-25 10:00',
      {},
      { day_before: '24 10:00', hours_before: '25 08:00' }
    ],
    [
      'a day of 25 hours',
      'Europe/London',
      '10-28 10:00',
      {},
      { day_before: '27 10:00', hours_before: '28 08:00' }
    ],
    [
      'over a skipped hour',
      'Europe/London',
      '03-25 03:00',
      never,
      { day_before: '24 03:00', hours_before: '25 00:00' }
    ],
    [
      'over a repeated hour',
      'Europe/London',
      '10-28 03:00',
      never,
      { day_before: '27 03:00', hours_before: '28 01:00' }
    ],
    // The same time a day earlier is in the hour that is skipped, so it comes right after.
    [
      'a time that was skipped the day before',
      'Europe/London',
      '03-26 01:30',
      never,
      { day_before: '25 02:00', hours_before: '25 23:30' }
    ],
    [
      'half an hour’s change',
      'Australia/Lord_Howe',
      '10-07 10:00',
      {},
      { day_before: '06 10:00', hours_before: '07 08:00' }
    ],
    [
      'far west',
      'America/Los_Angeles',
      '06-09 10:00',
      {},
      { day_before: '08 10:00', hours_before: '09 08:00' }
    ],
    [
      'far east',
      'Pacific/Kiritimati',
      '06-09 10:00',
      {},
      { day_before: '08 10:00', hours_before: '09 08:00' }
    ]
  ])('%s', (_, time_zone, start, rules, expected) =>
    within(async (tx) => {
      const clinic = await clinicWith(tx, { ...rules, time_zone });
      const id = await appointmentAt(tx, clinic, `2091-${start}`);
      const day = Number(start.slice(3, 5));
      const date = (offset: number) =>
        `2091-${start.slice(0, 2)}-${String(day + offset).padStart(2, '0')} 00:00`;
      expect(await schedule(tx, clinic, id, date(-2), date(1))).toEqual(expected);
    })
  );

  test('clinics are reminded for one by one', () =>
    within(async (tx) => {
      const india = await clinicWith(tx);
      const london = await clinicWith(tx, { time_zone: 'Europe/London' });
      const [one, two] = [
        await appointmentAt(tx, india, '2091-06-09 08:30'),
        await appointmentAt(tx, london, '2091-06-09 08:30')
      ];
      // Half past eight in the evening in India is the afternoon in London.
      expect(await run(tx, await at(tx, india, '2091-06-08 20:30'))).toBe(3);
      expect((await remindersOf(tx, one)).map(({ template }) => template)).toEqual([
        'reminder_day_before',
        'reminder_hours_before'
      ]);
      expect((await remindersOf(tx, two)).map(({ template }) => template)).toEqual(['reminder_day_before']);
    }));
});

test('it says who, when and where, in the language of the patient', () =>
  within(async (tx) => {
    const clinic = await clinicWith(tx);
    const id = await appointmentAt(tx, clinic, '2091-06-09 10:00');
    await tx`
      update public.patients set locale = 'ta-IN'
      where id = (select patient_id from public.appointments where id = ${id})`;
    await run(tx, await at(tx, clinic, '2091-06-08 10:00'));
    await tx`update public.patients set locale = null`;
    await run(tx, await at(tx, clinic, '2091-06-09 08:00'));
    const [day, hours] = await remindersOf(tx, id);
    expect(hours?.body).toMatch(
      /^Reminder: Dr\. Anjali Rao, Sat 9 Jun at 10:00 am, Lakeside Clinic\. Token 5\. Reference \d{4}\.\nCall: [\d ]+$/
    );
    expect(day?.body).toContain('நினைவூட்டல்: Dr. Anjali Rao, சனி, 9 ஜூன், காலை 10:00 மணி, Lakeside Clinic.');
    expect(day?.body.replaceAll(' ', '')).toContain(clinic.phone.replace('+91', 'அழைக்க:0'));
  }));

describe('nobody is reminded in vain', () => {
  /** A clinic with one appointment on the 9th at 10:00. */
  function withAppointment(
    work: (world: {
      tx: Transaction;
      clinic: Clinic;
      id: string;
      now: (local: string) => Promise<Date>;
    }) => Promise<void>,
    year = 2091
  ): Promise<void> {
    return within(async (tx) => {
      const clinic = await clinicWith(tx);
      const id = await appointmentAt(tx, clinic, `${year}-06-09 10:00`);
      await work({ tx, clinic, id, now: (local) => at(tx, clinic, `${year}-06-${local}`) });
    });
  }
  const move = (tx: Transaction, id: string, to: Date) =>
    tx`update public.appointments set starts_at = ${to} where id = ${id}`;

  test('not twice, however often the job runs', () =>
    withAppointment(async ({ tx, id, now }) => {
      for (const time of [
        '08 10:00',
        '08 10:01',
        '08 10:00',
        '08 15:00',
        '09 08:00',
        '09 08:01',
        '09 09:30'
      ]) {
        await run(tx, await now(time));
      }
      expect((await remindersOf(tx, id)).map(({ template }) => template)).toEqual([
        'reminder_day_before',
        'reminder_hours_before'
      ]);
    }));

  test('an outage of the job is caught up with while it is of use, and never at night', () =>
    withAppointment(async ({ tx, id, now }) => {
      expect(await run(tx, await now('08 21:00'))).toBe(0);
      expect(await run(tx, await now('09 07:59'))).toBe(0);
      expect(await run(tx, await now('09 09:40'))).toBe(1);
      expect((await remindersOf(tx, id)).map(({ template }) => template)).toEqual(['reminder_hours_before']);
      const late = await withoutReminders(tx, id);
      expect(await run(tx, await now('09 09:50'))).toBe(0);
      expect(late).toBe(1);
      expect(await run(tx, await now('08 20:50'))).toBe(1);
    }));

  async function withoutReminders(tx: Transaction, id: string): Promise<number> {
    return (
      await tx`delete from public.sms_messages where appointment_id = ${id} and template like 'reminder%'`
    ).count;
  }

  test('what cannot be sent before the night, or before midnight, is dropped then', () =>
    withAppointment(async ({ tx, clinic, id, now }) => {
      await run(tx, await now('08 10:00'));
      await run(tx, await now('09 08:00'));
      const [day, hours] = await remindersOf(tx, id);
      expect([day?.expires_at, hours?.expires_at]).toEqual([await now('08 21:00'), await now('09 10:00')]);
      await withoutReminders(tx, id);
      await tx`update public.clinics set quiet_from = null, quiet_until = null where id = ${clinic.id}`;
      await run(tx, await now('08 10:00'));
      expect((await remindersOf(tx, id))[0]?.expires_at).toEqual(await now('09 00:00'));
    }));

  test.each(['cancelled', 'arrived', 'fulfilled', 'noshow'])('not of one that is %s', (status) =>
    withAppointment(async ({ tx, id, now }) => {
      await tx`update public.appointments set status = ${status} where id = ${id}`;
      expect(await run(tx, await now('08 10:00'))).toBe(0);
      await tx`update public.appointments set status = 'booked' where id = ${id}`;
      expect(await run(tx, await now('08 10:00'))).toBe(1);
      // A year that has come by the clock too: nobody is marked before the day.
    }, 2021)
  );

  test.each([
    [
      'cancelled',
      (tx: Transaction, id: string) =>
        tx`update public.appointments set status = 'cancelled' where id = ${id}`
    ],
    [
      'kept early',
      (tx: Transaction, id: string) => tx`update public.appointments set status = 'arrived' where id = ${id}`
    ],
    [
      'moved',
      (tx: Transaction, id: string) =>
        tx`update public.appointments set starts_at = starts_at + interval '5 days' where id = ${id}`
    ]
  ])('a reminder that waits is withdrawn when its appointment is %s', (_, change) =>
    withAppointment(async ({ tx, id, now }) => {
      expect(await run(tx, await now('08 10:00'))).toBe(1);
      await change(tx, id);
      expect(await remindersOf(tx, id)).toMatchObject([{ status: 'cancelled', dedupe_key: null }]);
      // The news itself goes out.
      const [news] = await tx`
        select count(*)::int as n from public.sms_messages
        where appointment_id = ${id} and template not like 'reminder%' and status <> 'queued'`;
      expect(news).toEqual({ n: 0 });
    }, 2021)
  );

  test('a reminder that waits is withdrawn when its appointment is deleted', () =>
    withAppointment(async ({ tx, id, now }) => {
      await run(tx, await now('08 10:00'));
      await tx`delete from public.appointments where id = ${id}`;
      const left = await tx`select status from public.sms_messages where template like 'reminder%'`;
      expect([...left]).toEqual([{ status: 'cancelled' }]);
    }));

  test('one that is being sent at that moment is not tried again', () =>
    withAppointment(async ({ tx, id, now }) => {
      await run(tx, await now('08 10:00'));
      await tx`
        update public.sms_messages set status = 'sending', attempts = 1, next_attempt_at = now() - interval '1 second'
        where appointment_id = ${id} and template like 'reminder%'`;
      await tx`update public.appointments set status = 'cancelled' where id = ${id}`;
      const claimed = await tx`select * from private.claim_sms(10) where template like 'reminder%'`;
      expect(claimed).toHaveLength(0);
      expect(await remindersOf(tx, id)).toMatchObject([{ status: 'failed' }]);
    }));

  test('a moved appointment is reminded of its new time, also when it is moved back', () =>
    withAppointment(async ({ tx, id, now }) => {
      await run(tx, await now('08 10:00'));
      await move(tx, id, await now('12 10:00'));
      expect(await run(tx, await now('08 10:01'))).toBe(0);
      expect(await run(tx, await now('11 10:00'))).toBe(1);
      await move(tx, id, await now('09 10:00'));
      expect(await run(tx, await now('08 12:00'))).toBe(1);
      const waiting = (await remindersOf(tx, id)).filter(({ status }) => status === 'queued');
      expect(waiting.map(({ body }) => /\w+ \d+ Jun/.exec(body)?.[0])).toEqual(['Sat 9 Jun']);
    }));

  test.each([
    ['day_before', '08 08:59', '08 10:00', 1],
    ['day_before', '08 09:30', '08 10:00', 0],
    ['day_before', '08 19:00', '08 20:30', 0],
    ['hours_before', '09 06:59', '09 08:00', 1],
    ['hours_before', '09 07:30', '09 08:00', 0]
  ])('%s, told of the time on %s, at %s: %i', (_, told, time, expected) =>
    withAppointment(async ({ tx, id, now }) => {
      await tx`update public.sms_messages set created_at = ${await now(told)} where appointment_id = ${id}`;
      expect(await run(tx, await now(time))).toBe(expected);
    })
  );
});

test('one call wakes the dispatcher for all reminders, and for everything else in a transaction', () =>
  within(async (tx) => {
    await tx`select vault.create_secret('http://functions.test/functions/v1', 'functions_url')`;
    await tx`select vault.create_secret('the secret between us', 'functions_secret')`;
    const clinic = await clinicWith(tx);
    for (const hour of [10, 11, 12, 13]) await appointmentAt(tx, clinic, `2091-06-09 ${hour}:00`);
    await tx`delete from net.http_request_queue`;
    await tx`select private.end_run('sms-dispatch')`;
    expect(await run(tx, await at(tx, clinic, '2091-06-08 14:00'))).toBe(4);
    expect(await tx`select from net.http_request_queue`).toHaveLength(1);
    await tx`update public.appointments set status = 'cancelled' where clinic_id = ${clinic.id}`;
    expect(await tx`select from net.http_request_queue`).toHaveLength(1);
  }));

describe('with others at work', () => {
  test('two jobs at once queue each reminder once', async () => {
    const clinic = await clinicWith(sql);
    const ids = await Promise.all(
      Array.from({ length: 10 }, (_, n) => appointmentAt(sql, clinic, `2091-06-09 ${10 + n}:00`))
    );
    const now = await at(sql, clinic, '2091-06-08 20:00');
    const counts = await Promise.all(Array.from({ length: 4 }, () => run(sql, now)));
    // A row that one job holds is left to it, and looked at again a minute later.
    await run(sql, now);
    expect(Math.max(...counts)).toBeLessThanOrEqual(10);
    for (const id of ids) expect(await remindersOf(sql, id)).toHaveLength(1);
    await sql`delete from public.appointments`;
    await sql`delete from public.sms_messages`;
  });

  test('a cancellation that is under way is not reminded of, and one that comes next finds the reminder', async () => {
    const clinic = await clinicWith(sql);
    const [first, second] = [
      await appointmentAt(sql, clinic, '2091-06-09 10:00'),
      await appointmentAt(sql, clinic, '2091-06-09 11:00')
    ];
    const [patient, job] = [await sql.reserve(), await sql.reserve()];
    try {
      const now = await at(sql, clinic, '2091-06-08 12:00');
      await patient`begin`;
      await patient`update public.appointments set status = 'cancelled' where id = ${first}`;
      await job`begin`;
      expect(await run(job, now)).toBe(1);
      // Waits for the job, and then sees what it has queued.
      const cancelling =
        sql`update public.appointments set status = 'cancelled' where id = ${second}`.execute();
      await patient`commit`;
      await job`commit`;
      await cancelling;
      expect(await run(sql, now)).toBe(0);
      expect(await remindersOf(sql, first)).toEqual([]);
      expect(await remindersOf(sql, second)).toMatchObject([{ status: 'cancelled' }]);
    } finally {
      patient.release();
      job.release();
      await sql`delete from public.appointments`;
      await sql`delete from public.sms_messages`;
    }
  });

  test('the job runs every minute', async () => {
    const jobs = await sql`select schedule, command, active from cron.job where jobname = 'medq-reminders'`;
    expect([...jobs]).toEqual([
      { schedule: '* * * * *', command: 'select private.queue_reminders()', active: true }
    ]);
  });
});

test.each([
  [{ quiet_from: '21:00', quiet_until: null }, 'quiet_hours_have_both_ends'],
  [{ quiet_from: '08:00', quiet_until: '08:00' }, 'quiet_hours_leave_some_of_the_day'],
  [{ reminder_hours_before: 0 }, 'clinics_reminder_hours_before_check']
])('a clinic cannot have %o', (rules, constraint) =>
  within(async (tx) => {
    await expect(clinicWith(tx, rules)).rejects.toMatchObject({ constraint_name: constraint });
  })
);
