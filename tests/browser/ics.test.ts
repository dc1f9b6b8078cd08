import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { openPage } from '../helpers/browser.ts';
import { aBooking, aClinic, aPatient, opening, signIn } from './setting.ts';

const { browser, sql, site } = await opening();

test('an appointment goes into the calendar as a file, and its directions are a plain link', async () => {
  const clinic = await aClinic(sql);
  const patient = await aPatient(sql);
  const { id, reference } = await aBooking(sql, patient, clinic, { hour: 10 });
  const page = await openPage(browser);
  await signIn(page, site, patient);
  const download = page.waitForEvent('download');
  await page.getByRole('link', { name: 'Add to calendar' }).click();
  const file = await readFile(await (await download).path(), 'utf8');
  expect((await download).suggestedFilename()).toBe('appointment.ics');
  const [{ starts } = { starts: '' }] = await sql<{ starts: string }[]>`
    select to_char(starts_at at time zone 'UTC', 'YYYYMMDD"T"HH24MISS"Z"') as starts
    from public.appointments where id = ${id}`;
  expect(file).toContain(`UID:${id}@medq\r\n`);
  expect(file).toContain(`DTSTART:${starts}\r\n`);
  expect(file).toContain(`LOCATION:${clinic.name}\\, 14 MG Road\\, Bengaluru 560038\r\n`);
  // As a word: its digits may happen to stand in a phone number.
  expect(file.replace(id, '')).not.toMatch(new RegExp(`\\b${reference}\\b`));

  const href = await page.getByRole('link', { name: 'Directions' }).getAttribute('href');
  const there = new URL(href ?? '');
  expect(there.searchParams.get('query')).toBe(`${clinic.name}, 14 MG Road, Bengaluru 560038`);
});

test("another patient's appointment is no file, nor is what is no appointment", async () => {
  const clinic = await aClinic(sql);
  const { id } = await aBooking(sql, await aPatient(sql), clinic);
  const page = await openPage(browser);
  await signIn(page, site, await aPatient(sql));
  for (const name of [id, 'nothing']) {
    const response = await page.request.get(`${site}/appointments/${name}/calendar.ics`);
    expect(response.status()).toBe(404);
  }
});
