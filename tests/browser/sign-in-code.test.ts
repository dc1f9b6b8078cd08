// "Text me a code instead": in without a password, which stays what it is.
import { beforeEach, expect, test } from 'vitest';
import { openPage } from '../helpers/browser.ts';
import { theStack } from '../helpers/stack.ts';
import { aPhone } from '../helpers/world.ts';
import { textsOf } from '../helpers/inbox.ts';
import {
  codeFor,
  enterCode,
  fill,
  forgiveThisMachine,
  LABELS,
  patientsWith,
  press,
  ready,
  WAYS
} from './accounts.ts';
import { aPatient, opening, signIn } from './setting.ts';

const { browser, sql, site } = await opening();

beforeEach(() => forgiveThisMachine(sql));

const NAME = 'Username or phone number';

test.each(WAYS)(
  'a code signs in, leads to where one was going, and leaves the password alone, $how',
  async ({ javaScriptEnabled }) => {
    const patient = await aPatient(sql);
    const page = await openPage(browser, { javaScriptEnabled });
    await page.goto(`${site}/account`);
    await ready(page, javaScriptEnabled);
    await fill(page, { [NAME]: patient.phone });
    await press(page, 'Text me a code instead');
    await page.waitForURL(`${site}/verify`);
    await page.getByText(`If the phone that ends in ${patient.phone.slice(-4)} has an account`).waitFor();
    await enterCode(page, await codeFor(patient.phone), javaScriptEnabled);
    await page.waitForURL(`${site}/account`);

    await press(page, 'Sign out');
    await page.waitForURL(`${site}/`);
    await signIn(page, site, patient);
  }
);

test.each(WAYS)(
  'what is no phone is told beside the field, and what was typed is kept, $how',
  async ({ javaScriptEnabled }) => {
    const patient = await aPatient(sql);
    const page = await openPage(browser, { javaScriptEnabled });
    await page.goto(`${site}/login?next=/account`);
    await ready(page, javaScriptEnabled);
    await fill(page, { [NAME]: 'asha.rao', Password: 'half of it' });
    await press(page, 'Text me a code instead');
    const phone = page.getByLabel(LABELS.phone, { exact: true });
    await page.getByText('Please enter a phone number such as').waitFor();
    expect([await phone.inputValue(), await phone.getAttribute('aria-invalid')]).toEqual([
      'asha.rao',
      'true'
    ]);
    await phone.fill(patient.phone);
    await press(page, 'Text me a code');
    await page.waitForURL(`${site}/verify`);
    await press(page, 'Use another number');
    await page.waitForURL(`${site}/login`);
  }
);

test('a phone without an account gets the same pages, and no text', async () => {
  const phone = aPhone();
  const page = await openPage(browser);
  await page.goto(`${site}/login/code`);
  await fill(page, { [LABELS.phone]: phone });
  await press(page, 'Text me a code');
  await page.waitForURL(`${site}/verify`);
  await page.getByText('has an account, we have texted it a code').waitFor();
  await enterCode(page, '123456');
  await page.getByText('That code is not right').waitFor();
  expect(await textsOf(theStack().inbox_url, phone)).toEqual([]);
  expect(await patientsWith(sql, phone)).toEqual([]);
});
