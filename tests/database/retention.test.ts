import { afterAll, describe, expect, test } from 'vitest';
import { rolledBack, type Transaction } from '../helpers/database.ts';
import { closeDatabases, databaseAsAdmin, databaseAsPostgres } from '../helpers/stack.ts';
import { aClinic, aPatient, aPhone } from '../helpers/world.ts';

// Each line of the table in docs/security.md: just before its time is up it is there, just after it is gone.

const sql = databaseAsPostgres();
const admin = databaseAsAdmin();
afterAll(closeDatabases);

const forget = (tx: Transaction) => tx`select private.forget_what_is_old()`;

interface Kept {
  /** Writes one row as old as `age` says, and answers with how it is found again. */
  write(tx: Transaction, age: string): Promise<unknown>;
  /** How many of what was written are there. */
  count(tx: Transaction): Promise<number>;
  /** When it is there for the last time, and when no more. */
  until: [there: string, gone: string];
}

const countOf = async (rows: Promise<{ count: number }[]>) => (await rows)[0]?.count ?? 0;

const kept: Record<string, Kept> = {
  'a code': {
    write: (tx, age) => tx`
      insert into private.phone_verifications (purpose, code_hash, sealed_request, expires_at)
      values ('reset', '', '', now() - ${age}::interval)`,
    count: (tx) => countOf(tx`select count(*)::int from private.phone_verifications`),
    until: ['23 hours', '25 hours']
  },
  'a count of a limit': {
    write: (tx, age) =>
      tx`insert into private.rate_limits (bucket, window_start) values ('x', now() - ${age}::interval)`,
    count: (tx) => countOf(tx`select count(*)::int from private.rate_limits`),
    until: ['47 hours', '49 hours']
  },
  'a count of wrong codes': {
    write: (tx, age) =>
      tx`insert into private.wrong_codes (hour, guesses) values (now() - ${age}::interval, 1)`,
    count: (tx) => countOf(tx`select count(*)::int from private.wrong_codes`),
    until: ['47 hours', '49 hours']
  },
  'a device that has signed in': {
    write: async (tx, age) => {
      const { userId } = (await aPatient(tx, { phone: aPhone(), account: true })).account;
      await tx`
        insert into private.known_devices (user_id, device_hash, last_seen_at)
        values (${userId}, 'x', now() - ${age}::interval)`;
    },
    count: (tx) => countOf(tx`select count(*)::int from private.known_devices`),
    until: ['399 days', '401 days']
  },
  'a registration without an account': {
    write: (tx, age) => tx`
      insert into private.registrations (id, phone, name, age, created_at)
      values (gen_random_uuid(), ${aPhone()}, 'Asha Rao', 34, now() - ${age}::interval)`,
    count: (tx) => countOf(tx`select count(*)::int from private.registrations`),
    until: ['59 minutes', '61 minutes']
  },
  'a finished account job': {
    write: async (tx, age) => {
      const { id } = await aPatient(tx);
      await tx`insert into private.account_jobs (patient_id, done_at) values (${id}, now() - ${age}::interval)`;
    },
    count: (tx) => countOf(tx`select count(*)::int from private.account_jobs`),
    until: ['29 days', '31 days']
  },
  'what was done to a day at the desk': {
    write: async (tx, age) => {
      const { id } = await aClinic(tx);
      await tx`
        insert into public.day_operations (clinic_id, kind, on_date, until_date, only_stranded, outcome, done_at)
        values (${id}, 'close', '2001-01-01', '2001-01-01', false, '{}', now() - ${age}::interval)`;
    },
    count: (tx) => countOf(tx`select count(*)::int from public.day_operations`),
    until: ['29 days', '31 days']
  },
  'an SMS': {
    write: (tx, age) => tx`
      insert into public.sms_messages (to_phone, template, body, status, sent_at, created_at)
      values (${aPhone()}, 'x', 'text', 'sent', now() - ${age}::interval, now() - ${age}::interval)`,
    count: (tx) => countOf(tx`select count(*)::int from public.sms_messages`),
    until: ['364 days', '366 days']
  },
  'a call': {
    write: (tx, age) => tx`
      insert into public.ivr_calls (call_id, outcome, started_at, last_step_at)
      values (gen_random_uuid(), 'booked', now() - ${age}::interval, now() - ${age}::interval)`,
    count: (tx) => countOf(tx`select count(*)::int from public.ivr_calls`),
    until: ['364 days', '366 days']
  },
  'a security event': {
    write: (tx, age) =>
      tx`select private.note_security_event('limited', null, 'x', now() - ${age}::interval)`,
    count: (tx) => countOf(tx`select count(*)::int from public.security_events`),
    until: ['89 days', '91 days']
  },
  'an alert': {
    write: (tx, age) => tx`insert into private.alerts (what, hour) values ('x', now() - ${age}::interval)`,
    count: (tx) => countOf(tx`select count(*)::int from private.alerts`),
    until: ['89 days', '91 days']
  },
  'the proof of a call': {
    write: async (tx, age) => {
      const { id } = await aClinic(tx);
      await tx`
        insert into private.call_proofs (call_id, clinic_id, created_at)
        values ('x', ${id}, now() - ${age}::interval)`;
    },
    count: (tx) => countOf(tx`select count(*)::int from private.call_proofs`),
    until: ['89 days', '91 days']
  },
  'what was spent of the budget': {
    write: (tx, age) =>
      tx`insert into private.sms_spending (hour, slot, parts) values (now() - ${age}::interval, 0, 1)`,
    count: (tx) => countOf(tx`select count(*)::int from private.sms_spending`),
    until: ['29 days', '31 days']
  },
  'a run of a job': {
    write: (tx, age) => tx`
      insert into cron.job_run_details (runid, command, end_time)
      values (-1, 'x', now() - ${age}::interval)`,
    count: (tx) => countOf(tx`select count(*)::int from cron.job_run_details where runid < 0`),
    until: ['6 days', '8 days']
  }
};

/** A database that holds nothing of all this but what the test writes. */
const within = (work: (tx: Transaction) => Promise<void>) =>
  rolledBack(sql, async (tx) => {
    for (const table of [
      'private.phone_verifications',
      'private.rate_limits',
      'private.wrong_codes',
      'private.known_devices',
      'private.registrations',
      'private.account_jobs',
      'public.day_operations',
      'public.sms_messages',
      'public.ivr_calls',
      'public.security_events',
      'private.alerts',
      'private.call_proofs',
      'private.sms_spending'
    ]) {
      await tx`delete from ${tx(table)}`;
    }
    await work(tx);
  });

describe.each(Object.entries(kept))('%s', (_, { write, count, until: [there, gone] }) => {
  test(`is kept for ${there}, and gone after ${gone}`, () =>
    within(async (tx) => {
      await write(tx, there);
      await forget(tx);
      expect(await count(tx)).toBe(1);
    }).then(() =>
      within(async (tx) => {
        await write(tx, gone);
        expect(await count(tx)).toBe(1);
        await forget(tx);
        expect(await count(tx)).toBe(0);
      })
    ));
});

test('how long texts, calls and events are kept is what the settings say', () =>
  within(async (tx) => {
    for (const what of ['an SMS', 'a call', 'a security event']) await kept[what]?.write(tx, '40 days');
    await tx`update public.security_settings set sms_days = 30, calls_days = 30, events_days = 30`;
    await forget(tx);
    for (const what of ['an SMS', 'a call', 'a security event']) expect(await kept[what]?.count(tx)).toBe(0);
  }));

test('what deleted texts cost stays, and adds up with those that are still there', () =>
  within(async (tx) => {
    await aClinic(tx);
    const send = (template: string, age: string, status = 'sent') => tx`
      insert into public.sms_messages (to_phone, template, body, status, sent_at, created_at)
      values (${aPhone()}, ${template}, ${'long '.repeat(40)}, ${status},
        ${status === 'sent' ? tx`now() - ${age}::interval` : null}, now() - ${age}::interval)`;
    const cost = async () => [
      ...(await tx`select template, messages, parts from public.sms_cost where template in ('x', 'y') order by 1, day`)
    ];
    await tx`update public.security_settings set sms_days = 30`;
    for (const template of ['x', 'x', 'y']) await send(template, '31 days');
    await send('x', '31 days', 'failed');
    await send('x', '1 day');
    const before = await cost();
    expect(before).toEqual([
      { template: 'x', messages: 2, parts: 4 },
      { template: 'x', messages: 1, parts: 2 },
      { template: 'y', messages: 1, parts: 2 }
    ]);
    await forget(tx);
    expect(await kept['an SMS']?.count(tx)).toBe(1);
    expect(await cost()).toEqual(before);
    // Twice is once, and more of the same day adds to it.
    await forget(tx);
    await send('x', '31 days');
    await forget(tx);
    expect((await cost())[0]).toEqual({ template: 'x', messages: 3, parts: 6 });
  }));

test('a text that still waits is never forgotten', () =>
  within(async (tx) => {
    await tx`
      insert into public.sms_messages (to_phone, template, body, created_at)
      values (${aPhone()}, 'x', 'text', now() - interval '2 years')`;
    await forget(tx);
    expect(await kept['an SMS']?.count(tx)).toBe(1);
  }));

test('what somebody asked for is wiped by the sweep as soon as its code has expired', () =>
  within(async (tx) => {
    await tx`
      insert into private.phone_verifications (purpose, code_hash, sealed_request, expires_at, used_at)
      values ('reset', 'expired', 'sealed', now() - interval '1 second', null),
        ('reset', 'used', 'sealed', now() - interval '1 second', now() - interval '5 minutes'),
        ('reset', 'live', 'sealed', now() + interval '1 minute', null)`;
    await tx`select private.sweep()`;
    const rows = await tx`
      select convert_from(code_hash, 'UTF8') as code, convert_from(sealed_request, 'UTF8') as sealed
      from private.phone_verifications order by 1`;
    expect([...rows]).toEqual([
      { code: 'expired', sealed: '' },
      { code: 'live', sealed: 'sealed' },
      { code: 'used', sealed: '' }
    ]);
  }));

test('what an account job found its password by is wiped when the job is done, however it ends', () =>
  within(async (tx) => {
    const seeds = async () =>
      (await tx`select password_seed from private.account_jobs`)[0]?.password_seed as string;
    const { id } = await aPatient(tx);
    await tx`insert into private.account_jobs (patient_id) values (${id})`;
    await tx`update private.account_jobs set attempts = 1`;
    expect(await seeds()).toHaveLength(64);
    await tx`update private.account_jobs set done_at = now()`;
    expect(await seeds()).toBe('');
  }));

test('runs every hour, as postgres, who may', async () => {
  const jobs =
    await sql`select schedule, command, username, active from cron.job where jobname = 'medq-forget'`;
  expect([...jobs]).toEqual([
    {
      schedule: '17 * * * *',
      command: 'select private.forget_what_is_old()',
      username: 'postgres',
      active: true
    }
  ]);
});

test('where the history of jobs may not be pruned, all else is forgotten all the same', () =>
  rolledBack(admin, async (tx) => {
    await tx`revoke delete on cron.job_run_details from postgres`;
    await tx`set local role postgres`;
    await kept['an alert']?.write(tx, '91 days');
    await kept['a run of a job']?.write(tx, '8 days');
    await forget(tx);
    expect(await kept['a run of a job']?.count(tx)).toBe(1);
    const [row] = await tx`select count(*)::int from private.alerts where what = 'x'`;
    expect(row?.count).toBe(0);
  }));
