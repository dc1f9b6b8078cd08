import { afterAll, beforeAll, expect, test } from 'vitest';
import { failSends, slowSends, textsOf } from '../helpers/inbox.ts';
import { aPhone, startFaultyStack } from './faulty-stack.ts';
import type { FaultyStack } from './faulty-stack.ts';

let stack: FaultyStack;
beforeAll(async () => {
  stack = await startFaultyStack();
});
afterAll(() => stack?.close());

const dispatch = () => stack.callFunction('sms-dispatch');

/** Puts messages into the outbox that are not due before `makeDue`. */
async function waitingMessages(count: number): Promise<{ id: string; phone: string }[]> {
  const rows = Array.from({ length: count }, () => {
    const phone = aPhone();
    return {
      to_phone: phone,
      template: 'test',
      body: `To ${phone}`,
      next_attempt_at: new Date(Date.now() + 3_600_000)
    };
  });
  const inserted = await stack.sql<{ id: string; to_phone: string }[]>`
    insert into public.sms_messages ${stack.sql(rows)} returning id, to_phone`;
  return inserted.map(({ id, to_phone }) => ({ id, phone: to_phone }));
}

/** Ends leases and back-offs, as time does. */
const makeDue = (messages: { id: string }[]) => stack.sql`
  update public.sms_messages set next_attempt_at = now() - interval '1 second'
  where status in ('queued', 'sending') and id in ${stack.sql(messages.map(({ id }) => id))}`;

/** What is on its way gets no status report that we believe: only asking MessageBird tells what became of it. */
const loseReports = (messages: { id: string }[]) => stack.sql`
  update public.sms_messages set report_token = gen_random_uuid()::text
  where id in ${stack.sql(messages.map(({ id }) => id))}`;

const statusesOf = async (messages: { id: string }[]) =>
  (
    await stack.sql<{ status: string }[]>`
      select status from public.sms_messages where id in ${stack.sql(messages.map(({ id }) => id))}`
  ).map(({ status }) => status);

/** Waits until dispatchers have claimed so many of the messages; asks again while the functions are starting. */
async function begun(messages: { id: string }[], wanted: number): Promise<void> {
  const claimed = async () => {
    void dispatch();
    return (await statusesOf(messages)).filter((status) => status !== 'queued').length;
  };
  await expect.poll(claimed, { timeout: 20_000, interval: 50 }).toBeGreaterThanOrEqual(wanted);
}

async function untilAllSent(messages: { id: string }[]): Promise<void> {
  const attempt = async () => {
    await makeDue(messages);
    await dispatch();
    return (await statusesOf(messages)).every((status) => status === 'sent' || status === 'delivered');
  };
  await expect.poll(attempt, { timeout: 60_000, interval: 200 }).toBe(true);
}

async function expectEachOnce(messages: { phone: string }[]): Promise<void> {
  for (const { phone } of messages) {
    const texts = await textsOf(stack.addresses.inbox_url, phone);
    expect(texts.map(({ body }) => body)).toEqual([`To ${phone}`]);
  }
}

const deaths = [
  { when: 'before', mode: 'timeout_before_accept', accepted: 0 },
  { when: 'after', mode: 'timeout', accepted: 1 }
] as const;

test.each(deaths)('a dispatcher killed $when MessageBird has the message: it is sent once', async (death) => {
  const messages = await waitingMessages(1);
  const phone = messages[0]?.phone ?? '';
  const received = () => textsOf(stack.addresses.inbox_url, phone);
  await failSends(stack.addresses.inbox_url, death.mode, phone);
  await makeDue(messages);
  await begun(messages, 1);
  await loseReports(messages);
  await expect.poll(received, { timeout: 20_000 }).toHaveLength(death.accepted);
  await stack.killFunctions();
  expect(await received()).toHaveLength(death.accepted);
  await untilAllSent(messages);
  await expectEachOnce(messages);
});

test('a dispatcher killed again and again in the middle of many messages: each is sent once', async () => {
  const messages = await waitingMessages(60);
  await slowSends(stack.addresses.inbox_url, 100);
  for (const wanted of [10, 25, 40]) {
    await makeDue(messages);
    await begun(messages, wanted);
    await loseReports(messages);
    await stack.killFunctions();
  }
  await slowSends(stack.addresses.inbox_url, 0);
  await untilAllSent(messages);
  await expectEachOnce(messages);
  expect(stack.output()).toContain('"function":"sms-dispatch"');
  expect(stack.output()).not.toMatch(new RegExp(messages.map(({ phone }) => phone.slice(1)).join('|')));
});
