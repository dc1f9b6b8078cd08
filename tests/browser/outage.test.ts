import { afterAll, expect, test } from 'vitest';
import { startSite } from '../../local/site.ts';
import { openPage } from '../helpers/browser.ts';
import { theStack } from '../helpers/stack.ts';
import { aPatient, opening, signIn } from './setting.ts';

// A second site whose Supabase project nobody answers for.
const { browser, sql, site } = await opening();
const cutOff = await startSite({
  supabaseUrl: 'http://127.0.0.1:9',
  key: theStack().publishable_key,
  port: 0
});
afterAll(() => cutOff.close());

test('while the service is away the start page stands, and says what is missing', async () => {
  const page = await openPage(browser);
  const response = await page.goto(cutOff.url);
  expect(response?.status()).toBe(200);
  await page.getByText("can't show the clinics' numbers right now").waitFor();
});

test('while the service is away nobody is signed out, and nobody’s password is called wrong', async () => {
  const patient = await aPatient(sql);
  const page = await openPage(browser);
  await signIn(page, site, patient);

  // The session's cookie belongs to the host, whatever the port.
  const response = await page.goto(`${cutOff.url}/appointments`);
  expect(response?.status()).toBe(503);
  await page.getByRole('heading', { name: 'Something went wrong' }).waitFor();
  await page.getByText("can't reach your account right now").waitFor();
  const requestId = response?.headers()['x-request-id'] ?? 'none';
  await page.getByText(requestId).waitFor();

  // With what was chosen, but not to the address of a form.
  const again = () => page.getByRole('link', { name: 'Try again' }).getAttribute('href');
  await page.goto(`${cutOff.url}/book/confirm?doctor=1&at=2091-06-09`);
  expect(await again()).toBe('/book/confirm?doctor=1&at=2091-06-09');
  await page.evaluate(() => {
    document.body.innerHTML = '<form method="POST" action="/desk?/mark&day=2091-06-09"></form>';
    document.forms[0]?.submit();
  });
  await page.waitForURL(/mark&day/);
  expect(await again()).toBe('/desk?day=2091-06-09');

  await page.goto(`${site}/appointments`);
  await page.getByRole('heading', { name: 'Your appointments' }).waitFor();

  const stranger = await openPage(browser);
  await stranger.goto(`${cutOff.url}/login`);
  await stranger.getByLabel('Username or phone number').fill(patient.phone);
  await stranger.getByLabel('Password', { exact: true }).fill(patient.password);
  await stranger.getByRole('button', { name: 'Sign in' }).click();
  await stranger.getByRole('alert').getByText("can't do that right now").waitFor();
});
