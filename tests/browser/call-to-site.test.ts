import { expect, test } from 'vitest';
import { openPage } from '../helpers/browser.ts';
import { smsTo } from '../helpers/inbox.ts';
import { aCall } from '../helpers/phone.ts';
import { theStack } from '../helpers/stack.ts';
import { aPhone } from '../helpers/world.ts';
import { aClinic, opening } from './setting.ts';

const { ivr_url: ivrUrl, inbox_url, messagebird_signing_key: signingKey } = theStack();
const { browser, sql, site } = await opening();

// Nothing here is made in the database: a phone, its texts and a browser, as a patient has them.
test('a call books, its texts sign in, and the next call and a cancellation appear on the open page', async () => {
  const clinic = await aClinic(sql);
  const phone = aPhone();
  const book = async () => {
    const call = aCall({ ivrUrl, signingKey, from: phone, to: clinic.phone });
    await call.dial();
    await call.press('1');
    expect(await call.press('1')).toContain('Your appointment is booked.');
  };

  await book();
  const welcome = await smsTo(inbox_url, phone, 'Welcome to MedQ');
  const [, username = '', password = ''] = /Username: (\S+)\nPassword: (\S+)/.exec(welcome.body) ?? [];
  const firstReference = /Reference (\d{4})/.exec((await smsTo(inbox_url, phone, 'Booked')).body)?.[1] ?? '';
  expect(firstReference).toMatch(/^\d{4}$/);

  const page = await openPage(browser);
  await page.goto(`${site}/login`);
  await page.getByLabel(/username/i).fill(username);
  await page.getByLabel('Password', { exact: true }).fill(password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL(`${site}/password`);
  await page.getByLabel('New password', { exact: true }).fill('a long new password');
  await page.getByRole('button', { name: 'Save and continue' }).click();
  await page.waitForURL(`${site}/appointments`);

  // The server writes it into the page: it is there for a browser that runs no script, too.
  const withoutScripts = await page.context().request.get(`${site}/appointments`);
  expect(await withoutScripts.text()).toContain(firstReference);
  const next = page.getByRole('region', { name: 'Next appointment' });
  await next.getByText(firstReference).waitFor();
  await next.getByText(clinic.doctor).waitFor();

  await page.locator('[data-connection="live"]').waitFor();
  await page.evaluate(() => Object.assign(window, { neverReloaded: true }));
  await book();
  const later = page.getByRole('region', { name: 'After that' });
  await later.getByText(clinic.doctor).waitFor();
  await smsTo(inbox_url, phone, 'synced with your web account');

  await sql`update appointments set status = 'cancelled' where reference = ${firstReference} and clinic_id = ${clinic.id}`;
  await page
    .getByRole('region', { name: 'Past and cancelled' })
    .getByText('Cancelled', { exact: true })
    .waitFor();
  await smsTo(inbox_url, phone, 'The clinic had to cancel');
  expect(await page.evaluate(() => 'neverReloaded' in window)).toBe(true);
});
