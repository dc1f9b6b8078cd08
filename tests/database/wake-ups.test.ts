import type postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { rolledBack, startQuietDatabase, type QuietDatabase, type Transaction } from '../helpers/database.ts';
import { aClinic, anAccount, aPatient, aPhone, aPractitioner, book } from '../helpers/world.ts';

let database: QuietDatabase;
let sql: postgres.Sql;

beforeAll(async () => {
  database = await startQuietDatabase();
  sql = database.sql;
  await sql`select vault.create_secret('http://functions.test/functions/v1/', 'functions_url')`;
  await sql`select vault.create_secret('the secret between us', 'functions_secret')`;
});
afterAll(() => database.stop());

const now = new Date('2091-06-01T00:00:00Z');
const at = (time: string) => new Date(`2091-06-09T${time}:00+05:30`);

const within = (work: (tx: Transaction) => Promise<void>) => rolledBack(sql, work);

/** As `within`, but it is committed. */
async function inTransaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
  const tx = await sql.reserve();
  try {
    await tx`begin`;
    const result = await work(tx);
    await tx`commit`;
    return result;
  } finally {
    tx.release();
  }
}

/** The functions that will be called once the transaction commits. */
async function calls(tx: Transaction): Promise<string[]> {
  const rows = await tx<{ url: string }[]>`select url from net.http_request_queue order by id`;
  return rows.map(({ url }) => url.replace('http://functions.test/functions/v1/', ''));
}

const later = (tx: Transaction) => tx`now() + interval '1 hour'`;
const secondsAgo = (tx: Transaction, seconds: number) => tx`now() - make_interval(secs => ${seconds})`;

async function messages(
  tx: Transaction,
  count: number,
  {
    due = tx`now()`,
    status = 'queued'
  }: { due?: postgres.PendingQuery<postgres.Row[]>; status?: string } = {}
): Promise<string[]> {
  const rows = await tx<{ id: string }[]>`
    insert into public.sms_messages (to_phone, template, body, next_attempt_at, status)
    select ${aPhone()}, 'welcome', 'Hello', ${due}, ${status} from generate_series(1, ${count}) returning id`;
  return rows.map(({ id }) => id);
}

describe('the dispatcher is woken', () => {
  test('once for all rows of a statement, with our secret', () =>
    within(async (tx) => {
      await messages(tx, 5);
      const requests = await tx`
        select method, url, headers ->> 'Authorization' as secret, convert_from(body, 'UTF8') as body
        from net.http_request_queue`;
      expect([...requests]).toEqual([
        {
          method: 'POST',
          url: 'http://functions.test/functions/v1/sms-dispatch',
          secret: 'Bearer the secret between us',
          body: '{}'
        }
      ]);
    }));

  test.each([
    ['on the web', 'web', ['sms-dispatch']],
    ['by phone, together with the provisioner', 'ivr', ['provision-accounts', 'sms-dispatch']]
  ] as const)('by a booking %s', (_way, channel, expected) =>
    within(async (tx) => {
      const practitioner = await aPractitioner(tx, await aClinic(tx));
      await book(tx, await aPatient(tx), practitioner, at('10:00'), { now, channel });
      expect(await calls(tx)).toEqual(expected);
    })
  );

  test('alone, by a further booking by phone while the account is still to be made', () =>
    within(async (tx) => {
      const caller = await aPatient(tx);
      await tx`insert into private.account_jobs (patient_id) values (${caller.id})`;
      await tx`delete from net.http_request_queue`;
      const practitioner = await aPractitioner(tx, await aClinic(tx));
      await book(tx, caller, practitioner, at('10:00'), { now, channel: 'ivr' });
      expect(await calls(tx)).toEqual(['sms-dispatch']);
    }));

  test('when a message is queued again by hand', () =>
    within(async (tx) => {
      await messages(tx, 2, { status: 'failed' });
      expect(await calls(tx)).toEqual([]);
      await tx`update public.sms_messages set status = 'queued'`;
      expect(await calls(tx)).toEqual(['sms-dispatch']);
    }));

  test('by nothing that is not due: later messages, claims, settlements', () =>
    within(async (tx) => {
      await messages(tx, 1, { due: later(tx) });
      await messages(tx, 1, { status: 'sent' });
      const [id] = await messages(tx, 1, { status: 'sending' });
      expect(await calls(tx)).toEqual([]);
      await tx`update public.sms_messages set attempts = 1 where id = ${id ?? null}`;
      await tx`select private.settle_sms(${id ?? null}, 1, 'retry')`;
      await tx`select * from private.claim_sms(10)`;
      await tx`delete from public.sms_messages`;
      expect(await calls(tx)).toEqual([]);
    }));

  test('not at all by what is rolled back', () =>
    within(async (tx) => {
      await tx`savepoint before`;
      await messages(tx, 1);
      await tx`rollback to before`;
      expect(await calls(tx)).toEqual([]);
    }));
});

describe('a function that is at work', () => {
  const begin = (tx: Transaction) => tx`select private.begin_run('sms-dispatch')`;
  const end = async (tx: postgres.Sql) => {
    const [run] = await tx<{ more: boolean }[]>`select private.end_run('sms-dispatch') as more`;
    return run?.more;
  };

  test('is not called again, and is once it has ended; the other is called as ever', () =>
    within(async (tx) => {
      await begin(tx);
      await messages(tx, 1);
      expect(await calls(tx)).toEqual([]);
      await tx`insert into private.account_jobs (patient_id) values (${(await aPatient(tx)).id})`;
      expect(await calls(tx)).toEqual(['provision-accounts']);
      expect(await end(tx)).toBe(true);
      await messages(tx, 1);
      expect(await calls(tx)).toEqual(['provision-accounts', 'sms-dispatch']);
    }));

  test('is called once for a crowd that comes before it has begun', () =>
    within(async (tx) => {
      for (let n = 0; n < 5; n += 1) await messages(tx, 1);
      expect(await calls(tx)).toEqual(['sms-dispatch']);
    }));

  test('is called again when its run has died, or never began', () =>
    within(async (tx) => {
      await begin(tx);
      const longAgo = () => tx`update private.function_runs set busy_until = now() - interval '1 second'`;
      await longAgo();
      await messages(tx, 1);
      await longAgo();
      await messages(tx, 1);
      expect(await calls(tx)).toEqual(['sms-dispatch', 'sms-dispatch']);
    }));

  test('ends with nothing left, if nobody has relied on it', () =>
    within(async (tx) => {
      await begin(tx);
      expect(await end(tx)).toBe(false);
    }));

  test('does not end before those who rely on it have committed, and is told of what they left', async () => {
    await sql`select private.begin_run('sms-dispatch')`;
    const { promise: committed, resolve: commit } = Promise.withResolvers<void>();
    const { promise: queued, resolve: hasQueued } = Promise.withResolvers<string[]>();
    const slow = inTransaction(async (tx) => {
      hasQueued(await messages(tx, 1));
      await committed;
      return calls(tx);
    });
    const ids = await queued;
    const ended = end(sql);
    const first = await Promise.race([
      ended.then(() => 'ended'),
      sql`select pg_sleep(0.2)`.then(() => 'waits')
    ]);
    commit();
    expect(first).toBe('waits');
    expect(await slow).toEqual([]);
    expect(await ended).toBe(true);
    await sql`delete from public.sms_messages where id = any (${ids})`;
  });

  test('is told of what was left after it began to end', async () => {
    await sql`select private.begin_run('sms-dispatch')`;
    const more = await inTransaction(async (tx) => {
      await tx`select now()`;
      await inTransaction((other) => messages(other, 1));
      return end(tx);
    });
    expect(more).toBe(true);
    await sql`delete from public.sms_messages`;
  });

  test('waits for nobody who keeps a transaction open: that one is left to the sweep', async () => {
    await sql`select private.begin_run('sms-dispatch')`;
    await rolledBack(sql, async (tx) => {
      await messages(tx, 1);
      expect(await end(sql)).toBe(false);
    });
  });
});

describe('a project that is not set up, or wrongly', () => {
  test.each(['functions_url', 'functions_secret'])('calls nobody while the vault has no %s', (name) =>
    within(async (tx) => {
      await tx`delete from vault.secrets where name = ${name}`;
      const [id] = await messages(tx, 1);
      expect(await calls(tx)).toEqual([]);
      expect(await tx`select from public.sms_messages where id = ${id ?? null}`).toHaveLength(1);
    })
  );

  test('books all the same when calls are impossible', async () => {
    const patient = await rolledBack(database.admin, async (tx) => {
      await tx`
        create or replace function net.http_post(url text, body jsonb default '{}', params jsonb default '{}',
          headers jsonb default '{}', timeout_milliseconds integer default 5000)
        returns bigint language plpgsql as 'begin raise exception ''no such host''; end'`;
      const made = await aPatient(tx);
      const practitioner = await aPractitioner(tx, await aClinic(tx));
      await book(tx, made, practitioner, at('10:00'), { now, channel: 'ivr' });
      expect(await tx`select from public.sms_messages where patient_id = ${made.id}`).toHaveLength(1);
      expect(await tx`select from private.account_jobs where patient_id = ${made.id}`).toHaveLength(1);
      return made;
    });
    expect(await sql`select from public.patients where id = ${patient.id}`).toHaveLength(0);
  });
});

describe('the sweep', () => {
  const sweep = (tx: Transaction, now = tx`now()`) => tx`select private.sweep(${now})`;

  /** Runs the sweep and tells which functions it calls. */
  async function swept(tx: Transaction, now = tx`now()`): Promise<string[]> {
    await tx`delete from net.http_request_queue`;
    await sweep(tx, now);
    return calls(tx);
  }

  test('calls nobody while nothing is due', () =>
    within(async (tx) => {
      await messages(tx, 1, { due: later(tx) });
      await messages(tx, 1, { status: 'failed' });
      expect(await swept(tx)).toEqual([]);
    }));

  test('wakes the dispatcher for messages that were missed, put off or left by a dead worker', () =>
    within(async (tx) => {
      const [put_off] = await messages(tx, 1, { due: later(tx) });
      expect(await swept(tx, tx`now() + interval '2 hours'`)).toEqual(['sms-dispatch']);
      await tx`delete from public.sms_messages where id = ${put_off ?? null}`;
      await messages(tx, 3, { due: secondsAgo(tx, 1), status: 'sending' });
      expect(await swept(tx)).toEqual(['sms-dispatch']);
    }));

  test('wakes the provisioner for jobs that are due, and not for those that are done', () =>
    within(async (tx) => {
      const { id } = await aPatient(tx);
      await tx`insert into private.account_jobs (patient_id) values (${id})`;
      expect(await swept(tx)).toEqual(['provision-accounts']);
      await tx`update private.account_jobs set next_attempt_at = ${later(tx)}`;
      expect(await swept(tx)).toEqual([]);
      await tx`update private.account_jobs set next_attempt_at = now(), done_at = now()`;
      expect(await swept(tx)).toEqual([]);
    }));

  test('makes texted passwords useless that were never replaced', () =>
    within(async (tx) => {
      const { userId } = await anAccount(tx, aPhone(), { password: 'ABC12345' });
      await tx`insert into private.temporary_passwords (user_id, expires_at) values (${userId}, ${later(tx)})`;
      const empty = async () =>
        (await tx`select from auth.users where id = ${userId} and encrypted_password = ''`).count === 1;
      await sweep(tx);
      expect(await empty()).toBe(false);
      await sweep(tx, tx`now() + interval '2 hours'`);
      expect(await empty()).toBe(true);
    }));

  test('runs every minute, as postgres', async () => {
    const jobs =
      await sql`select schedule, command, username, active from cron.job where jobname = 'medq-sweep'`;
    expect([...jobs]).toEqual([
      { schedule: '* * * * *', command: 'select private.sweep()', username: 'postgres', active: true }
    ]);
  });
});
