import { beforeEach, expect, test } from 'vitest';
import { openPage } from '../helpers/browser.ts';
import { smsTo, textsOf } from '../helpers/inbox.ts';
import { aCall } from '../helpers/phone.ts';
import { theStack } from '../helpers/stack.ts';
import {
  anOldPatient,
  aPerson,
  codeFor,
  enterCode,
  fill,
  focusedLabel,
  forgiveThisMachine,
  LABELS,
  patientsWith,
  press,
  ready,
  register,
  unfoldUsername,
  WAYS
} from './accounts.ts';
import { aClinic, aPatient, opening, type Clinic } from './setting.ts';

const { ivr_url: ivrUrl, inbox_url: inbox, messagebird_signing_key: signingKey } = theStack();
const { browser, sql, site } = await opening();

beforeEach(() => forgiveThisMachine(sql));

async function bookByPhone(phone: string, clinic: Clinic): Promise<void> {
  const call = aCall({ ivrUrl, signingKey, from: phone, to: clinic.phone });
  await call.dial();
  await call.press('1');
  expect(await call.press('1')).toContain('Your appointment is booked.');
}

test.each(WAYS)(
  'registered on the web, then called: the booking is in the same account, $how',
  async ({ javaScriptEnabled }) => {
    const clinic = await aClinic(sql);
    const person = aPerson();
    const page = await openPage(browser, { javaScriptEnabled });
    await register(page, person, javaScriptEnabled);
    await page.waitForURL(`${site}/verify`);
    expect(await page.locator('main').innerText()).toContain(`ends in ${person.phone.slice(-4)}`);
    expect(await patientsWith(sql, person.phone)).toEqual([]);

    await enterCode(page, await codeFor(person.phone), javaScriptEnabled);
    await page.waitForURL(`${site}/appointments`);
    await page.getByRole('heading', { name: 'No appointments yet' }).waitFor();
    if (javaScriptEnabled) await page.locator('[data-connection="live"]').waitFor();

    await bookByPhone(person.phone, clinic);
    if (!javaScriptEnabled) await page.reload();
    await page.getByRole('region', { name: 'Next appointment' }).getByText(clinic.doctor).waitFor();
    const { body } = await smsTo(inbox, person.phone, 'synced');
    expect(body).toBe(
      'Your IVR booking has been synced with your web account. You can now view this appointment online.'
    );

    const patients = await patientsWith(sql, person.phone);
    expect(patients).toMatchObject([{ name: person.name, age: 34, username: person.username }]);
    expect(patients[0]?.user_id).not.toBeNull();
    expect((await textsOf(inbox, person.phone)).filter(({ body }) => body.includes('Welcome'))).toEqual([]);
  }
);

test.each(WAYS)(
  'called, then registers on the web: hears that there is an account, and gets in by a code, $how',
  async ({ javaScriptEnabled }) => {
    const clinic = await aClinic(sql);
    const person = aPerson();
    await bookByPhone(person.phone, clinic);
    await smsTo(inbox, person.phone, 'Welcome to MedQ');

    const page = await openPage(browser, { javaScriptEnabled });
    await register(page, person, javaScriptEnabled);
    const alert = page.getByRole('alert');
    await alert.filter({ hasText: 'This phone number already has an account.' }).waitFor();
    expect(await alert.evaluate((element) => element === document.activeElement)).toBe(true);
    expect(await page.getByLabel(LABELS.name, { exact: true }).inputValue()).toBe(person.name);
    expect(await page.getByLabel(LABELS.password, { exact: true }).inputValue()).toBe('');
    const ways = page.locator('main').getByRole('link', { name: 'Sign in' });
    for (const way of await ways.all()) {
      expect(await way.evaluate((link: HTMLAnchorElement) => link.href)).toBe(`${site}/login`);
    }

    await press(page, 'Text me a code');
    await page.waitForURL(`${site}/verify`);
    await enterCode(page, await codeFor(person.phone), javaScriptEnabled);
    // The code is proof enough: what was texted after the call is not asked for.
    await page.waitForURL(`${site}/password`);
    expect(await page.getByLabel('The password we texted you').count()).toBe(0);
    await fill(page, { 'New password': person.password });
    await press(page, 'Save and continue');
    await page.waitForURL(`${site}/appointments`);
    await page.getByRole('region', { name: 'Next appointment' }).getByText(clinic.doctor).waitFor();
    expect(await patientsWith(sql, person.phone)).toHaveLength(1);
  }
);

test.each(WAYS)(
  'an old patient without an account links the bookings made by phone, $how',
  async ({ javaScriptEnabled }) => {
    const clinic = await aClinic(sql);
    const old = await anOldPatient(sql, clinic);
    const person = { ...aPerson(), phone: old.phone };
    const page = await openPage(browser, { javaScriptEnabled });
    await register(page, person, javaScriptEnabled);

    if (javaScriptEnabled) {
      const dialog = page.getByRole('dialog', {
        name: 'We found appointments made by phone with this number.'
      });
      await dialog.getByText('Would you like to link your existing bookings?').waitFor();
      expect(page.url()).toBe(`${site}/register`);
    } else {
      await page.waitForURL(`${site}/link`);
      await page.getByText('Would you like to link your existing bookings?').waitFor();
    }
    await press(page, 'Yes, link my bookings');
    await page.waitForURL(`${site}/verify`);
    // Nothing is anybody's before the phone is proven.
    expect(await patientsWith(sql, old.phone)).toMatchObject([{ id: old.id, user_id: null, name: null }]);

    await enterCode(page, await codeFor(old.phone), javaScriptEnabled);
    await page.waitForURL(`${site}/appointments`);
    for (const reference of old.references) await page.getByText(reference).first().waitFor();
    const { body } = await smsTo(inbox, old.phone, 'linked');
    expect(body).toBe(
      'Great! Your web account has been linked to your existing appointments. You can now view all your bookings online.'
    );
    expect(await patientsWith(sql, old.phone)).toMatchObject([
      { id: old.id, name: person.name, age: 34, username: person.username }
    ]);
  }
);

test.each(WAYS)(
  'whoever does not want to link goes on with another number, $how',
  async ({ javaScriptEnabled }) => {
    const old = await anOldPatient(sql, await aClinic(sql));
    const person = { ...aPerson(), phone: old.phone };
    const page = await openPage(browser, { javaScriptEnabled });
    await register(page, person, javaScriptEnabled);
    await press(page, 'No, use another number');
    if (javaScriptEnabled) await page.getByRole('dialog').waitFor({ state: 'detached' });
    else await page.waitForURL(`${site}/register`);

    expect(await focusedLabel(page)).toBe(LABELS.phone);
    const value = (label: string) => page.getByLabel(label, { exact: true }).inputValue();
    expect(await value(LABELS.phone)).toBe('');
    expect(await value(LABELS.name)).toBe(person.name);
    expect(await value(LABELS.age)).toBe(person.age);
    expect(await value(LABELS.username)).toBe(person.username);
    expect(await value(LABELS.password)).toBe('');
    const texts = await textsOf(inbox, old.phone);
    expect(texts.filter(({ body }) => !body.startsWith('Booked'))).toEqual([]);
    expect(await patientsWith(sql, old.phone)).toMatchObject([{ id: old.id, user_id: null, name: null }]);
  }
);

test('the dialog keeps the keyboard inside, and Escape says no', async () => {
  const old = await anOldPatient(sql, await aClinic(sql));
  const page = await openPage(browser);
  await register(page, { ...aPerson(), phone: old.phone });
  await page.getByRole('dialog').waitFor();
  expect(await focusedLabel(page)).toBe('Yes, link my bookings');
  const seen = new Set<string | undefined>();
  for (let i = 0; i < 6; i++) {
    await page.keyboard.press('Tab');
    // The browser's own bar is in the round; the page behind is not.
    const inside = await page.evaluate(
      () => document.activeElement === document.body || document.activeElement?.closest('dialog') !== null
    );
    expect(inside).toBe(true);
    seen.add(await focusedLabel(page));
  }
  expect(seen).toContain('No, use another number');
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  expect(await focusedLabel(page)).toBe(LABELS.phone);
  expect(await page.getByLabel(LABELS.phone, { exact: true }).inputValue()).toBe('');
});

test.each(WAYS)(
  'a username that is taken is asked for again while linking, $how',
  async ({ javaScriptEnabled }) => {
    const old = await anOldPatient(sql, await aClinic(sql));
    const taken = aPerson();
    const other = await aPatient(sql);
    await sql`update public.patients set username = ${taken.username} where id = ${other.id}`;
    const page = await openPage(browser, { javaScriptEnabled });
    await register(page, { ...taken, phone: old.phone }, javaScriptEnabled);
    await press(page, 'Yes, link my bookings');
    const field = page.getByLabel('Another username', { exact: true });
    await field.waitFor();
    expect(await focusedLabel(page)).toBe('Another username');
    await field.fill(`${taken.username}.2`);
    await press(page, 'Yes, link my bookings');
    await page.waitForURL(`${site}/verify`);
    await enterCode(page, await codeFor(old.phone), javaScriptEnabled);
    await page.waitForURL(`${site}/appointments`);
    expect(await patientsWith(sql, old.phone)).toMatchObject([
      { id: old.id, username: `${taken.username}.2` }
    ]);
  }
);

test.each(WAYS)('every mistake is told at once next to its field, $how', async ({ javaScriptEnabled }) => {
  const page = await openPage(browser, { javaScriptEnabled });
  await page.goto(`${site}/register`);
  await ready(page, javaScriptEnabled);
  await unfoldUsername(page);
  await fill(page, {
    [LABELS.name]: 'Asha Rao',
    [LABELS.age]: 'many',
    [LABELS.phone]: '12345',
    [LABELS.username]: 'a',
    [LABELS.password]: 'short'
  });
  await press(page, 'Continue');
  await page.locator('[aria-invalid="true"]').first().waitFor();

  const told = async (label: string) => {
    const field = page.getByLabel(label, { exact: true });
    const ids = (await field.getAttribute('aria-describedby')) ?? '';
    const texts = await Promise.all(
      ids
        .split(' ')
        .filter((id) => id.endsWith('-problem'))
        .map((id) => page.locator(`[id="${id}"]`).innerText())
    );
    return texts.join(' ');
  };
  expect(await told(LABELS.name)).toBe('');
  expect(await told(LABELS.age)).toContain('whole number');
  expect(await told(LABELS.phone)).toContain('98765 43210');
  expect(await told(LABELS.username)).toContain('3 to 32');
  expect(await told(LABELS.password)).toContain('at least 8');
  expect(await focusedLabel(page)).toBe(LABELS.phone);
  expect(await page.getByLabel(LABELS.phone, { exact: true }).inputValue()).toBe('12345');
  expect(await page.getByLabel(LABELS.password, { exact: true }).inputValue()).toBe('');

  const person = aPerson();
  const other = await aPatient(sql);
  await sql`update public.patients set username = ${person.username} where id = ${other.id}`;
  await register(page, person, javaScriptEnabled);
  await page.locator('[aria-invalid="true"]').first().waitFor();
  expect(await told(LABELS.username)).toContain('Somebody else has that username');
  expect(await focusedLabel(page)).toBe(LABELS.username);
});

test.each(WAYS)(
  'nobody has to think of a username: one is made of the name, told before and after, and can be changed, $how',
  async ({ javaScriptEnabled }) => {
    const mark = aPerson().username.slice(5);
    const person = { ...aPerson(), name: `மீனா சுந்தரம் ${mark}`, username: '' };
    const proposed = `mina.suntaram.${mark}`;
    const page = await openPage(browser, { javaScriptEnabled });
    await register(page, person, javaScriptEnabled);
    await page.getByText(`Your username will be ${proposed}.`).waitFor();
    await press(page, 'Change');
    await page.waitForURL(`${site}/register`);
    expect(await page.getByLabel(LABELS.username, { exact: true }).inputValue()).toBe(proposed);

    // Somebody is faster: a further one is proposed.
    await sql`update public.patients set username = ${proposed} where id = ${(await aPatient(sql)).id}`;
    await fill(page, { [LABELS.username]: '', [LABELS.password]: person.password });
    const before = await codeFor(person.phone);
    await press(page, 'Continue');
    await page.getByText(`Your username will be ${proposed}`).waitFor();
    await enterCode(page, await codeFor(person.phone, before), javaScriptEnabled);
    await page.waitForURL(`${site}/appointments`);
    const [patient] = await patientsWith(sql, person.phone);
    expect(patient?.username).toMatch(new RegExp(`^${proposed}\\d{2,6}$`));
    await page.getByText(`Welcome! Your username is ${patient?.username}.`).first().waitFor();
  }
);

test('password managers are given the phone, which signs in as well', async () => {
  const page = await openPage(browser);
  await page.goto(`${site}/register`);
  await ready(page, true);
  await fill(page, { [LABELS.phone]: '98765 43210' });
  const kept = page.locator('form.panel [autocomplete="username"]');
  expect(await kept.inputValue()).toBe('98765 43210');
  const tokens = await page
    .locator('form.panel input')
    .evaluateAll((inputs) =>
      inputs.map((input) => `${(input as HTMLInputElement).name} ${(input as HTMLInputElement).autocomplete}`)
    );
  expect(tokens).toEqual([
    'phone_number tel',
    'name name',
    'age off',
    ' username',
    'password new-password',
    'username off'
  ]);
});

test('registering needs nothing but a keyboard', async () => {
  const person = aPerson();
  const page = await openPage(browser);
  await page.goto(`${site}/register`);
  await ready(page, true);
  await page.getByLabel(LABELS.phone, { exact: true }).focus();
  for (const text of [person.phone, person.name, person.age, person.password]) {
    await page.keyboard.type(text);
    await page.keyboard.press('Tab');
  }
  expect(await focusedLabel(page)).toBe('Show');
  await page.keyboard.press('Tab');
  expect(await focusedLabel(page)).toBe('Choose your username yourself');
  await page.keyboard.press('Enter');
  await page.keyboard.press('Tab');
  await page.keyboard.type(person.username);
  await page.keyboard.press('Enter');
  await page.waitForURL(`${site}/verify`);
  expect(await focusedLabel(page)).toBe('Code');
  await page.keyboard.type(await codeFor(person.phone));
  await page.waitForURL(`${site}/appointments`);
});
