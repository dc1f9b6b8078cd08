import { decodeJwt } from 'jose';
import { expect, test } from 'vitest';
import { openPage, WITH_SERVICE_WORKER } from '../helpers/browser.ts';
import { aBooking, aClinic, aPatient, opening, signInByForm } from './setting.ts';

const { browser, sql, site } = await opening();

// The whole way of somebody who has booked by phone and got a text.
test.each([
  { how: 'with scripts', javaScriptEnabled: true },
  { how: 'without scripts', javaScriptEnabled: false }
])(
  'a texted password lets in once, is replaced, and shows the booking, $how',
  async ({ javaScriptEnabled }) => {
    const clinic = await aClinic(sql);
    const patient = await aPatient(sql, { temporary: true });
    const { reference } = await aBooking(sql, patient, clinic);
    const page = await openPage(browser, { javaScriptEnabled });

    // As a phone types it.
    await signInByForm(page, site, { ...patient, password: 'Abcd2345 ' }, '/password');
    await page.goto(`${site}/appointments`);
    expect(page.url()).toBe(`${site}/password`);
    expect(await page.getByRole('link', { name: 'Appointments' }).count()).toBe(0);

    await page.getByLabel('New password', { exact: true }).fill(patient.password);
    await page.getByRole('button', { name: 'Save and continue' }).click();
    await page.getByText('differs from the one you have now').waitFor();

    await page.getByLabel('New password', { exact: true }).fill('a long new password');
    await page.getByRole('button', { name: 'Save and continue' }).click();
    await page.waitForURL(`${site}/appointments`);

    const next = page.getByRole('region', { name: 'Next appointment' });
    await next
      .getByText('10:30 am')
      .or(next.getByText(/10:00\sam/))
      .waitFor();
    const words = await next.innerText();
    for (const part of [clinic.doctor, clinic.name, '14 MG Road', 'Booked by phone call', reference]) {
      expect(words).toContain(part);
    }

    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.waitForURL(`${site}/`);
    await signInByForm(page, site, { ...patient, password: 'a long new password' });
  }
);

test('the texted password is asked for when it is not at hand any more, and works for three days', async () => {
  const patient = await aPatient(sql, { temporary: true });
  const page = await openPage(browser, WITH_SERVICE_WORKER);
  await signInByForm(page, site, patient, '/password');
  expect(await page.getByLabel('The password we texted you').count()).toBe(0);
  const kept = (await page.context().cookies(`${site}/password`)).find(({ name }) => name === 'medq-texted');
  expect(kept).toMatchObject({ httpOnly: true, path: '/password', sameSite: 'Lax' });
  expect(kept?.value).not.toContain(patient.password);
  expect((kept?.expires ?? 0) - Date.now() / 1000).toBeLessThanOrEqual(600);

  await page.context().clearCookies({ name: 'medq-texted' });
  await page.reload();
  const choose = async (texted: string) => {
    await page.getByLabel('The password we texted you', { exact: true }).fill(texted);
    await page.getByLabel('New password', { exact: true }).fill('a long new password');
    await page.getByRole('button', { name: 'Save and continue' }).click();
  };
  await choose('WRNG2345');
  await page.getByText('This is not your password.').waitFor();
  await sql`
    update private.temporary_passwords set expires_at = now() - interval '1 minute' where user_id = ${patient.userId}`;
  await choose(patient.password);
  await page.getByText('The password we texted you works no longer.').waitFor();
  await sql`
    update private.temporary_passwords set expires_at = now() + interval '1 minute' where user_id = ${patient.userId}`;
  await choose(patient.password);
  await page.waitForURL(`${site}/appointments`);
});

test('the appointments are in the page the server sends', async () => {
  const clinic = await aClinic(sql);
  const patient = await aPatient(sql);
  const { reference } = await aBooking(sql, patient, clinic);
  const page = await openPage(browser);
  await signInByForm(page, site, patient);

  const response = await page.request.get(`${site}/appointments`);
  const html = await response.text();
  expect(html).toContain(reference);
  expect(html).toContain(clinic.doctor);
  expect(response.headers()['cache-control']).toContain('no-store');
});

test('a phone in any notation is a username', async () => {
  const patient = await aPatient(sql);
  const page = await openPage(browser);
  const national = patient.phone.slice(3);
  await signInByForm(page, site, { ...patient, phone: ` 0${national.slice(0, 5)} ${national.slice(5)}` });
  await page.getByRole('heading', { name: 'No appointments yet' }).waitFor();
});

test.each([
  { what: 'a wrong password', username: '' },
  { what: 'a phone nobody has', username: '+919811111111' },
  { what: 'a name nobody has', username: 'nobody' }
])('$what is told in one sentence, with the username kept', async ({ username }) => {
  const patient = await aPatient(sql);
  const name = username || patient.phone;
  for (const javaScriptEnabled of [true, false]) {
    const page = await openPage(browser, { javaScriptEnabled });
    await page.goto(`${site}/login?next=/appointments`);
    await page.getByLabel('Username or phone number').fill(name);
    await page.getByLabel('Password', { exact: true }).fill('not the password');
    await page.getByRole('button', { name: 'Sign in' }).click();

    const alert = page.getByRole('alert');
    await alert.waitFor();
    expect((await alert.innerText()).trim()).toBe("That username and password don't match.");
    expect(await alert.evaluate((element) => element === element.ownerDocument.activeElement)).toBe(true);
    expect(await page.getByLabel('Username or phone number').inputValue()).toBe(name);
    expect(await page.getByLabel('Password', { exact: true }).inputValue()).toBe('');
  }
});

test('what can be neither a username nor a phone is told beside the field', async () => {
  for (const javaScriptEnabled of [true, false]) {
    const page = await openPage(browser, { javaScriptEnabled });
    await page.goto(`${site}/login`);
    const name = page.getByRole('textbox', { name: 'Username or phone number' });
    await name.fill('+43 1234');
    await page.getByLabel('Password', { exact: true }).fill('whatever it is');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('Please enter a phone number such as 98765 43210 or +91 98765 43210.').waitFor();
    expect(await name.getAttribute('aria-invalid')).toBe('true');
    expect(await page.getByRole('alert').count()).toBe(0);
  }
});

test('whoever is signed out is taken to sign in, and then to where they wanted to be', async () => {
  const patient = await aPatient(sql);
  const page = await openPage(browser);
  await page.goto(`${site}/appointments?from=text`);
  await page.waitForURL(`${site}/login?next=%2Fappointments%3Ffrom%3Dtext`);
  await page.getByLabel('Username or phone number').fill(patient.phone);
  await page.getByLabel('Password', { exact: true }).fill(patient.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL(`${site}/appointments?from=text`);
});

test.each(['https://evil.example/', '//evil.example/', '/\\evil.example', '/%09/evil.example'])(
  'signing in leads nowhere else, whatever the link says: %s',
  async (next) => {
    const patient = await aPatient(sql);
    const page = await openPage(browser, { javaScriptEnabled: false });
    const link = `${site}/login?next=${next}`;
    await page.goto(link);
    await page.getByLabel('Username or phone number').fill(patient.phone);
    await page.getByLabel('Password', { exact: true }).fill(patient.password);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.waitForURL(`${site}/appointments`);
    // Nor when already signed in.
    await page.goto(link);
    expect(page.url()).toBe(`${site}/appointments`);
  }
);

test('signing out closes every personal page, and a form from elsewhere signs nobody in or out', async () => {
  const patient = await aPatient(sql);
  const page = await openPage(browser);
  await signInByForm(page, site, patient);
  const token = await page.request.get(`${site}/live-token`, { headers: { accept: 'application/json' } });
  expect(token.status()).toBe(200);
  const { token: listening } = (await token.json()) as { token: string };
  expect(decodeJwt(listening)).toMatchObject({ role: 'authenticated', listens_for: expect.any(String) });
  expect(decodeJwt(listening).sub).toBeUndefined();

  for (const path of ['/login', '/logout']) {
    const foreign = await page.request.post(`${site}${path}`, {
      headers: { origin: 'https://evil.example' },
      form: { username: patient.phone, password: patient.password }
    });
    expect(foreign.status()).toBe(403);
  }

  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.waitForURL(`${site}/`);
  await page.goto(`${site}/appointments`);
  expect(new URL(page.url()).pathname).toBe('/login');
  for (const path of ['/live-token', '/appointments/snapshot']) {
    const refused = await page.request.get(`${site}${path}`, { headers: { accept: 'application/json' } });
    expect(refused.status()).toBe(401);
    expect(await refused.json()).toMatchObject({ error: 'signed_out' });
  }
});

test('a session is out of reach of scripts, and its tokens outlive no sign-out', async () => {
  const patient = await aPatient(sql);
  const page = await openPage(browser);
  await signInByForm(page, site, patient);
  const cookies = (await page.context().cookies()).filter(({ name }) => name.startsWith('medq-session'));
  expect(cookies.length).toBeGreaterThan(0);
  for (const cookie of cookies) {
    expect(cookie).toMatchObject({ httpOnly: true, sameSite: 'Lax', path: '/' });
    expect(cookie.expires - Date.now() / 1000).toBeCloseTo(30 * 86_400, -3);
  }
  expect(await page.evaluate(() => document.cookie)).toBe('');

  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.waitForURL(`${site}/`);
  await page.context().addCookies(cookies);
  await page.goto(`${site}/appointments`);
  expect(new URL(page.url()).pathname).toBe('/login');
});
