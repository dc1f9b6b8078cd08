import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { openPage } from '../helpers/browser.ts';
import { fill, LABELS, ready, unfoldUsername } from './accounts.ts';
import { atDesk } from './at-desk.ts';
import { aClinic, aPatient, opening, signIn, type Patient } from './setting.ts';

const { browser, sql, site } = await opening();

const language = (page: Page) => page.locator('html').getAttribute('lang');
const choose = (page: Page, name: string) =>
  page
    .getByRole('form', { name: /^(Language|மொழி)$/ })
    .getByRole('button', { name })
    .click();

async function languageOfTexts({ id }: Patient): Promise<string | null> {
  const [row] = await sql<{ locale: string | null }[]>`select locale from public.patients where id = ${id}`;
  return row?.locale ?? null;
}

test.each([
  ['ta', 'ta-IN'],
  ['ta-LK,en;q=0.5', 'ta-IN'],
  ['en-GB,ta;q=0.9', 'en-IN'],
  ['fr,ta;q=0.2,en;q=0', 'ta-IN'],
  ['de', 'en-IN'],
  [';;q=,', 'en-IN']
])('a visitor whose browser asks for %s gets %s', async (header, expected) => {
  const response = await fetch(`${site}/login`, { headers: { 'accept-language': header } });
  expect(await response.text()).toContain(`<html lang="${expected}">`);
  expect(response.headers.get('vary')).toMatch(/accept-language/);
});

test.each([{ scripts: true }, { scripts: false }])(
  'a choice brings the same page in that language, and lasts (scripts: $scripts)',
  async ({ scripts }) => {
    const page = await openPage(browser, { javaScriptEnabled: scripts });
    await page.goto(`${site}/login?next=/account`);
    await choose(page, 'தமிழ்');
    await page.locator('html[lang="ta-IN"]').waitFor();
    expect(page.url()).toBe(`${site}/login?next=/account`);
    await page.goto(site);
    expect(await language(page)).toBe('ta-IN');
    await choose(page, 'English');
    await page.locator('html[lang="en-IN"]').waitFor();
  }
);

const typedKept = (page: Page) => page.evaluate(() => sessionStorage.getItem('medq:typed'));

test('what was typed stays when the language is changed, but for passwords, and on that page only', async () => {
  const page = await openPage(browser);
  await page.goto(`${site}/register`);
  await ready(page, true);
  await fill(page, {
    [LABELS.phone]: '98765 43210',
    [LABELS.name]: 'Asha',
    [LABELS.password]: 'three quiet lakes'
  });
  await page.getByRole('button', { name: 'Show password' }).click();
  await unfoldUsername(page);
  await fill(page, { [LABELS.username]: 'asha' });
  const values = () =>
    page
      .locator('main input')
      .evaluateAll((all) =>
        Object.fromEntries(
          all.map((input) => [(input as HTMLInputElement).name, (input as HTMLInputElement).value])
        )
      );
  await choose(page, 'தமிழ்');
  await page.locator('html[lang="ta-IN"]').waitFor();
  await expect
    .poll(values)
    .toMatchObject({ phone_number: '98765 43210', name: 'Asha', age: '', username: 'asha', password: '' });
  expect(await page.locator('[name="username"]').isVisible()).toBe(true);
  expect(await typedKept(page)).toBeNull();

  // It is for the next page that is loaded, whichever that is.
  await page.route('**/language', (route) => route.fulfill({ status: 303, headers: { location: '/login' } }));
  await choose(page, 'English');
  await page.waitForURL(/login/);
  await expect.poll(() => typedKept(page)).toBeNull();
  await page.goto(`${site}/register`);
  await page
    .getByRole('button', { name: /^கடவுச்சொல்/ })
    .first()
    .waitFor();
  expect(await values()).toMatchObject({ phone_number: '', name: '' });
});

test('the same for who is booked for, and for who walks in', async () => {
  const clinic = await aClinic(sql);
  const page = await atDesk({ browser, sql, site }, '/desk/walk-in', clinic);
  await page.getByLabel('Name', { exact: true }).fill('Meera');
  await choose(page, 'தமிழ்');
  await page.locator('html[lang="ta-IN"]').waitFor();
  await expect.poll(() => page.locator('main [name="name"]').inputValue()).toBe('Meera');
  await choose(page, 'English');
  await page.locator('html[lang="en-IN"]').waitFor();

  const [at] = await sql<{ at: Date }[]>`
    select ((now() at time zone 'Asia/Kolkata')::date + 3 + time '10:00') at time zone 'Asia/Kolkata' at`;
  const confirm = `${site}/book/confirm?doctor=${clinic.practitionerId}&at=${at?.at.toISOString()}&for=new`;
  // Here scripts are what keeps it, and nothing to be seen tells that they have taken over.
  await page.goto(confirm, { waitUntil: 'networkidle' });
  await page.locator('main [name="name"]').fill('Asha');
  await choose(page, 'தமிழ்');
  await page.locator('html[lang="ta-IN"]').waitFor();
  await expect.poll(() => page.locator('main [name="name"]').inputValue()).toBe('Asha');
  expect(await typedKept(page)).toBeNull();
});

test('a choice after a form was refused leads back to what its page was about', async () => {
  const clinic = await aClinic(sql);
  const page = await atDesk({ browser, sql, site }, '/desk/staff', clinic);
  // As where there is a choice of clinics.
  await page.evaluate((id) => {
    for (const form of document.forms) form.action += form.action.includes('?/') ? `&clinic=${id}` : '';
  }, clinic.id);
  await page.getByRole('button', { name: 'Add' }).click();
  await page.locator('[aria-invalid="true"]').first().waitFor();
  await choose(page, 'தமிழ்');
  await page.waitForURL(`${site}/desk/staff?clinic=${clinic.id}`);
});

test('a choice made while signed in is that of the texts too', async () => {
  const patient = await aPatient(sql);
  const page = await openPage(browser);
  await signIn(page, site, patient);
  expect(await languageOfTexts(patient)).toBeNull();
  await choose(page, 'தமிழ்');
  await page.locator('html[lang="ta-IN"]').waitFor();
  expect(await languageOfTexts(patient)).toBe('ta-IN');
});

test('a choice made before signing in becomes that of an account without one', async () => {
  const patient = await aPatient(sql);
  const page = await openPage(browser, { extraHTTPHeaders: { 'accept-language': 'ta' } });
  // What the browser prefers is nobody's choice.
  await signIn(page, site, patient);
  expect(await languageOfTexts(patient)).toBeNull();
  await page.context().close();

  const chooser = await openPage(browser);
  await chooser.goto(site);
  await choose(chooser, 'தமிழ்');
  await signIn(chooser, site, patient);
  expect(await languageOfTexts(patient)).toBe('ta-IN');
});

test('the language of an account comes with its owner, whatever was chosen on the device', async () => {
  const patient = await aPatient(sql);
  await sql`update public.patients set locale = 'ta-IN' where id = ${patient.id}`;
  const page = await openPage(browser);
  await page.goto(site);
  await choose(page, 'English');
  await signIn(page, site, patient);
  expect(await language(page)).toBe('ta-IN');
  expect(await languageOfTexts(patient)).toBe('ta-IN');
});

test('nothing is chosen by a link, by a language nobody writes, or for a page elsewhere', async () => {
  const followed = await fetch(`${site}/language?locale=ta-IN`, { redirect: 'manual' });
  expect([followed.status, followed.headers.get('set-cookie')]).toEqual([303, null]);
  const post = (fields: Record<string, string>) =>
    fetch(`${site}/language`, {
      method: 'POST',
      body: new URLSearchParams(fields),
      headers: { origin: site },
      redirect: 'manual'
    });
  const unknown = await post({ locale: 'xx-XX', back: '/login' });
  expect([unknown.headers.get('location'), unknown.headers.get('set-cookie')]).toEqual(['/login', null]);
  const elsewhere = await post({ locale: 'ta-IN', back: '//evil.example/' });
  expect(elsewhere.headers.get('location')).toBe('/');
  expect(elsewhere.headers.get('set-cookie')).toMatch(/^medq-language=ta-IN;/);
});
