import { request } from 'node:http';
import type { Page } from 'playwright-core';
import { beforeEach, expect, test } from 'vitest';
import { openPage } from '../helpers/browser.ts';
import { aPhone } from '../helpers/world.ts';
import {
  anOldPatient,
  aPerson,
  codeFor,
  enterCode,
  extendLimits,
  focusedLabel,
  forgiveThisMachine,
  LABELS,
  patientsWith,
  press,
  register,
  WAYS,
  type Person
} from './accounts.ts';
import { aClinic, aPatient, opening } from './setting.ts';

const { browser, sql, site } = await opening();

beforeEach(() => forgiveThisMachine(sql));

/** Somebody whose code is on its way. */
async function waitingForCode(page: Page, javaScriptEnabled = true, person = aPerson()): Promise<Person> {
  await register(page, person, javaScriptEnabled);
  await page.waitForURL(`${site}/verify`);
  return person;
}

/** Some code that is not this one. */
const otherThan = (code: string) => String((Number(code) + 1) % 10 ** code.length).padStart(code.length, '0');

/** Lets time pass for what the browser remembers of its code. */
async function age(page: Page, seconds: number): Promise<void> {
  const cookie = (await page.context().cookies(`${site}/verify`)).find(({ name }) => name === 'medq-code');
  if (!cookie) throw new Error('No code is remembered.');
  const pending = JSON.parse(Buffer.from(cookie.value, 'base64url').toString()) as Record<string, number>;
  for (const when of ['sentAt', 'expiresAt']) pending[when] = (pending[when] ?? 0) - seconds * 1000;
  const value = Buffer.from(JSON.stringify(pending)).toString('base64url');
  await page.context().addCookies([{ ...cookie, value }]);
}

test.each(WAYS)(
  'a wrong code can be corrected, and after five only a new one helps, $how',
  async ({ javaScriptEnabled }) => {
    const page = await openPage(browser, { javaScriptEnabled });
    const person = await waitingForCode(page, javaScriptEnabled);
    const code = await codeFor(person.phone);
    for (let guess = 1; guess <= 4; guess++) {
      await enterCode(page, otherThan(code), javaScriptEnabled);
      await page.getByText('That code is not right').waitFor();
      expect(await focusedLabel(page)).toBe('Code');
      expect(await page.getByLabel('Code', { exact: true }).inputValue()).toBe('');
      if (guess < 4) await page.goto(`${site}/verify`);
    }
    await enterCode(page, otherThan(code), javaScriptEnabled);
    await page.getByRole('heading', { name: 'one wrong code too many' }).waitFor();
    expect(await page.getByLabel('Code', { exact: true }).count()).toBe(0);

    await press(page, 'Text me a new code');
    await page.getByText('We texted another code').waitFor();
    await enterCode(page, await codeFor(person.phone, code), javaScriptEnabled);
    await page.waitForURL(`${site}/appointments`);
    expect(await patientsWith(sql, person.phone)).toMatchObject([{ name: person.name }]);
  }
);

test('a code of ten digits, as they are after many wrong guesses, is typed to its end', async () => {
  await sql`insert into private.wrong_codes (hour, guesses) values (date_trunc('hour', now(), 'UTC'), 1000)
    on conflict (hour) do update set guesses = 1000`;
  try {
    const page = await openPage(browser);
    const person = await waitingForCode(page);
    const code = await codeFor(person.phone);
    expect(code).toHaveLength(10);
    await page.keyboard.type(code);
    await page.waitForURL(`${site}/appointments`);
    const guesses = await sql`
      select guesses from private.phone_verifications where not short order by created_at desc limit 1`;
    expect([...guesses]).toEqual([{ guesses: 1 }]);
  } finally {
    await sql`delete from private.wrong_codes`;
  }
});

test.each(WAYS)(
  'another code is texted after a moment, and the first works no longer, $how',
  async ({ javaScriptEnabled }) => {
    const page = await openPage(browser, { javaScriptEnabled });
    const person = await waitingForCode(page, javaScriptEnabled);
    const first = await codeFor(person.phone);

    const again = page.getByRole('button', { name: 'Text me a new code' });
    if (javaScriptEnabled) {
      await page.getByText(/You can have another in \d+ seconds/).waitFor();
      expect(await again.getAttribute('aria-disabled')).toBe('true');
    } else {
      await again.click();
      await page.getByRole('alert').filter({ hasText: 'may still be on its way' }).waitFor();
    }
    await age(page, 40);
    await page.goto(`${site}/verify`);
    await page.getByText('Nothing came?').waitFor();
    await again.click();
    await page.getByText('We texted another code').waitFor();
    const second = await codeFor(person.phone, first);
    await enterCode(page, first, javaScriptEnabled);
    await page.getByText('That code is not right').waitFor();
    await enterCode(page, second, javaScriptEnabled);
    await page.waitForURL(`${site}/appointments`);
  }
);

test('asking for codes without end is refused, with when to try again', async () => {
  const page = await openPage(browser, { javaScriptEnabled: false });
  const person = await waitingForCode(page, false);
  await extendLimits(sql, 'code:phone');
  for (let sent = 1; sent < 5; sent++) {
    await age(page, 40);
    await press(page, 'Text me a new code');
    await page.getByText('We texted another code').waitFor();
    await extendLimits(sql, 'code:phone');
  }
  await age(page, 40);
  await press(page, 'Text me a new code');
  const alert = page.getByRole('alert');
  await alert.waitFor();
  expect(await alert.innerText()).toMatch(/Too many tries\. Please try again in (a minute|\d+ minutes)\./);
  // The code that was sent last still works.
  expect(await page.getByLabel('Code', { exact: true }).count()).toBe(1);
  expect(await patientsWith(sql, person.phone)).toEqual([]);
});

test('a code that has expired leads to a new one or to the beginning', async () => {
  const page = await openPage(browser);
  const person = await waitingForCode(page);
  const code = await codeFor(person.phone);
  await age(page, 11 * 60);
  await page.goto(`${site}/verify`);
  await page.getByRole('heading', { name: 'The code has expired' }).waitFor();
  expect(await page.getByRole('link', { name: 'Begin again' }).getAttribute('href')).toMatch(/\/register$/);
  await press(page, 'Text me a new code');
  await page.getByText('We texted another code').waitFor();
  await enterCode(page, await codeFor(person.phone, code));
  await page.waitForURL(`${site}/appointments`);

  await page.context().clearCookies();
  await page.goto(`${site}/verify`);
  await page.getByRole('heading', { name: 'There is no code to enter' }).waitFor();
});

test.each(WAYS)(
  'a mistyped number is corrected without typing all the rest again, $how',
  async ({ javaScriptEnabled }) => {
    const page = await openPage(browser, { javaScriptEnabled });
    const person = await waitingForCode(page, javaScriptEnabled);
    await press(page, 'Use another number');
    await page.waitForURL(`${site}/register`);
    const value = (label: string) => page.getByLabel(label, { exact: true }).inputValue();
    expect(await value(LABELS.name)).toBe(person.name);
    expect(await value(LABELS.username)).toBe(person.username);
    expect(await value(LABELS.phone)).toBe(person.phone);
    expect(await value(LABELS.password)).toBe('');
  }
);

test('what changes while a code is on its way is told, and leads on', async () => {
  const page = await openPage(browser);
  const person = await waitingForCode(page);
  const other = await aPatient(sql);
  await sql`update public.patients set username = ${person.username} where id = ${other.id}`;
  await enterCode(page, await codeFor(person.phone));
  await page.getByRole('alert').filter({ hasText: 'Somebody else has that username' }).waitFor();
  await page.locator('main').getByRole('link', { name: 'Register' }).click();
  await page.waitForURL(`${site}/register`);
  expect(await page.getByLabel(LABELS.phone, { exact: true }).inputValue()).toBe(person.phone);
  await page.context().close();

  // Or the phone was booked with meanwhile: the question comes late, but it comes.
  const late = await openPage(browser);
  const caller = await waitingForCode(late);
  const code = await codeFor(caller.phone);
  const { id } = await anOldPatient(sql, await aClinic(sql), caller.phone);
  await enterCode(late, code);
  await late.waitForURL(`${site}/link`);
  await press(late, 'Yes, link my bookings');
  await late.waitForURL(`${site}/verify`);
  await enterCode(late, await codeFor(caller.phone, code));
  await late.waitForURL(`${site}/appointments`);
  expect(await patientsWith(sql, caller.phone)).toMatchObject([{ id, name: caller.name }]);
});

test('nothing that is typed can be read from addresses, pages or cookies on the way', async () => {
  const page = await openPage(browser);
  const addresses: string[] = [];
  page.on('request', (request) => addresses.push(request.url()));
  const old = await anOldPatient(sql, await aClinic(sql));
  const person = { ...aPerson(), phone: old.phone };
  await register(page, person);
  await page.getByRole('dialog').waitFor();

  const secrets = [person.password, encodeURIComponent(person.password), person.phone.slice(1)];
  const readable = async (path: string) => {
    const response = await page.request.get(`${site}${path}`);
    expect(response.headers()['cache-control']).toBe('private, no-store');
    const cookies = await page.context().cookies(`${site}${path}`);
    for (const cookie of cookies) {
      expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Lax', path, secure: false });
    }
    const texts = cookies.flatMap(({ value }) => [value, Buffer.from(value, 'base64url').toString('latin1')]);
    return [await response.text(), ...texts].join('\n');
  };
  const linking = await readable('/link');
  await press(page, 'Yes, link my bookings');
  await page.waitForURL(`${site}/verify`);
  const verifying = await readable('/verify');
  expect((await page.context().cookies(`${site}/link`)).length).toBe(0);
  for (const secret of secrets) {
    expect(linking).not.toContain(secret);
    expect(verifying).not.toContain(secret);
    expect(addresses.join('\n')).not.toContain(secret);
  }
  expect(verifying).toContain(person.phone.slice(-4));

  // What was kept for one page is nothing to another, and a changed one nothing to anybody.
  const [kept] = (await page.context().cookies(`${site}/verify`)).filter(({ name }) => name === 'medq-form');
  if (!kept) throw new Error('Nothing was kept.');
  await page.context().addCookies([{ ...kept, path: '/link' }]);
  expect(await (await page.request.get(`${site}/link`)).text()).toContain('Please fill in the form again');
});

test('away from this machine the cookies go over https alone', async () => {
  const host = 'medq.example.org';
  const cookies = await new Promise<string[]>((resolve, reject) => {
    const asked = request(
      `${site}/forgot`,
      {
        method: 'POST',
        headers: { host, origin: `http://${host}`, 'content-type': 'application/x-www-form-urlencoded' }
      },
      (response) => {
        response.resume();
        resolve(response.headers['set-cookie'] ?? []);
      }
    );
    asked.once('error', reject).end(new URLSearchParams({ phone_number: aPhone() }).toString());
  });
  const kept = cookies.filter((cookie) => !cookie.includes('Max-Age=0'));
  expect(kept.map((cookie) => cookie.split('=')[0]).toSorted()).toEqual(['medq-code', 'medq-form']);
  for (const cookie of kept) {
    for (const attribute of ['Path=/verify', 'HttpOnly', 'Secure', 'SameSite=Lax']) {
      expect(cookie).toContain(`; ${attribute}`);
    }
  }
});

test('a form sent from elsewhere does nothing', async () => {
  const person = aPerson();
  const page = await openPage(browser);
  const typed = {
    name: person.name,
    age: person.age,
    phone_number: person.phone,
    username: person.username,
    password: person.password
  };
  await waitingForCode(page);
  for (const path of ['/register', '/link?/yes', '/verify?/check', '/verify?/resend', '/forgot', '/login']) {
    for (const origin of ['https://evil.example', 'null']) {
      const answer = await page.request.post(`${site}${path}`, { headers: { origin }, form: typed });
      expect(answer.status(), `${path} from ${origin}`).toBe(403);
    }
  }
  expect((await page.context().cookies()).filter(({ name }) => name.startsWith('medq-session'))).toEqual([]);
  expect(await patientsWith(sql, person.phone)).toEqual([]);
});

test('whoever is signed in needs no registration, and a link cannot lead elsewhere', async () => {
  const page = await openPage(browser);
  const person = await waitingForCode(page);
  await enterCode(page, await codeFor(person.phone));
  await page.waitForURL(`${site}/appointments`);
  for (const path of ['/register?next=https://evil.example', '/login?next=//evil.example']) {
    await page.goto(`${site}${path}`);
    expect(page.url()).toBe(`${site}/appointments`);
  }
});
