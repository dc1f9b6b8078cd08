/** SMS: how fast the queue drains through the provider's stand-in, and its SQL against the one of graphile-worker. */
import { Logger, makeWorkerUtils, runOnce } from 'graphile-worker';
import postgres from 'postgres';
import type { Stack } from '../local/start-stack.ts';
import { connect } from '../supabase/functions/_shared/database.ts';
import { drain } from '../supabase/functions/_shared/queue/drain.ts';
import { smsQueue } from '../supabase/functions/sms-dispatch/queue.ts';
import { finding, inTurns, type Effort, type Finding, type Rate } from './measure.ts';

/** What the function sends at the same time, unless it is told otherwise. */
const concurrency = 8;

interface Amount {
  rounds: number;
  /** Messages that are claimed and settled in a round. */
  claimed: number;
  /** Messages that are sent: to warm up, through a provider that answers at once, through one that takes its time. */
  warmUp: number;
  fast: number;
  slow: number;
}

const amounts: Record<Effort, Amount> = {
  full: { rounds: 3, claimed: 3000, warmUp: 100, fast: 1500, slow: 600 },
  quick: { rounds: 1, claimed: 200, warmUp: 20, fast: 100, slow: 50 }
};

async function timed(done: number, work: () => Promise<unknown>): Promise<Rate> {
  const begun = performance.now();
  await work();
  const elapsed = (performance.now() - begun) / 1000;
  return { perSecond: done / elapsed, p50: NaN, p95: NaN, done };
}

/** Queues so many messages, each to a number of its own. */
async function fill(sql: postgres.Sql, count: number): Promise<void> {
  await sql`
    insert into public.sms_messages (to_phone, template, body)
    select '+91' || (9000000000 + floor(random() * 999999999)::bigint), 'bench', 'Your appointment is at 10:30 am.'
    from generate_series(1, ${count})`;
  await sql`vacuum analyze public.sms_messages`;
}

/** The queue's SQL as the dispatcher uses it, with nothing in between: each message counts as sent. */
async function drainWithoutSending(url: string): Promise<void> {
  const database = connect(url);
  const queue = smsQueue(database);
  await drain({
    concurrency,
    budget: 60_000,
    claim: (limit) => queue.claim(limit),
    work: async (sms) => {
      if (!(await queue.settle(sms, { outcome: 'sent', providerId: 'bench' })))
        throw new Error('Not settled.');
    }
  });
  await database.end();
}

async function benchSql(url: string, sql: postgres.Sql, { rounds, claimed }: Amount): Promise<Finding> {
  const quiet = new Logger(() => () => undefined);
  const utils = await makeWorkerUtils({ connectionString: url, logger: quiet });
  await utils.migrate();
  const ours = async () => {
    await fill(sql, claimed);
    return timed(claimed, () => drainWithoutSending(url));
  };
  const floor = async () => {
    await sql`select graphile_worker.add_job('nothing', '{}') from generate_series(1, ${claimed})`;
    await sql`vacuum analyze graphile_worker._private_jobs`;
    const taskList = { nothing: async () => undefined };
    return timed(claimed, () =>
      runOnce({ connectionString: url, concurrency, taskList, logger: quiet, noHandleSignals: true })
    );
  };
  try {
    const { ours: our, floor: their, ratio } = await inTurns(rounds, ours, floor);
    return finding(
      'SMS claimed and settled a second against no-op jobs of graphile-worker',
      `${our.perSecond.toFixed(0)}/s against ${their.perSecond.toFixed(0)}/s`,
      ratio,
      { atLeast: 1 }
    );
  } finally {
    await utils.release();
    await sql`drop schema graphile_worker cascade`;
  }
}

async function benchSending(stack: Stack, sql: postgres.Sql, amount: Amount): Promise<Finding[]> {
  const { inbox_url, api_url, functions_secret } = stack.addresses;
  const latency = (ms: number) =>
    fetch(`${inbox_url}/latency`, { method: 'POST', body: JSON.stringify({ ms }) }).then((answer) =>
      answer.text()
    );
  const dispatch = async (count: number): Promise<Rate> => {
    await fill(sql, count);
    return timed(count, async () => {
      for (;;) {
        const headers = { authorization: `Bearer ${functions_secret}` };
        const answer = await fetch(`${api_url}/functions/v1/sms-dispatch`, { method: 'POST', headers });
        const { sent } = (await answer.json()) as { sent?: number };
        if (sent === undefined) throw new Error(`The dispatcher answered ${answer.status}.`);
        const [left] = await sql`select from public.sms_messages where status = 'queued' limit 1`;
        if (!left) return;
      }
    });
  };
  await dispatch(amount.warmUp);
  const fast = await dispatch(amount.fast);
  await latency(100);
  const slow = await dispatch(amount.slow);
  await latency(0);
  return [
    finding('SMS sent a second, provider at once', `${fast.perSecond.toFixed(0)}/s`, fast.perSecond, {
      atLeast: 100
    }),
    finding(
      `SMS sent a second, provider in 100 ms, against ${concurrency} at a time`,
      `${slow.perSecond.toFixed(0)}/s against ${concurrency * 10}/s`,
      slow.perSecond / (concurrency * 10),
      { atLeast: 0.8 }
    )
  ];
}

export async function benchSms(stack: Stack, effort: Effort): Promise<Finding[]> {
  const amount = amounts[effort];
  const sql = postgres(stack.addresses.db_url, { max: 1, onnotice: () => undefined });
  const secret = async (url: string) =>
    sql`select vault.update_secret(id, ${url}) from vault.decrypted_secrets where name = 'functions_url'`;
  const [functions] = await sql<{ url: string }[]>`
    select decrypted_secret as url from vault.decrypted_secrets where name = 'functions_url'`;
  // The dispatcher is woken at an address where nobody listens, so that only this benchmark calls it.
  await secret('http://127.0.0.1:9/none');
  // Counted as ever, and never used up.
  await sql`update public.sms_settings set parts_per_hour = 1e9, parts_per_day = 1e9`;
  try {
    return [await benchSql(stack.addresses.db_url, sql, amount), ...(await benchSending(stack, sql, amount))];
  } finally {
    await sql`delete from public.sms_messages where template = 'bench'`;
    await sql`update public.sms_settings set parts_per_hour = default, parts_per_day = default`;
    if (functions) await secret(functions.url);
    await sql.end();
  }
}
