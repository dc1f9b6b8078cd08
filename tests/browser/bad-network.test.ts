// Book, Move, Cancel and the steps of the desk where the network fails: the page stays, and says what is known.
import type { Page, Route } from 'playwright-core';
import { expect, test } from 'vitest';
import { openPage } from '../helpers/browser.ts';
import { atDesk } from './at-desk.ts';
import { aBooking, aClinic, aPatient, opening, signIn, whereItIsEarly } from './setting.ts';

const { browser, sql, site } = await opening();

/** What becomes of forms that are sent; all else is answered. */
const onSending = (page: Page, answer: (route: Route) => Promise<void> | void) =>
  page.route('**', (route) => (route.request().method() === 'POST' ? answer(route) : route.fallback()));

const noNetwork = (route: Route) => route.abort('internetdisconnected');
const badGateway = (route: Route) =>
  route.fulfill({ status: 502, contentType: 'text/html', body: '<h1>502 Bad Gateway</h1>' });
const noAnswer = () => undefined;

const UNREACHED = "That didn't reach us.";
const FAILED = 'Something went wrong on our side. Please try again in a minute.';
const UNHEARD = 'We did not hear whether that was done. Please look under Your appointments';

const FAULTS = [
  { fault: 'no network', answer: noNetwork, words: UNREACHED },
  { fault: 'a 502 on the way', answer: badGateway, words: FAILED },
  { fault: 'no answer for a minute', answer: noAnswer, words: UNHEARD }
];

async function aPatientsPage(path: (booked: string) => string) {
  const clinic = await aClinic(sql);
  const patient = await aPatient(sql);
  const { id } = await aBooking(sql, patient, clinic);
  const page = await openPage(browser);
  await signIn(page, site, patient);
  await page.clock.install();
  await page.goto(site + path(id));
  return { page, clinic };
}

async function pressed(page: Page, button: string | RegExp, fault: (typeof FAULTS)[number]): Promise<void> {
  await page
    .locator('[data-connection="live"]')
    .or(page.getByRole('button', { name: button }))
    .first()
    .waitFor();
  await onSending(page, fault.answer);
  await page.getByRole('button', { name: button }).click();
  if (fault.answer === noAnswer) {
    await page.locator('[aria-disabled="true"]').first().waitFor();
    await page.clock.fastForward(61_000);
  }
}

test.each(FAULTS)('while a time is moved: $fault', async (fault) => {
  const { page } = await aPatientsPage((id) => `/book/time?move=${id}`);
  await page.getByRole('navigation', { name: 'Days' }).getByRole('listitem').nth(2).getByRole('link').click();
  await page.waitForURL(/[?&]day=/);
  await page.getByRole('link', { name: /^2:00\spm$/ }).click();
  await page.getByRole('heading', { name: 'Move your appointment?' }).waitFor();
  const asked = page.url();
  await pressed(page, 'Move it', fault);
  await page.getByRole('alert').getByText(fault.words).waitFor();
  expect(page.url()).toBe(asked);
  expect(await page.content()).not.toContain('Bad Gateway');
  await page.unroute('**');
  await page.getByRole('button', { name: 'Move it' }).click();
  await page.getByRole('status').getByText('Moved.').waitFor();
});

test.each(FAULTS)('while an appointment is cancelled: $fault', async (fault) => {
  const { page } = await aPatientsPage((id) => `/appointments/${id}/cancel`);
  await pressed(page, 'Cancel the appointment', fault);
  await page.getByRole('alert').getByText(fault.words).waitFor();
  await page.unroute('**');
  await page.getByRole('button', { name: 'Cancel the appointment' }).click();
  await page
    .getByRole('status')
    .getByText(/^Cancelled: /)
    .waitFor();
});

test.each(FAULTS.map((fault) => (fault.words === UNHEARD ? { ...fault, words: 'No answer came:' } : fault)))(
  'while a patient is marked at the desk: $fault',
  async (fault) => {
    const clinic = await aClinic(sql, whereItIsEarly());
    await aBooking(sql, await aPatient(sql), clinic, { days: 0, hour: 20 });
    const page = await atDesk({ browser, sql, site }, '/desk', clinic);
    await page.locator('[data-connection="live"]').waitFor();
    await page.clock.install();
    await pressed(page, /^Arrived: /, fault);
    await page.locator('.outcome').getByText(fault.words).waitFor();
    await page.unroute('**');
    await page.getByRole('button', { name: /^Arrived: / }).click();
    await page.getByRole('button', { name: /^With the doctor: / }).waitFor();
  }
);

test('what is said at the desk is put away with its button, or with Escape', async () => {
  const clinic = await aClinic(sql, whereItIsEarly());
  await aBooking(sql, await aPatient(sql), clinic, { days: 0, hour: 20 });
  const page = await atDesk({ browser, sql, site }, '/desk', clinic);
  await page.locator('[data-connection="live"]').waitFor();
  await onSending(page, badGateway);
  const told = page.locator('.outcome.problem');
  const focused = () => page.evaluate(() => document.activeElement?.getAttribute('aria-label'));
  await page.getByRole('button', { name: /^Arrived: / }).click();
  await told.getByRole('button', { name: /^Dismiss: Token \d+, / }).click();
  await told.waitFor({ state: 'detached' });

  await page.getByRole('button', { name: /^Arrived: / }).click();
  await told.getByRole('button', { name: /^Dismiss: / }).press('Enter');
  await told.waitFor({ state: 'detached' });
  expect(await focused()).toMatch(/^Arrived: /);

  await page.getByRole('button', { name: /^Arrived: / }).click();
  await told.waitFor();
  await page.keyboard.press('Escape');
  await told.waitFor({ state: 'detached' });
});
