import type { Page } from 'playwright-core';
import { beforeEach } from 'vitest';
import {
  anOldPatient,
  aPerson,
  codeFor,
  enterCode,
  fill,
  forgiveThisMachine,
  LABELS,
  press,
  ready,
  register,
  unfoldUsername
} from '../browser/accounts.ts';
import { aDependent } from '../helpers/family.ts';
import { aClinic, aPatient, opening, signIn } from '../browser/setting.ts';
import { testStates, type States } from './states.ts';

const { browser, sql, site } = await opening();

beforeEach(() => forgiveThisMachine(sql));

async function accountPage(page: Page): Promise<void> {
  const patient = await aPatient(sql);
  for (const name of ['Venkatanarasimharajuvaripeta Subrahmanyam', 'Meera'])
    await aDependent(sql, patient, name);
  await signIn(page, site, patient);
  await page.goto(`${site}/account`);
  for (const title of [
    'People you book for',
    'Password',
    'Phone number',
    'Where you are signed in',
    'Get a copy of your data',
    'Delete account'
  ]) {
    await page.getByRole('heading', { name: title }).click();
  }
  await page.getByText('Correct or remove').first().click();
}

/** Where the texted password is replaced, and asked for once more because it is not at hand. */
async function textedMistyped(page: Page): Promise<void> {
  await signIn(page, site, await aPatient(sql, { temporary: true }), '/password');
  await page.context().clearCookies({ name: 'medq-texted' });
  await page.reload();
  await page.locator('[name="current"]').fill('WRNG2345');
  await page.locator('[name="password"]').fill('a long password');
  await page.locator('[name="password"]').press('Enter');
  await page.locator('[aria-invalid="true"]').first().waitFor();
}

// Every page of accounts, in each of its states, and how to get there.
const STATES: States = {
  'choosing a password, the texted one mistyped': textedMistyped,
  'the registration': async (page) => {
    await page.goto(`${site}/register`);
    await ready(page, true);
  },
  'the registration with every mistake': async (page) => {
    await page.goto(`${site}/register`);
    await ready(page, true);
    await unfoldUsername(page);
    await fill(page, { [LABELS.username]: 'a' });
    await press(page, 'Continue');
    await page.locator('[aria-invalid="true"]').first().waitFor();
  },
  'the registration of a phone that has an account': async (page) => {
    const { phone } = await aPatient(sql);
    await register(page, { ...aPerson(), phone });
    await page.getByRole('button', { name: 'Text me a code' }).waitFor();
  },
  'the linking dialog': async (page) => {
    await register(page, { ...aPerson(), phone: (await anOldPatient(sql, await aClinic(sql))).phone });
    await page.getByRole('dialog').waitFor();
  },
  'the linking page': async (page) => {
    await register(page, { ...aPerson(), phone: (await anOldPatient(sql, await aClinic(sql))).phone });
    await page.getByRole('dialog').waitFor();
    await page.goto(`${site}/link`);
    await page.getByRole('button', { name: 'Yes, link my bookings' }).waitFor();
  },
  'the linking page with nothing to link': (page) => page.goto(`${site}/link`),
  'the page of a code': async (page) => {
    await register(page, { ...aPerson(), name: 'Venkatanarasimharajuvaripeta', username: '' });
    await page.waitForURL(`${site}/verify`);
  },
  'the page of a code after a wrong one': async (page) => {
    const person = aPerson();
    await register(page, person);
    await page.waitForURL(`${site}/verify`);
    await enterCode(page, String((Number(await codeFor(person.phone)) + 1) % 1e6).padStart(6, '0'));
    await page.getByText('That code is not right').waitFor();
  },
  'the page of a code that nobody waits for': (page) => page.goto(`${site}/verify`),
  'the page of a forgotten password': async (page) => {
    await page.goto(`${site}/forgot`);
    await press(page, 'Text me a code');
    await page.locator('[aria-invalid="true"]').first().waitFor();
  },
  'the page of a code for a new password': async (page) => {
    await page.goto(`${site}/forgot`);
    await fill(page, { [LABELS.phone]: (await aPatient(sql)).phone });
    await press(page, 'Text me a code');
    await page.waitForURL(`${site}/verify`);
  },
  'the account with all its parts': accountPage,
  'the account with mistakes': async (page) => {
    await accountPage(page);
    await press(page, 'Delete my account');
    await page.getByText('Please type DELETE').waitFor();
  },
  'the account after a copy was asked for with a wrong password': async (page) => {
    await accountPage(page);
    await page.locator('#export [name="current"]').fill('not it');
    await press(page, 'Download');
    await page.getByText('This is not your password.').waitFor();
  },
  'the account after a change': async (page) => {
    await accountPage(page);
    await press(page, 'Save');
    await page.getByRole('status').filter({ hasText: 'saved' }).waitFor();
  },
  'the sign-in page after signing out everywhere': async (page) => {
    await accountPage(page);
    await press(page, 'Sign out everywhere');
    await page.getByRole('status').waitFor();
  }
};

testStates(browser, STATES);
