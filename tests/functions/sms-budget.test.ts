import { afterAll, afterEach, beforeEach, expect, test } from 'vitest';
import { closeDatabases, databaseAsPostgres } from '../helpers/stack.ts';
import { aPatient, aPhone } from '../helpers/world.ts';
import { aCaller, aLink, aWish, throughGateway, type Answer } from './account-api.ts';
import { anOpenClinic, bookingsOf, callTo } from './ivr-calls.ts';

const sql = databaseAsPostgres();
afterAll(closeDatabases);

const spent = () => sql`
  insert into private.sms_spending (hour, slot, parts)
  -- And the next, should the hour turn.
  select date_trunc('hour', now(), 'UTC') + n * interval '1 hour', -1, 1 from generate_series(0, 1) n
  on conflict do nothing`;
beforeEach(async () => {
  await sql`update public.sms_settings set parts_per_hour = 1`;
  await spent();
});
afterEach(async () => {
  await sql`update public.sms_settings set parts_per_hour = 3000`;
  await sql`delete from private.sms_spending where slot = -1`;
});

async function expectNoCode(phone: string, answer: Answer): Promise<void> {
  expect(answer).toMatchObject({ status: 429, body: { error: 'rate_limited' } });
  expect(answer.body.message).toMatch(
    /^We cannot send you an SMS right now. Please try again in (a|\d+) minutes?\.$/
  );
  const { retry_after } = answer.body as { retry_after: number };
  expect(retry_after).toBeGreaterThan(0);
  expect(retry_after).toBeLessThanOrEqual(3600);
  expect(answer.headers.get('retry-after')).toBe(String(retry_after));
  expect(
    await sql`select from public.sms_messages where to_phone = ${phone} and template = 'code'`
  ).toHaveLength(0);
}

test('where the budget is used up no code is promised: to register, to link, to sign in or to reset, account or not', async () => {
  const post = throughGateway();
  const [phone, caller] = [aPhone(), await aCaller(sql)];
  await expectNoCode(phone, await post('register-patient', aWish(phone)));
  await expectNoCode(caller.phone, await post('link-ivr-account', aLink(caller.phone)));
  const owner = await aPatient(sql, { account: true });
  for (const number of [owner.phone, aPhone()]) {
    await expectNoCode(number, await post('forgot-password', { phone_number: number }));
    await expectNoCode(number, await post('sign-in-code', { phone_number: number }));
  }
});

test('a call books all the same, and its SMS waits for the next hour', async () => {
  const { clinic } = await anOpenClinic(sql);
  const phone = aPhone();
  const call = callTo(clinic, phone);
  await call.dial();
  expect(await call.press('1', '1')).toContain('is booked');
  expect(await bookingsOf(sql, phone)).toHaveLength(1);
  await expect
    .poll(async () => {
      const rows = await sql<{ status: string; last_error: string | null }[]>`
        select status, last_error from public.sms_messages
        where to_phone = ${phone} and template = 'appointment_booked'`;
      return [...rows];
    })
    .toEqual([{ status: 'queued', last_error: 'waits: the budget of SMS is used up (sms_budget)' }]);
});
