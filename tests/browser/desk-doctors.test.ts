// What a manager tells of a doctor is what visitors see of them.
import { expect, test } from 'vitest';
import { openPage } from '../helpers/browser.ts';
import { atDesk } from './at-desk.ts';
import { aClinic, opening } from './setting.ts';

const desk = await opening();
const { browser, sql, site } = desk;

test('a photo, qualification, languages and fee are entered, corrected, and seen', async () => {
  const clinic = await aClinic(sql);
  const page = await atDesk(desk, '/desk/clinic', clinic, { page: { javaScriptEnabled: false } });
  const form = page.locator('details').filter({ hasText: clinic.doctor }).first();
  await form.locator('summary').click();
  await form.getByLabel('Qualification').fill(' MBBS, MD ');
  await form.getByLabel('Photo').fill('http://photos.example/meera.jpg');
  await form.getByLabel('Fee').fill('four hundred');
  await form.getByLabel('Currency').fill('rupee');
  await form.getByLabel('Tamil').check();
  await form.getByLabel('English').check();
  await form.getByRole('button', { name: 'Save' }).click();
  for (const problem of [
    'Please enter an address that begins with https:// or with a single /.',
    'Please enter an amount such as 450 or 450.50.'
  ]) {
    await page.getByText(problem).waitFor();
  }
  // What was typed is kept, and nothing was saved.
  expect(await form.getByLabel('Qualification').inputValue()).toContain('MBBS, MD');
  expect(await form.getByLabel('Tamil').isChecked()).toBe(true);
  const saved = () => sql`
    select photo_url, qualification, languages, fee_amount::float, fee_currency from public.practitioners
    where id = ${clinic.practitionerId}`;
  const nothing = {
    photo_url: null,
    qualification: null,
    languages: [],
    fee_amount: null,
    fee_currency: 'INR'
  };
  expect([...(await saved())]).toEqual([nothing]);

  await form.getByLabel('Photo').fill('/apple-touch-icon.png');
  await form.getByLabel('Fee').fill('1,250.50');
  await form.getByLabel('Currency').fill('inr');
  await form.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Saved.').waitFor();
  expect([...(await saved())]).toEqual([
    {
      ...{ photo_url: '/apple-touch-icon.png', qualification: 'MBBS, MD', languages: ['en', 'ta'] },
      ...{ fee_amount: 1250.5, fee_currency: 'INR' }
    }
  ]);

  const visitor = await openPage(browser, { javaScriptEnabled: false });
  await visitor.goto(`${site}/book?clinic=${clinic.id}`);
  const card = visitor.getByRole('link', { name: clinic.doctor });
  expect(await card.innerText()).toMatch(
    /General medicine · MBBS, MD\s+Speaks English, Tamil\s+Fee ₹1,250\.50/
  );

  // Emptied, it is told no more.
  await form.locator('summary').click();
  for (const label of ['Qualification', 'Photo', 'Fee']) await form.getByLabel(label).fill('');
  for (const label of ['Tamil', 'English']) await form.getByLabel(label).uncheck();
  await form.getByRole('button', { name: 'Save' }).click();
  await page.getByText('Saved.').waitFor();
  expect([...(await saved())]).toEqual([nothing]);
});
