// From an SMS to the day of the appointment: where it leads, what comes first there, what is told at the end of every page.
import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { DESK, openPage } from '../helpers/browser.ts';
import { aBooking, aClinic, aPatient, opening, signIn, whereItIsEarly, type Patient } from './setting.ts';

const { browser, sql, site } = await opening();

/** Where something is on the page, in pixels from its top. */
const topOf = async (page: Page, selector: string) => {
  const box = await page.locator(selector).first().boundingBox();
  if (!box) throw new Error(`There is no ${selector} to be seen.`);
  return box.y;
};

/** Somebody whose appointment is today, behind one who has been seen. */
async function onTheDay(): Promise<Patient> {
  const clinic = await aClinic(sql, whereItIsEarly());
  const patient = await aPatient(sql);
  const { id } = await aBooking(sql, await aPatient(sql), clinic, { days: 0, hour: 21 });
  await sql`update public.appointments set status = 'fulfilled' where id = ${id}`;
  await aBooking(sql, patient, clinic, { days: 0, hour: 23 });
  await aBooking(sql, patient, clinic, { days: 5 });
  return patient;
}

test('the address in an SMS leads to the appointments, through signing in', async () => {
  const { phone, password } = await aPatient(sql);
  const page = await openPage(browser, { javaScriptEnabled: false });
  await page.goto(`${site}/a`);
  expect(new URL(page.url()).pathname).toBe('/login');
  await page.locator('[name="username"]').fill(phone);
  await page.locator('[name="password"]').fill(password);
  await page.locator('[name="password"]').press('Enter');
  await page.waitForURL(`${site}/appointments`);
  await page.goto(`${site}/a`);
  expect(page.url()).toBe(`${site}/appointments`);
});

test('token, queue and expected time come before the address, and news covers none of them', async () => {
  const patient = await onTheDay();
  const page = await openPage(browser);
  await signIn(page, site, patient);
  await page.locator('[data-connection="live"]').waitFor();
  const [token, queue, place] = [
    await topOf(page, '.stub'),
    await topOf(page, '.queue'),
    await topOf(page, '.details')
  ];
  expect(token).toBeLessThan(queue);
  expect(queue).toBeLessThan(place);
  // All is well, so nothing is said of it.
  expect(await page.getByText('Live', { exact: true }).count()).toBe(0);

  const covered = () =>
    page.evaluate(() => {
      const news = document.querySelector('.item')?.getBoundingClientRect();
      return [...document.querySelectorAll('.today')].some((part) => {
        const { top, bottom } = part.getBoundingClientRect();
        return news !== undefined && top < news.bottom && bottom > news.top;
      });
    });
  await sql`update public.appointments set token_number = token_number + 40 where patient_id = ${patient.id}`;
  await page.locator('.item').waitFor();
  for (const scroll of [0, 60, 160, 260, 360, 460]) {
    await page.evaluate((y) => scrollTo(0, y), scroll);
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(done)));
    expect(await covered(), `scrolled by ${scroll}`).toBe(false);
  }
});

test('nothing moves by itself, also where the clock of the reader is another than the clinic’s', async () => {
  const patient = await onTheDay();
  // The clock of Nepal is a quarter of an hour from all others, so never that of the clinic.
  const page = await openPage(browser, { timezoneId: 'Asia/Kathmandu' });
  await signIn(page, site, patient);
  await page.goto(`${site}/appointments`);
  await page.locator('[data-connection="live"]').waitFor();
  await page.getByText("by the clinic's clock").waitFor();
  const shift = await page.evaluate(() => {
    const seen = new PerformanceObserver(() => undefined);
    seen.observe({ type: 'layout-shift', buffered: true });
    return (seen.takeRecords() as (PerformanceEntry & { value: number })[]).reduce(
      (sum, { value }) => sum + value,
      0
    );
  });
  expect(shift).toBe(0);
});

test('a phone has one row of header; a desk shows the next appointment beside the others', async () => {
  const page = await openPage(browser);
  await signIn(page, site, await onTheDay());
  const rows = await page.evaluate(() =>
    [...document.querySelectorAll('header a, header button')]
      .filter((part) => part.getClientRects().length > 0)
      .map((part) => Math.round(part.getBoundingClientRect().top))
  );
  expect(new Set(rows).size, String(rows)).toBe(1);
  await page.setViewportSize(DESK);
  expect(Math.abs((await topOf(page, '#later')) - (await topOf(page, '.slip')))).toBeLessThan(40);
});

test('every page ends with help, privacy and the languages; what is kept how long is what the database says', async () => {
  const page = await openPage(browser, { javaScriptEnabled: false });
  await sql`update public.security_settings set calls_days = 123`;
  try {
    await page.goto(`${site}/login`);
    const footer = page.getByRole('contentinfo');
    await footer.getByRole('form', { name: 'Language' }).waitFor();
    await footer.getByRole('link', { name: 'Privacy' }).click();
    await page.getByRole('definition').filter({ hasText: '123 days' }).waitFor();
    await footer.getByRole('link', { name: 'Help' }).click();
    await page.getByRole('heading', { name: 'If your phone is lost or gone' }).waitFor();
  } finally {
    await sql`update public.security_settings set calls_days = default`;
  }
});

test.each([{ scripts: true }, { scripts: false }])(
  'a copy of what is kept comes as a file, for the password (scripts: $scripts)',
  async ({ scripts }) => {
    const patient = await aPatient(sql);
    await aBooking(sql, patient, await aClinic(sql));
    const page = await openPage(browser, { javaScriptEnabled: scripts });
    await signIn(page, site, patient);
    await page.goto(`${site}/account`);
    const section = page.locator('#export');
    await section.locator('summary').click();
    await section.locator('[name="current"]').fill('not it');
    await section.getByRole('button', { name: 'Download' }).click();
    await section.getByText('This is not your password.').waitFor();
    await section.locator('[name="current"]').fill(patient.password);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      section.getByRole('button', { name: 'Download' }).click()
    ]);
    expect(download.suggestedFilename()).toMatch(/^medq-\d{4}-\d\d-\d\d\.json$/);
    const copy: unknown = JSON.parse(await readFile(await download.path(), 'utf8'));
    expect(copy).toMatchObject({ you: { phone: patient.phone }, appointments: [{ status: 'booked' }] });
  }
);
