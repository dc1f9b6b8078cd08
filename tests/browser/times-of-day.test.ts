import { expect, test } from 'vitest';
import { openPage } from '../helpers/browser.ts';
import { aClinic, aPatient, opening, signIn, whereItIsEarly, type Clinic } from './setting.ts';

const { browser, sql, site } = await opening();

const withHours = async (clinic: Clinic, from: string, to: string) => {
  await sql`
    update public.schedules set start_time = ${from}, end_time = ${to}
    where practitioner_id = ${clinic.practitionerId}`;
  return `${site}/book/time?doctor=${clinic.practitionerId}`;
};

test.each([
  ['en-IN', 'Closed for today'],
  ['ta-IN', 'இன்றைக்கு முடிந்தது']
])('in %s a clinic that has closed is closed for today, and not full', async (locale, words) => {
  // Its hours, the first of the day, are over.
  const times = await withHours(await aClinic(sql, whereItIsEarly()), '00:00', '00:30');
  const page = await openPage(browser, { locale });
  await signIn(page, site, await aPatient(sql));
  await page.goto(times);
  const days = page
    .getByRole('navigation')
    .getByRole('listitem')
    .filter({ has: page.locator('.count') });
  expect(await days.first().innerText()).toContain(words);
  // The other days have times.
  expect(await page.getByText(words).count()).toBe(1);
});

test('in Tamil every time stands under the part of the day that it names', async () => {
  const times = await withHours(await aClinic(sql), '11:00', '21:00');
  const page = await openPage(browser, { locale: 'ta-IN' });
  await signIn(page, site, await aPatient(sql));
  await page.goto(`${times}&day=${new Date(Date.now() + 3 * 86_400_000).toISOString().slice(0, 10)}`);
  await page.getByRole('heading', { name: 'இரவு' }).waitFor();
  const parts = await page
    .locator('.part')
    .evaluateAll((all) =>
      all.map((part) => [
        part.querySelector('h3')?.textContent.trim(),
        [
          ...new Set(
            [...part.querySelectorAll('.slot')].map((slot) => slot.textContent.split('\u00a0')[0]?.trim())
          )
        ]
      ])
    );
  expect(parts).toEqual([
    ['காலை', ['காலை']],
    ['பிற்பகல்', ['மதியம்']],
    ['மாலை', ['மாலை']],
    ['இரவு', ['இரவு']]
  ]);
});
