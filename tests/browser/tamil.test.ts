import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { openPage } from '../helpers/browser.ts';
import {
  aBooking,
  aClinic,
  aPatient,
  opening,
  signIn,
  whereItIsEarly,
  type Clinic,
  type Patient
} from './setting.ts';

const { browser, sql, site } = await opening();

/** A signed-in patient whose browser asks for Tamil. */
async function aTamilPage(options: { javaScriptEnabled?: boolean } = {}) {
  const [clinic, patient] = [await aClinic(sql), await aPatient(sql)];
  const page = await openPage(browser, { locale: 'ta-IN', ...options });
  await signIn(page, site, patient);
  return { page, clinic, patient };
}

const press = (page: Page, name: string | RegExp) => page.getByRole('link', { name }).first().click();

/** What is read on the page or heard from it has no English words, but for the names in the clinic's own data. */
async function speaksTamil(page: Page, { name, doctor }: Clinic): Promise<void> {
  const said = await page.evaluate(() => [
    document.title,
    document.querySelector('main')?.innerText ?? '',
    ...[...document.querySelectorAll('main [aria-label]')].map((e) => e.getAttribute('aria-label') ?? '')
  ]);
  const initials = doctor
    .replace('Dr. ', '')
    .split(' ')
    .map(([first]) => first)
    .join('');
  const own = [name, doctor, 'General medicine', '14 MG Road, Bengaluru', 'MedQ', 'SMS', initials];
  const rest = own.reduce((text, words) => text.replaceAll(words, ''), said.join('\n'));
  expect(rest.match(/[A-Za-z]{2,}/g) ?? [], page.url()).toEqual([]);
  expect(await page.locator('html').getAttribute('lang')).toBe('ta-IN');
}

async function books(page: Page, clinic: Clinic, time: RegExp): Promise<void> {
  await page.goto(`${site}/book?clinic=${clinic.id}`);
  await page.getByRole('heading', { name: 'யாரைப் பார்க்க விரும்புகிறீர்கள்?' }).waitFor();
  await speaksTamil(page, clinic);
  await press(page, clinic.doctor);
  await page.getByRole('heading', { name: 'எப்போது?' }).waitFor();
  await press(page, /32 காலி/);
  await page.waitForURL(/[?&]day=/);
  await page.getByRole('heading', { name: 'பிற்பகல்' }).waitFor();
  await speaksTamil(page, clinic);
  await press(page, time);
  await page.getByRole('heading', { name: 'இது சரியா?' }).waitFor();
  await speaksTamil(page, clinic);
  await page.getByRole('button', { name: 'முன்பதிவு செய்' }).click();
  await page.waitForURL(`${site}/appointments`);
  await page.getByRole('status').getByText('முன்பதிவு செய்யப்பட்டது.').waitFor();
}

const statusOf = async (patient: Patient) =>
  sql<{ status: string; at: string }[]>`
    select status, to_char(starts_at at time zone 'Asia/Kolkata', 'HH24:MI') as at
    from public.appointments where patient_id = ${patient.id}`;

test('in Tamil a patient books, hears of changes while the page is open, and moves', async () => {
  const { page, clinic, patient } = await aTamilPage();
  await page.getByRole('heading', { name: 'இன்னும் முன்பதிவு எதுவும் இல்லை' }).waitFor();
  await books(page, clinic, /^காலை\s10:30$/);
  const next = page.getByRole('region', { name: 'அடுத்த முன்பதிவு' });
  await next
    .getByRole('time')
    .getByText(/^காலை\s10:30$/)
    .waitFor();
  await page.locator('[data-connection="live"]').waitFor();
  await speaksTamil(page, clinic);

  const reads = (text: RegExp) =>
    page.getByRole('log', { name: 'மாற்றங்கள்' }).getByText(text).waitFor({ state: 'attached' });
  await sql`
    update public.appointments set starts_at = starts_at + interval '6 hours' where patient_id = ${patient.id}`;
  await next
    .getByRole('time')
    .getByText(/^மாலை\s4:30$/)
    .waitFor();
  await reads(new RegExp(`^மாற்றப்பட்டது: .*மாலை\\s4:30, ${clinic.doctor}\\. டோக்கன் \\d+\\.$`));
  const { id } = await aBooking(sql, patient, clinic, { days: 9 });
  await reads(/^புதிய முன்பதிவு: \S+, \d+ \S+, காலை\s10:00, /);
  await sql`update public.appointments set status = 'cancelled' where id = ${id}`;
  await reads(/^ரத்து செய்யப்பட்டது: /);
  await page.getByRole('button', { name: /^மூடு: ரத்து செய்யப்பட்டது/ }).waitFor();
  await speaksTamil(page, clinic);

  await next.getByRole('link', { name: 'மாற்று' }).click();
  await page.getByRole('heading', { name: 'வேறு நேரத்தைத் தேர்வு செய்யவும்' }).waitFor();
  await page.locator('nav ul a').nth(2).click();
  await page.waitForURL(/[?&]day=/);
  await press(page, /^மதியம்\s2:00$/);
  await page.getByRole('heading', { name: 'முன்பதிவின் நேரத்தை மாற்றவா?' }).waitFor();
  await speaksTamil(page, clinic);
  await page.getByRole('button', { name: 'நேரத்தை மாற்று' }).click();
  await page.waitForURL(`${site}/appointments`);
  await page.getByRole('status').getByText('மாற்றப்பட்டது.').waitFor();
  expect(await statusOf(patient)).toContainEqual({ status: 'booked', at: '14:00' });
});

test('in Tamil and without JavaScript a patient books, is told why not, and cancels', async () => {
  const { page, clinic, patient } = await aTamilPage({ javaScriptEnabled: false });
  expect(await page.locator('main').innerText()).toContain('இந்தப் பக்கத்தை மீண்டும் ஏற்றவும்');
  await books(page, clinic, /^காலை\s10:30$/);
  await speaksTamil(page, clinic);

  // Beside one's own appointment, with another doctor.
  const [booked] = await sql<{ starts_at: Date }[]>`
    select starts_at from public.appointments where patient_id = ${patient.id}`;
  const other = await aClinic(sql);
  const at = booked?.starts_at.toISOString() ?? '';
  await page.goto(`${site}/book/confirm?doctor=${other.practitionerId}&at=${at}`);
  const book = page.getByRole('button', { name: 'முன்பதிவு செய்' });
  if (await book.count()) await book.click();
  await page.getByRole('alert').waitFor();
  await speaksTamil(page, other);

  await page.goto(`${site}/appointments`);
  await page.getByRole('link', { name: 'ரத்து', exact: true }).click();
  await page.getByRole('heading', { name: 'இந்த முன்பதிவை ரத்து செய்யவா?' }).waitFor();
  await speaksTamil(page, clinic);
  await page.getByRole('button', { name: 'முன்பதிவை ரத்து செய்' }).click();
  await page.waitForURL(`${site}/appointments`);
  await page
    .getByRole('status')
    .getByText(/^ரத்து செய்யப்பட்டது: .+ இதை SMS/)
    .waitFor();
  await speaksTamil(page, clinic);
  expect(await statusOf(patient)).toMatchObject([{ status: 'cancelled' }]);
});

test('whoever waits today hears in Tamil how far the queue is', async () => {
  const { page, patient } = await aTamilPage();
  const clinic = await aClinic(sql, whereItIsEarly());
  const { id } = await aBooking(sql, await aPatient(sql), clinic, { days: 0, hour: 22 });
  await sql`update public.appointments set status = 'arrived' where id = ${id}`;
  await aBooking(sql, patient, clinic, { days: 0, hour: 23 });
  await page.reload();
  const queue = page.getByRole('group', { name: 'இன்றைய வரிசை' });
  await queue.getByText('இன்னும் இல்லை').waitFor();
  await queue.getByText(/^இரவு\s11:00$/).waitFor();
  await page
    .getByRole('status')
    .getByText(/உங்களுக்கு முன் காத்திருப்போர்: 1\. உத்தேச நேரம் இரவு\s11:00\./)
    .waitFor({ state: 'attached' });
  await speaksTamil(page, clinic);
});

test('the start page and the page for what is not there are in Tamil too', async () => {
  const clinic = await aClinic(sql);
  const page = await openPage(browser, { locale: 'ta-IN' });
  await page.goto(site);
  await page.getByRole('heading', { name: /^மருத்துவரைப் பார்க்க, ஒரே அழைப்பில் முன்பதிவு\.$/ }).waitFor();
  expect(await page.locator('meta[name="description"]').getAttribute('content')).toMatch(/தொலைபேசி அழைப்பில்/);
  expect((await page.locator(`a[href="tel:${clinic.phone}"]`).innerText()).replaceAll(/\s/g, '')).toBe(
    `அழைக்க${clinic.phone}`
  );
  await page.goto(`${site}/nowhere`);
  await page.getByRole('heading', { name: 'அப்படி ஒரு பக்கம் இல்லை' }).waitFor();
  await speaksTamil(page, clinic);
});
