import type postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  refusalIn,
  rolledBack,
  startQuietDatabase,
  type QuietDatabase,
  type Transaction
} from '../helpers/database.ts';
import { aPhone } from '../helpers/world.ts';

let database: QuietDatabase;
let sql: postgres.Sql;

beforeAll(async () => {
  database = await startQuietDatabase();
  sql = database.sql;
});
afterAll(() => database.stop());

interface Message {
  id: string;
  status: string;
  attempts: number;
  body: string;
  next_attempt_at: Date;
  outcome_unknown: boolean;
  provider_id: string | null;
  report_token: string;
  last_error: string | null;
  sent_at: Date | null;
  delivered_at: Date | null;
}

const start = new Date('2026-06-01T12:00:00Z');
/** So many seconds after the start. */
const after = (seconds: number) => new Date(start.getTime() + seconds * 1000);
const secondsUntil = (time: Date | undefined) => ((time?.getTime() ?? NaN) - start.getTime()) / 1000;
const erased = '(erased after sending)';

/** A message that is due at the start. */
async function aMessage(
  tx: postgres.Sql,
  options: { secret?: boolean; expires_at?: Date; body?: string; next_attempt_at?: Date } = {}
): Promise<Message> {
  const row = { to_phone: aPhone(), template: 'welcome', body: 'Hello', next_attempt_at: start, ...options };
  const [message] = await tx<Message[]>`insert into public.sms_messages ${tx(row)} returning *`;
  if (!message) throw new Error('Nothing was queued.');
  return message;
}

async function look(tx: postgres.Sql, { id }: Message): Promise<Message> {
  const [message] = await tx<Message[]>`select * from public.sms_messages where id = ${id}`;
  if (!message) throw new Error('The message is gone.');
  return message;
}

const claim = (tx: postgres.Sql, now: Date, limit = 100) =>
  tx<Message[]>`select * from private.claim_sms(${limit}, ${now})`;

/** Claims the one message there is; fails if there is none or another. */
async function claimOne(tx: postgres.Sql, now: Date): Promise<Message> {
  const [message, ...others] = await claim(tx, now);
  if (!message || others.length > 0) throw new Error(`One message should be due, not ${others.length}.`);
  return message;
}

async function settle(
  tx: postgres.Sql,
  { id, attempts }: Message,
  outcome: string,
  {
    providerId = null,
    error = null,
    now = start
  }: { providerId?: string | null; error?: string | null; now?: Date } = {}
): Promise<boolean> {
  const [row] = await tx<{ settled: boolean }[]>`
    select private.settle_sms(${id}, ${attempts}, ${outcome}, ${providerId}, ${error}, ${now}) as settled`;
  return row?.settled ?? false;
}

async function report(
  tx: postgres.Sql,
  { id, report_token }: Message,
  status: string,
  {
    token = report_token,
    error = null,
    at = after(60)
  }: { token?: string; error?: string | null; at?: Date } = {}
): Promise<string> {
  const [row] = await tx<{ result: string }[]>`
    select private.report_sms(${id}, ${token}, ${status}, ${at}, ${error}) as result`;
  return row?.result ?? '';
}

const within = (work: (tx: Transaction) => Promise<void>) => rolledBack(sql, work);

describe('claiming', () => {
  test('takes what is due, the oldest first and no more than asked for, for a minute', () =>
    within(async (tx) => {
      const second = await aMessage(tx, { next_attempt_at: after(-10) });
      const first = await aMessage(tx, { next_attempt_at: after(-20) });
      const third = await aMessage(tx);
      await aMessage(tx, { next_attempt_at: after(1) });
      const claimed = await claim(tx, start, 2);
      expect(claimed.map(({ id }) => id).sort()).toEqual([first.id, second.id].sort());
      for (const message of claimed) {
        expect(message).toMatchObject({ status: 'sending', attempts: 1, outcome_unknown: false });
        expect(secondsUntil(message.next_attempt_at)).toBe(60);
      }
      expect((await claim(tx, start)).map(({ id }) => id)).toEqual([third.id]);
      expect(await claim(tx, start)).toHaveLength(0);
    }));

  test('by many workers at once gives no row to two', async () => {
    const messages = await Promise.all(Array.from({ length: 40 }, () => aMessage(sql)));
    const workers = await Promise.all(Array.from({ length: 8 }, () => sql.reserve()));
    try {
      const taken = await Promise.all(
        workers.map(async (worker) => {
          const ids: string[] = [];
          for (;;) {
            const claimed = await claim(worker, start, 3);
            if (claimed.length === 0) return ids;
            ids.push(...claimed.map(({ id }) => id));
          }
        })
      );
      expect(taken.flat().sort()).toEqual(messages.map(({ id }) => id).sort());
    } finally {
      for (const worker of workers) worker.release();
      await sql`delete from public.sms_messages`;
    }
  });

  test('does not wait for rows that another worker is claiming', async () => {
    const [slow, fast] = [await sql.reserve(), await sql.reserve()];
    try {
      const [one, two] = [await aMessage(sql), await aMessage(sql)];
      await fast`set lock_timeout = '5s'`;
      await slow`begin`;
      const [held] = await claim(slow, start, 1);
      const others = await claim(fast, start);
      expect([held?.id, ...others.map(({ id }) => id)].sort()).toEqual([one.id, two.id].sort());
      await slow`rollback`;
      expect((await claim(fast, start)).map(({ id }) => id)).toEqual([held?.id]);
    } finally {
      await slow`rollback`;
      await fast`reset lock_timeout`;
      slow.release();
      fast.release();
      await sql`delete from public.sms_messages`;
    }
  });

  test('a worker that dies gives its row back by time, with an unknown outcome', () =>
    within(async (tx) => {
      await aMessage(tx);
      await claimOne(tx, start);
      expect(await claim(tx, after(59))).toHaveLength(0);
      expect(await claimOne(tx, after(60))).toMatchObject({ attempts: 2, outcome_unknown: true });
    }));

  test('what expired is failed instead, also in the hands of a dead worker; what is being sent is left alone', () =>
    within(async (tx) => {
      const queued = await aMessage(tx, { expires_at: after(90), secret: true });
      const sending = await aMessage(tx, { expires_at: after(90) });
      expect(await claim(tx, start)).toHaveLength(2);
      await settle(tx, { ...queued, attempts: 1 }, 'retry');
      expect(await claim(tx, after(90))).toHaveLength(0);
      expect(await look(tx, queued)).toMatchObject({
        status: 'failed',
        last_error: 'expired before it could be sent',
        body: erased
      });
      expect(await look(tx, sending)).toMatchObject({ status: 'failed' });

      const alive = await aMessage(tx, { expires_at: after(90), next_attempt_at: after(60) });
      await claimOne(tx, after(60));
      expect(await claim(tx, after(100))).toHaveLength(0);
      expect(await look(tx, alive)).toMatchObject({ status: 'sending' });
    }));
});

describe('settling', () => {
  test('sent: the provider has it', () =>
    within(async (tx) => {
      await aMessage(tx);
      const message = await claimOne(tx, start);
      expect(await settle(tx, message, 'sent', { providerId: 'mb-1', now: after(2) })).toBe(true);
      expect(await look(tx, message)).toMatchObject({
        status: 'sent',
        provider_id: 'mb-1',
        sent_at: after(2),
        last_error: null,
        outcome_unknown: false
      });
      expect(await claim(tx, after(86_400))).toHaveLength(0);
    }));

  test('rejected: failed at once, with the reason', () =>
    within(async (tx) => {
      await aMessage(tx);
      const message = await claimOne(tx, start);
      await settle(tx, message, 'rejected', { error: 'no (correct) recipients found' });
      expect(await look(tx, message)).toMatchObject({
        status: 'failed',
        last_error: 'no (correct) recipients found',
        sent_at: null
      });
    }));

  test('retry: later each time, up to a quarter of an hour, and given up after twelve', () =>
    within(async (tx) => {
      await aMessage(tx);
      let now = start;
      const waits: number[] = [];
      for (let attempt = 1; attempt <= 12; attempt += 1) {
        const message = await claimOne(tx, now);
        expect(message).toMatchObject({ attempts: attempt, outcome_unknown: false });
        await settle(tx, message, 'retry', { error: `try ${attempt}`, now });
        const { status, last_error, next_attempt_at } = await look(tx, message);
        expect([status, last_error]).toEqual([attempt < 12 ? 'queued' : 'failed', `try ${attempt}`]);
        waits.push((next_attempt_at.getTime() - now.getTime()) / 1000);
        // A Date has no microseconds.
        now = new Date(next_attempt_at.getTime() + 1);
      }
      const expected = [10, 20, 40, 80, 160, 320, 640, 900, 900, 900, 900];
      for (const [index, wait] of expected.entries()) {
        expect(waits[index]).toBeGreaterThanOrEqual(wait * 0.75);
        expect(waits[index]).toBeLessThanOrEqual(wait * 1.25);
      }
    }));

  test('however often a worker died before, its successor can settle', () =>
    within(async (tx) => {
      const message = await aMessage(tx);
      await tx`update public.sms_messages set attempts = 5000 where id = ${message.id}`;
      const claimed = await claimOne(tx, start);
      expect(await settle(tx, claimed, 'hold')).toBe(true);
      expect(await look(tx, message)).toMatchObject({ status: 'queued', attempts: 5000 });
    }));

  test('unknown: it is to be looked up, no sooner than the provider lists it', () =>
    within(async (tx) => {
      await aMessage(tx);
      const message = await claimOne(tx, start);
      await settle(tx, message, 'unknown', { error: 'timeout' });
      const queued = await look(tx, message);
      expect(queued).toMatchObject({ status: 'queued', outcome_unknown: true, last_error: 'timeout' });
      expect(secondsUntil(queued.next_attempt_at)).toBe(20);
      const again = await claimOne(tx, after(20));
      expect(again).toMatchObject({ attempts: 2, outcome_unknown: true });
      // Looked up and not found: it was never accepted.
      await settle(tx, again, 'retry', { error: '500', now: after(20) });
      expect(await look(tx, message)).toMatchObject({ status: 'queued', outcome_unknown: false });
    }));

  test('hold: nothing was tried, and what is unknown stays unknown', () =>
    within(async (tx) => {
      await aMessage(tx);
      await claimOne(tx, start);
      const second = await claimOne(tx, after(60));
      await settle(tx, second, 'hold', { error: 'no balance', now: after(60) });
      const held = await look(tx, second);
      expect(held).toMatchObject({
        status: 'queued',
        attempts: 1,
        outcome_unknown: true,
        last_error: 'no balance'
      });
      expect(secondsUntil(held.next_attempt_at)).toBe(60 + 15 * 60);
    }));

  test('a worker whose lease ran out changes nothing any more', () =>
    within(async (tx) => {
      await aMessage(tx);
      const slow = await claimOne(tx, start);
      const next = await claimOne(tx, after(60));
      expect(await settle(tx, slow, 'rejected', { error: 'late' })).toBe(false);
      expect(await settle(tx, next, 'sent', { providerId: 'mb-2' })).toBe(true);
      expect(await settle(tx, next, 'retry')).toBe(false);
      expect(await settle(tx, slow, 'retry')).toBe(false);
      expect(await look(tx, next)).toMatchObject({ status: 'sent', provider_id: 'mb-2' });
    }));

  test('holding does not let a worker from before settle', () =>
    within(async (tx) => {
      await aMessage(tx);
      const slow = await claimOne(tx, start);
      const holder = await claimOne(tx, after(60));
      await settle(tx, holder, 'hold', { now: after(60) });
      expect(await settle(tx, slow, 'sent')).toBe(false);
      await claimOne(tx, after(2000));
      expect(await settle(tx, slow, 'sent')).toBe(false);
    }));

  test('another outcome is a mistake of ours', () =>
    within(async (tx) => {
      await aMessage(tx);
      const message = await claimOne(tx, start);
      expect(await refusalIn(tx, () => settle(tx, message, 'lost'))).toMatchObject({ code: 'P0001' });
    }));
});

describe('status reports', () => {
  async function sent(tx: Transaction): Promise<Message> {
    await aMessage(tx);
    const message = await claimOne(tx, start);
    await settle(tx, message, 'sent', { providerId: 'mb-1' });
    return message;
  }

  test('delivered is final', () =>
    within(async (tx) => {
      const message = await sent(tx);
      expect(await report(tx, message, 'buffered')).toBe('updated');
      expect(await report(tx, message, 'delivered', { at: after(30) })).toBe('updated');
      for (const late of ['sent', 'delivery_failed', 'expired', 'delivered']) {
        expect(await report(tx, message, late, { at: after(90) })).toBe('ignored');
      }
      expect(await look(tx, message)).toMatchObject({
        status: 'delivered',
        delivered_at: after(30),
        sent_at: start,
        last_error: null
      });
    }));

  test.each(['delivery_failed', 'expired'])('%s is final, with its reason', (status) =>
    within(async (tx) => {
      const message = await sent(tx);
      expect(await report(tx, message, status, { error: 'absent subscriber' })).toBe('updated');
      expect(await report(tx, message, 'delivered')).toBe('ignored');
      expect(await look(tx, message)).toMatchObject({ status: 'failed', last_error: 'absent subscriber' });
    })
  );

  test('one about a message we believe unsent proves that it was sent, and nobody sends it again', () =>
    within(async (tx) => {
      await aMessage(tx);
      const message = await claimOne(tx, start);
      await settle(tx, message, 'unknown', { error: 'timeout' });
      expect(await report(tx, message, 'sent', { at: after(5) })).toBe('updated');
      expect(await look(tx, message)).toMatchObject({
        status: 'sent',
        sent_at: after(5),
        outcome_unknown: false
      });
      expect(await claim(tx, after(3600))).toHaveLength(0);
    }));

  test('one that overtakes the worker wins over what the worker says', () =>
    within(async (tx) => {
      await aMessage(tx);
      const message = await claimOne(tx, start);
      await report(tx, message, 'delivered');
      expect(await settle(tx, message, 'sent', { providerId: 'mb-1' })).toBe(false);
      expect(await look(tx, message)).toMatchObject({ status: 'delivered' });
    }));

  test('one after we gave up tells what became of it after all', () =>
    within(async (tx) => {
      await aMessage(tx);
      const message = await claimOne(tx, start);
      await settle(tx, message, 'rejected', { error: 'gave up' });
      expect(await report(tx, message, 'delivered')).toBe('updated');
      expect(await look(tx, message)).toMatchObject({ status: 'delivered', last_error: null });
    }));

  test('with a wrong token, or about nothing of ours, changes nothing', () =>
    within(async (tx) => {
      const message = await sent(tx);
      expect(await report(tx, message, 'delivered', { token: 'guess' })).toBe('unknown');
      expect(await report(tx, message, 'delivered', { token: '' })).toBe('unknown');
      const other = await aMessage(tx, { next_attempt_at: after(9999) });
      expect(await report(tx, message, 'delivered', { token: other.report_token })).toBe('unknown');
      expect(await report(tx, message, 'mislaid')).toBe('ignored');
      expect(await look(tx, message)).toMatchObject({ status: 'sent' });
    }));

  test('tokens cannot be guessed from one another', () =>
    within(async (tx) => {
      const tokens = [await aMessage(tx), await aMessage(tx)].map(({ report_token }) => report_token);
      expect(tokens[0]).toMatch(/^[0-9a-f]{64}$/);
      expect(tokens[0]).not.toBe(tokens[1]);
    }));
});

describe('secrets', () => {
  const password = 'Password: ABC12345';

  test('are readable for as long as they wait, and no longer', () =>
    within(async (tx) => {
      const message = await aMessage(tx, { secret: true, body: password });
      const claimed = await claimOne(tx, start);
      expect(claimed.body).toBe(password);
      await settle(tx, claimed, 'retry');
      expect((await look(tx, message)).body).toBe(password);
    }));

  test.each(['sent', 'delivered', 'failed', 'cancelled'])('are erased once it is %s', (status) =>
    within(async (tx) => {
      const message = await aMessage(tx, { secret: true, body: password });
      await tx`update public.sms_messages set status = ${status} where id = ${message.id}`;
      expect((await look(tx, message)).body).toBe(erased);
      const found = await tx`select from public.sms_messages m where m::text like '%ABC12345%'`;
      expect(found).toHaveLength(0);
    })
  );

  test('once erased cannot be queued again', () =>
    within(async (tx) => {
      const message = await aMessage(tx, { secret: true, body: password });
      await tx`update public.sms_messages set status = 'failed' where id = ${message.id}`;
      const again = () => tx`update public.sms_messages set status = 'queued' where id = ${message.id}`;
      expect(await refusalIn(tx, again)).toEqual({
        code: 'PT409',
        message: 'secret_erased',
        detail: 'secret_erased',
        hint: 'This SMS held a password or code that has been erased. Have a new one made instead.'
      });
    }));
});

describe('by hand', () => {
  test.each(['failed', 'cancelled'])('a %s one is queued again and begins anew', (status) =>
    within(async (tx) => {
      const message = await aMessage(tx);
      await tx`update public.sms_messages set status = ${status}, attempts = 8 where id = ${message.id}`;
      await tx`update public.sms_messages set status = 'queued' where id = ${message.id}`;
      const [{ due, ...row } = { due: false }] = await tx<{ due: boolean; attempts: number; body: string }[]>`
        select next_attempt_at <= now() as due, attempts, body from public.sms_messages where id = ${message.id}`;
      expect({ due, ...row }).toEqual({ due: true, attempts: 0, body: 'Hello' });
    })
  );

  test('a cancelled one is not sent, and the worker that has it hears so', () =>
    within(async (tx) => {
      await aMessage(tx);
      const message = await claimOne(tx, start);
      await tx`update public.sms_messages set status = 'cancelled' where id = ${message.id}`;
      expect(await settle(tx, message, 'retry')).toBe(false);
      expect(await claim(tx, after(3600))).toHaveLength(0);
    }));
});
