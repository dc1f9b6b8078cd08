// Who works at a desk, as its manager has it: with scripts and without.
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { DESK, openPage } from '../helpers/browser.ts';
import { openDesk } from '../helpers/desk.ts';
import { tooWide } from '../helpers/looks.ts';
import * as world from '../helpers/world.ts';
import { fill, press } from './accounts.ts';
import { aClinic, aPatient, opening, signIn, type Clinic, type Patient } from './setting.ts';

const { browser, sql, site } = await opening();

/** Somebody who works at the desk of a clinic, on a page of the site, with the desk open. */
async function atDesk(
  clinic: Clinic,
  { role, name, ...options }: { role: string; name: string } & Parameters<typeof openPage>[1]
): Promise<{ page: Page; person: Patient }> {
  const person = await aPatient(sql);
  await sql`
    insert into public.clinic_staff (clinic_id, phone, name, role)
    values (${clinic.id}, ${person.phone}, ${name}, ${role})`;
  const page = await openPage(browser, { viewport: DESK, ...options });
  await signIn(page, site, person);
  const [session] = await sql<{ id: string }[]>`
    select id from auth.sessions where user_id = ${person.userId} order by created_at desc limit 1`;
  await openDesk(sql, { userId: person.userId, sessionId: session?.id ?? '' });
  return { page, person };
}

const row = (page: Page, name: string) => page.getByRole('listitem').filter({ hasText: name });
const staffOf = async ({ id }: Clinic) => [
  ...(await sql`select name, role from public.clinic_staff where clinic_id = ${id} order by name`)
];

test('without scripts: a manager adds somebody, changes and takes them out, who is out at once', async () => {
  const clinic = await aClinic(sql);
  const { page } = await atDesk(clinic, { role: 'manager', name: 'Meena Iyer', javaScriptEnabled: false });
  const priya = await atDesk(clinic, { role: 'desk', name: 'Priya Nair' });
  const phone = world.aPhone();
  await page.goto(`${site}/desk/more`);
  await page.getByRole('link', { name: 'Who works here' }).click();
  await row(page, 'Meena Iyer (you) · Manager').waitFor();
  await row(page, 'Priya Nair · Desk')
    .getByText(/^Desk open: .+, until /)
    .waitFor();

  await press(page, 'Add');
  await page.getByText('Please enter a name in letters').waitFor();
  const add = page.getByRole('region', { name: 'Somebody new' });
  await add.getByLabel('Name', { exact: true }).fill('Ravi Menon');
  await fill(page, { 'Mobile phone': '12' });
  await add.getByRole('radio', { name: /^Manager/ }).check();
  await press(page, 'Add');
  await page.getByText('Please enter a name in letters').waitFor({ state: 'detached' });
  await page.getByText('That is not a phone number.').waitFor();
  expect(await add.getByLabel('Name', { exact: true }).inputValue()).toBe('Ravi Menon');
  expect(await add.getByRole('radio', { name: /^Manager/ }).isChecked()).toBe(true);
  await fill(page, { 'Mobile phone': priya.person.phone });
  await press(page, 'Add');
  await page.getByText('Somebody with this phone works here already.').waitFor();
  await fill(page, { 'Mobile phone': `0${phone.slice(3)}` });
  await press(page, 'Add');
  await page.getByText('Ravi Menon works here now.').waitFor();
  await row(page, 'Ravi Menon · Manager').getByText('no web account yet').waitFor();

  // By the keyboard. A manager who is yet to register cannot take one's own place.
  const own = row(page, 'Meena Iyer');
  await own.locator('summary').focus();
  await page.keyboard.press('Enter');
  await own.getByRole('radio', { name: /^Desk/ }).check();
  await press(page, 'Save: Meena Iyer');
  await own.getByText('This is the last manager with a web account.').waitFor();
  expect(await own.getByRole('radio', { name: /^Desk/ }).isChecked()).toBe(true);
  await press(page, 'Take out of the desk: Meena Iyer');
  await expect.poll(() => own.getByRole('radio', { name: /^Manager/ }).isChecked()).toBe(true);
  await own.getByText('This is the last manager with a web account.').waitFor();
  expect(await own.getByLabel('Name', { exact: true }).inputValue()).toBe('Meena Iyer');
  await row(page, 'Priya Nair').locator('summary').click();
  await row(page, 'Priya Nair').getByLabel('Name', { exact: true }).fill('Priya Nair-Rao');
  await row(page, 'Priya Nair')
    .getByRole('radio', { name: /^Manager/ })
    .check();
  await press(page, 'Save: Priya Nair');
  await page.getByText('Saved: Priya Nair-Rao.').waitFor();
  expect(await staffOf(clinic)).toEqual([
    { name: 'Meena Iyer', role: 'manager' },
    { name: 'Priya Nair-Rao', role: 'manager' },
    { name: 'Ravi Menon', role: 'manager' }
  ]);
  expect(await tooWide(page)).toEqual([]);

  await row(page, 'Priya Nair-Rao').locator('summary').click();
  await press(page, 'Take out of the desk: Priya Nair-Rao');
  await page.getByText('Priya Nair-Rao does not work here any more.').waitFor();
  await priya.page.goto(`${site}/desk`);
  await priya.page.getByText('You do not work at the desk of a clinic.').waitFor();
});

test('who is no manager has no such pages, and who gives it up is led to the day', async () => {
  const clinic = await aClinic(sql);
  const meena = await atDesk(clinic, { role: 'manager', name: 'Meena Iyer' });
  const ravi = await atDesk(clinic, { role: 'manager', name: 'Ravi Menon' });
  const { page } = ravi;
  await meena.page.goto(`${site}/desk/staff`);
  await page.goto(`${site}/desk/staff`);
  await row(page, 'Ravi Menon').locator('summary').click();
  await row(page, 'Ravi Menon').getByRole('radio', { name: /^Desk/ }).check();
  await press(page, 'Save: Ravi Menon');
  await page.getByRole('heading', { name: 'Today' }).waitFor();

  await page.goto(`${site}/desk/more`);
  expect(await page.getByRole('link', { name: 'Who works here' }).count()).toBe(0);
  for (const path of ['/desk/numbers.csv', '/desk/numbers', '/desk/staff']) {
    expect((await page.goto(`${site}${path}`))?.status()).toBe(403);
  }
  await page.getByText('Only a manager of this clinic can do that.').waitFor();

  // Changed meanwhile by somebody else.
  await sql`delete from public.clinic_staff where phone = ${ravi.person.phone}`;
  await row(meena.page, 'Ravi Menon').locator('summary').click();
  await press(meena.page, 'Save: Ravi Menon');
  await meena.page.getByText('This person does not work here any more.').waitFor();
});

test('what another manager made of a colleague meanwhile is not undone unasked', async () => {
  const clinic = await aClinic(sql);
  const { page } = await atDesk(clinic, { role: 'manager', name: 'Meena Iyer', javaScriptEnabled: false });
  const { person: ravi } = await atDesk(clinic, { role: 'desk', name: 'Ravi Menon' });
  await page.goto(`${site}/desk/staff`);
  await sql`update public.clinic_staff set role = 'manager' where phone = ${ravi.phone}`;
  await row(page, 'Ravi Menon').locator('summary').click();
  await row(page, 'Ravi Menon').getByLabel('Name', { exact: true }).fill('Ravi M');
  await press(page, 'Save: Ravi Menon');
  await row(page, 'Ravi Menon')
    .getByText(/^This has been saved anew since you opened the page/)
    .waitFor();
  expect((await staffOf(clinic))[1]).toEqual({ name: 'Ravi Menon', role: 'manager' });
  expect(await row(page, 'Ravi Menon').getByLabel('Name', { exact: true }).inputValue()).toBe('Ravi M');
  await press(page, 'Save: Ravi Menon');
  await page.getByText('Saved: Ravi M.').waitFor();
  expect((await staffOf(clinic))[1]).toEqual({ name: 'Ravi M', role: 'desk' });
});
