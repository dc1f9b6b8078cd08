import { AxeBuilder } from '@axe-core/playwright';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { DESK, launchBrowser, openPage, PHONE } from '../helpers/browser.ts';
import { theSite } from '../helpers/site.ts';
import { closeDatabases, databaseAsPostgres } from '../helpers/stack.ts';
import { aBooking, aClinic, aDoctor, aPatient, signIn } from './setting.ts';

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

const chooseDay = async (page: Page, days: number) => {
  await page
    .getByRole('navigation', { name: 'Days' })
    .getByRole('listitem')
    .nth(days)
    .getByRole('link')
    .click();
  await page.waitForURL(/[?&]day=/);
};

// Every page of booking, in each of its states, and how to get there.
const PAGES: Record<string, (page: Page) => Promise<unknown>> = {
  'choosing a clinic': async (page) => {
    await Promise.all([aClinic(sql), aClinic(sql)]);
    await signIn(page, site, await aPatient(sql));
    await page.goto(`${site}/book`);
    await page.getByRole('heading', { name: 'Which clinic?' }).waitFor();
  },
  'choosing a doctor': async (page) => {
    const clinic = await aClinic(sql);
    await aDoctor(sql, clinic.id, 'Dr. Venkatanarasimharajuvaripeta Subramanian');
    await signIn(page, site, await aPatient(sql));
    await page.goto(`${site}/book?clinic=${clinic.id}`);
    await page.getByRole('link', { name: 'Any doctor' }).waitFor();
  },
  'choosing a time, one of them just taken': async (page) => {
    const clinic = await aClinic(sql);
    await signIn(page, site, await aPatient(sql));
    await page.goto(`${site}/book/time?doctor=${clinic.practitionerId}`);
    await chooseDay(page, 2);
    await page.getByRole('link', { name: /^10:00\sam$/ }).waitFor();
    await aBooking(sql, await aPatient(sql), clinic, { hour: 10 });
    await page.getByText('Taken', { exact: true }).waitFor();
  },
  'choosing a time where none is free': async (page) => {
    const clinic = await aClinic(sql);
    await sql`delete from public.schedules where practitioner_id = ${clinic.practitionerId}`;
    await signIn(page, site, await aPatient(sql));
    await page.goto(`${site}/book/time?doctor=${clinic.practitionerId}`);
    await page.getByText('No free time for as long as can be booked.').waitFor();
  },
  'the confirmation': async (page) => {
    const clinic = await aClinic(sql);
    await signIn(page, site, await aPatient(sql));
    await page.goto(`${site}/book/time?doctor=${clinic.practitionerId}`);
    await chooseDay(page, 2);
    await page.getByRole('link', { name: /^2:00\spm$/ }).click();
    await page.getByRole('button', { name: 'Book it' }).waitFor();
  },
  'the confirmation of a time that is taken': async (page) => {
    const clinic = await aClinic(sql);
    const { id } = await aBooking(sql, await aPatient(sql), clinic, { hour: 10 });
    const [row] = await sql<
      { starts_at: Date }[]
    >`select starts_at from public.appointments where id = ${id}`;
    await signIn(page, site, await aPatient(sql));
    await page.goto(
      `${site}/book/confirm?doctor=${clinic.practitionerId}&at=${row?.starts_at.toISOString() ?? ''}`
    );
    await page.getByRole('alert').waitFor();
  },
  'moving an appointment': async (page) => {
    const clinic = await aClinic(sql);
    const patient = await aPatient(sql);
    const { id } = await aBooking(sql, patient, clinic);
    await signIn(page, site, patient);
    await page.goto(`${site}/book/time?move=${id}`);
    await page.getByRole('heading', { name: 'Choose another time' }).waitFor();
  },
  'cancelling an appointment': async (page) => {
    const clinic = await aClinic(sql);
    const patient = await aPatient(sql);
    const { id } = await aBooking(sql, patient, clinic);
    await signIn(page, site, patient);
    await page.goto(`${site}/appointments/${id}/cancel`);
    await page.getByRole('button', { name: 'Cancel the appointment' }).waitFor();
  },
  'the day itself, with the queue': async (page) => {
    const clinic = await aClinic(sql);
    const patient = await aPatient(sql);
    const { id } = await aBooking(sql, await aPatient(sql), clinic, { days: 0, hour: 22 });
    await sql`update public.appointments set status = 'fulfilled' where id = ${id}`;
    await aBooking(sql, patient, clinic, { days: 0, hour: 23 });
    await aBooking(sql, patient, clinic, { days: 3 });
    await signIn(page, site, patient);
    await page.locator('[data-connection="live"]').waitFor();
    await page.locator('[data-queue]').first().waitFor();
  },
  'no connection': async (page) => {
    const clinic = await aClinic(sql);
    const patient = await aPatient(sql);
    await aBooking(sql, patient, clinic);
    await aBooking(sql, patient, clinic, { days: 4 });
    await signIn(page, site, patient);
    await page.locator('[data-connection="live"]').waitFor();
    await page.goto(`${site}/offline`);
    await page.getByText('Your appointments as of').waitFor();
  }
};

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
  '%s: accessible on a phone and a desk, in light and dark, fits 320 pixels, and nothing shifts',
  async (name) => {
    const page = await openPage(browser, { reducedMotion: 'reduce' });
    const complaints: string[] = [];
    page.on('console', (message) => {
      if (/Content Security Policy|hydration/i.test(message.text())) complaints.push(message.text());
    });
    page.on('pageerror', (error) => complaints.push(error.message));
    await PAGES[name]?.(page);

    const shifted = await page.evaluate(() => {
      const seen = new PerformanceObserver(() => undefined);
      seen.observe({ type: 'layout-shift', buffered: true });
      const entries = seen.takeRecords() as (PerformanceEntry & { value: number; hadRecentInput: boolean })[];
      return entries
        .filter(({ hadRecentInput }) => !hadRecentInput)
        .reduce((sum, { value }) => sum + value, 0);
    });
    expect(shifted).toBeLessThan(0.02);

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
