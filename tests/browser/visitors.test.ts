// What anybody sees before signing in, and how the time that they chose survives the way in.
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { openPage } from '../helpers/browser.ts';
import {
  anOldPatient,
  aPerson,
  codeFor,
  enterCode,
  fill,
  LABELS,
  press,
  register,
  WAYS
} from './accounts.ts';
import { aBooking, aClinic, aDoctor, aPatient, opening, signIn, type Clinic } from './setting.ts';

const { browser, sql, site } = await opening();

/** From the doctors of a clinic to a time two days from now; what follows is signing in. */
async function choose(page: Page, clinic: Clinic, time: RegExp): Promise<void> {
  await page.goto(`${site}/book?clinic=${clinic.id}`);
  await page.getByRole('link', { name: clinic.doctor }).click();
  await page.getByRole('heading', { name: 'When?' }).waitFor();
  await page.getByRole('navigation', { name: 'Days' }).getByRole('listitem').nth(2).getByRole('link').click();
  await page.waitForURL(/[?&]day=/);
  await page.getByRole('link', { name: time }).click();
  await page.waitForURL(/\/login\?next=/);
  await page.getByText(`You chose ${clinic.doctor}`).waitFor();
}

const hoursOf = (clinic: Clinic) =>
  sql<{ hour: number; channel: string }[]>`
    select extract(hour from starts_at at time zone 'Asia/Kolkata')::int as hour, channel from public.appointments
    where practitioner_id = ${clinic.practitionerId} and status = 'booked'`;

test.each(WAYS)('a visitor chooses a time, registers, and books it: $how', async ({ javaScriptEnabled }) => {
  const clinic = await aClinic(sql);
  const person = aPerson();
  const page = await openPage(browser, { javaScriptEnabled });
  await choose(page, clinic, /^2:00\spm$/);
  await register(page, person, javaScriptEnabled);
  // Said on every page on the way.
  await page.getByText(`You chose ${clinic.doctor}`).waitFor();
  await enterCode(page, await codeFor(person.phone), javaScriptEnabled);
  await page.getByRole('heading', { name: 'Is this right?' }).waitFor();
  await page.getByText(/^2:00\spm$/).waitFor();
  await press(page, 'Book it');
  await page.waitForURL(`${site}/appointments`);
  expect(await hoursOf(clinic)).toEqual([{ hour: 14, channel: 'web' }]);
});

test('signing in leads to the time, and to others when it is gone', async () => {
  const clinic = await aClinic(sql);
  const patient = await aPatient(sql);
  const page = await openPage(browser, { javaScriptEnabled: false });
  await choose(page, clinic, /^10:00\sam$/);
  await aBooking(sql, await aPatient(sql), clinic, { hour: 10 });
  // By the link at the top, which says nothing of where they were going.
  await page.getByRole('banner').getByRole('link', { name: 'Sign in' }).click();
  await page.waitForURL(`${site}/login`);
  await fill(page, { 'Username or phone number': patient.phone, Password: patient.password });
  await press(page, 'Sign in');
  await page.getByRole('alert').getByText('That time is no longer free.').waitFor();
  const nearest = page.getByRole('region', { name: 'Nearest free times' });
  await nearest.getByRole('link', { name: /10:15/ }).click();
  await press(page, 'Book it');
  await page.waitForURL(`${site}/appointments`);
  // Led there once.
  await press(page, 'Sign out');
  await page.waitForURL(`${site}/`);
  await signIn(page, site, patient);
});

test('linking bookings made by phone leads to the time as well', async () => {
  const clinic = await aClinic(sql);
  const page = await openPage(browser, { javaScriptEnabled: false });
  await choose(page, clinic, /^3:00\spm$/);
  const person = { ...aPerson(), phone: (await anOldPatient(sql, clinic)).phone };
  await register(page, person, false);
  await press(page, 'Yes, link my bookings');
  await enterCode(page, await codeFor(person.phone), false);
  await page.getByRole('heading', { name: 'Is this right?' }).waitFor();
  await page.getByText(/^3:00\spm$/).waitFor();
});

test('so does a forgotten password, in Tamil', async () => {
  const clinic = await aClinic(sql);
  const patient = await aPatient(sql);
  const page = await openPage(browser, { javaScriptEnabled: false });
  await choose(page, clinic, /^4:00\spm$/);
  await page.goto(`${site}/forgot`);
  await fill(page, { [LABELS.phone]: patient.phone });
  await press(page, 'Text me a code');
  await page.getByLabel('Code', { exact: true }).waitFor();
  const code = await codeFor(patient.phone);
  await press(page, 'தமிழ்');
  await page.getByText('நீங்கள் தேர்ந்தெடுத்தது').waitFor();
  await page.locator('input[autocomplete="one-time-code"]').fill(code);
  for (const field of await page.locator('input[type="password"]').all())
    await field.fill('quiet green lakes');
  await page.locator('main form').first().getByRole('button').last().click();
  await page.waitForURL(/\/book\/confirm\?/);
  await page.getByText(clinic.doctor).waitFor();
});

test('nothing but a page of ours is led to, whatever stands in the address or the cookie', async () => {
  const patient = await aPatient(sql);
  const page = await openPage(browser, { javaScriptEnabled: false });
  await page.context().addCookies([{ name: 'medq-next', value: '//elsewhere.example/x', url: site }]);
  await page.goto(`${site}/login?next=https://elsewhere.example`);
  await fill(page, { 'Username or phone number': patient.phone, Password: patient.password });
  await press(page, 'Sign in');
  await page.waitForURL(`${site}/appointments`);
});

test('caches keep what everybody sees, and nothing of somebody who is signed in', async () => {
  const clinic = await aClinic(sql);
  const patient = await aPatient(sql);
  const page = await openPage(browser, { javaScriptEnabled: false });
  const pages = [
    '/',
    `/book?clinic=${clinic.id}`,
    `/book/time?doctor=${clinic.practitionerId}`,
    `/book/time/__data.json?doctor=${clinic.practitionerId}`
  ];
  const headersOf = async (path: string) => (await page.request.get(site + path)).headers();
  for (const path of pages) {
    const headers = await headersOf(path);
    expect(headers['cache-control'], path).toBe('public, max-age=20');
    expect(headers.vary, path).toMatch(/accept-language, cookie/);
    expect(headers['set-cookie'], path).toBeUndefined();
  }
  for (const path of ['/login', `/book/time?doctor=${crypto.randomUUID()}`]) {
    const answer = await page.request.get(site + path, { maxRedirects: 0 });
    expect(answer.headers()['cache-control'], path).not.toContain('public');
  }
  await signIn(page, site, patient);
  for (const path of pages) {
    expect((await headersOf(path))['cache-control'], path).toBe('private, no-store');
  }
});

test('a session that has ended shows the times as anybody sees them; moving one wants it', async () => {
  const clinic = await aClinic(sql);
  const patient = await aPatient(sql);
  const { id } = await aBooking(sql, patient, clinic);
  const page = await openPage(browser, { javaScriptEnabled: false });
  await signIn(page, site, patient);
  await sql`delete from auth.sessions where user_id = ${patient.userId}`;
  await page.goto(`${site}/book?clinic=${clinic.id}`);
  await page.getByRole('link', { name: clinic.doctor }).waitFor();
  await page.getByRole('banner').getByRole('link', { name: 'Sign in' }).waitFor();
  await page.goto(`${site}/book/time?move=${id}`);
  await page.waitForURL(`${site}/login?next=${encodeURIComponent(`/book/time?move=${id}`)}`);
});

test('who asks too often is told so, and the start page stays of use', async () => {
  const clinic = await aClinic(sql);
  const page = await openPage(browser, { javaScriptEnabled: false });
  const limit = (max: number) =>
    sql`update public.limits set max = ${max} where what = 'look' and by = 'client'`;
  await page.goto(`${site}/book?clinic=${clinic.id}`);
  await limit(1);
  try {
    const refused = await page.goto(`${site}/book/time?doctor=${clinic.practitionerId}`);
    expect(refused?.status()).toBe(429);
    expect(refused?.headers()['cache-control']).not.toContain('public');
    await page.getByText(/^Too many tries\. Please try again/).waitFor();
    await page.goto(`${site}/?place=${encodeURIComponent(clinic.name)}`);
    await page.locator(`a[href="tel:${clinic.phone}"]`).waitFor();
  } finally {
    await limit(3000);
  }
});

test('doctors: the first free comes first, one specialty at a time, and what is known of each', async () => {
  const clinic = await aClinic(sql);
  const dentist = await aDoctor(sql, clinic.id, 'Dr. Divya Dentist');
  const nobody = await aDoctor(sql, clinic.id, 'Dr. Asha Away');
  await sql`delete from public.schedules where practitioner_id = ${nobody}`;
  // Both are free at nine o'clock at the earliest; the dentist, tomorrow.
  await sql`
    insert into public.schedule_exceptions (practitioner_id, on_date)
    select ${clinic.practitionerId}, (now() at time zone 'Asia/Kolkata')::date + n from generate_series(0, 4) n`;
  await sql`
    update public.practitioners set specialty = 'Dentistry', qualification = 'BDS', languages = '{en,ta}',
      fee_amount = 300, photo_url = '/apple-touch-icon.png'
    where id = ${dentist}`;
  const page = await openPage(browser, { javaScriptEnabled: false });
  await page.goto(`${site}/book?clinic=${clinic.id}`);
  const cards = page.getByRole('main').getByRole('link').filter({ hasText: 'Dr.' });
  expect((await cards.allInnerTexts()).map((text) => /Dr\. \w+/.exec(text)?.[0])).toEqual([
    'Dr. Divya',
    'Dr. Meera',
    'Dr. Asha'
  ]);
  const card = page.getByRole('link', { name: 'Dr. Divya Dentist' });
  expect(await card.innerText()).toMatch(/BDS[^]*English, Tamil[^]*₹300/);
  await expect
    .poll(() => card.locator('img').evaluate((image: HTMLImageElement) => image.naturalWidth))
    .toBeGreaterThan(0);

  await page
    .getByRole('navigation', { name: 'Specialties' })
    .getByRole('link', { name: 'Dentistry' })
    .click();
  await page.waitForURL(/specialty=Dentistry/);
  expect(await cards.count()).toBe(1);

  // Without a free time: to colleagues of the specialty.
  await page.goto(`${site}/book/time?doctor=${nobody}`);
  await page
    .getByRole('region', { name: 'Free in General medicine' })
    .getByRole('link', { name: clinic.doctor })
    .click();
  await page.waitForURL(`${site}/book/time?doctor=${clinic.practitionerId}`);
});

test('the start page: a clinic is found by its place, with who is there and both ways to book', async () => {
  const clinic = await aClinic(sql);
  await sql`update public.clinics set address = ${`1 Mill Lane, ${clinic.name} Town`} where id = ${clinic.id}`;
  const page = await openPage(browser, { javaScriptEnabled: false });
  await page.goto(`${site}/?place=${encodeURIComponent(`${clinic.name} town`)}`);
  await page.getByRole('heading', { name: clinic.name }).waitFor();
  await page.getByText(/^(?:Open now, until|Closed now\. Opens) /).waitFor();
  await page.getByRole('link', { name: /^Directions/ }).waitFor();
  await page.locator(`a[href="tel:${clinic.phone}"]`).waitFor();
  await page
    .getByRole('region', { name: 'Who you can see' })
    .getByRole('link', { name: clinic.doctor })
    .waitFor();
  await page.getByRole('main').getByRole('link', { name: 'Book online' }).click();
  await page.getByRole('heading', { name: 'Who would you like to see?' }).waitFor();
  await page.getByText(clinic.name).waitFor();
});
