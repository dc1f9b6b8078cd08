// A family of four with one phone: a mother books for her two children and her father, on the web and by phone.
import { readFile } from 'node:fs/promises';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { openPage } from '../helpers/browser.ts';
import { aDependent } from '../helpers/family.ts';
import { smsTo } from '../helpers/inbox.ts';
import { scaleText, tooWide } from '../helpers/looks.ts';
import { aCall } from '../helpers/phone.ts';
import { theStack } from '../helpers/stack.ts';
import { press } from './accounts.ts';
import {
  aBooking,
  aClinic,
  aDoctor,
  aPatient,
  opening,
  signIn,
  type Clinic,
  type Patient
} from './setting.ts';

const { ivr_url: ivrUrl, inbox_url, messagebird_signing_key: signingKey } = theStack();
const { browser, sql, site } = await opening();

const bookedBy = ({ id }: Patient) =>
  sql<{ who: string | null; hour: number; practitioner_id: string }[]>`
    select d.name as who, extract(hour from a.starts_at at time zone 'Asia/Kolkata')::int as hour, a.practitioner_id
    from public.appointments a left join public.dependents d on d.id = a.dependent_id
    where a.patient_id = ${id} order by a.created_at`;

/** Where a time two days from now is confirmed, at `hour` o'clock of the clinic. */
async function confirmAt({ practitionerId }: Pick<Clinic, 'practitionerId'>, hour: number): Promise<string> {
  const [row] = await sql<{ at: Date }[]>`
    select ((now() at time zone 'Asia/Kolkata')::date + 2 + make_interval(hours => ${hour}))
      at time zone 'Asia/Kolkata' as at`;
  return `${site}/book/confirm?doctor=${practitionerId}&at=${row?.at.toISOString() ?? ''}`;
}

const whoIsItFor = (page: Page) => page.getByRole('group', { name: 'Who is it for?' });
const chosenIn = (page: Page) => whoIsItFor(page).locator('label:has(:checked)').innerText();

test('without scripts: nobody is asked until there is somebody else, who is added while booking and remembered', async () => {
  const clinic = await aClinic(sql);
  const other = { practitionerId: await aDoctor(sql, clinic.id, 'Dr. Zoya Other') };
  const mother = await aPatient(sql);
  const page = await openPage(browser, { javaScriptEnabled: false });
  await signIn(page, site, mother);

  await page.goto(await confirmAt(clinic, 10));
  expect(await whoIsItFor(page).count()).toBe(0);
  await page.getByRole('link', { name: 'Booking for somebody else?' }).click();
  expect(await chosenIn(page)).toBe('Somebody else');
  const name = page.getByLabel('Their name');
  const year = page.getByLabel('Year of birth');
  await name.fill('Meera Menon');
  await year.fill('12');
  await press(page, 'Book it');
  await page.getByText('Please enter the year of birth').waitFor();
  expect([await name.inputValue(), await year.inputValue()]).toEqual(['Meera Menon', '12']);
  expect(await bookedBy(mother)).toEqual([]);
  await year.fill('२०१६');
  await press(page, 'Book it');
  await page.waitForURL(`${site}/appointments`);
  const next = page.getByRole('region', { name: 'Next appointment' });
  expect(await next.getByRole('heading', { level: 3 }).innerText()).toMatch(/ · Meera Menon\b/);

  // Who was booked for last is meant again, until somebody else is chosen.
  await page.goto(await confirmAt(other, 10));
  expect(await chosenIn(page)).toMatch(/^Meera Menon\s+Already booked at that time$/);
  await press(page, 'Book it');
  await page.getByRole('alert').getByText('Meera Menon already has an appointment at that time.').waitFor();
  await page.getByRole('region', { name: 'Nearest free times' }).getByRole('link').first().waitFor();
  // Her mother can be with another doctor then.
  expect(await chosenIn(page)).toMatch(/^Meera Menon/);
  await whoIsItFor(page).getByLabel('You').check();
  await press(page, 'Book it');
  await page.waitForURL(`${site}/appointments`);
  expect(await bookedBy(mother)).toMatchObject([
    { who: 'Meera Menon', hour: 10, practitioner_id: clinic.practitionerId },
    { who: null, hour: 10, practitioner_id: other.practitionerId }
  ]);
  const later = page.getByRole('region', { name: 'After that' });
  const both = `${await next.innerText()}\n${await later.innerText()}`;
  expect(both).toContain('Meera Menon');
  expect(both).toContain('You');
  await page.goto(await confirmAt(clinic, 12));
  expect(await chosenIn(page)).toBe('You');

  // Sent twice, somebody new is one person with one appointment.
  const sent = await Promise.all(
    [1, 2].map(async () =>
      page.request.post(await confirmAt(clinic, 12), {
        headers: { origin: site, accept: 'text/html' },
        form: { for: 'new', name: 'Arjun', birth_year: '2019' },
        maxRedirects: 0
      })
    )
  );
  expect(sent.map((answer) => answer.status())).toContain(303);
  expect((await bookedBy(mother)).filter(({ who }) => who === 'Arjun')).toHaveLength(1);

  // Whoever signs in on the same device has a family of their own, or none.
  await page.context().clearCookies({ name: /session/ });
  await signIn(page, site, await aPatient(sql));
  await page.goto(await confirmAt(clinic, 15));
  await page.getByRole('link', { name: 'Booking for somebody else?' }).waitFor();
  expect(await page.content()).not.toContain('Menon');
});

test('on the account page a family is added, corrected and removed, with a sentence for each', async () => {
  const clinic = await aClinic(sql);
  const mother = await aPatient(sql);
  const page = await openPage(browser);
  await signIn(page, site, mother);
  await page.goto(`${site}/account`);
  await page.getByRole('heading', { name: 'People you book for' }).click();
  const add = page.getByRole('form', { name: 'Add somebody' });
  await add.getByLabel('Their name').fill('42');
  await add.getByRole('button', { name: 'Add' }).click();
  await add.getByText('Please enter their name').waitFor();
  await add.getByText('Please enter the year of birth').waitFor();
  for (const [name, year] of [
    ['Meera', '2016'],
    ['Arjun', '2019']
  ] as const) {
    await add.getByLabel('Their name').fill(name);
    await add.getByLabel('Year of birth').fill(year);
    await add.getByRole('button', { name: 'Add' }).click();
    await page
      .getByRole('status')
      .filter({ hasText: `${name} is added.` })
      .waitFor();
  }
  await page.getByText('The people you book for are deleted too.').waitFor({ state: 'attached' });
  const meera = page.locator('#family li').filter({ hasText: 'Meera' });
  await meera.getByText('Correct or remove').click();
  await meera.getByLabel('Their name').fill('Meera Menon');
  await meera.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('status').filter({ hasText: 'Saved.' }).waitFor();

  const [dependent] = await sql<{ id: string }[]>`
    select id from public.dependents where patient_id = ${mother.id} and name = 'Meera Menon'`;
  const { id } = await aBooking(sql, mother, clinic);
  await sql`update public.appointments set dependent_id = ${dependent?.id ?? null} where id = ${id}`;
  const remove = async (name: string) => {
    const person = page.locator('#family li').filter({ hasText: name });
    if (
      !(await person
        .locator('details')
        .getAttribute('open')
        .then((open) => open !== null))
    )
      await person.getByText('Correct or remove').click();
    await person.getByRole('button', { name: 'Remove' }).click();
  };
  await remove('Meera Menon');
  await page.getByRole('alert').getByText('They have appointments to come. Cancel those first.').waitFor();
  await remove('Arjun');
  await page.getByRole('status').filter({ hasText: 'Arjun is removed.' }).waitFor();
  await sql`update public.appointments set status = 'cancelled' where id = ${id}`;
  await remove('Meera Menon');
  await page.getByRole('status').filter({ hasText: 'Meera Menon is removed.' }).waitFor();
  await page.getByRole('heading', { name: 'Delete account' }).click();
  expect(await page.getByText('The people you book for are deleted too.').count()).toBe(0);
  // What was, keeps its name.
  await page.goto(`${site}/appointments`);
  await page.getByRole('region', { name: 'Past and cancelled' }).getByText('Meera Menon').waitFor();
});

test('a call books for the second child, and the open page says so; calendar, moving and cancelling say who', async () => {
  const clinic = await aClinic(sql);
  const mother = await aPatient(sql);
  await sql`update public.patients set name = 'Asha Menon' where id = ${mother.id}`;
  for (const name of ['Meera Menon', 'Arjun Menon', 'Raghavan Nair']) await aDependent(sql, mother, name);
  const page = await openPage(browser);
  await signIn(page, site, mother);
  await page.locator('[data-connection="live"]').waitFor();
  const call = aCall({ ivrUrl, signingKey, from: mother.phone, to: clinic.phone });
  await call.dial();
  await call.press('1', '3', '1');
  expect(call.said()).toContain('is booked.');
  await page
    .getByRole('log')
    .getByText(/New appointment: .* · Arjun Menon\./)
    .waitFor({ state: 'attached' });
  const next = page.getByRole('region', { name: 'Next appointment' });
  await next.getByRole('heading', { name: /Arjun Menon/ }).waitFor();
  await smsTo(inbox_url, mother.phone, 'Arjun: Booked');

  const download = page.waitForEvent('download');
  await next.getByRole('link', { name: 'Add to calendar' }).click();
  expect(await readFile(await (await download).path(), 'utf8')).toContain(
    `SUMMARY:Arjun Menon: Appointment with ${clinic.doctor}`
  );
  // The copy for the time without a network, too.
  expect(await page.evaluate(() => JSON.stringify(localStorage))).toContain('Arjun Menon');

  await next.getByRole('link', { name: 'Cancel' }).click();
  await page.getByText(/ · Arjun Menon$/).waitFor();
  await page.getByRole('link', { name: 'Move it instead' }).click();
  await page.getByText(/ · now .* · Arjun Menon$/).waitFor();
  await page.getByRole('navigation', { name: 'Days' }).getByRole('listitem').nth(3).getByRole('link').click();
  await page.getByRole('link', { name: /^2:00\spm$/ }).click();
  await page.getByRole('button', { name: 'Move it' }).waitFor();
  expect(await whoIsItFor(page).count()).toBe(0);
  expect(await page.getByRole('definition').first().innerText()).toBe('Arjun Menon');
  await press(page, 'Move it');
  await page.waitForURL(`${site}/appointments`);
  expect(await bookedBy(mother)).toMatchObject([{ who: 'Arjun Menon', hour: 14 }]);
});

test('long names of eight people fit the smallest screen, and a ninth is not offered', async () => {
  const clinic = await aClinic(sql);
  const mother = await aPatient(sql);
  for (let n = 1; n <= 8; n += 1)
    await aDependent(sql, mother, `Venkatanarasimharajuvaripeta${n} Subramanianlakshminarayanan`);
  const page = await openPage(browser, { viewport: { width: 320, height: 640 } });
  await signIn(page, site, mother);
  await page.goto(await confirmAt(clinic, 10));
  await scaleText(page, 2);
  expect(await whoIsItFor(page).getByRole('radio').count()).toBe(9);
  expect(await tooWide(page)).toEqual([]);
  await page.goto(`${site}/account`);
  await page.getByRole('heading', { name: 'People you book for' }).click();
  expect(await page.getByRole('button', { name: 'Add', exact: true }).count()).toBe(0);
  expect(await tooWide(page)).toEqual([]);
});
