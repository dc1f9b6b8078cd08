import type { Page } from 'playwright-core';
import { beforeEach, expect, test } from 'vitest';
import { openPage } from '../helpers/browser.ts';
import { smsTo } from '../helpers/inbox.ts';
import { painted, tooWide, violationsOf } from '../helpers/looks.ts';
import { theStack } from '../helpers/stack.ts';
import { anOldPatient, aPerson, fill, focusedLabel, forgiveThisMachine, press, WAYS } from './accounts.ts';
import { aClinic, aPatient, opening } from './setting.ts';

// Whoever reads Tamil meets no English on the way into an account, nor in it.
const { inbox_url: inbox } = theStack();
const { browser, sql, site } = await opening();

beforeEach(() => forgiveThisMachine(sql));

const aTamilPage = (javaScriptEnabled: boolean) =>
  openPage(browser, { javaScriptEnabled, locale: 'ta-IN', reducedMotion: 'reduce' });

/** Waits until the page's scripts have taken over, where there are any. */
async function ready(page: Page, javaScriptEnabled: boolean): Promise<void> {
  if (javaScriptEnabled)
    await page
      .getByRole('button', { name: /காட்டு$/ })
      .first()
      .waitFor();
}

/** The page is in Tamil for eyes and ears, fits a narrow phone, and is accessible. */
async function expectTamil(page: Page): Promise<void> {
  expect(await page.locator('html').getAttribute('lang')).toBe('ta-IN');
  const words = await page.evaluate(() => {
    const spoken = [...document.querySelectorAll('[aria-label]')].map((element) => element.ariaLabel ?? '');
    return [document.title, document.body.innerText, ...spoken].join('\n');
  });
  // Names of things, of the other language, and the username made of லட்சுமி.
  const foreign =
    words.replaceAll(/MedQ|SMS|JSON|UTC|English|Chrome|Linux|latsumi\d*/g, '').match(/\b[A-Za-z]{3,}\b/g) ??
    [];
  expect(foreign).toEqual([]);
  const size = page.viewportSize();
  await page.setViewportSize({ width: 320, height: 640 });
  await painted(page);
  expect(await tooWide(page)).toEqual([]);
  if (size) await page.setViewportSize(size);
  expect(await violationsOf(page)).toEqual([]);
}

const inTamilDigits = (text: string) => text.replace(/\d/g, (digit) => '௦௧௨௩௪௫௬௭௮௯'.charAt(Number(digit)));

const NAME = 'உங்கள் பெயர்';
const AGE = 'வயது';
const PHONE = 'கைபேசி எண்';
const PASSWORD = 'கடவுச்சொல்';
const SIGN_IN_NAME = 'பயனர்பெயர் அல்லது தொலைபேசி எண்';

test.each(WAYS)(
  'registering and verifying in Tamil, with Tamil digits, mistakes included, $how',
  async ({ javaScriptEnabled }) => {
    const person = aPerson();
    const page = await aTamilPage(javaScriptEnabled);
    await page.goto(`${site}/register`);
    await ready(page, javaScriptEnabled);
    await page.getByRole('heading', { name: 'புதிய கணக்கு' }).waitFor();
    if (javaScriptEnabled) await expectTamil(page);
    await press(page, 'தொடர்');
    await page.getByText('உங்கள் வயதை 0 முதல் 130 வரையிலான முழு எண்ணாக உள்ளிடவும்.').waitFor();
    expect(await focusedLabel(page)).toBe(PHONE);
    if (javaScriptEnabled) await expectTamil(page);

    await fill(page, {
      [NAME]: 'லட்சுமி',
      [AGE]: inTamilDigits(person.age),
      [PHONE]: inTamilDigits(person.phone),
      [PASSWORD]: person.password
    });
    await press(page, 'தொடர்');
    await page.waitForURL(`${site}/verify`);
    await page.getByText(`${person.phone.slice(-4)} என முடியும் எண்ணுக்கு`).waitFor();
    if (javaScriptEnabled) await page.getByText(/\d+ வினாடிகளுக்குப் பிறகு/).waitFor();
    if (javaScriptEnabled) await expectTamil(page);
    const { body } = await smsTo(inbox, person.phone, ({ body }) => /^\d{6,10} /.test(body));
    await page.getByLabel('குறியீடு', { exact: true }).fill(inTamilDigits(body.slice(0, 6)));
    if (!javaScriptEnabled) await press(page, 'தொடர்');
    await page.waitForURL(`${site}/appointments`);
    expect(await page.locator('html').getAttribute('lang')).toBe('ta-IN');
    const [patient] = await sql`select name, age from public.patients where phone = ${person.phone}`;
    expect(patient).toEqual({ name: 'லட்சுமி', age: Number(person.age) });
  }
);

test.each(WAYS)('signing in in Tamil, and the account behind it, $how', async ({ javaScriptEnabled }) => {
  const patient = await aPatient(sql);
  const page = await aTamilPage(javaScriptEnabled);
  await page.goto(`${site}/login`);
  await ready(page, javaScriptEnabled);
  if (javaScriptEnabled) await expectTamil(page);
  await fill(page, { [SIGN_IN_NAME]: patient.phone, [PASSWORD]: 'wrong' });
  await press(page, 'உள்நுழை');
  await page.getByRole('alert').filter({ hasText: 'பயனர்பெயரும் கடவுச்சொல்லும் பொருந்தவில்லை.' }).waitFor();
  await fill(page, { [PASSWORD]: patient.password });
  await press(page, 'உள்நுழை');
  await page.waitForURL(`${site}/appointments`);

  await page.goto(`${site}/account`);
  for (const summary of await page.locator('summary').all()) await summary.click();
  if (javaScriptEnabled) await expectTamil(page);
  await fill(page, { 'நீக்கு என உள்ளிடவும்': 'DELETE' });
  await press(page, 'என் கணக்கை நீக்கு');
  await page.getByText('உறுதிப்படுத்த, நீக்கு என உள்ளிடவும்.').waitFor();
  const part = page.locator('#delete');
  await part.getByLabel('நீக்கு என உள்ளிடவும்').fill(' நீக்கு ');
  await part.getByLabel('உங்கள் கடவுச்சொல்', { exact: true }).fill(patient.password);
  await press(page, 'என் கணக்கை நீக்கு');
  await page.waitForURL(`${site}/login`);
  await page.getByRole('status').filter({ hasText: 'உங்கள் கணக்கு நீக்கப்பட்டது.' }).waitFor();
});

test.each(WAYS)('the question whether to link, in Tamil, $how', async ({ javaScriptEnabled }) => {
  const old = await anOldPatient(sql, await aClinic(sql));
  const person = aPerson();
  const page = await aTamilPage(javaScriptEnabled);
  await page.goto(`${site}/register`);
  await ready(page, javaScriptEnabled);
  await fill(page, {
    [NAME]: 'லட்சுமி',
    [AGE]: person.age,
    [PHONE]: old.phone,
    [PASSWORD]: person.password
  });
  await press(page, 'தொடர்');
  const question = 'இந்த எண்ணில் தொலைபேசி மூலம் செய்த முன்பதிவுகள் உள்ளன.';
  if (javaScriptEnabled) await page.getByRole('dialog', { name: question }).waitFor();
  else await page.waitForURL(`${site}/link`);
  await page.getByRole('heading', { name: question }).waitFor();
  await press(page, 'இல்லை, வேறு எண்ணைப் பயன்படுத்து');
  await page.getByRole('heading', { name: 'புதிய கணக்கு' }).waitFor();
  await expect.poll(() => focusedLabel(page)).toBe(PHONE);
  expect(await page.getByLabel(PHONE, { exact: true }).inputValue()).toBe('');
});
