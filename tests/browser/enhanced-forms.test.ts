import type { Page } from 'playwright-core';
import { beforeEach, expect, test } from 'vitest';
import { openPage, scriptsOf } from '../helpers/browser.ts';
import {
  anOldPatient,
  aPerson,
  fill,
  focusedLabel,
  forgiveThisMachine,
  LABELS,
  press,
  ready,
  register,
  WAYS
} from './accounts.ts';
import { atDesk } from './at-desk.ts';
import { aBooking, aClinic, aPatient, opening, signIn } from './setting.ts';

// What one small script does for every form: what comes of a form is tested with the form.
const { browser, sql, site } = await opening();

beforeEach(() => forgiveThisMachine(sql));

const typed = { 'Username or phone number': 'asha', Password: 'not the password' };

async function atSignIn(): Promise<Page> {
  const page = await openPage(browser);
  await page.goto(`${site}/login`);
  await ready(page, true);
  await fill(page, typed);
  return page;
}

const valuesOf = (page: Page) =>
  Promise.all(Object.keys(typed).map((label) => page.getByLabel(label, { exact: true }).inputValue()));

test('the pages of forms bring no framework: at most 3.5 kB of compressed scripts', async () => {
  const page = await openPage(browser, { serviceWorkers: 'block', locale: 'ta-IN' });
  const network = await page.context().newCDPSession(page);
  const expectLight = async (path: string, scripts: number) => {
    await network.send('Network.clearBrowserCache');
    const weigh = scriptsOf(page);
    await page.goto(`${site}${path}`, { waitUntil: 'networkidle' });
    const sizes = await weigh();
    expect([path, sizes.length]).toEqual([path, scripts]);
    const total = sizes.reduce((sum, size) => sum + size, 0);
    expect(total, path).toBeGreaterThan(1_000);
    expect(total, path).toBeLessThanOrEqual(3_500);
  };
  for (const path of ['/login', '/register', '/forgot', '/verify']) await expectLight(path, 1);
  await signIn(page, site, await aPatient(sql));
  await page.locator('[data-connection="live"]').waitFor();
  // Of the sessions it shows when they were, by the clock of whoever reads.
  await expectLight('/account', 2);
});

test('a form is sent once, however often its button is pressed, and says that it is at work', async () => {
  const page = await atSignIn();
  let sent = 0;
  let answer = () => {};
  const wait = new Promise<void>((resolve) => (answer = resolve));
  await page.route('**/login', async (route) => {
    if (route.request().method() === 'POST') {
      sent += 1;
      await wait;
    }
    await route.continue();
  });
  await press(page, 'Sign in');
  const button = page.getByRole('button', { name: 'Signing in…' });
  await button.waitFor();
  expect(await button.getAttribute('aria-disabled')).toBe('true');
  await button.click({ force: true });
  await page.getByLabel('Password', { exact: true }).press('Enter');
  answer();
  await page.getByRole('alert').filter({ hasText: "don't match" }).waitFor();
  expect(sent).toBe(1);
  expect(await page.getByRole('button', { name: 'Sign in' }).getAttribute('aria-disabled')).toBeNull();
});

/** Answers what is sent when it is told to, and counts it. */
async function heldBack(page: Page, address: string | RegExp) {
  const held = { sent: 0, answer: () => {} };
  const wait = new Promise<void>((resolve) => (held.answer = resolve));
  await page.route(address, async (route) => {
    if (route.request().method() !== 'POST') return route.continue();
    held.sent += 1;
    await wait;
    await route.continue();
  });
  return held;
}

test('two buttons of a form, or Enter beside one of them, send it once', async () => {
  const clinic = await aClinic(sql);
  const page = await atDesk({ browser, sql, site }, `/desk/hours?doctor=${clinic.practitionerId}`, clinic);
  const held = await heldBack(page, /desk\/hours/);
  await page.locator('[value="add 1"]').click();
  await page.locator('[value="add 2"]').click();
  await page.getByLabel('Until: Monday').first().press('Enter');
  await page.waitForTimeout(100);
  held.answer();
  await expect.poll(() => page.getByLabel('Until: Monday').count()).toBe(2);
  expect([held.sent, await page.getByLabel('Until: Tuesday').count()]).toEqual([1, 1]);
});

test('a form that the browser sends is sent once, and so is one of the framework', async () => {
  const clinic = await aClinic(sql);
  const patient = await aPatient(sql);
  const page = await openPage(browser);
  await signIn(page, site, patient);
  const { id } = await aBooking(sql, patient, clinic);
  await page.goto(`${site}/appointments/${id}/cancel`);
  const cancelled = await heldBack(page, /\/cancel/);
  await page.waitForFunction(() => document.querySelector('form [aria-disabled="false"]'));
  await page.evaluate(() => {
    const form = document.querySelector<HTMLFormElement>('main form');
    form?.requestSubmit();
    form?.requestSubmit();
  });
  await page.waitForTimeout(100);
  expect(cancelled.sent).toBe(1);
  cancelled.answer();
  await page
    .getByRole('status')
    .getByText(/^Cancelled: /)
    .waitFor();

  await page.goto(`${site}/account`);
  await page.locator('[data-other]:not([hidden])').first().waitFor({ state: 'attached' });
  const chosen = await heldBack(page, '**/language');
  await page.evaluate(() => {
    for (const button of document.querySelectorAll<HTMLButtonElement>('#languages button')) button.click();
  });
  await page.waitForTimeout(100);
  expect(chosen.sent).toBe(1);
  chosen.answer();
});

test.each([
  { when: 'the network is away', sentence: "That didn't reach us. Are you online?", status: undefined },
  { when: 'no answer ever comes', sentence: "That didn't reach us. Are you online?", status: null },
  { when: 'something breaks', sentence: 'Something went wrong on our side.', status: 500 },
  { when: 'somebody else answers', sentence: 'Something went wrong on our side.', status: 200 }
])('when $when, the form says so and keeps all that was typed', async ({ sentence, status }) => {
  const page = await atSignIn();
  // A minute is long for a test; but the real answer in the end may need its time.
  const hasten = (times: number) =>
    page.evaluate((factor) => {
      const timeout = AbortSignal.timeout.bind(AbortSignal);
      AbortSignal.timeout = (milliseconds) => timeout(milliseconds / factor);
    }, times);
  await hasten(100);
  await page.route('**/login', (route) => {
    if (route.request().method() === 'GET') return route.continue();
    if (status === null) return;
    return status === undefined
      ? route.abort()
      : route.fulfill({ status, contentType: 'text/html', body: '<main id="main">Hello</main>' });
  });
  for (let attempt = 0; attempt < 2; attempt++) {
    await press(page, 'Sign in');
    const alert = page.getByRole('alert').filter({ hasText: sentence });
    await alert.waitFor();
    expect(await page.getByRole('alert').count()).toBe(1);
    expect(await alert.evaluate((element) => element === document.activeElement)).toBe(true);
    expect(await valuesOf(page)).toEqual(Object.values(typed));
  }
  await page.unroute('**/login');
  await hasten(1 / 100);
  await press(page, 'Sign in');
  await page.getByRole('alert').filter({ hasText: "don't match" }).waitFor();
});

test('a secret is shown and hidden again, and the answer hides it', async () => {
  const page = await atSignIn();
  const password = page.getByLabel('Password', { exact: true });
  await press(page, 'Show password');
  expect(await password.getAttribute('type')).toBe('text');
  await press(page, 'Hide password');
  expect(await password.getAttribute('type')).toBe('password');
  await press(page, 'Show password');
  await press(page, 'Sign in');
  await page.getByRole('alert').waitFor();
  expect([await password.getAttribute('type'), await password.inputValue()]).toEqual(['password', '']);
  await press(page, 'Show password');
});

test('the question comes to a form whose mistakes are put right, and is asked again where it came to nothing', async () => {
  const old = await anOldPatient(sql, await aClinic(sql));
  const taken = aPerson();
  const other = await aPatient(sql);
  await sql`update public.patients set username = ${taken.username} where id = ${other.id}`;
  const page = await openPage(browser);
  await register(page, { ...taken, phone: old.phone, age: 'many' });
  await page.getByText('whole number').waitFor();
  await fill(page, {
    [LABELS.age]: '34',
    [LABELS.password]: taken.password
  });
  await press(page, 'Continue');
  const dialog = page.getByRole('dialog');
  await dialog.waitFor();
  expect(await page.locator('[aria-invalid]').count()).toBe(0);
  expect(await page.getByText('whole number').count()).toBe(0);

  await press(page, 'Yes, link my bookings');
  await dialog.getByLabel('Another username').fill('a');
  await press(page, 'Yes, link my bookings');
  await dialog.getByText('3 to 32').waitFor();
  expect(await focusedLabel(page)).toBe('Another username');
  await page.route(/\/link\?/, (route) => route.abort());
  await press(page, 'Yes, link my bookings');
  await dialog.getByRole('alert').filter({ hasText: "didn't reach us" }).waitFor();
  await press(page, 'No, use another number');
  await dialog.waitFor({ state: 'detached' });
  expect(await focusedLabel(page)).toBe(LABELS.phone);
  expect(await page.getByLabel(LABELS.phone, { exact: true }).inputValue()).toBe('');
  expect(await page.getByLabel(LABELS.name, { exact: true }).inputValue()).toBe(taken.name);
});

test('parts of the account stay open, whichever was changed', async () => {
  const page = await openPage(browser, { timezoneId: 'Asia/Kolkata' });
  await signIn(page, site, await aPatient(sql));
  await page.goto(`${site}/account`);
  for (const title of ['Where you are signed in', 'Delete account']) {
    await page.getByRole('heading', { name: title }).click();
  }
  await press(page, 'Save');
  await page.getByRole('status').waitFor();
  expect(await page.locator('details[open]').count()).toBe(2);
  const [since = ''] = await page.locator('time').allInnerTexts();
  const now = new Intl.DateTimeFormat('en-IN', { hour: 'numeric', timeZone: 'Asia/Kolkata' }).format();
  expect(since).toMatch(new RegExp(`^today, ${now.replace(/\s/, ':\\d\\d\\s')}$`));
});

test.each(WAYS)('where there is no session, nothing personal is kept on the device, $how', async (way) => {
  const { javaScriptEnabled } = way;
  const page = await openPage(browser, { javaScriptEnabled });
  const patient = await aPatient(sql);
  await signIn(page, site, patient);
  if (!javaScriptEnabled) return;
  await page.locator('[data-connection="live"]').waitFor();
  const kept = () => page.evaluate(() => Object.keys(localStorage));
  expect(await kept()).toEqual(['medq:last-known']);
  // The session ended elsewhere.
  await page.context().clearCookies();
  await page.goto(`${site}/login`);
  await ready(page, true);
  expect(await kept()).toEqual([]);
});
