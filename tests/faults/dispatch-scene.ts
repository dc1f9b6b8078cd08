import { setTimeout as sleep } from 'node:timers/promises';
import { expect } from 'vitest';
import { textsOf } from '../helpers/inbox.ts';
import { aPhone } from '../helpers/world.ts';
import type { FaultyStack } from './faulty-stack.ts';

export interface Waiting {
  id: string;
  phone: string;
}

/** Puts messages into the outbox that are not due before `makeDue`. */
export async function waitingMessages(
  { sql }: FaultyStack,
  count: number,
  values: Record<string, unknown> = {}
): Promise<Waiting[]> {
  const rows = Array.from({ length: count }, () => {
    const phone = aPhone();
    return {
      to_phone: phone,
      template: 'test',
      body: `To ${phone}`,
      next_attempt_at: new Date(Date.now() + 3_600_000),
      ...values
    };
  });
  const inserted = await sql<{ id: string; to_phone: string }[]>`
    insert into public.sms_messages ${sql(rows)} returning id, to_phone`;
  return inserted.map(({ id, to_phone }) => ({ id, phone: to_phone }));
}

const idsOf = (messages: Waiting[]) => messages.map(({ id }) => id);

/** Ends leases and back-offs, as time does. Only for when nobody is working on the messages: see `quiet`. */
export const makeDue = ({ sql }: FaultyStack, messages: Waiting[]) => sql`
  update public.sms_messages set next_attempt_at = now() - interval '1 second'
  where status in ('queued', 'sending') and id = any (${idsOf(messages)})`;

/** What is on its way gets no status report that we believe: only asking MessageBird tells what became of it. */
export const loseReports = ({ sql }: FaultyStack, messages: Waiting[]) => sql`
  update public.sms_messages set report_token = gen_random_uuid()::text where id = any (${idsOf(messages)})`;

/** How many of the messages have which status. */
export async function statusesOf({ sql }: FaultyStack, messages: Waiting[]): Promise<Record<string, number>> {
  const rows = await sql<{ status: string; n: number }[]>`
    select status, count(*)::int as n from public.sms_messages
    where id = any (${idsOf(messages)}) group by status`;
  return Object.fromEntries(rows.map(({ status, n }) => [status, n]));
}

const finished = ({ queued = 0, sending = 0 }: Record<string, number>) => queued + sending === 0;

/** Waits until dispatchers have claimed so many of the messages; asks again while the functions are starting. */
export async function begun(stack: FaultyStack, messages: Waiting[], wanted: number): Promise<void> {
  const claimed = async () => {
    void stack.callFunction('sms-dispatch');
    const { queued = 0 } = await statusesOf(stack, messages);
    return messages.length - queued;
  };
  await expect.poll(claimed, { timeout: 40_000, interval: 50 }).toBeGreaterThanOrEqual(wanted);
}

/** Waits until nobody is sending: neither the rows nor the inbox change any more. */
async function quiet(stack: FaultyStack, messages: Waiting[]): Promise<void> {
  const picture = async () => {
    const rows = await stack.sql`
      select md5(string_agg(id || status || attempts, ',' order by id)) as rows
      from public.sms_messages where id = any (${idsOf(messages)})`;
    return `${String(rows[0]?.rows)} ${(await textsOf(stack.addresses.inbox_url)).length}`;
  };
  for (let before = await picture(); ;) {
    await sleep(1000);
    const now = await picture();
    if (now === before) return;
    before = now;
  }
}

/** Lets dispatchers work until each message is sent or given up. */
export async function untilFinished(stack: FaultyStack, messages: Waiting[]): Promise<void> {
  for (let round = 0; round < 30; round += 1) {
    await quiet(stack, messages);
    if (finished(await statusesOf(stack, messages))) return;
    await makeDue(stack, messages);
    await stack.callFunction('sms-dispatch');
  }
  throw new Error(`The messages do not get finished: ${JSON.stringify(await statusesOf(stack, messages))}`);
}

/** Fails unless each of the messages has reached its phone once, and nothing else has. */
export async function expectEachOnce(stack: FaultyStack, messages: Waiting[]): Promise<void> {
  const wanted = new Set(messages.map(({ phone }) => phone.slice(1)));
  const texts = (await textsOf(stack.addresses.inbox_url)).filter(({ recipient }) => wanted.has(recipient));
  const received = new Map<string, string[]>();
  for (const { recipient, body } of texts)
    received.set(recipient, [...(received.get(recipient) ?? []), body]);
  const wrong = messages.filter(
    ({ phone }) => JSON.stringify(received.get(phone.slice(1))) !== JSON.stringify([`To ${phone}`])
  );
  expect(wrong.map(({ phone, id }) => ({ id, got: received.get(phone.slice(1)) ?? [] }))).toEqual([]);
}
