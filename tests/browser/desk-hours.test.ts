// Hours that a manager sets at the desk: a week and single days, with whom that would strand.
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { painted, scaleText, tooWide, violationsOf } from '../helpers/looks.ts';
import { press } from './accounts.ts';
import { atDesk } from './at-desk.ts';
import { aBooking, aClinic, aDoctor, aPatient, opening } from './setting.ts';

const desk = await opening();
const { sql, site } = desk;

const weekOf = async (practitionerId: string) =>
  (
    await sql<{ hours: string }[]>`
      select concat_ws(' ', weekday, to_char(start_time, 'HH24:MI'), to_char(end_time, 'HH24:MI'), slot_minutes) as hours
      from public.schedules where practitioner_id = ${practitionerId} order by weekday, start_time`
  ).map(({ hours }) => hours);
const day = (page: Page, name: string) => page.getByRole('group', { name, exact: true });
const says = (page: Page, words: string | RegExp) => page.getByText(words).waitFor();

/** The date at the clinic in so many days. */
async function dateIn(days: number): Promise<string> {
  const [row] = await sql<{ day: string }[]>`
    select ((now() at time zone 'Asia/Kolkata')::date + ${days}::int)::text as day`;
  return row?.day ?? '';
}

test('a week without scripts: a break, a day copied, a colleague’s week; mistakes are told beside the field', async () => {
  const clinic = await aClinic(sql);
  const colleague = await aDoctor(sql, clinic.id, 'Dr. Zubin');
  await sql`
    update public.schedules set start_time = '10:00', slot_minutes = 20 where practitioner_id = ${colleague}`;
  const page = await atDesk(desk, '/desk/more', clinic, { page: { javaScriptEnabled: false } });
  await page.getByRole('link', { name: 'Hours' }).click();
  await page.getByRole('link', { name: clinic.doctor }).click();

  const monday = day(page, 'Monday');
  await monday.getByLabel('Until: Monday').fill('12:10');
  await monday.getByRole('button', { name: 'Add hours' }).click();
  await monday.getByLabel('From: Monday').nth(1).fill('12:00');
  await monday.getByLabel('Until: Monday').nth(1).fill('11:00');
  await day(page, 'Sunday').getByRole('button', { name: 'Remove' }).click();
  await press(page, 'Save the hours');
  await says(page, 'With 15 minutes each, the last appointment ends at 12:00 pm.');
  await says(page, 'The end has to be after the beginning.');
  expect(await weekOf(clinic.practitionerId)).toHaveLength(7);

  await monday.getByLabel('Until: Monday').first().fill('12:15');
  await monday.getByLabel('Until: Monday').nth(1).fill('17:00');
  await press(page, 'Save the hours');
  await says(page, 'This overlaps with the hours from 9:00 am to 12:15 pm.');
  await monday.getByLabel('From: Monday').nth(1).fill('14:00');
  await page.getByLabel('Hours of').selectOption('Monday');
  await page.getByRole('checkbox', { name: 'Tuesday' }).check();
  await day(page, 'Copy a day').getByRole('button', { name: 'Copy' }).click();
  await says(page, 'Copied. It is not saved yet.');
  await press(page, 'Save the hours');
  await says(page, 'The hours are saved.');
  expect(await weekOf(clinic.practitionerId)).toEqual([
    ...[1, 2].flatMap((weekday) => [`${weekday} 09:00 12:15 15`, `${weekday} 14:00 17:00 15`]),
    ...[3, 4, 5, 6].map((weekday) => `${weekday} 09:00 17:00 15`)
  ]);

  await page.locator('select[name="colleague"]').selectOption('Dr. Zubin');
  await day(page, 'Copy the week of a colleague').getByRole('button', { name: 'Copy' }).click();
  expect(await day(page, 'Sunday').getByLabel('From: Sunday').inputValue()).toBe('10:00');
  await press(page, 'Save the hours');
  await says(page, 'The hours are saved.');
  expect(await weekOf(clinic.practitionerId)).toEqual(await weekOf(colleague));
});

test('a week that a colleague saved meanwhile is not undone unasked, however often the form was sent in between', async () => {
  const clinic = await aClinic(sql);
  const first = await atDesk(desk, `/desk/hours?doctor=${clinic.practitionerId}`, clinic);
  const second = await atDesk(desk, `/desk/hours?doctor=${clinic.practitionerId}`, clinic, {
    page: { javaScriptEnabled: false }
  });
  await day(first, 'Sunday').getByRole('button', { name: 'Remove' }).click();
  await day(first, 'Sunday').getByText('Closed').waitFor();
  await press(first, 'Save the hours');
  await says(first, 'The hours are saved.');
  const saved = await weekOf(clinic.practitionerId);
  expect(saved).toHaveLength(6);

  await day(second, 'Saturday').getByRole('button', { name: 'Remove' }).click();
  await day(second, 'Monday').getByLabel('Until: Monday').fill('08:00');
  await press(second, 'Save the hours');
  await says(second, 'The end has to be after the beginning.');
  await day(second, 'Monday').getByLabel('Until: Monday').fill('12:00');
  await press(second, 'Save the hours');
  await says(second, /^This has been saved anew since you opened the page/);
  expect(await weekOf(clinic.practitionerId)).toEqual(saved);
  expect(await day(second, 'Monday').getByLabel('Until: Monday').inputValue()).toBe('12:00');

  await press(second, 'Save the hours');
  await says(second, 'The hours are saved.');
  expect((await weekOf(clinic.practitionerId)).map((hours) => hours.slice(0, 1)).join('')).toBe('123457');
});

test('single days that a colleague saved meanwhile are not undone unasked', async () => {
  const clinic = await aClinic(sql);
  const tomorrow = await dateIn(1);
  const reasons = () =>
    sql`select reason from public.schedule_exceptions where practitioner_id = ${clinic.practitionerId}`;
  const page = await atDesk(desk, `/desk/hours/dates?doctor=${clinic.practitionerId}`, clinic);
  await sql`
    insert into public.schedule_exceptions (practitioner_id, on_date, reason)
    values (${clinic.practitionerId}, ${tomorrow}, 'Conference')`;
  await page.getByLabel('Reason').fill('Training');
  await press(page, 'Save the hours');
  await says(page, /^This has been saved anew since you opened the page/);
  expect([...(await reasons())]).toEqual([{ reason: 'Conference' }]);
  expect(await page.getByLabel('Reason').inputValue()).toBe('Training');
  await press(page, 'Save the hours');
  await says(page, 'The hours are saved.');
  expect([...(await reasons())]).toEqual([{ reason: 'Training' }]);
});

test('saving shows first who is booked outside the hours, and asks; with the keyboard alone', async () => {
  const clinic = await aClinic(sql);
  const patient = await aPatient(sql);
  await sql`update public.patients set name = 'Asha Menon' where id = ${patient.id}`;
  await aBooking(sql, patient, clinic, { days: 2, hour: 10 });
  const date = await dateIn(2);
  const weekday = new Intl.DateTimeFormat('en', { weekday: 'long', timeZone: 'UTC' }).format(new Date(date));
  const page = await atDesk(desk, '/desk/hours', clinic);
  const { keyboard } = page;
  const before = await weekOf(clinic.practitionerId);

  await day(page, weekday).getByRole('button', { name: 'Remove' }).focus();
  await keyboard.press('Enter');
  // The focus goes on where the hours were.
  await expect
    .poll(() => page.evaluate(() => document.activeElement?.getAttribute('aria-label')))
    .toBe(`Add hours: ${weekday}`);
  await keyboard.press('Enter');
  await expect
    .poll(() => page.evaluate(() => document.activeElement?.getAttribute('aria-label')))
    .toBe(`From: ${weekday}`);
  await day(page, weekday).getByLabel(`From: ${weekday}`).fill('11:00');
  await day(page, weekday).getByLabel(`Until: ${weekday}`).fill('13:00');
  await keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Booked outside these hours: 1' }).waitFor();
  expect(await page.getByRole('region', { name: 'Booked outside' }).innerText()).toMatch(
    /10:00\sam · Token 5, Asha Menon · …\d{4}/
  );
  expect(await violationsOf(page)).toEqual([]);
  expect(await weekOf(clinic.practitionerId)).toEqual(before);

  await page.getByRole('button', { name: 'Save all the same' }).focus();
  await keyboard.press('Enter');
  await says(page, 'The hours are saved.');
  expect(await weekOf(clinic.practitionerId)).toHaveLength(7);
  await page.goto(`${site}/desk`);
  await page.getByRole('region', { name: 'Booked when nobody sees patients (1)' }).waitFor();
});

test('single days: closed, other hours, deleted; in a calendar', async () => {
  const clinic = await aClinic(sql);
  await aBooking(sql, await aPatient(sql), clinic, { days: 3, hour: 10 });
  const [first, last] = [await dateIn(3), await dateIn(4)];
  const page = await atDesk(desk, '/desk/hours/dates', clinic, { page: {} });
  const rows = async () =>
    (
      await sql<{ row: string }[]>`
        select concat_ws(' ', on_date, start_time, end_time, reason) as row
        from public.schedule_exceptions where practitioner_id = ${clinic.practitionerId} order by on_date`
    ).map(({ row }) => row);

  await page.getByLabel('First day').fill(last);
  await page.getByLabel('Last day').fill(first);
  await page.getByRole('radio', { name: 'Other hours' }).check();
  await press(page, 'Save the hours');
  await says(page, 'The last day cannot be before the first.');
  await says(page, 'Please add the hours of these days, or choose Closed.');
  await page.getByLabel('First day').fill(first);
  await page.getByLabel('Last day').fill(last);
  await page.getByRole('radio', { name: 'Closed' }).check();
  await page.getByLabel('Reason').fill('Conference');
  await press(page, 'Save the hours');
  await page.getByRole('heading', { name: 'Booked outside these hours: 1' }).waitFor();
  expect(await rows()).toEqual([]);
  await press(page, 'Save all the same');
  await says(page, 'The hours are saved.');
  expect(await rows()).toEqual([`${first} Conference`, `${last} Conference`]);

  await page.goto(`${site}/desk/hours/dates?month=${first}`);
  expect(await page.locator('td.closed').count()).toBeGreaterThan(0);
  await page.locator('td.closed a').first().click();
  expect(await page.getByLabel('Reason').inputValue()).toBe('Conference');
  await page.goto(`${site}/desk/hours/dates?day=${first}`);
  await page.getByRole('radio', { name: 'Other hours' }).check();
  await press(page, 'Add hours');
  await page.getByLabel('From: Other hours').fill('09:00');
  await page.getByLabel('Until: Other hours').fill('11:00');
  await press(page, 'Save the hours');
  await says(page, 'The hours are saved.');
  expect(await rows()).toEqual([`${first} 09:00:00 11:00:00 Conference`, `${last} Conference`]);

  for (let left = 2; left > 0; left--) {
    await page
      .getByRole('button', { name: /^Delete: / })
      .first()
      .click();
    await expect.poll(rows).toHaveLength(left - 1);
    await says(page, 'The hours are saved.');
  }
  expect(await violationsOf(page)).toEqual([]);
  expect(await tooWide(page)).toEqual([]);
});

test('a receptionist is told that only a manager can; and everything fits, in Tamil and with large letters', async () => {
  const clinic = await aClinic(sql);
  const page = await atDesk(desk, '/desk/hours', clinic, { role: 'desk' });
  await says(page, 'Only a manager of this clinic can do that.');
  await page.goto(`${site}/desk/more`);
  expect(await page.getByRole('link', { name: 'Hours' }).count()).toBe(0);

  const managed = await atDesk(desk, '/desk/hours', clinic, {
    page: { viewport: { width: 320, height: 640 } }
  });
  await managed.context().addCookies([{ name: 'medq-language', value: 'ta-IN', url: site }]);
  for (const path of ['/desk/hours', '/desk/hours/dates']) {
    await managed.goto(`${site}${path}`);
    await managed.locator('html[lang="ta-IN"]').waitFor({ state: 'attached' });
    await scaleText(managed, 2);
    await painted(managed);
    expect([path, await tooWide(managed)]).toEqual([path, []]);
    await scaleText(managed, 1);
    expect([path, await violationsOf(managed)]).toEqual([path, []]);
  }
});
