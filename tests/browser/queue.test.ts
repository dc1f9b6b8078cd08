import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { openPage } from '../helpers/browser.ts';
import { aBooking, aClinic, aPatient, opening, signIn, whereItIsEarly } from './setting.ts';

const { browser, sql, site } = await opening();

const reads = (page: Page, what: 'serving' | 'ahead' | 'expected', words: string | RegExp) =>
  page.locator(`[data-queue="${what}"]`).getByText(words).waitFor();

test('who waits today sees how far the queue is, live, and nothing of the others', async () => {
  const clinic = await aClinic(sql, whereItIsEarly());
  const [first, second, patient] = [await aPatient(sql), await aPatient(sql), await aPatient(sql)];
  const one = await aBooking(sql, first, clinic, { days: 0, hour: 21 });
  const two = await aBooking(sql, second, clinic, { days: 0, hour: 22 });
  const own = await aBooking(sql, patient, clinic, { days: 0, hour: 23 });

  const page = await openPage(browser);
  const frames: string[] = [];
  page.on('websocket', (socket) => socket.on('framereceived', ({ payload }) => frames.push(String(payload))));
  await signIn(page, site, patient);
  await page.locator('[data-connection="live"]').waitFor();
  // The clinic has marked nobody today.
  expect(await page.locator('[data-queue]').count()).toBe(0);
  await sql`update public.appointments set status = 'arrived' where id = ${one.id}`;
  await reads(page, 'serving', 'None yet');
  await reads(page, 'ahead', /^2$/);
  await reads(page, 'expected', /^\d+:\d\d\s[ap]m$/);
  await page.evaluate(() => Object.assign(window, { neverReloaded: true }));
  await expect
    .poll(() => frames.filter((frame) => frame.includes('queue:') && frame.includes('"ok"')).length)
    .toBeGreaterThan(0);
  // Both channels hear by now.
  await expect
    .poll(() => frames.filter((f) => f.includes('Replication connection')).length)
    .toBeGreaterThan(1);

  await sql`update public.appointments set status = 'fulfilled' where id = ${one.id}`;
  const [{ token } = { token: 0 }] = await sql<{ token: number }[]>`
    select token_number as token from public.appointments where id = ${one.id}`;
  await reads(page, 'serving', String(token));
  await reads(page, 'ahead', /^1$/);
  await sql`update public.appointments set status = 'arrived' where id = ${own.id}`;
  await page.getByText('Checked in', { exact: true }).waitFor();
  await sql`update public.appointments set status = 'noshow' where id = ${two.id}`;
  await reads(page, 'ahead', 'Nobody');
  await page.getByRole('status').getByText('You are next.').waitFor({ state: 'attached' });

  const heard = frames.join('\n');
  for (const other of [first, second]) {
    expect(heard).not.toContain(other.id);
    expect(heard).not.toContain(other.phone);
  }
  for (const { id, reference } of [one, two]) {
    expect(heard).not.toContain(id);
    expect(heard).not.toContain(`"${reference}"`);
  }
  expect(await page.evaluate(() => 'neverReloaded' in window)).toBe(true);

  // Seen: the queue is no concern of theirs any more.
  await sql`update public.appointments set status = 'fulfilled' where id = ${own.id}`;
  await page.getByRole('heading', { name: 'Nothing coming up' }).waitFor();
  expect(await page.locator('[data-queue]').count()).toBe(0);
});

test('without JavaScript the place in the queue is on the page as well', async () => {
  const clinic = await aClinic(sql, whereItIsEarly());
  const patient = await aPatient(sql);
  const { id } = await aBooking(sql, await aPatient(sql), clinic, { days: 0, hour: 22 });
  await sql`update public.appointments set status = 'arrived' where id = ${id}`;
  await aBooking(sql, patient, clinic, { days: 0, hour: 23 });
  const page = await openPage(browser, { javaScriptEnabled: false });
  await signIn(page, site, patient);
  await reads(page, 'ahead', /^1$/);
});

test('before the day there is no queue to stand in', async () => {
  const clinic = await aClinic(sql);
  const patient = await aPatient(sql);
  await aBooking(sql, patient, clinic, { days: 1, hour: 10 });
  const page = await openPage(browser);
  await signIn(page, site, patient);
  await page.locator('[data-connection="live"]').waitFor();
  expect(await page.locator('[data-queue]').count()).toBe(0);
});

test('two tabs, a clock that is wrong by a day: both show the same', async () => {
  const clinic = await aClinic(sql);
  const patient = await aPatient(sql);
  const page = await openPage(browser);
  await signIn(page, site, patient);
  const second = await page.context().newPage();
  await second.clock.install({ time: Date.now() + 26 * 60 * 60 * 1000 });
  await second.goto(`${site}/appointments`);
  for (const tab of [page, second]) await tab.locator('[data-connection="live"]').waitFor();
  const { id } = await aBooking(sql, patient, clinic, { days: 1, hour: 10 });
  for (const tab of [page, second]) {
    await tab
      .getByRole('region', { name: 'Next appointment' })
      .getByText('Tomorrow', { exact: true })
      .waitFor();
  }
  await sql`update public.appointments set starts_at = starts_at + interval '1 hour' where id = ${id}`;
  for (const tab of [page, second])
    await tab
      .getByText(/11:00\sam/)
      .first()
      .waitFor();
});
