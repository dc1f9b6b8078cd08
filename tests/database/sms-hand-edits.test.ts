import type postgres from 'postgres';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { connect, type Database } from '../../supabase/functions/_shared/database.ts';
import { smsQueue, type SmsQueue } from '../../supabase/functions/sms-dispatch/queue.ts';
import { startQuietDatabase, type QuietDatabase } from '../helpers/database.ts';
import { aClinic, aPatient, aPhone, aPractitioner, book, nextSlots } from '../helpers/world.ts';
import type { Appointment } from '../helpers/world.ts';

// Whoever edits many messages by hand takes them in an order of their own. Whatever happens to the same messages
// meanwhile must neither fail nor make the edit fail.

let database: QuietDatabase;
let sql: postgres.Sql;
/** Whoever edits by hand. */
let admin: postgres.ReservedSql;
/** What the functions open. */
let pool: Database;
let queue: SmsQueue;

beforeAll(async () => {
  database = await startQuietDatabase();
  sql = database.sql;
  admin = await sql.reserve();
  pool = connect(database.url);
  queue = smsQueue(pool);
});
afterEach(async () => {
  await sql`delete from public.sms_messages`;
});
afterAll(async () => {
  await pool?.end();
  admin?.release();
  await database?.stop();
});

/** Edits messages one after the other in one transaction; once it has the first, `meanwhile` comes to wait for it. */
async function editInOrder(ids: string[], meanwhile: () => Promise<unknown>): Promise<void> {
  await admin`begin`;
  try {
    for (const [place, id] of ids.entries()) {
      await admin`update public.sms_messages set locale = 'en-IN' where id = ${id}`;
      if (place > 0) continue;
      void meanwhile();
      await expect
        .poll(() => sql`select from pg_stat_activity where wait_event_type = 'Lock'`, { timeout: 10_000 })
        .toHaveLength(1);
    }
    await admin`commit`;
  } catch (error) {
    await admin`rollback`;
    throw error;
  }
}

/** `count` reminders of an appointment, the ids of them. */
async function someReminders(appointment: Appointment, count: number): Promise<string[]> {
  const reminders = Array.from({ length: count }, () => ({
    to_phone: aPhone(),
    template: 'reminder_day_before',
    body: 'Tomorrow',
    appointment_id: appointment.id,
    expires_at: appointment.starts_at
  }));
  const rows = await sql<{ id: string }[]>`
    insert into public.sms_messages ${sql(reminders)} returning id`;
  return rows.map(({ id }) => id);
}

const orders = {
  'in the order of ids': (ids: string[]) => ids.toSorted(),
  'in the opposite order': (ids: string[]) => ids.toSorted().reverse()
};

describe.each(Object.entries(orders))('messages that are edited %s', (_, inOrder) => {
  test('are settled: what is free at once, the rest when the edit is over', async () => {
    const rows = Array.from({ length: 6 }, () => ({ to_phone: aPhone(), template: 'test', body: 'Hello' }));
    await sql`insert into public.sms_messages ${sql(rows)}`;
    const claimed = await queue.claim(100);
    expect(claimed).toHaveLength(6);
    let outcomes: Promise<PromiseSettledResult<boolean>[]> | undefined;
    await editInOrder(inOrder(claimed.map(({ id }) => id)), () => {
      outcomes = Promise.allSettled(
        claimed.map((sms) => queue.settle(sms, { outcome: 'sent', providerId: `mb-${sms.id}` }))
      );
      return outcomes;
    });
    expect(await outcomes).toEqual(claimed.map(() => ({ status: 'fulfilled', value: true })));
    for (const { id } of claimed) {
      const [row] = await sql`select status, attempts, provider_id from public.sms_messages where id = ${id}`;
      expect(row).toEqual({ status: 'sent', attempts: 1, provider_id: `mb-${id}` });
    }
  });

  const changes = {
    cancelled: ({ id }: Appointment) =>
      sql`update public.appointments set status = 'cancelled' where id = ${id}`,
    deleted: ({ id }: Appointment) => sql`delete from public.appointments where id = ${id}`
  };
  test.each(Object.entries(changes))('are withdrawn when their appointment is %s', async (name, change) => {
    const practitioner = await aPractitioner(sql, await aClinic(sql));
    const [slot] = await nextSlots(sql, practitioner, 1, new Date(Date.now() + 3_600_000));
    if (!slot) throw new Error('There is no slot.');
    const appointment = await book(sql, await aPatient(sql), practitioner, slot);
    const ids = await someReminders(appointment, 3);
    let outcome: Promise<PromiseSettledResult<unknown>[]> | undefined;
    await editInOrder(inOrder(ids), () => (outcome = Promise.allSettled([change(appointment)])));
    expect(await outcome).toMatchObject([{ status: 'fulfilled' }]);
    const rows = await sql`select status, appointment_id from public.sms_messages where id in ${sql(ids)}`;
    const appointment_id = name === 'deleted' ? null : appointment.id;
    expect([...rows]).toEqual(ids.map(() => ({ status: 'cancelled', appointment_id })));
  });
});

test('a message that is taken from its worker by hand is not sent again unseen', async () => {
  await sql`insert into public.sms_messages (to_phone, template, body) values (${aPhone()}, 'test', 'Hello')`;
  const [sms] = await queue.claim(100);
  if (!sms) throw new Error('Nothing was due.');
  await sql`update public.sms_messages set status = 'queued' where id = ${sms.id}`;
  // Its worker is still at it: nobody else gets it for the rest of the minute, and then it is looked up first.
  expect(await queue.claim(100)).toEqual([]);
  expect(await queue.settle(sms, { outcome: 'retry', reason: 'no route' })).toBe(false);
  const [again] = await sql`
    select id, outcome_unknown from private.claim_sms(100, now() + interval '1 minute')`;
  expect(again).toEqual({ id: sms.id, outcome_unknown: true });
});

test('a recipient who answers STOP is noted while the message is in an edit', async () => {
  const [message] = await sql<{ id: string; report_token: string; to_phone: string }[]>`
    insert into public.sms_messages (to_phone, template, body, status) values (${aPhone()}, 'test', 'Hello', 'sent')
    returning id, report_token, to_phone`;
  if (!message) throw new Error('Nothing was queued.');
  await admin`begin`;
  await admin`update public.sms_messages set locale = 'en-IN' where id = ${message.id}`;
  // An edit that goes on to the same number's opt-out waits for nobody who waits for the message.
  await sql`select private.stop_sms(${message.id}, ${message.report_token})`;
  await admin`insert into public.sms_opt_outs (phone) values (${message.to_phone}) on conflict do nothing`;
  await admin`commit`;
  const rows = await sql`select reason from public.sms_opt_outs where phone = ${message.to_phone}`;
  expect([...rows]).toEqual([{ reason: 'answered STOP' }]);
});
