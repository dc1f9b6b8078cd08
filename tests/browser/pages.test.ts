import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DESK, launchBrowser, openPage, PHONE } from '../helpers/browser.ts';
import { theSite } from '../helpers/site.ts';
import { closeDatabases, databaseAsPostgres, theStack } from '../helpers/stack.ts';
import { aBooking, aClinic, aPatient, signIn } from './setting.ts';

const sql = databaseAsPostgres();
const site = theSite();
let browser: Browser;

beforeAll(async () => {
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser.close();
  await closeDatabases();
});

// Every page, in each of its states, and how to get there.
const PAGES: Record<string, (page: Page) => Promise<unknown>> = {
  'the start page': async (page) => {
    await aClinic(sql);
    await page.goto(site);
  },
  'the sign-in page': (page) => page.goto(`${site}/login`),
  'the sign-in page with an error': async (page) => {
    await page.goto(`${site}/login`);
    await page.getByLabel('Username or phone number').fill('nobody');
    await page.getByLabel('Password', { exact: true }).fill('wrong');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').waitFor();
  },
  'the page of a new password': async (page) => {
    await signIn(page, site, await aPatient(sql, { temporary: true }), '/password');
    await page.getByLabel('New password', { exact: true }).fill('short');
    await page.getByLabel('New password again', { exact: true }).fill('short');
    await page.getByRole('button', { name: 'Save and continue' }).click();
    await page.locator('[aria-invalid="true"]').waitFor();
  },
  'appointments without any': async (page) => {
    await aClinic(sql);
    await signIn(page, site, await aPatient(sql));
    await page.locator('[data-connection="live"]').waitFor();
  },
  'appointments, all kinds of': async (page) => {
    const clinic = await aClinic(sql);
    const patient = await aPatient(sql);
    const past = await aBooking(sql, patient, clinic, { days: 7 });
    await sql`update public.appointments set status = 'noshow' where id = ${past.id}`;
    const off = await aBooking(sql, patient, clinic, { days: 6 });
    await sql`update public.appointments set status = 'cancelled' where id = ${off.id}`;
    await aBooking(sql, patient, clinic, { days: 3, channel: 'web' });
    const next = await aBooking(sql, patient, clinic, { days: 2, channel: 'desk' });
    await signIn(page, site, patient);
    await page.locator('[data-connection="live"]').waitFor();
    await sql`update public.appointments set status = 'arrived' where id = ${next.id}`;
    await page.getByRole('button', { name: /^Dismiss: Checked in/ }).waitFor();
  },
  'the page for what is not there': (page) => page.goto(`${site}/nowhere`)
};

/** A change of size or colours has reached the screen: what is measured in between is neither. */
const painted = (page: Page) =>
  page.evaluate(
    () => new Promise<void>((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())))
  );

/** What does not fit: into the screen, or into its own box. */
const wider = (page: Page) =>
  page.evaluate(() =>
    [document.documentElement, ...document.querySelectorAll('main :is(a, button, dt, dd, h1, h2, h3, p)')]
      .filter(({ clientWidth, scrollWidth }) => clientWidth > 1 && scrollWidth > clientWidth)
      .map(({ outerHTML }) => outerHTML.slice(0, 300))
  );

test.each(Object.keys(PAGES))(
  '%s is accessible on a phone and a desk, in light and dark, and fits 320 pixels',
  async (name) => {
    const page = await openPage(browser, { reducedMotion: 'reduce' });
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (/Content Security Policy|hydration/i.test(message.text())) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    await PAGES[name]?.(page);

    for (const viewport of [PHONE, DESK]) {
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.setViewportSize(viewport);
        await page.emulateMedia({ colorScheme });
        await painted(page);
        const { violations } = await new AxeBuilder({ page }).analyze();
        const found = violations.map(
          ({ id, nodes }) => `${id}: ${nodes.map(({ failureSummary }) => failureSummary).join(' ')}`
        );
        expect(found, `${viewport.width} pixels wide, ${colorScheme}`).toEqual([]);
      }
    }
    await page.setViewportSize({ width: 320, height: 640 });
    await painted(page);
    expect(await wider(page)).toEqual([]);
    // Tamil words are longer.
    await page.context().addCookies([{ name: 'medq-language', value: 'ta-IN', url: site }]);
    await page.reload();
    expect(await page.locator('html').getAttribute('lang')).toBe('ta-IN');
    expect(await wider(page)).toEqual([]);
    expect(complaints).toEqual([]);
    await page.context().close();
  }
);

test('the start page gives the number to call', async () => {
  const clinic = await aClinic(sql);
  const page = await openPage(browser, { javaScriptEnabled: false });
  await page.goto(site);
  const call = page.locator(`a[href="tel:${clinic.phone}"]`);
  expect((await call.innerText()).replaceAll(/\s/g, '')).toBe(`Call${clinic.phone}`);
  await page.context().close();
});

test('the keyboard reaches everything, beginning with a way past the header', async () => {
  const page = await openPage(browser);
  await page.goto(`${site}/login`);
  await page.getByRole('button', { name: 'Show password' }).waitFor();
  const focused = () =>
    page.evaluate(
      () => document.activeElement?.getAttribute('aria-label') ?? document.activeElement?.textContent
    );
  await page.keyboard.press('Tab');
  expect(await focused()).toBe('Skip to the content');
  await page.keyboard.press('Enter');
  expect(await page.evaluate(() => document.activeElement?.id)).toBe('main');
  await page.keyboard.press('Tab');
  await page.keyboard.type('asha');
  await page.keyboard.press('Tab');
  await page.keyboard.type('secret');
  await page.keyboard.press('Tab');
  expect(await focused()).toBe('Show password');
  await page.keyboard.press('Space');
  expect(await page.getByLabel('Password', { exact: true }).getAttribute('type')).toBe('text');
  await page.context().close();
});

test('pages keep to themselves: nothing from elsewhere, no frames, no guessing', async () => {
  const patient = await aPatient(sql);
  const page = await openPage(browser);
  const hosts = new Set<string>();
  page.on('request', (request) => hosts.add(new URL(request.url()).origin));
  await signIn(page, site, patient);
  await page.locator('[data-connection="live"]').waitFor();
  expect([...hosts]).toEqual([site]);

  const { origin } = new URL(theStack().api_url);
  const headers = (await page.request.get(`${site}/login`)).headers();
  const policy = headers['content-security-policy'] ?? '';
  expect(policy).toContain(`connect-src 'self' ${origin} ${origin.replace('http', 'ws')}`);
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toContain('unsafe-inline');
  expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'same-origin' });
  expect(headers['strict-transport-security']).toBeUndefined();
  await page.context().close();
});

test('the appointments page is light: under 60 kB of compressed scripts, live changes included', async () => {
  const patient = await aPatient(sql);
  // What a service worker has kept would count for nothing.
  const page = await openPage(browser, { serviceWorkers: 'block' });
  await signIn(page, site, patient);
  const sizes: Promise<number>[] = [];
  page.on('requestfinished', (request) => {
    if (request.resourceType() === 'script') sizes.push(request.sizes().then((s) => s.responseBodySize));
  });
  const cleared = await page.context().newCDPSession(page);
  await cleared.send('Network.clearBrowserCache');
  await page.goto(`${site}/appointments`);
  await page.locator('[data-connection="live"]').waitFor();
  const total = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
  expect(sizes.length).toBeGreaterThan(3);
  expect(total).toBeGreaterThan(30_000);
  expect(total).toBeLessThan(60_000);
  await page.context().close();
});
