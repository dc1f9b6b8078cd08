import process from 'node:process';
import postgres from 'postgres';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { failSends, slowSends, textsOf } from '../helpers/inbox.ts';
import {
  begun,
  expectEachOnce,
  loseReports,
  makeDue,
  statusesOf,
  untilFinished,
  waitingMessages
} from './dispatch-scene.ts';
import { startFaultyStack } from './faulty-stack.ts';
import type { FaultyStack } from './faulty-stack.ts';

let stack: FaultyStack;
let admin: postgres.Sql;

beforeAll(async () => {
  stack = await startFaultyStack();
  // Here the server goes away often: try again soon, instead of ever later.
  const options = { onnotice: () => undefined, backoff: () => 0.1 };
  stack = { ...stack, sql: postgres(stack.addresses.db_url, { max: 5, ...options }) };
  admin = postgres(stack.addresses.admin_db_url, { max: 1, ...options });
  // As everywhere but in stacks of tests: what was committed survives the server.
  await admin`alter role postgres set synchronous_commit = on`;
});
afterAll(async () => {
  await admin?.end({ timeout: 1 });
  await stack?.sql.end({ timeout: 1 });
  await stack?.close();
});

const deaths = [
  { when: 'before', mode: 'timeout_before_accept', accepted: 0 },
  { when: 'after', mode: 'timeout', accepted: 1 }
] as const;

test.each(deaths)('a dispatcher killed $when MessageBird has the message: it is sent once', async (death) => {
  const messages = await waitingMessages(stack, 1);
  const phone = messages[0]?.phone ?? '';
  const received = () => textsOf(stack.addresses.inbox_url, phone);
  await failSends(stack.addresses.inbox_url, death.mode, phone);
  await makeDue(stack, messages);
  await begun(stack, messages, 1);
  await loseReports(stack, messages);
  await expect.poll(received, { timeout: 20_000 }).toHaveLength(death.accepted);
  await stack.killFunctions();
  expect(await received()).toHaveLength(death.accepted);
  await untilFinished(stack, messages);
  await expectEachOnce(stack, messages);
});

/** kill -9 of the Postgres server; resolves when the one that the stack starts instead answers on every connection. */
async function killPostgres(): Promise<void> {
  const startedAt = (sql: postgres.Sql) => sql<{ at: Date }[]>`select pg_postmaster_start_time() as at`;
  const [[file], [before]] = await Promise.all([
    admin<{ pid: string }[]>`select pg_read_file('postmaster.pid') as pid`,
    startedAt(admin)
  ]);
  process.kill(Number(file?.pid.split('\n')[0]), 'SIGKILL');
  // Connections of the old server outlive it for a moment.
  const allNew = async () => {
    const answers = [admin, ...Array.from({ length: 10 }, () => stack.sql)].map(startedAt);
    const times = (await Promise.allSettled(answers)).map((answer) =>
      answer.status === 'fulfilled' ? answer.value[0]?.at.getTime() : undefined
    );
    return times.every((time) => time !== undefined && time !== before?.at.getTime());
  };
  await expect.poll(allNew, { timeout: 40_000, interval: 100 }).toBe(true);
}

const victims = {
  'the dispatcher': () => stack.killFunctions(),
  'the database': killPostgres,
  'the dispatcher and the database': async () => {
    await stack.killFunctions();
    await killPostgres();
  }
};

test.each(Object.entries(victims))(
  'kill -9 of %s in the middle of 500 messages, twice: each is sent once',
  async (_, kill) => {
    const messages = await waitingMessages(stack, 500);
    await slowSends(stack.addresses.inbox_url, 40);
    await makeDue(stack, messages);
    for (const wanted of [60, 200]) {
      await begun(stack, messages, wanted);
      await loseReports(stack, messages);
      await kill();
    }
    await slowSends(stack.addresses.inbox_url, 0);
    await untilFinished(stack, messages);
    await expectEachOnce(stack, messages);
    const { sent = 0, delivered = 0 } = await statusesOf(stack, messages);
    expect(sent + delivered).toBe(500);
    expect(stack.output()).toContain('"function":"sms-dispatch"');
    expect(stack.output()).not.toMatch(new RegExp(messages.map(({ phone }) => phone.slice(1)).join('|')));
  }
);

test('whatever MessageBird does, each message is sent once, refused, or listed as one that may have arrived', async () => {
  const { inbox_url } = stack.addresses;
  const good = await waitingMessages(stack, 200);
  const modes = [
    'error_500',
    'error_429',
    'error_500_after_accept',
    'reset',
    'timeout',
    'timeout_before_accept'
  ] as const;
  for (const [index, mode] of modes.entries()) {
    for (const { phone } of good.slice(index * 4, index * 4 + 4)) await failSends(inbox_url, mode, phone);
  }
  const refused = await waitingMessages(stack, 5);
  for (const { phone } of refused) await failSends(inbox_url, 'reject_recipient', phone);
  // Broken off, and worthless before anybody could look what became of it.
  const lost = await waitingMessages(stack, 3, { secret: true, expires_at: new Date(Date.now() + 15_000) });
  for (const { phone } of lost) await failSends(inbox_url, 'error_500', phone);

  const all = [...good, ...refused, ...lost];
  await makeDue(stack, all);
  await Promise.all(Array.from({ length: 4 }, () => stack.callFunction('sms-dispatch')));
  await untilFinished(stack, [...good, ...refused]);
  await expect
    .poll(
      async () => {
        await stack.callFunction('sms-dispatch');
        return statusesOf(stack, lost);
      },
      { timeout: 40_000, interval: 500 }
    )
    .toEqual({ failed: 3 });

  await expectEachOnce(stack, good);
  const failures = await stack.sql<{ id: string; what: string; reason: string }[]>`
    select id, what, reason from public.sms_failures where id = any (${all.map(({ id }) => id)})`;
  const whats = Object.fromEntries(failures.map(({ id, what }) => [id, what]));
  expect(whats).toEqual({
    ...Object.fromEntries(refused.map(({ id }) => [id, 'not sent'])),
    ...Object.fromEntries(lost.map(({ id }) => [id, 'may have arrived']))
  });
  const left =
    await stack.sql`select from public.sms_messages where secret and body <> '(erased after sending)'`;
  expect(left).toHaveLength(0);
});

test('sending that is stopped stops, also for messages that are queued, and goes on by itself', async () => {
  const { inbox_url } = stack.addresses;
  await stack.sql`update public.sms_settings set sending = false`;
  const messages = await waitingMessages(stack, 20);
  await makeDue(stack, messages);
  expect(await stack.callFunction('sms-dispatch')).toBe(200);
  expect(await statusesOf(stack, messages)).toEqual({ queued: 20 });
  await stack.sql`update public.sms_settings set sending = true`;
  // Nobody calls the dispatcher here: the switch does.
  await expect.poll(async () => (await statusesOf(stack, messages)).queued ?? 0, { timeout: 40_000 }).toBe(0);
  await untilFinished(stack, messages);
  await expectEachOnce(stack, messages);
  expect(await textsOf(inbox_url, messages[0]?.phone ?? '')).toHaveLength(1);
});

test('edits of many messages by hand, in any order and while they are sent, hold up nobody in a circle', async () => {
  const { inbox_url } = stack.addresses;
  const messages = await waitingMessages(stack, 400, { template: 'edited' });
  const before = stack.output().length;
  await slowSends(inbox_url, 20);
  await makeDue(stack, messages);
  let sending = true;
  const edits = editAgainAndAgain(() => sending);
  await Promise.all(Array.from({ length: 4 }, () => stack.callFunction('sms-dispatch')));
  await untilFinished(stack, messages);
  sending = false;
  await slowSends(inbox_url, 0);
  expect(await edits).toBeGreaterThan(20);

  await expectEachOnce(stack, messages);
  // None was left to its lease: what came of each was written down at the first attempt.
  const [row] =
    await stack.sql`select max(attempts) as attempts from public.sms_messages where template = 'edited'`;
  expect(row).toEqual({ attempts: 1 });
  const faults = stack.output().slice(before).split('\n');
  expect(faults.filter((line) => /sms_not_settled|deadlock/.test(line))).toEqual([]);
});

/** Edits all messages of the template `edited`, as they lie and in the orders of ids. Returns how often. */
async function editAgainAndAgain(goOn: () => boolean): Promise<number> {
  const { sql } = stack;
  const orders = [sql`m.ctid`, sql`m.ctid desc`, sql`m.id`, sql`m.id desc`];
  let edits = 0;
  for (; goOn(); edits += 1) {
    await sql`
      with chosen as (
        select m.id from public.sms_messages m where m.template = 'edited'
        order by ${orders[edits % orders.length] ?? sql`m.id`} for update
      )
      update public.sms_messages m set locale = 'en-IN' from chosen where m.id = chosen.id`;
  }
  return edits;
}
