import type postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  asServiceRole,
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

const within = (work: (tx: Transaction) => Promise<void>) => rolledBack(sql, work);

interface Message {
  id: string;
  to_phone: string;
  status: string;
  attempts: number;
  body: string;
  next_attempt_at: Date;
  expires_at: Date | null;
  outcome_unknown: boolean;
  report_token: string;
  provider_id: string | null;
  reported_at: Date | null;
  last_error: string | null;
  priority: number;
}

const start = new Date('2026-06-01T12:00:00Z');
const after = (seconds: number) => new Date(start.getTime() + seconds * 1000);

/** A message that is due at the start. */
async function aMessage(tx: postgres.Sql, values: Record<string, unknown> = {}): Promise<Message> {
  const row = { to_phone: aPhone(), template: 'test', body: 'Hello', next_attempt_at: start, ...values };
  const [message] = await tx<Message[]>`insert into public.sms_messages ${tx(row)} returning *`;
  if (!message) throw new Error('Nothing was queued.');
  return message;
}

async function look(tx: postgres.Sql, { id }: { id: string }): Promise<Message> {
  const [message] = await tx<Message[]>`select * from public.sms_messages where id = ${id}`;
  if (!message) throw new Error('The message is gone.');
  return message;
}

const claim = (tx: postgres.Sql, now = start, limit = 100) =>
  tx<Message[]>`select * from private.claim_sms(${limit}, ${now})`;

const settle = (tx: postgres.Sql, { id, attempts }: Message, outcome: string, now = start) =>
  tx`select private.settle_sms(${id}, ${attempts}, ${outcome}, null, 'why', ${now})`;

const ids = (messages: Iterable<{ id: string }>) => [...messages].map(({ id }) => id);

async function report(
  tx: postgres.Sql,
  { id, report_token }: Message,
  status: string,
  at: Date
): Promise<string> {
  const [row] = await tx<{ result: string }[]>`
    select private.report_sms(${id}, ${report_token}, ${status}, ${at}, null, 'mb-9') as result`;
  return row?.result ?? '';
}

const stop = (tx: postgres.Sql, { id, report_token }: Message) =>
  tx`select private.stop_sms(${id}, ${report_token})`;

describe('the stop switch', () => {
  const sending = (tx: postgres.Sql, on: boolean) => tx`update public.sms_settings set sending = ${on}`;

  test('holds everything back, codes too, until it is on again', () =>
    within(async (tx) => {
      const messages = [await aMessage(tx, { secret: true }), await aMessage(tx)];
      await sending(tx, false);
      expect(await claim(tx)).toHaveLength(0);
      expect((await look(tx, messages[1] ?? { id: '' })).status).toBe('queued');
      await sending(tx, true);
      expect(ids(await claim(tx)).sort()).toEqual(ids(messages).sort());
    }));

  test('does not keep what expires meanwhile', () =>
    within(async (tx) => {
      const code = await aMessage(tx, { secret: true, body: '123456', expires_at: after(600) });
      await sending(tx, false);
      expect(await claim(tx, after(600))).toHaveLength(0);
      expect(await look(tx, code)).toMatchObject({ status: 'failed', body: '(erased after sending)' });
    }));

  test('wakes the dispatcher when it goes on, and only then', () =>
    within(async (tx) => {
      await tx`select vault.create_secret('http://functions.test/functions/v1', 'functions_url')`;
      await tx`select vault.create_secret('the secret between us', 'functions_secret')`;
      const calls = async () => (await tx`select from net.http_request_queue`).count;
      await sending(tx, false);
      await tx`update public.sms_settings set daily_cap = 5`;
      expect(await calls()).toBe(0);
      await sending(tx, true);
      expect(await calls()).toBe(1);
    }));

  test('is one row that cannot be lost, and its changes are on record', () =>
    within(async (tx) => {
      await sending(tx, false);
      expect(await refusalIn(tx, () => tx`delete from public.sms_settings`)).toMatchObject({
        message: 'settings_are_needed'
      });
      expect((await refusalIn(tx, () => tx`insert into public.sms_settings default values`))?.code).toBe(
        '23505'
      );
      const [event] = await tx`
        select changes from public.audit_events where table_name = 'sms_settings' order by id desc limit 1`;
      expect(event).toEqual({ changes: { sending: [true, false] } });
    }));
});

describe('the daily cap of a number', () => {
  async function sentTo(tx: postgres.Sql, to_phone: string, count: number, sent_at: Date): Promise<void> {
    for (let n = 0; n < count; n += 1) await aMessage(tx, { to_phone, status: 'sent', sent_at });
  }

  test('lets the rest wait, with a reason, and does not use up their attempts', () =>
    within(async (tx) => {
      await tx`update public.sms_settings set daily_cap = 3`;
      const to_phone = aPhone();
      await sentTo(tx, to_phone, 1, after(-3600));
      const messages = [];
      for (let n = 0; n < 5; n += 1) {
        messages.push(await aMessage(tx, { to_phone, next_attempt_at: after(n - 10) }));
      }
      const other = await aMessage(tx);
      expect(ids(await claim(tx)).sort()).toEqual(ids([...messages.slice(0, 2), other]).sort());
      expect(await look(tx, messages[2] ?? other)).toMatchObject({
        status: 'queued',
        attempts: 0,
        next_attempt_at: after(3600),
        last_error: 'waits: this number has had 3 SMS in 24 hours'
      });
    }));

  test('counts 24 hours back, then there is room again', () =>
    within(async (tx) => {
      await tx`update public.sms_settings set daily_cap = 2`;
      const to_phone = aPhone();
      await sentTo(tx, to_phone, 2, start);
      const message = await aMessage(tx, { to_phone });
      for (let hour = 1; hour < 24; hour += 1) expect(await claim(tx, after(hour * 3600))).toHaveLength(0);
      expect(ids(await claim(tx, after(25 * 3600)))).toEqual([message.id]);
    }));

  test('never holds up codes and passwords', () =>
    within(async (tx) => {
      await tx`update public.sms_settings set daily_cap = 1`;
      const to_phone = aPhone();
      await sentTo(tx, to_phone, 5, start);
      await aMessage(tx, { to_phone, template: 'reminder_day_before' });
      const code = await aMessage(tx, { to_phone, secret: true });
      expect(ids(await claim(tx))).toEqual([code.id]);
    }));

  test('does not let a reminder arrive too late', () =>
    within(async (tx) => {
      await tx`update public.sms_settings set daily_cap = 1`;
      const to_phone = aPhone();
      await sentTo(tx, to_phone, 1, start);
      const reminder = await aMessage(tx, { to_phone, expires_at: after(1800) });
      expect(await claim(tx)).toHaveLength(0);
      expect((await look(tx, reminder)).next_attempt_at).toEqual(after(1800));
      expect(await claim(tx, after(1800))).toHaveLength(0);
      expect(await look(tx, reminder)).toMatchObject({ status: 'failed' });
    }));

  test('can be lifted', () =>
    within(async (tx) => {
      await tx`update public.sms_settings set daily_cap = null`;
      const to_phone = aPhone();
      for (let n = 0; n < 30; n += 1) await aMessage(tx, { to_phone });
      expect(await claim(tx)).toHaveLength(30);
    }));

  test('of one number does not hold up the others behind it', () =>
    within(async (tx) => {
      await tx`update public.sms_settings set daily_cap = 1`;
      const to_phone = aPhone();
      for (let n = 0; n < 20; n += 1) await aMessage(tx, { to_phone, next_attempt_at: after(n - 100) });
      const other = await aMessage(tx);
      expect(await claim(tx, start, 4)).toHaveLength(1);
      expect(ids(await claim(tx, start, 4))).toEqual([other.id]);
    }));
});

describe('a number that wants no SMS', () => {
  test('gets none but what it asks for itself', () =>
    within(async (tx) => {
      const to_phone = aPhone();
      await tx`insert into public.sms_opt_outs (phone) values (${to_phone})`;
      const news = await aMessage(tx, { to_phone });
      const code = await aMessage(tx, { to_phone, secret: true });
      expect(ids(await claim(tx))).toEqual([code.id]);
      expect(await look(tx, news)).toMatchObject({
        status: 'cancelled',
        last_error: 'this number wants no SMS'
      });
      await tx`delete from public.sms_opt_outs where phone = ${to_phone}`;
      const later = await aMessage(tx, { to_phone });
      expect(ids(await claim(tx))).toEqual([later.id]);
    }));

  test('is one that answered STOP', () =>
    within(async (tx) => {
      const message = await aMessage(tx, { status: 'sent', sent_at: start });
      await stop(tx, message);
      await stop(tx, message);
      const stopped = await tx`select reason from public.sms_opt_outs where phone = ${message.to_phone}`;
      expect([...stopped]).toEqual([{ reason: 'answered STOP' }]);
      const [event] = await tx<{ changes: { phone: unknown[] }; channel: string }[]>`
        select changes, channel from public.audit_events where table_name = 'sms_opt_outs'`;
      expect(event?.channel).toBe('system');
      expect(JSON.stringify(event)).not.toContain(message.to_phone.slice(3, -2));
    }));

  test('is not one whose messages fail for another reason, nor one a stranger names', () =>
    within(async (tx) => {
      const message = await aMessage(tx, { status: 'sent', sent_at: start });
      await stop(tx, { ...message, report_token: 'guess' });
      await report(tx, message, 'delivery_failed', after(5));
      expect(await tx`select from public.sms_opt_outs`).toHaveLength(0);
    }));
});

describe('what goes first', () => {
  test('codes and passwords, then news, then reminders', () =>
    within(async (tx) => {
      const reminder = await aMessage(tx, { template: 'reminder_day_before', next_attempt_at: after(-300) });
      const news = await aMessage(tx, { next_attempt_at: after(-200) });
      const code = await aMessage(tx, { secret: true, next_attempt_at: after(-100) });
      const order = [];
      for (let n = 0; n < 3; n += 1) order.push(...ids(await claim(tx, start, 1)));
      expect(order).toEqual([code.id, news.id, reminder.id]);
    }));

  test('many that have expired are no end of the queue', () =>
    within(async (tx) => {
      for (let n = 0; n < 25; n += 1) {
        await aMessage(tx, { next_attempt_at: after(-100), expires_at: after(-1) });
      }
      const message = await aMessage(tx);
      expect(ids(await claim(tx, start, 4))).toEqual([message.id]);
    }));
});

describe('one bad row', () => {
  test('whose workers die every time is given up, as one that may have arrived', () =>
    within(async (tx) => {
      const message = await aMessage(tx);
      let now = start;
      for (let attempt = 1; attempt <= 12; attempt += 1) {
        expect(await claim(tx, now)).toMatchObject([{ attempts: attempt }]);
        now = new Date(now.getTime() + 60_000);
      }
      expect(await claim(tx, now)).toHaveLength(0);
      expect(await look(tx, message)).toMatchObject({
        status: 'failed',
        outcome_unknown: true,
        last_error: 'given up: its sending was interrupted every time'
      });
    }));

  test('that was put in by hand with nothing to send blocks nobody', () =>
    within(async (tx) => {
      const odd = await aMessage(tx, { body: '(erased after sending)', secret: true });
      const message = await aMessage(tx);
      expect(ids(await claim(tx)).sort()).toEqual([odd.id, message.id].sort());
    }));
});

test('an outage of an hour is survived, even when every pause is short', () =>
  within(async (tx) => {
    const message = await aMessage(tx);
    let shortest = 0;
    for (let attempt = 1; attempt < 12; attempt += 1) {
      await tx`update public.sms_messages set next_attempt_at = ${start}, status = 'queued' where id = ${message.id}`;
      const [claimed] = await claim(tx);
      if (!claimed) throw new Error('It should be due.');
      await settle(tx, claimed, 'retry');
      const { status, next_attempt_at } = await look(tx, message);
      expect(status).toBe('queued');
      const pause = (next_attempt_at.getTime() - start.getTime()) / 1000;
      const usual = Math.min(10 * 2 ** (attempt - 1), 900);
      expect(pause).toBeGreaterThanOrEqual(usual * 0.75);
      shortest += usual * 0.75;
    }
    expect(shortest).toBeGreaterThan(3600);
  }));

test('a secret in back-off comes up when it expires, and not after', () =>
  within(async (tx) => {
    const code = await aMessage(tx, { secret: true, expires_at: after(30) });
    for (const outcome of ['retry', 'unknown', 'hold']) {
      await tx`update public.sms_messages set next_attempt_at = ${start}, attempts = 7 where id = ${code.id}`;
      const [claimed] = await claim(tx);
      if (!claimed) throw new Error('It should be due.');
      await settle(tx, claimed, outcome);
      expect((await look(tx, code)).next_attempt_at).toEqual(after(30));
    }
  }));

describe('status reports', () => {
  test('tell the provider’s id, and the newest counts in whatever order they come', () =>
    within(async (tx) => {
      const message = await aMessage(tx, { status: 'sent', sent_at: start });
      expect(await report(tx, message, 'buffered', after(20))).toBe('updated');
      expect(await report(tx, message, 'sent', after(10))).toBe('ignored');
      expect(await report(tx, message, 'buffered', after(20))).toBe('ignored');
      expect(await look(tx, message)).toMatchObject({ provider_id: 'mb-9', reported_at: after(20) });
      // The end of it, written before by another clock.
      expect(await report(tx, message, 'delivered', after(15))).toBe('updated');
      expect(await look(tx, message)).toMatchObject({ status: 'delivered', reported_at: after(20) });
    }));

  test('about the sending before a message was queued again are not believed', () =>
    within(async (tx) => {
      const message = await aMessage(tx, { status: 'sent', sent_at: start });
      await report(tx, message, 'delivery_failed', after(10));
      await tx`update public.sms_messages set status = 'queued' where id = ${message.id}`;
      const again = await look(tx, message);
      expect(again.report_token).not.toBe(message.report_token);
      expect(await report(tx, message, 'delivery_failed', after(10))).toBe('unknown');
      expect(await report(tx, again, 'delivered', after(90))).toBe('updated');
    }));

  test('settle a message in doubt also after it was queued again', () =>
    within(async (tx) => {
      const message = await aMessage(tx, { status: 'failed', outcome_unknown: true });
      await tx`update public.sms_messages set status = 'queued' where id = ${message.id}`;
      expect(await look(tx, message)).toMatchObject({
        outcome_unknown: true,
        report_token: message.report_token
      });
      expect(await report(tx, message, 'delivered', after(90))).toBe('updated');
      expect(await look(tx, message)).toMatchObject({ status: 'delivered', outcome_unknown: false });
    }));
});

describe('queued again by hand', () => {
  test('an expired message is sent, because somebody wants it to be', () =>
    within(async (tx) => {
      const message = await aMessage(tx, { status: 'failed', expires_at: after(0), attempts: 12 });
      await tx`update public.sms_messages set status = 'queued' where id = ${message.id}`;
      expect(await look(tx, message)).toMatchObject({ attempts: 0, expires_at: null });
      const now = new Date(Date.now() + 1000);
      expect(ids(await claim(tx, now))).toEqual([message.id]);
    }));

  test('with a secret key too', () =>
    within(async (tx) => {
      const message = await aMessage(tx, { status: 'failed' });
      await asServiceRole(
        tx,
        (db) => db`update public.sms_messages set status = 'queued' where id = ${message.id}`
      );
      expect(await look(tx, message)).toMatchObject({ status: 'queued' });
    }));

  test('its parts are counted anew when its words are changed', () =>
    within(async (tx) => {
      const { id } = await aMessage(tx);
      const parts = async () =>
        (await tx`select parts from public.sms_messages where id = ${id}`)[0]?.parts as number;
      expect(await parts()).toBe(1);
      await tx`update public.sms_messages set body = repeat('வணக்கம் ', 20) where id = ${id}`;
      expect(await parts()).toBe(3);
    }));
});
