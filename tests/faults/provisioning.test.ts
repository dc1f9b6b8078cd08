import { afterAll, beforeAll, expect, test } from 'vitest';
import { smsTo, textsOf } from '../helpers/inbox.ts';
import { signedIn } from '../helpers/signed-in.ts';
import { aPhone } from '../helpers/world.ts';
import { startFaultyStack } from './faulty-stack.ts';
import type { FaultyStack } from './faulty-stack.ts';

let stack: FaultyStack;
beforeAll(async () => {
  stack = await startFaultyStack();
});
afterAll(() => stack?.close());

const provision = () => stack.callFunction('provision-accounts');

interface Job {
  id: string;
  done_at: Date | null;
}

/** A patient who booked by phone, whose account is not due before `makeDue`. */
async function waitingJob(): Promise<{ id: string; phone: string }> {
  const phone = aPhone();
  const [job] = await stack.sql<Job[]>`
    with patient as (insert into public.patients (phone) values (${phone}) returning id)
    insert into private.account_jobs (patient_id, next_attempt_at)
    select id, now() + interval '1 hour' from patient returning *`;
  return { id: String(job?.id), phone };
}

/** Ends leases and back-offs, as time does. */
const makeDue = (id: string) =>
  stack.sql`update private.account_jobs set next_attempt_at = now() where id = ${id}`;

/** Makes a job due and has it begun, by whichever call comes first; asks again while the functions are starting. */
async function begin(id: string): Promise<void> {
  const attempts = async () => {
    const [job] = await stack.sql<
      { attempts: number }[]
    >`select attempts from private.account_jobs where id = ${id}`;
    return job?.attempts ?? 0;
  };
  const before = await attempts();
  await makeDue(id);
  const claimed = async () => {
    void provision();
    return (await attempts()) > before;
  };
  await expect.poll(claimed, { timeout: 20_000, interval: 50 }).toBe(true);
}

async function isDone(id: string): Promise<boolean> {
  const [job] = await stack.sql<Job[]>`select * from private.account_jobs where id = ${id}`;
  return job?.done_at !== null;
}

async function untilDone(id: string): Promise<void> {
  const attempt = async () => {
    await makeDue(id);
    await provision();
    return await isDone(id);
  };
  await expect.poll(attempt, { timeout: 60_000, interval: 200 }).toBe(true);
}

const usersOf = (phone: string) => stack.sql`select id from auth.users where phone = ${phone.slice(1)}`;

async function expectOneUsableAccount(phone: string): Promise<void> {
  const { inbox_url } = stack.addresses;
  const { body } = await smsTo(inbox_url, phone, 'Welcome to MedQ!');
  const password = /^Password: (\S+)$/m.exec(body)?.[1] ?? '';
  const account = await signedIn(stack.addresses, phone, password);
  const status = await account?.client.rpc('account_status').single();
  expect(status?.data).toMatchObject({ must_change_password: true });
  expect(await usersOf(phone)).toEqual([{ id: account?.session.user.id }]);
  expect(await textsOf(inbox_url, phone)).toHaveLength(1);
  expect(stack.output()).toContain('"function":"provision-accounts"');
  expect(stack.output()).not.toMatch(new RegExp(`${phone.slice(1)}|${password}`));
}

test('a provisioner killed between the account and its SMS leaves one usable account and one welcome', async () => {
  const { id, phone } = await waitingJob();
  // The account's SMS is queued in the transaction that also writes here; Auth itself does not.
  const release = await stack.lockTable('private.temporary_passwords');
  await begin(id);
  const waiting = await stack.backendWaitingIn('finish_account_job');
  expect(await usersOf(phone)).toHaveLength(1);
  await stack.killFunctions();
  await stack.terminateBackend(waiting);
  await release();

  expect(await isDone(id)).toBe(false);
  expect(await textsOf(stack.addresses.inbox_url, phone)).toEqual([]);
  await untilDone(id);
  await expectOneUsableAccount(phone);
});

test('a provisioner killed while Auth creates the account leaves one usable account and one welcome', async () => {
  const { id, phone } = await waitingJob();
  const release = await stack.lockTable('auth.users');
  await begin(id);
  await stack.backendWaitingIn('insert into auth.users');
  await stack.killFunctions();
  await release();
  // Auth finishes what it was asked for, and nobody hears of it.
  await expect.poll(() => usersOf(phone), { timeout: 20_000 }).toHaveLength(1);
  expect(await isDone(id)).toBe(false);
  await untilDone(id);
  await expectOneUsableAccount(phone);
});

test('a second provisioner that overtakes the first leaves one usable account and one welcome', async () => {
  const { id, phone } = await waitingJob();
  const release = await stack.lockTable('auth.users');
  await begin(id);
  await stack.backendWaitingIn('insert into auth.users');
  // The lease ran out although its worker lives.
  await begin(id);
  await stack.backendWaitingIn('insert into auth.users', 2);
  await release();
  await expect.poll(() => isDone(id), { timeout: 20_000 }).toBe(true);
  await expectOneUsableAccount(phone);
});
