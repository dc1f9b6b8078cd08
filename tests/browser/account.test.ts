import type { Page } from 'playwright-core';
import { beforeEach, expect, test } from 'vitest';
import { openPage } from '../helpers/browser.ts';
import { smsTo, textsOf } from '../helpers/inbox.ts';
import { theStack } from '../helpers/stack.ts';
import { aPhone } from '../helpers/world.ts';
import {
  aPerson,
  codeFor,
  enterCode,
  extendLimits,
  fill,
  focusedLabel,
  forgiveThisMachine,
  LABELS,
  patientsWith,
  press,
  WAYS
} from './accounts.ts';
import { aBooking, aClinic, aPatient, opening, signIn } from './setting.ts';

const { inbox_url: inbox } = theStack();
const { browser, sql, site } = await opening();

beforeEach(() => forgiveThisMachine(sql));

/** Opens one part of the account page. */
async function open(page: Page, title: string): Promise<void> {
  await page.goto(`${site}/account`);
  await page.getByRole('heading', { name: title }).click();
}

/** The part of the account page with this title. */
const part = (page: Page, title: string) =>
  page.locator('details').filter({ has: page.getByRole('heading', { name: title }) });

const fillIn = async (page: Page, title: string, values: Record<string, string>) => {
  for (const [label, value] of Object.entries(values)) {
    await part(page, title).getByLabel(label, { exact: true }).fill(value);
  }
};

test.each(WAYS)('a forgotten password is replaced by a code, $how', async ({ javaScriptEnabled }) => {
  const patient = await aPatient(sql);
  const elsewhere = await openPage(browser);
  await signIn(elsewhere, site, patient);

  const page = await openPage(browser, { javaScriptEnabled });
  await page.goto(`${site}/login`);
  await page.getByRole('link', { name: 'Forgot your password?' }).click();
  await page.waitForURL(`${site}/forgot`);
  await fill(page, { [LABELS.phone]: '12' });
  await press(page, 'Text me a code');
  await page.getByText('Please enter a phone number such as').waitFor();
  expect(await focusedLabel(page)).toBe(LABELS.phone);
  await fill(page, { [LABELS.phone]: `0${patient.phone.slice(3)}` });
  await press(page, 'Text me a code');
  await page.waitForURL(`${site}/verify`);
  await page.getByText(`ends in ${patient.phone.slice(-4)} has an account`).waitFor();

  const code = await codeFor(patient.phone);
  await fill(page, { Code: code, 'New password': 'short' });
  await press(page, 'Save and sign in');
  await page.getByText('Please use at least 8 characters.').waitFor();
  expect(await focusedLabel(page)).toBe('New password');
  const password = 'another long password';
  await fill(page, { Code: code, 'New password': password });
  await press(page, 'Save and sign in');
  await page.waitForURL(`${site}/appointments`);

  // Whoever else was in is out, and the old password is worth nothing.
  await elsewhere.goto(`${site}/appointments`);
  expect(new URL(elsewhere.url()).pathname).toBe('/login');
  await fill(elsewhere, { 'Username or phone number': patient.phone, Password: patient.password });
  await press(elsewhere, 'Sign in');
  await elsewhere.getByRole('alert').filter({ hasText: "don't match" }).waitFor();
  await signIn(elsewhere, site, { ...patient, password });
});

test('a phone without an account gets the same pages and no text', async () => {
  const phone = aPhone();
  const page = await openPage(browser);
  await page.goto(`${site}/forgot`);
  await fill(page, { [LABELS.phone]: phone });
  await press(page, 'Text me a code');
  await page.waitForURL(`${site}/verify`);
  await page.getByText(`ends in ${phone.slice(-4)} has an account`).waitFor();
  await fill(page, {
    Code: '123456',
    'New password': 'a long password'
  });
  await press(page, 'Save and sign in');
  await page.getByText('That code is not right').waitFor();
  expect(await textsOf(inbox, phone)).toEqual([]);
});

test.each(WAYS)(
  'the phone is changed by the password and a code on the new number, $how',
  async ({ javaScriptEnabled }) => {
    const clinic = await aClinic(sql);
    const patient = await aPatient(sql);
    const { reference } = await aBooking(sql, patient, clinic);
    const stranger = await aPatient(sql);
    const newPhone = aPhone();
    const page = await openPage(browser, { javaScriptEnabled });
    await signIn(page, site, patient);
    const title = 'Phone number';
    await open(page, title);

    const ask = async (phone: string, password: string) => {
      await fillIn(page, title, { 'New phone number': phone, 'Your password': password });
      await press(page, 'Text it a code');
    };
    await ask(newPhone, 'not the password');
    await part(page, title).getByText('This is not your password.').waitFor();
    expect(await part(page, title).getByLabel('New phone number').inputValue()).toBe(newPhone);
    expect(await part(page, title).getByLabel('Your password', { exact: true }).inputValue()).toBe('');
    await ask(stranger.phone, patient.password);
    await part(page, title).getByText('Another patient has this number.').waitFor();
    await ask(newPhone, patient.password);
    await page.waitForURL(`${site}/verify`);
    expect(await patientsWith(sql, newPhone)).toEqual([]);

    await enterCode(page, await codeFor(newPhone), javaScriptEnabled);
    await page.getByRole('heading', { name: 'Your number is changed' }).waitFor();
    await smsTo(inbox, patient.phone, 'now has the phone number');
    expect(await patientsWith(sql, newPhone)).toMatchObject([{ id: patient.id, user_id: patient.userId }]);
    expect(await patientsWith(sql, patient.phone)).toEqual([]);

    // Still signed in, with the same appointments; from now on by the new number.
    await page.goto(`${site}/appointments`);
    await page.getByText(reference).first().waitFor();
    await press(page, 'Sign out');
    await page.waitForURL(`${site}/`);
    await signIn(page, site, { ...patient, phone: newPhone });
  }
);

test.each(WAYS)(
  'the password is changed by who knows it, and other devices are signed out, $how',
  async ({ javaScriptEnabled }) => {
    const patient = await aPatient(sql);
    const elsewhere = await openPage(browser);
    await signIn(elsewhere, site, patient);
    const page = await openPage(browser, { javaScriptEnabled });
    await signIn(page, site, patient);
    const title = 'Password';
    await open(page, title);

    const change = async (current: string, password: string) => {
      await fillIn(page, title, {
        'Password you have now': current,
        'New password': password
      });
      await press(page, 'Change password');
    };
    await change('', 'short');
    await part(page, title).getByText('Please enter the password you have now.').waitFor();
    await part(page, title).getByText('Please use at least 8 characters.').waitFor();
    await change('not the password', 'another long password');
    await part(page, title).getByText('This is not your password.').waitFor();
    expect(await focusedLabel(page)).toBe('Password you have now');
    await change(patient.password, patient.password);
    await part(page, title).getByText('differs from the one you have now').waitFor();
    await change(patient.password, 'another long password');
    await page.getByRole('status').filter({ hasText: 'Your password is changed.' }).waitFor();

    await elsewhere.goto(`${site}/account`);
    expect(new URL(elsewhere.url()).pathname).toBe('/login');
    await page.goto(`${site}/account`);
    await page.getByText('On this device only').waitFor();
    await press(page, 'Sign out');
    await page.waitForURL(`${site}/`);
    await signIn(page, site, { ...patient, password: 'another long password' });
  }
);

test.each(WAYS)(
  'sessions are listed and ended, elsewhere and everywhere, $how',
  async ({ javaScriptEnabled }) => {
    const patient = await aPatient(sql);
    const other = await openPage(browser, {
      userAgent: 'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:143.0) Gecko/20100101 Firefox/143.0'
    });
    const page = await openPage(browser, {
      javaScriptEnabled,
      userAgent: 'Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/140.0.0.0 Mobile Safari/537.36'
    });
    await signIn(other, site, patient);
    await signIn(page, site, patient);
    const title = 'Where you are signed in';
    await open(page, title);
    await part(page, title).getByText('On 2 devices').waitFor();
    const places = part(page, title).getByRole('listitem');
    expect(await places.count()).toBe(2);
    expect(await places.first().innerText()).toMatch(/Chrome on Android\s+This device/);
    expect(await places.last().innerText()).toMatch(/^Firefox on Windows/);
    expect(await part(page, title).getByText('This device', { exact: true }).count()).toBe(1);

    await press(page, 'Sign out everywhere else');
    await page.getByRole('status').filter({ hasText: 'You are signed out everywhere else.' }).waitFor();
    expect(await places.count()).toBe(1);
    // Its page is told, and leaves.
    await other.waitForURL(/\/login/);

    await signIn(other, site, patient);
    await open(page, title);
    await press(page, 'Sign out everywhere');
    await page.waitForURL(`${site}/login`);
    await page.getByRole('status').filter({ hasText: 'signed out on every device' }).waitFor();
    await other.waitForURL(/\/login/);
    for (const signedOut of [page, other]) {
      await signedOut.goto(`${site}/account`);
      expect(new URL(signedOut.url()).pathname).toBe('/login');
    }
  }
);

test.each(WAYS)(
  'an account is deleted by its password and a word; the appointments stay with the clinic, $how',
  async ({ javaScriptEnabled }) => {
    const patient = await aPatient(sql);
    const { id } = await aBooking(sql, patient, await aClinic(sql));
    await sql`update public.patients set name = 'Asha Rao', age = 34 where id = ${patient.id}`;
    const page = await openPage(browser, { javaScriptEnabled });
    await signIn(page, site, patient);
    const title = 'Delete account';
    await open(page, title);
    await part(page, title).getByText('stay with the clinic').waitFor();

    const ask = async (word: string, password: string) => {
      await fillIn(page, title, { 'Type DELETE': word, 'Your password': password });
      await press(page, 'Delete my account');
    };
    await ask('yes', patient.password);
    await part(page, title).getByText('Please type DELETE').waitFor();
    expect(await focusedLabel(page)).toBe('Type DELETE');
    await ask('DELETE', 'not the password');
    await part(page, title).getByText('This is not your password.').waitFor();
    expect(await patientsWith(sql, patient.phone)).toMatchObject([{ user_id: patient.userId }]);
    await ask('delete', patient.password);
    await page.waitForURL(`${site}/login`);
    await page.getByRole('status').filter({ hasText: 'Your account is deleted.' }).waitFor();

    expect(await patientsWith(sql, patient.phone)).toMatchObject([
      { id: patient.id, user_id: null, name: null, age: null, username: null }
    ]);
    expect(await sql`select status from public.appointments where id = ${id}`).toMatchObject([
      { status: 'booked' }
    ]);
    const cookies = await page.context().cookies();
    expect(cookies.filter(({ name }) => name.startsWith('medq-session'))).toEqual([]);
    await fill(page, { 'Username or phone number': patient.phone, Password: patient.password });
    await press(page, 'Sign in');
    await page.getByRole('alert').filter({ hasText: "don't match" }).waitFor();
  }
);

test.each(WAYS)('details are kept, with every mistake told at once, $how', async ({ javaScriptEnabled }) => {
  const patient = await aPatient(sql);
  const taken = aPerson();
  const other = await aPatient(sql);
  await sql`update public.patients set username = ${taken.username} where id = ${other.id}`;
  const person = aPerson();
  const page = await openPage(browser, { javaScriptEnabled });
  await signIn(page, site, patient);
  await page.getByRole('link', { name: 'Account' }).click();
  await page.waitForURL(`${site}/account`);

  await fill(page, { [LABELS.name]: '9', [LABELS.age]: '999', [LABELS.username]: '1' });
  await press(page, 'Save');
  await page.getByText('Please enter your name').waitFor();
  await page.getByText('Please enter your age').waitFor();
  await page.getByText('3 to 32').waitFor();
  await fill(page, {
    [LABELS.name]: person.name,
    [LABELS.age]: '41',
    [LABELS.username]: taken.username.toUpperCase()
  });
  await press(page, 'Save');
  await page.getByText('Somebody else has that username').waitFor();
  await fill(page, { [LABELS.username]: person.username });
  // The language of the account is that of the site, from the answer on.
  const language = (name: string) => page.getByRole('combobox', { name });
  await language('Language').selectOption('ta-IN');
  await press(page, 'Save');
  await page.getByRole('status').filter({ hasText: 'உங்கள் விவரங்கள் சேமிக்கப்பட்டன.' }).waitFor();
  expect(await page.evaluate(() => document.documentElement.lang)).toBe('ta-IN');
  await page.getByRole('button', { name: 'வெளியேறு', exact: true }).waitFor();

  expect(await sql`select name, age, username, locale from public.patients where id = ${patient.id}`).toEqual(
    [{ name: person.name, age: 41, username: person.username, locale: 'ta-IN' }]
  );
  await page.goto(`${site}/account`);
  expect(await page.getByLabel('உங்கள் பெயர்', { exact: true }).inputValue()).toBe(person.name);
  expect(await language('மொழி').inputValue()).toBe('ta-IN');
  await language('மொழி').selectOption('en-IN');
  await press(page, 'சேமி');
  await page.getByRole('status').filter({ hasText: 'Your details are saved.' }).waitFor();

  // The username signs in, in any case, and nothing the form does not have can be changed by it.
  await press(page, 'Sign out');
  await page.waitForURL(`${site}/`);
  await signIn(page, site, { ...patient, phone: person.username.toUpperCase() });
});

test('what another tab saved meanwhile is not undone unasked', async () => {
  const patient = await aPatient(sql);
  const page = await openPage(browser);
  await signIn(page, site, patient);
  await page.goto(`${site}/account`);
  await sql`update public.patients set name = 'Asha Menon', age = 34 where id = ${patient.id}`;
  await fill(page, { 'Your name': 'Asha M', Age: 'x' });
  await press(page, 'Save');
  await page.locator('[aria-invalid="true"]').waitFor();
  await fill(page, { Age: '35' });
  await press(page, 'Save');
  await page.getByText(/^This has been saved anew .+ perhaps in another tab or on another device/).waitFor();
  expect(await patientsWith(sql, patient.phone)).toMatchObject([{ name: 'Asha Menon', age: 34 }]);
  await press(page, 'Save');
  await page.getByText('Your details are saved.').waitFor();
  expect(await patientsWith(sql, patient.phone)).toMatchObject([{ name: 'Asha M', age: 35 }]);
});

test('with a texted password there is no account page yet, and signing in leads to a new one', async () => {
  const patient = await aPatient(sql, { temporary: true });
  const page = await openPage(browser);
  await signIn(page, site, patient, '/password');
  await page.goto(`${site}/account`);
  expect(page.url()).toBe(`${site}/password`);
  for (const form of ['profile', 'password', 'phone', 'delete', 'signout_all']) {
    const refused = await page.request.post(`${site}/account?/${form}`, {
      headers: { origin: site, accept: 'text/html' },
      form: { word: 'DELETE', current: patient.password, name: 'Mallory', age: '1' },
      maxRedirects: 0
    });
    expect(refused.status()).toBe(303);
    expect(refused.headers().location).toBe('/password');
  }
  expect(await patientsWith(sql, patient.phone)).toMatchObject([{ user_id: patient.userId, name: null }]);
});

test('a form from elsewhere changes no account, and the page is kept by no cache', async () => {
  const patient = await aPatient(sql);
  const page = await openPage(browser);
  await signIn(page, site, patient);
  for (const form of ['profile', 'password', 'phone', 'signout_others', 'signout_all', 'delete']) {
    const foreign = await page.request.post(`${site}/account?/${form}`, {
      headers: { origin: 'https://evil.example' },
      form: { word: 'DELETE', current: patient.password, name: 'Mallory', age: '1' }
    });
    expect(foreign.status()).toBe(403);
  }
  expect(await patientsWith(sql, patient.phone)).toMatchObject([{ user_id: patient.userId, name: null }]);
  const response = await page.request.get(`${site}/account`);
  expect(response.headers()['cache-control']).toContain('no-store');
});

test.each(WAYS)(
  'too many wrong passwords are told when to try again, and the right one has to wait too, $how',
  async ({ javaScriptEnabled }) => {
    const patient = await aPatient(sql);
    const page = await openPage(browser, { javaScriptEnabled });
    for (let tries = 0; tries < 10; tries++) {
      const wrong = await page.request.post(`${site}/api/login/`, {
        data: { username: patient.phone, password: 'not the password' }
      });
      expect(wrong.status()).toBe(401);
      await extendLimits(sql, 'password:account+client');
    }
    await page.goto(`${site}/login`);
    await fill(page, { 'Username or phone number': patient.phone, Password: patient.password });
    await press(page, 'Sign in');
    const alert = page.getByRole('alert');
    await alert.waitFor();
    expect(await alert.innerText()).toMatch(/Too many tries\. Please try again in (a minute|\d+ minutes)\./);
  }
);
