// A form that was opened as one account and is sent as another: a family shares a device, and somebody else has signed in.
import { expect, test } from 'vitest';
import { openPage } from '../helpers/browser.ts';
import { patientsWith, press } from './accounts.ts';
import { aClinic, aPatient, opening, signIn } from './setting.ts';

const { browser, sql, site } = await opening();
const told = /^Somebody else has signed in on this device/;

test('what was typed as one person is not saved as another: their details, their family', async () => {
  const [one, other] = [await aPatient(sql), await aPatient(sql)];
  const page = await openPage(browser);
  await signIn(page, site, one);
  await page.goto(`${site}/account`);
  const tab = await page.context().newPage();
  await signIn(tab, site, other);

  await page.getByLabel('Your name', { exact: true }).fill('Half Typed');
  await press(page, 'Save');
  await page.getByText(told).waitFor();
  expect(await patientsWith(sql, other.phone)).toMatchObject([{ name: null }]);
  const family = await sql`
    select from public.dependents d join public.patients p on p.id = d.patient_id where p.phone = ${other.phone}`;
  expect(family).toHaveLength(0);
});

test.each([true, false])('nor is a time booked for another; with scripts %s', async (javaScriptEnabled) => {
  const clinic = await aClinic(sql);
  const [one, other] = [await aPatient(sql), await aPatient(sql)];
  const page = await openPage(browser, { javaScriptEnabled });
  await signIn(page, site, one);
  await page.goto(`${site}/book/time?doctor=${clinic.practitionerId}`);
  await page.locator('a[href*="at="]').first().click();
  await page.waitForURL(/\/book\/confirm/);
  const tab = await page.context().newPage();
  await signIn(tab, site, other);

  const booked = async () =>
    (await sql`select from public.appointments where practitioner_id = ${clinic.practitionerId}`).length;
  await press(page, /^Book it/);
  await page.getByText(told).waitFor();
  expect(await booked()).toBe(0);
  await page.goto(page.url());
  await press(page, /^Book it/);
  await page.waitForURL(`${site}/appointments`);
  expect(await booked()).toBe(1);
});
