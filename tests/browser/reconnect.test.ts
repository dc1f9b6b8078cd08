import type { BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { startSite } from '../../local/site.ts';
import { openPage } from '../helpers/browser.ts';
import { startMortalRealtime } from '../helpers/mortal-realtime.ts';
import { theStack } from '../helpers/stack.ts';
import { aBooking, aClinic, aPatient, opening, signIn, type Clinic, type Patient } from './setting.ts';

const { browser, sql } = await opening();
const realtime = await startMortalRealtime();
const site = await startSite({ supabaseUrl: realtime.url, key: theStack().publishable_key, port: 0 });
afterAll(async () => {
  await site.close();
  await realtime.close();
});

let clinic: Clinic;
let patient: Patient;
beforeEach(async () => {
  clinic = await aClinic(sql);
  patient = await aPatient(sql);
});

const shows = (page: Page, state: string) => page.locator(`[data-connection="${state}"]`).waitFor();
const next = (page: Page) => page.getByRole('region', { name: 'Next appointment' });
const later = (page: Page) => page.getByRole('region', { name: 'After that' });

async function aLivePage(options?: BrowserContextOptions): Promise<Page> {
  const page = await openPage(browser, options);
  await signIn(page, site.url, patient);
  await shows(page, 'live');
  await page.evaluate(() => Object.assign(window, { neverReloaded: true }));
  return page;
}

async function neverReloaded(page: Page): Promise<void> {
  expect(await page.evaluate(() => 'neverReloaded' in window)).toBe(true);
}

test('the Realtime server is killed and comes back: the page says so, and then lacks nothing', async () => {
  const page = await aLivePage();
  await realtime.kill();
  await shows(page, 'reconnecting');

  const meanwhile = await aBooking(sql, patient, clinic, { days: 1 });
  await realtime.revive();
  await next(page).getByText(meanwhile.reference).waitFor({ timeout: 30_000 });
  await shows(page, 'live');

  const afterwards = await aBooking(sql, patient, clinic, { days: 3 });
  await later(page).getByText(afterwards.reference).waitFor();
  await neverReloaded(page);
});

test('a device that slept while its connection died without a word shows what it missed', async () => {
  const page = await openPage(browser);
  await page.clock.install();
  await signIn(page, site.url, patient);
  await shows(page, 'live');
  await page.evaluate(() => Object.assign(window, { neverReloaded: true }));

  realtime.fallSilent();
  const missed = await aBooking(sql, patient, clinic, { days: 1 });
  // As when the lid is opened again: every timer is late, and rings once.
  await page.clock.fastForward('20:00');
  await next(page).getByText(missed.reference).waitFor();
  await shows(page, 'live');

  const afterwards = await aBooking(sql, patient, clinic, { days: 3 });
  await later(page).getByText(afterwards.reference).waitFor();
  await neverReloaded(page);
});

test('two pages of one patient show the same, and signing out in one ends the other', async () => {
  const page = await aLivePage();
  const other = await page.context().newPage();
  await other.goto(`${site.url}/appointments`);
  await shows(other, 'live');

  const { id, reference } = await aBooking(sql, patient, clinic);
  for (const tab of [page, other]) await next(tab).getByText(reference).waitFor();
  await sql`update public.appointments set status = 'cancelled' where id = ${id}`;
  for (const tab of [page, other]) await tab.getByRole('heading', { name: 'Nothing coming up' }).waitFor();

  await other.getByRole('button', { name: 'Sign out' }).click();
  await other.waitForURL(`${site.url}/`);
  await page.evaluate(() => window.dispatchEvent(new Event('focus')));
  await page.waitForURL(`${site.url}/login?next=/appointments`);
});
