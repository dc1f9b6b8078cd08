import type postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  asPatient,
  processOf,
  rolledBack,
  startQuietDatabase,
  untilBlocked,
  type QuietDatabase,
  type Transaction
} from '../helpers/database.ts';
import {
  aClinic,
  anAccount,
  anAccountJob,
  aPatient,
  aPractitioner,
  book,
  permit,
  type Patient
} from '../helpers/world.ts';

let database: QuietDatabase;
let sql: postgres.Sql;

beforeAll(async () => {
  database = await startQuietDatabase();
  sql = database.sql;
});
afterAll(() => database.stop());

interface Job {
  job_id: string;
  attempt: number;
  patient_id: string;
  phone: string;
  password_seed: string;
}

const start = new Date('2091-06-01T12:00:00Z');
const after = (seconds: number) => new Date(start.getTime() + seconds * 1000);

const claim = (tx: postgres.Sql, now = start, limit = 100) =>
  tx<Job[]>`select * from private.claim_account_jobs(${limit}, ${now})`;

/** A patient who booked by phone, and the job that came of it. */
async function aCaller(tx: postgres.Sql): Promise<Patient> {
  const patient = await aPatient(tx);
  const practitioner = await aPractitioner(tx, await aClinic(tx));
  await book(tx, patient, practitioner, '2091-06-09T10:00:00+05:30', { now: start, channel: 'ivr' });
  return patient;
}

async function claimOne(tx: postgres.Sql, now = start): Promise<Job> {
  const [job, ...others] = await claim(tx, now);
  if (!job || others.length > 0) throw new Error(`One job should be due, not ${others.length}.`);
  return job;
}

async function finish(
  tx: postgres.Sql,
  { job_id }: Job,
  userId: string,
  password: string | null = 'ABC12345'
): Promise<string> {
  const [row] = await tx<{ result: string }[]>`
    select private.finish_account_job(${job_id}, ${userId}, ${password}, ${start}) as result`;
  return row?.result ?? '';
}

const jobOf = async (tx: Transaction, patient: Patient) =>
  (
    await tx`select done_at, last_error, next_attempt_at from private.account_jobs where patient_id = ${patient.id}`
  )[0];

const welcomes = (tx: postgres.Sql, { id }: Patient) =>
  tx<{ body: string; secret: boolean; expires_at: Date; to_phone: string }[]>`
    select body, secret, expires_at, to_phone from public.sms_messages
    where patient_id = ${id} and template = 'welcome'`;

const within = (work: (tx: Transaction) => Promise<void>) => rolledBack(sql, work);

describe('a job', () => {
  test('is queued by the first booking by phone, and not again while it is open', () =>
    within(async (tx) => {
      const patient = await aCaller(tx);
      const practitioner = await aPractitioner(tx, await aClinic(tx));
      await book(tx, patient, practitioner, '2091-06-09T11:00:00+05:30', { now: start, channel: 'ivr' });
      const jobs = await claim(tx);
      expect(jobs).toHaveLength(1);
      expect(jobs[0]).toMatchObject({ attempt: 1, patient_id: patient.id, phone: patient.phone });
      expect(jobs[0]?.password_seed).toMatch(/^[0-9a-f]{64}$/);
    }));

  test('is queued by no other booking, nor for a phone that has an account', () =>
    within(async (tx) => {
      const practitioner = await aPractitioner(tx, await aClinic(tx));
      const time = '2091-06-09T10:00:00+05:30';
      await book(tx, await aPatient(tx), practitioner, time, { now: start });
      const patient = await aPatient(tx, { account: true });
      await book(tx, patient, practitioner, '2091-06-09T11:00:00+05:30', { now: start, channel: 'ivr' });
      expect(await claim(tx)).toHaveLength(0);
    }));

  test('is queued for nobody without a phone, whatever an edit by hand says of the booking', () =>
    within(async (tx) => {
      const practitioner = await aPractitioner(tx, await aClinic(tx));
      await tx`
        with patient as (insert into public.patients (name) values ('Asha Menon') returning id)
        insert into public.appointments (patient_id, practitioner_id, starts_at, channel)
        select id, ${practitioner.id}, '2091-06-09T10:00:00+05:30', 'ivr' from patient`;
      expect(await claim(tx)).toHaveLength(0);
    }));

  test('goes when its booking is undone', () =>
    within(async (tx) => {
      await tx`savepoint before`;
      await aCaller(tx);
      await tx`rollback to before`;
      expect(await claim(tx)).toHaveLength(0);
    }));

  test('is queued again after the account was deleted', () =>
    within(async (tx) => {
      const patient = await aCaller(tx);
      const job = await claimOne(tx);
      const { userId } = await anAccount(tx, patient.phone, { jobId: job.job_id });
      await finish(tx, job, userId);
      await tx`delete from auth.users where id = ${userId}`;
      const practitioner = await aPractitioner(tx, await aClinic(tx));
      await book(tx, patient, practitioner, '2091-06-10T10:00:00+05:30', { now: start, channel: 'ivr' });
      const again = await claimOne(tx);
      expect(again.patient_id).toBe(patient.id);
      expect([again.job_id, again.password_seed]).not.toContain(job.job_id);
      expect(again.password_seed).not.toBe(job.password_seed);
    }));
});

describe('claiming', () => {
  test('gives a job to one worker for a minute', () =>
    within(async (tx) => {
      await aCaller(tx);
      await claimOne(tx);
      expect(await claim(tx, after(59))).toHaveLength(0);
      expect(await claimOne(tx, after(60))).toMatchObject({ attempt: 2 });
    }));

  test('by many workers at once gives no job to two', async () => {
    const patients = await Promise.all(Array.from({ length: 12 }, () => aCaller(sql)));
    const workers = await Promise.all(Array.from({ length: 6 }, () => sql.reserve()));
    try {
      const taken = await Promise.all(workers.map((worker) => claim(worker, start, 3)));
      const ids = taken.flatMap((jobs) => jobs.map(({ patient_id }) => patient_id));
      expect(new Set(ids).size).toBe(ids.length);
      const rest = await claim(sql);
      expect([...ids, ...rest.map(({ patient_id }) => patient_id)].sort()).toEqual(
        patients.map(({ id }) => id).sort()
      );
    } finally {
      for (const worker of workers) worker.release();
      await sql`delete from private.account_jobs`;
    }
  });

  test('closes the job of a phone that registered meanwhile', () =>
    within(async (tx) => {
      const patient = await aCaller(tx);
      await anAccount(tx, patient.phone);
      expect(await claim(tx)).toHaveLength(0);
      expect(await jobOf(tx, patient)).toMatchObject({ done_at: start });
      expect(await welcomes(tx, patient)).toHaveLength(0);
    }));

  test('brings back the job whose account is there and whose SMS is not', () =>
    within(async (tx) => {
      const patient = await aCaller(tx);
      const { job_id } = await claimOne(tx);
      await anAccount(tx, patient.phone, { jobId: job_id });
      expect(await claimOne(tx, after(60))).toMatchObject({ job_id, attempt: 2 });
    }));
});

describe('finishing', () => {
  test.each([
    { clinic: 'ta-IN', chosen: null, opening: 'MedQ உங்களை வரவேற்கிறது!' },
    { clinic: 'ta-IN', chosen: 'en-IN', opening: 'Welcome to MedQ!' },
    { clinic: 'en-IN', chosen: 'ta-IN', opening: 'MedQ உங்களை வரவேற்கிறது!' }
  ])('welcomes in $chosen, at a clinic that speaks $clinic', ({ clinic, chosen, opening }) =>
    within(async (tx) => {
      const patient = await aCaller(tx);
      await tx`update public.clinics set locale = ${clinic}`;
      await tx`update public.patients set locale = ${chosen} where id = ${patient.id}`;
      const job = await claimOne(tx);
      await finish(tx, job, (await anAccount(tx, patient.phone, { jobId: job.job_id })).userId);
      const [sms] = await welcomes(tx, patient);
      expect(sms?.body).toMatch(new RegExp(`^${opening}`));
    })
  );

  test('welcomes the patient with a password that must be replaced within 72 hours', () =>
    within(async (tx) => {
      const patient = await aCaller(tx);
      const job = await claimOne(tx);
      const account = await anAccount(tx, patient.phone, { jobId: job.job_id });
      expect(await finish(tx, job, account.userId)).toBe('welcomed');
      expect([...(await welcomes(tx, patient))]).toEqual([
        {
          body:
            'Welcome to MedQ! A web account has been created for you.\n' +
            `Username: ${patient.phone}\nPassword: ABC12345\nYou can now view your appointments online!`,
          to_phone: patient.phone,
          secret: true,
          expires_at: after(72 * 3600)
        }
      ]);
      const [status] = await asPatient(tx, account, (db) => db`select * from public.account_status()`);
      expect(status).toEqual({
        user_id: account.userId,
        phone: patient.phone,
        patient_id: patient.id,
        username: null,
        must_change_password: true,
        works_at_desk: false
      });
      const [row] = await tx`select user_id, account_origin from public.patients where id = ${patient.id}`;
      expect(row).toEqual({ user_id: account.userId, account_origin: 'ivr' });
      expect(await jobOf(tx, patient)).toMatchObject({ done_at: start });
    }));

  test('twice, in any order of runs, welcomes once', () =>
    within(async (tx) => {
      const patient = await aCaller(tx);
      const first = await claimOne(tx);
      const second = await claimOne(tx, after(60));
      const { userId } = await anAccount(tx, patient.phone, { jobId: first.job_id });
      expect(await finish(tx, second, userId)).toBe('welcomed');
      expect(await finish(tx, first, userId)).toBe('already_done');
      expect(await welcomes(tx, patient)).toHaveLength(1);
      expect(await claim(tx, after(3600))).toHaveLength(0);
    }));

  test('at the same moment welcomes once', async () => {
    const patient = await aCaller(sql);
    const job = await claimOne(sql);
    const { userId } = await anAccount(sql, patient.phone, { jobId: job.job_id });
    const [first, second] = [await sql.reserve(), await sql.reserve()];
    try {
      await first`begin`;
      expect(await finish(first, job, userId)).toBe('welcomed');
      const pid = await processOf(second);
      const late = finish(second, job, userId);
      await untilBlocked(sql, pid, late);
      await first`commit`;
      expect(await late).toBe('already_done');
      expect(await welcomes(sql, patient)).toHaveLength(1);
    } finally {
      await first`rollback`;
      first.release();
      second.release();
    }
  });

  test('for a phone with an account of its own only closes the job', () =>
    within(async (tx) => {
      const patient = await aCaller(tx);
      const job = await claimOne(tx);
      const { userId } = await anAccount(tx, patient.phone);
      expect(await finish(tx, job, userId, null)).toBe('already_done');
      expect(await welcomes(tx, patient)).toHaveLength(0);
      expect(await tx`select from private.temporary_passwords where user_id = ${userId}`).toHaveLength(0);
    }));

  test('after the owner chose a password texts none, and leaves theirs alone', () =>
    within(async (tx) => {
      const patient = await aCaller(tx);
      const job = await claimOne(tx);
      const account = await anAccount(tx, patient.phone, { jobId: job.job_id, password: 'generated' });
      await permit(tx, account.userId, 'password');
      await tx`update auth.users set encrypted_password = 'their own' where id = ${account.userId}`;
      expect(await finish(tx, job, account.userId)).toBe('already_done');
      expect(await welcomes(tx, patient)).toHaveLength(0);
      expect(await asPatient(tx, account, (db) => db`select from public.patients`)).toHaveLength(1);
    }));
});

describe('a failed attempt', () => {
  const retry = (tx: postgres.Sql, { job_id, attempt }: Pick<Job, 'job_id' | 'attempt'>) =>
    tx`select private.retry_account_job(${job_id}, ${attempt}, 'Auth is away', ${start})`;

  test.each([
    [1, 10],
    [2, 20],
    [6, 320],
    [12, 3600],
    [100_000, 3600]
  ])('number %i comes back in about %i seconds, and never gives up', (attempt, seconds) =>
    within(async (tx) => {
      const patient = await aCaller(tx);
      const { job_id } = await claimOne(tx);
      await tx`update private.account_jobs set attempts = ${attempt} where id = ${job_id}`;
      await retry(tx, { job_id, attempt });
      const job = await jobOf(tx, patient);
      expect(job).toMatchObject({ done_at: null, last_error: 'Auth is away' });
      const wait = ((job?.next_attempt_at as Date).getTime() - start.getTime()) / 1000;
      expect(wait).toBeGreaterThanOrEqual(seconds * 0.75);
      expect(wait).toBeLessThanOrEqual(seconds * 1.25);
    })
  );

  test('of a worker whose time was up, or of a job that is done, changes nothing', () =>
    within(async (tx) => {
      const patient = await aCaller(tx);
      const first = await claimOne(tx);
      const second = await claimOne(tx, after(60));
      await retry(tx, first);
      expect(await jobOf(tx, patient)).toMatchObject({ last_error: null, next_attempt_at: after(120) });
      const { userId } = await anAccount(tx, patient.phone, { jobId: first.job_id });
      await finish(tx, second, userId);
      await retry(tx, second);
      expect(await jobOf(tx, patient)).toMatchObject({ last_error: null, done_at: start });
    }));
});

describe('temporary passwords', () => {
  async function expire(tx: postgres.Sql, now: Date): Promise<number> {
    const [row] = await tx<
      { expired: number }[]
    >`select private.expire_temporary_passwords(${now}) as expired`;
    return row?.expired ?? 0;
  }

  async function aWelcomedCaller(tx: postgres.Sql) {
    const patient = await aCaller(tx);
    const job = await claimOne(tx);
    const account = await anAccount(tx, patient.phone, { jobId: job.job_id, password: 'ABC12345' });
    await finish(tx, job, account.userId);
    return { patient, account };
  }

  const passwordOf = async (tx: postgres.Sql, userId: string) =>
    (
      await tx<{ works: boolean }[]>`
      select encrypted_password = extensions.crypt('ABC12345', encrypted_password) as works
      from auth.users where id = ${userId} and encrypted_password <> ''`
    )[0]?.works ?? false;

  test('work for 72 hours, and their session sees nothing after that either', () =>
    within(async (tx) => {
      const { account } = await aWelcomedCaller(tx);
      expect(await expire(tx, after(72 * 3600 - 1))).toBe(0);
      expect(await passwordOf(tx, account.userId)).toBe(true);
      expect(await expire(tx, after(72 * 3600))).toBe(1);
      expect(await passwordOf(tx, account.userId)).toBe(false);
      expect(await expire(tx, after(72 * 3600))).toBe(0);
      expect(await asPatient(tx, account, (db) => db`select from public.patients`)).toHaveLength(0);
    }));

  test('that expired can still be replaced, as after a forgotten password', () =>
    within(async (tx) => {
      const { account } = await aWelcomedCaller(tx);
      await expire(tx, after(72 * 3600));
      await permit(tx, account.userId, 'password');
      await tx`update auth.users set encrypted_password = 'their own' where id = ${account.userId}`;
      expect(await asPatient(tx, account, (db) => db`select from public.patients`)).toHaveLength(1);
      expect(await expire(tx, after(1e6))).toBe(0);
    }));

  test('that are being replaced at this very moment do not take the new one with them', async () => {
    const { account } = await aWelcomedCaller(sql);
    const [owner, sweeper] = [await sql.reserve(), await sql.reserve()];
    try {
      await owner`begin`;
      await permit(owner, account.userId, 'password');
      await owner`update auth.users set encrypted_password = 'their own' where id = ${account.userId}`;
      const pid = await processOf(sweeper);
      const sweep = expire(sweeper, after(1e6));
      await untilBlocked(sql, pid, sweep);
      await owner`commit`;
      expect(await sweep).toBe(0);
      expect(await expire(sql, after(1e6))).toBe(0);
      const [user] = await sql`select encrypted_password from auth.users where id = ${account.userId}`;
      expect(user).toEqual({ encrypted_password: 'their own' });
    } finally {
      await owner`rollback`;
      owner.release();
      sweeper.release();
    }
  });
});

test('an account is found by its phone, with the job that made it', () =>
  within(async (tx) => {
    const patient = await aPatient(tx);
    const jobId = await anAccountJob(tx, patient.id);
    const { userId } = await anAccount(tx, patient.phone, { jobId });
    const found = await tx`select * from private.auth_user_by_phone(${patient.phone})`;
    expect([...found]).toEqual([{ id: userId, job_id: jobId }]);
    expect(await tx`select * from private.auth_user_by_phone('+919000000000')`).toHaveLength(0);
  }));
