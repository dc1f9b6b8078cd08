import type postgres from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  asServiceRole,
  rolledBack,
  startQuietDatabase,
  type QuietDatabase,
  type Transaction
} from '../helpers/database.ts';
import { aClinic, aPhone } from '../helpers/world.ts';

let database: QuietDatabase;
let sql: postgres.Sql;

beforeAll(async () => {
  database = await startQuietDatabase();
  sql = database.sql;
});
afterAll(() => database.stop());

const within = (work: (tx: Transaction) => Promise<void>) => rolledBack(sql, work);

async function messages(tx: postgres.Sql, ...rows: Record<string, unknown>[]): Promise<void> {
  for (const row of rows) {
    await tx`insert into public.sms_messages ${tx({ to_phone: aPhone(), template: 'test', body: 'Hello', ...row })}`;
  }
}

const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3_600_000);
/** What a secret key sees, as an admin's tools do. */
const seen = async (tx: Transaction, view: string) => [
  ...(await asServiceRole(tx, (db) => db`select * from ${db(`public.${view}`)}`))
];

test('today’s messages are counted by what became of them, from the clinic’s midnight on', () =>
  within(async (tx) => {
    await aClinic(tx, { time_zone: 'Pacific/Kiritimati' });
    const [row] = await tx<{ midnight: Date }[]>`select private.today_began() as midnight`;
    const midnight = row?.midnight.getTime() ?? NaN;
    expect((midnight + 14 * 3_600_000) % 86_400_000).toBe(0);
    await messages(
      tx,
      { status: 'delivered', created_at: new Date(midnight) },
      { status: 'delivered', created_at: new Date(midnight), body: 'a'.repeat(200) },
      { status: 'failed', created_at: new Date(midnight) },
      { status: 'delivered', created_at: new Date(midnight - 1) }
    );
    expect(await seen(tx, 'sms_today')).toMatchObject([
      { status: 'delivered', template: 'test', messages: 2, parts: 3 },
      { status: 'failed', template: 'test', messages: 1, parts: 1 }
    ]);
  }));

test('the queue shows what waits, the oldest first, and why', () =>
  within(async (tx) => {
    await messages(
      tx,
      { template: 'young', created_at: hoursAgo(1) },
      { template: 'old', created_at: hoursAgo(5), attempts: 3, last_error: 'MessageBird answered 429.' },
      { template: 'gone', status: 'sent', created_at: hoursAgo(9) }
    );
    expect(await seen(tx, 'sms_queue')).toMatchObject([
      { template: 'old', attempts: 3, last_error: 'MessageBird answered 429.' },
      { template: 'young', attempts: 0 }
    ]);
  }));

test('failures say what kind they are', () =>
  within(async (tx) => {
    await messages(
      tx,
      { template: 'rejected', last_error: 'no (correct) recipients found (code 9)' },
      {
        template: 'undelivered',
        sent_at: hoursAgo(1),
        reported_at: hoursAgo(1),
        last_error: 'unknown subscriber'
      },
      { template: 'late', expires_at: hoursAgo(1), last_error: 'expired before it could be sent' },
      { template: 'doubtful', outcome_unknown: true, last_error: 'No answer from MessageBird: timeout.' },
      { template: 'fine' }
    );
    await tx`update public.sms_messages set status = case when template = 'fine' then 'sent' else 'failed' end`;
    const failures = await seen(tx, 'sms_failures');
    expect(Object.fromEntries(failures.map(({ template, what }) => [template, what]))).toEqual({
      rejected: 'not sent',
      undelivered: 'not delivered',
      late: 'expired',
      doubtful: 'may have arrived'
    });
    expect(failures.find(({ template }) => template === 'undelivered')?.reason).toBe('unknown subscriber');
  }));

test('the cost counts parts, by day and template, of secrets too', () =>
  within(async (tx) => {
    await aClinic(tx);
    const noon = new Date('2026-06-01T06:30:00Z');
    await messages(
      tx,
      { sent_at: noon, body: 'வணக்கம் '.repeat(10) },
      { sent_at: noon, body: 'short' },
      { sent_at: noon, template: 'code', secret: true, body: 'long '.repeat(40) },
      { sent_at: new Date('2026-06-01T18:30:00Z') },
      { template: 'waits' }
    );
    await tx`update public.sms_messages set status = 'sent' where sent_at is not null`;
    await tx`update public.sms_settings set part_price = 0.15`;
    const day = (date: string) => new Date(`${date}T00:00:00Z`);
    expect(await seen(tx, 'sms_cost')).toEqual([
      { day: day('2026-06-02'), template: 'test', messages: 1, parts: 1, cost: '0.15' },
      { day: day('2026-06-01'), template: 'code', messages: 1, parts: 2, cost: '0.30' },
      { day: day('2026-06-01'), template: 'test', messages: 2, parts: 3, cost: '0.45' }
    ]);
  }));

test('health: how many wait and for how long', () =>
  within(async (tx) => {
    const health = async () => (await asServiceRole(tx, (db) => db`select * from public.sms_health()`))[0];
    expect(await health()).toEqual({
      sending: true,
      queued: 0,
      due: 0,
      oldest_seconds: 0,
      retrying: 0,
      failed_last_hour: 0,
      last_sent_at: null
    });
    await tx`update public.sms_settings set sending = false`;
    await messages(
      tx,
      { next_attempt_at: hoursAgo(-2), created_at: hoursAgo(9) },
      { next_attempt_at: hoursAgo(1), created_at: hoursAgo(1) },
      { next_attempt_at: hoursAgo(-1), created_at: hoursAgo(3), attempts: 2 },
      { status: 'failed' },
      { status: 'sent', sent_at: hoursAgo(1) }
    );
    const now = await health();
    expect(now).toMatchObject({ sending: false, queued: 3, due: 1, retrying: 1, failed_last_hour: 1 });
    expect(Math.round((now?.oldest_seconds as number) / 3600)).toBe(3);
    expect(now?.last_sent_at).not.toBeNull();
  }));
