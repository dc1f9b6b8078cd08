import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { startSite } from '../../local/site.ts';
import { freePort } from '../../local/settings/ports.ts';
import { openPage, WITH_SERVICE_WORKER } from '../helpers/browser.ts';
import { theStack } from '../helpers/stack.ts';
import { aBooking, aClinic, aPatient, opening, signInByForm } from './setting.ts';

// The network goes away by stopping a site of our own: a browser's pretended outage does not reach service workers.
const { browser, sql } = await opening();

function aSite(port: number) {
  const { api_url, publishable_key } = theStack();
  return startSite({ supabaseUrl: api_url, key: publishable_key, port });
}

/** The service worker is there and has kept what it needs. */
const prepared = (page: Page) =>
  page.evaluate(async () => {
    await navigator.serviceWorker.ready;
    return caches.match('/offline').then(Boolean);
  });

test('without a network the appointments are there as they were last known, with the time, until signing out', async () => {
  const port = await freePort();
  let site = await aSite(port);
  const clinic = await aClinic(sql);
  const patient = await aPatient(sql);
  const { reference } = await aBooking(sql, patient, clinic, { days: 2, hour: 10 });
  const page = await openPage(browser, WITH_SERVICE_WORKER);
  await signInByForm(page, site.url, patient);
  await page.locator('[data-connection="live"]').waitFor();
  await expect.poll(() => prepared(page)).toBe(true);

  await site.close();
  await page.goto(`${site.url}/appointments`);
  await page.getByRole('heading', { name: 'No connection' }).waitFor();
  await page.getByText(/A copy on this device: your appointments as of today, \d+:\d\d\s[ap]m/).waitFor();
  const next = page.getByRole('region', { name: 'Next appointment' });
  await next.getByText(clinic.doctor).waitFor();
  // Whoever has the reference can change the appointment by phone.
  // As a number of its own: its four digits may be in some clinic's phone number or an id.
  const told = new RegExp(`(?<![\\w+-])${reference}(?![\\w-])`);
  expect(await page.content()).not.toMatch(told);
  const stored = await page.evaluate(() => Object.values(localStorage).join());
  expect(stored).toContain('"reference":null');
  expect(stored).not.toMatch(told);
  // Nothing can be done from here.
  expect(await next.getByRole('link').count()).toBe(0);

  site = await aSite(port);
  await page.getByRole('link', { name: 'Try again' }).click();
  await page.waitForURL(`${site.url}/appointments`);
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.waitForURL(`${site.url}/`);
  const left = () =>
    page.evaluate(async () => {
      const kept = await Promise.all(
        (await caches.keys()).map(async (name) =>
          (await (await caches.open(name)).keys()).map(({ url }) => url)
        )
      );
      return { storage: { ...localStorage }, kept: kept.flat().map((url) => new URL(url).pathname) };
    });
  const { storage, kept } = await left();
  expect(storage).toEqual({});
  // What is kept for everybody names nobody.
  for (const path of kept) expect(path).toMatch(/^\/(?:offline|favicon\.svg|_app\/.*)$/);

  await page.goto(`${site.url}/login`);
  await expect.poll(() => prepared(page)).toBe(true);
  await site.close();
  await page.goto(`${site.url}/appointments`);
  await page.getByText('This page needs the internet.').waitFor();
  expect(await page.content()).not.toContain(reference);
});

test('the page without a network was kept in English, and is in the language chosen since', async () => {
  const site = await aSite(await freePort());
  const clinic = await aClinic(sql);
  const patient = await aPatient(sql);
  await aBooking(sql, patient, clinic, { days: 1, hour: 16 });
  const page = await openPage(browser, WITH_SERVICE_WORKER);
  await signInByForm(page, site.url, patient);
  await expect.poll(() => prepared(page)).toBe(true);
  await page.getByRole('button', { name: 'தமிழ்' }).click();
  await page.locator('[data-connection="live"]').waitFor();

  await site.close();
  await page.goto(`${site.url}/appointments`);
  await page.getByRole('heading', { name: 'இணைப்பு இல்லை' }).waitFor();
  await page.getByText(/^இன்று, \S+\s\d+:\d\d நிலவரப்படி/).waitFor();
  const next = page.getByRole('region', { name: 'அடுத்த முன்பதிவு' });
  await next.getByText('நாளை').waitFor();
  await next.getByText(/^மாலை\s4:00$/).waitFor();
  // Nothing of the page that was kept is left.
  const said = await page.evaluate(() =>
    [document.title, document.body.innerText, document.querySelector('.skip')?.textContent].join('\n')
  );
  const own = [clinic.name, clinic.doctor, 'General medicine', '14 MG Road, Bengaluru', 'MedQ'];
  const rest = own.reduce((text, words) => text.replaceAll(words, ''), said);
  expect(rest.match(/[A-Za-z]{2,}/g) ?? []).toEqual([]);
  expect(await page.locator('html').getAttribute('lang')).toBe('ta-IN');
});

test('personal pages are kept by no cache', async () => {
  const site = await aSite(0);
  const clinic = await aClinic(sql);
  const patient = await aPatient(sql);
  const { id } = await aBooking(sql, patient, clinic);
  const page = await openPage(browser, WITH_SERVICE_WORKER);
  await signInByForm(page, site.url, patient);
  for (const path of [
    '/appointments',
    '/appointments/snapshot',
    `/appointments/${id}/calendar.ics`,
    `/appointments/${id}/cancel`,
    '/book',
    `/book/time?doctor=${clinic.practitionerId}`
  ]) {
    const response = await page.request.get(site.url + path);
    expect([path, response.status(), response.headers()['cache-control']]).toEqual([
      path,
      200,
      'private, no-store'
    ]);
  }
  await page.context().close();
  await site.close();
});

test('the copy for the time without a network lasts a week', async () => {
  const site = await aSite(await freePort());
  const clinic = await aClinic(sql);
  const patient = await aPatient(sql);
  await aBooking(sql, patient, clinic, { days: 10 });
  const page = await openPage(browser, WITH_SERVICE_WORKER);
  await signInByForm(page, site.url, patient);
  await page.locator('[data-connection="live"]').waitFor();
  await expect.poll(() => prepared(page)).toBe(true);
  await site.close();

  const inDays = async (days: number) => {
    await page.clock.setFixedTime(Date.now() + days * 24 * 60 * 60 * 1000);
    await page.goto(`${site.url}/appointments`);
    await page.getByRole('heading', { name: 'No connection' }).waitFor();
  };
  await inDays(6);
  await page.getByText(clinic.doctor).waitFor();
  await inDays(8);
  await page.getByText('This page needs the internet.').waitFor();
  // The page says so before its scripts run, which forget.
  await expect.poll(() => page.evaluate(() => ({ ...localStorage }))).toEqual({});
});

test('the copy goes as soon as a page learns that the session has ended elsewhere', async () => {
  const site = await aSite(0);
  const patient = await aPatient(sql);
  await aBooking(sql, patient, await aClinic(sql));
  const page = await openPage(browser, WITH_SERVICE_WORKER);
  await signInByForm(page, site.url, patient);
  await page.locator('[data-connection="live"]').waitFor();
  const kept = () => page.evaluate(() => Object.keys(localStorage));
  await expect.poll(kept).not.toEqual([]);
  await sql`delete from auth.sessions where user_id = ${patient.userId}`;
  await page.goto(`${site.url}/account`);
  await page.waitForURL(/\/login/);
  await expect.poll(kept).toEqual([]);
  await page.context().close();
  await site.close();
});
