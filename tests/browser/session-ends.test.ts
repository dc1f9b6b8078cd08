import type { Page } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { openPage, WITH_SERVICE_WORKER } from '../helpers/browser.ts';
import { databaseAsAdmin } from '../helpers/stack.ts';
import { aBooking, aClinic, aPatient, opening, signInByForm, type Patient } from './setting.ts';

const { browser, sql, site } = await opening();

/** The session ends elsewhere, while the page is open. */
const endSessions = ({ userId }: Patient) => sql`delete from auth.sessions where user_id = ${userId}`;

/** Signs in on the page that is shown, which says that what was sent is not done. */
async function signInAgain(page: Page, { phone, password }: Patient): Promise<void> {
  await page.getByRole('alert').getByText('You had been signed out').waitFor();
  await page.locator('[name="username"]').fill(phone);
  await page.locator('[name="password"]').fill(password);
  await page.locator('[name="password"]').press('Enter');
}

describe.each([true, false])('the session ends (JavaScript: %s)', (javaScriptEnabled) => {
  test('while a time is booked: after signing in the very time is there, and can be booked', async () => {
    const clinic = await aClinic(sql);
    const patient = await aPatient(sql);
    const page = await openPage(browser, { ...WITH_SERVICE_WORKER, javaScriptEnabled });
    // A page that goes live fetches its times again, and would learn of the end by itself.
    await page.route('**/live-token', () => undefined);
    await signInByForm(page, site, patient);
    await page.goto(`${site}/book/time?doctor=${clinic.practitionerId}&any`);
    await page
      .getByRole('navigation', { name: 'Days' })
      .getByRole('listitem')
      .nth(2)
      .getByRole('link')
      .click();
    await page.waitForURL(/[?&]day=/);
    await page.getByRole('link', { name: /^2:00\spm$/ }).click();
    await page.getByRole('heading', { name: 'Is this right?' }).waitFor();
    const choice = page.url();
    await endSessions(patient);
    await page.getByRole('button', { name: 'Book it' }).click();
    await signInAgain(page, patient);
    await page.waitForURL(choice);
    await page.getByText(/^2:00\spm$/).waitFor();
    await page.getByRole('button', { name: 'Book it' }).click();
    await page.getByRole('status').getByText('Booked.').waitFor();
  });

  test('while an appointment is cancelled: after signing in the same question is asked', async () => {
    const patient = await aPatient(sql);
    const { id } = await aBooking(sql, patient, await aClinic(sql));
    const page = await openPage(browser, { javaScriptEnabled });
    await signInByForm(page, site, patient);
    await page.goto(`${site}/appointments/${id}/cancel`);
    await endSessions(patient);
    await page.getByRole('button', { name: 'Cancel the appointment' }).click();
    await signInAgain(page, patient);
    await page.waitForURL(`${site}/appointments/${id}/cancel`);
    await page.getByRole('button', { name: 'Cancel the appointment' }).click();
    await page
      .getByRole('status')
      .getByText(/^Cancelled: .* with Dr\. /)
      .waitFor();
  });

  test('while the account is changed: what was typed is shown again, to nobody else, and never a password', async () => {
    const [patient, other] = await Promise.all([aPatient(sql), aPatient(sql)]);
    const page = await openPage(browser, { javaScriptEnabled });
    await signInByForm(page, site, patient);
    await page.goto(`${site}/account`);
    await endSessions(patient);
    await page.getByLabel('Your name').fill('Asha of Mysuru');
    await page.getByRole('button', { name: 'Save' }).first().click();

    await signInAgain(page, other);
    await page.waitForURL(`${site}/account`);
    expect(await page.content()).not.toContain('Asha of Mysuru');
    await page.getByRole('button', { name: 'Sign out', exact: true }).click();

    await signInByForm(page, site, patient);
    await page.goto(`${site}/account`);
    await page.getByRole('alert').getByText('this was not saved').waitFor();
    expect(await page.getByLabel('Your name').inputValue()).toBe('Asha of Mysuru');
    await page.getByRole('button', { name: 'Save' }).first().click();
    await page.getByRole('status').filter({ hasText: 'saved' }).waitFor();
    await page.goto(`${site}/account`);
    expect(await page.getByRole('alert').count()).toBe(0);

    // The same for another number, whose form asks for the password.
    await page.getByRole('heading', { name: 'Phone number' }).click();
    await endSessions(patient);
    await page.locator('#phone [name="phone_number"]').fill('+91 98765 43210');
    await page.locator('#phone [name="current"]').fill(patient.password);
    await page.getByRole('button', { name: 'Text it a code' }).click();
    await signInAgain(page, patient);
    await page.waitForURL(`${site}/account`);
    expect(await page.locator('#phone [name="phone_number"]').inputValue()).toBe('+91 98765 43210');
    expect(await page.locator('#phone [name="current"]').inputValue()).toBe('');
    expect(await page.content()).not.toContain(patient.password);
  });
});

test.each([true, false])(
  'a session that ends when the guard has passed leads to signing in, not to an error (JavaScript: %s)',
  async (javaScriptEnabled) => {
    const patient = await aPatient(sql);
    const page = await openPage(browser, { javaScriptEnabled });
    await signInByForm(page, site, patient);
    // Auth knows the session, the database knows nobody of it: so the guard passes and the queries are refused.
    const admin = databaseAsAdmin();
    await admin.begin(async (tx) => {
      await tx`set local session_replication_role = replica`;
      await tx`update public.patients set user_id = null, account_origin = null where id = ${patient.id}`;
    });
    await page.getByRole('link', { name: 'Account' }).click();
    await page.waitForURL(`${site}/login?next=%2Faccount`);
    expect(await page.getByLabel('Password', { exact: true }).count()).toBe(1);
    const left = (await page.context().cookies()).filter(({ name }) => name.startsWith('medq-session'));
    expect(left).toEqual([]);
  }
);
