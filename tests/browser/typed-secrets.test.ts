import { beforeEach, expect, test } from 'vitest';
import { openPage } from '../helpers/browser.ts';
import { smsTo } from '../helpers/inbox.ts';
import { theStack } from '../helpers/stack.ts';
import { composed, decomposed } from '../unit/shared-rules.ts';
import { aPerson, enterCode, fill, forgiveThisMachine, press, register, WAYS } from './accounts.ts';
import { aPatient, opening, signInByForm } from './setting.ts';

const { browser, sql, site } = await opening();

beforeEach(() => forgiveThisMachine(sql));

test.each(WAYS)(
  'the whole SMS may be pasted where its code is asked for, $how',
  async ({ javaScriptEnabled }) => {
    const page = await openPage(browser, { javaScriptEnabled });
    const person = aPerson();
    await register(page, person, javaScriptEnabled);
    await page.waitForURL(`${site}/verify`);
    const { body } = await smsTo(theStack().inbox_url, person.phone, 'is your MedQ code');
    const field = page.getByLabel('Code', { exact: true });
    expect(Number(await field.getAttribute('maxlength'))).toBeGreaterThan(body.length);
    await enterCode(page, body, javaScriptEnabled);
    await page.waitForURL(`${site}/appointments`);
  }
);

test.each(WAYS)(
  'a forgotten password is replaced with the code in two groups, and is the same on every keyboard, $how',
  async ({ javaScriptEnabled }) => {
    const patient = await aPatient(sql);
    const page = await openPage(browser, { javaScriptEnabled });
    await page.goto(`${site}/forgot`);
    await fill(page, { 'Mobile phone number': patient.phone });
    await press(page, 'Text me a code');
    await page.waitForURL(`${site}/verify`);
    const { body } = await smsTo(theStack().inbox_url, patient.phone, 'is your MedQ code');
    await fill(page, {
      Code: `${body.slice(0, 3)}-${body.slice(3, 6)}.`,
      'New password': composed
    });
    await press(page, 'Save and sign in');
    await page.waitForURL(`${site}/appointments`);
    await page.context().clearCookies();
    await signInByForm(page, site, { ...patient, password: decomposed });
  }
);

test.each(WAYS)(
  'a password changed on the account page is the same on every keyboard, $how',
  async ({ javaScriptEnabled }) => {
    const patient = await aPatient(sql);
    const page = await openPage(browser, { javaScriptEnabled });
    await signInByForm(page, site, patient);
    await page.goto(`${site}/account`);
    const change = async (current: string, password: string) => {
      const part = page.locator('#password');
      await part.locator('summary').click();
      await fill(page, {
        'Password you have now': current,
        'New password': password
      });
      await press(page, 'Change password');
      await page.getByRole('status').filter({ hasText: 'Your password is changed.' }).waitFor();
    };
    await change(patient.password, decomposed);
    await page.context().clearCookies();
    await signInByForm(page, site, { ...patient, password: composed });
    await page.goto(`${site}/account`);
    await change(decomposed, 'another long password');
  }
);

test('what a phone mends in texts it leaves alone in a password that is shown', async () => {
  const page = await openPage(browser);
  await page.goto(`${site}/login`);
  await press(page, 'Show password');
  const field = page.getByLabel('Password', { exact: true });
  expect(await field.getAttribute('type')).toBe('text');
  expect(await field.getAttribute('autocapitalize')).toBe('none');
  expect(await field.getAttribute('spellcheck')).toBe('false');
});
