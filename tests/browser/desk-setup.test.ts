// What a manager sets up: doctors, reception, limits and reminders of the clinic, and the words of SMS.
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { painted, scaleText, tooWide, violationsOf } from '../helpers/looks.ts';
import { press } from './accounts.ts';
import { atDesk } from './at-desk.ts';
import { aBooking, aClinic, aPatient, opening } from './setting.ts';

const desk = await opening();
const { sql, site } = desk;

const says = (page: Page, words: string | RegExp) => page.getByText(words).waitFor();

/** The part of the page about a doctor, by name, opened. */
async function doctor(page: Page, name: string) {
  const part = page.locator('details').filter({ has: page.locator('summary', { hasText: name }) });
  if ((await part.getAttribute('open')) === null) await part.locator('summary').click();
  return part;
}

test('doctors are added and edited without scripts; of one who leaves, what is still to come is told', async () => {
  const clinic = await aClinic(sql);
  await aBooking(sql, await aPatient(sql), clinic);
  const page = await atDesk(desk, '/desk/more', clinic, { page: { javaScriptEnabled: false } });
  await page.getByRole('link', { name: 'Clinic', exact: true }).click();

  const added = await doctor(page, 'Add a doctor');
  await added.getByLabel('Name', { exact: true }).fill('123');
  await added.getByLabel('Specialty').fill('Skin');
  await added.getByRole('button', { name: 'Add a doctor' }).click();
  await says(page, 'Please enter a name in letters, up to 100 characters.');
  expect(await page.locator('details[open]').getByLabel('Specialty').inputValue()).toBe('Skin');
  await page.locator('details[open]').getByLabel('Name', { exact: true }).fill('Dr. Ravi Menon');
  await page.locator('details[open]').getByRole('button', { name: 'Add a doctor' }).click();
  await says(page, 'Saved.');

  const edited = await doctor(page, clinic.doctor);
  await edited.getByLabel('Can be booked').uncheck();
  await edited.getByLabel('Name as it is spoken in calls').fill('Doctor Meera');
  await edited.getByRole('button', { name: 'Save' }).click();
  await says(page, `${clinic.doctor} can no longer be booked. Appointments still to come: 1.`);
  expect(
    await page.getByRole('link', { name: 'Hand over, move or cancel them' }).getAttribute('href')
  ).toMatch(new RegExp(`/desk/away\\?doctor=${clinic.practitionerId}&day=(\\d{4}-\\d\\d-\\d\\d)&until=\\1$`));
  const doctors = await sql`
    select name, spoken_name, specialty, active from public.practitioners where clinic_id = ${clinic.id} order by name`;
  expect([...doctors]).toEqual([
    { name: clinic.doctor, spoken_name: 'Doctor Meera', specialty: 'General medicine', active: false },
    { name: 'Dr. Ravi Menon', spoken_name: null, specialty: 'Skin', active: true }
  ]);
});

test('names in another language are set without scripts, and read by whoever reads that language', async () => {
  const clinic = await aClinic(sql);
  const page = await atDesk(desk, '/desk/clinic', clinic, { page: { javaScriptEnabled: false } });
  const tamil = page.locator('details').filter({ has: page.locator('summary', { hasText: 'தமிழ்' }) });
  await tamil.locator('summary').click();
  await tamil.getByLabel(clinic.doctor, { exact: true }).fill('123');
  await tamil.getByRole('button', { name: 'Save' }).click();
  await says(page, 'Please enter a name in letters, up to 100 characters.');
  await tamil.getByLabel(clinic.doctor, { exact: true }).fill('டாக்டர் மீரா ஐயர்');
  await tamil.getByLabel(/^Address/).fill('12 ஏரிக்கரை சாலை');
  await tamil.getByLabel(clinic.name, { exact: true }).fill('ஏரிக்கரை கிளினிக்');
  await tamil.getByRole('button', { name: 'Save' }).click();
  await says(page, 'Saved.');

  const reader = await atDesk(desk, '/desk/hours', clinic, { page: { locale: 'ta-IN' } });
  await says(reader, 'டாக்டர் மீரா ஐயர்');
  const rows = await sql`
    select name, translation, address from public.translations where clinic_id = ${clinic.id} order by address`;
  expect([...rows]).toEqual([
    { name: clinic.name, translation: 'ஏரிக்கரை கிளினிக்', address: '12 ஏரிக்கரை சாலை' },
    { name: clinic.doctor, translation: 'டாக்டர் மீரா ஐயர்', address: null }
  ]);
});

test('reception, limits and reminders; mistakes are told beside their fields, and what was typed is kept', async () => {
  const clinic = await aClinic(sql);
  const page = await atDesk(desk, '/desk/clinic', clinic);
  const read = async () =>
    (
      await sql`
        select name, phone, reception_phone, reception_opens, reception_closes, reception_days, booking_horizon_days,
          phone_booking, reminder_hours_before, quiet_from, quiet_until
        from public.clinics where id = ${clinic.id}`
    )[0];
  const before = await read();

  await page.getByLabel('Days ahead').fill('400');
  await page.getByLabel('Phone of the reception').fill('12');
  await page.getByLabel('From', { exact: true }).fill('08:00');
  await page.getByLabel('Quiet until').fill('21:00');
  await page.getByLabel('Name of the clinic').fill('   ');
  await press(page, 'Save');
  await says(page, 'Please enter a number from 0 to 366.');
  await says(page, 'That is not a phone number. Please check its digits.');
  await says(page, 'Please enter both times, or neither.');
  await says(page, 'This would be quiet all day.');
  await says(page, 'Please enter a name in letters, up to 100 characters.');
  expect(await page.getByLabel('Days ahead').inputValue()).toBe('400');
  expect(await violationsOf(page)).toEqual([]);
  expect(await read()).toEqual(before);

  await page.getByLabel('Days ahead').fill('60');
  await page.getByLabel('Phone of the reception').fill('044 4000 1111');
  await page.getByLabel('Until', { exact: true }).fill('20:00');
  await page.getByLabel('Quiet until').fill('07:30');
  await page.getByLabel('Hours before').fill('');
  await page.getByLabel('Name of the clinic').fill('Hill Clinic');
  await page.getByLabel('Sunday').uncheck();
  await page.getByLabel('Callers key in a code').check();
  await press(page, 'Save');
  await says(page, 'Saved.');
  expect(await read()).toEqual({
    name: 'Hill Clinic',
    phone: clinic.phone,
    reception_phone: '+914440001111',
    reception_opens: '08:00:00',
    reception_closes: '20:00:00',
    reception_days: [1, 2, 3, 4, 5, 6],
    booking_horizon_days: 60,
    phone_booking: 'proven',
    reminder_hours_before: null,
    quiet_from: '21:00:00',
    quiet_until: '07:30:00'
  });
});

test('what a colleague saved meanwhile is not undone unasked: a doctor, names, the clinic', async () => {
  const clinic = await aClinic(sql);
  const page = await atDesk(desk, '/desk/clinic', clinic);
  const changed = () => says(page, /^This has been saved anew since you opened the page/);

  await (await doctor(page, clinic.doctor)).getByLabel('Qualification').fill('MBBS');
  await sql`update public.practitioners set specialty = 'Skin' where id = ${clinic.practitionerId}`;
  const edited = () => page.locator('details[open]').filter({ hasText: clinic.doctor });
  await edited().getByRole('button', { name: 'Save' }).click();
  await changed();
  expect(await edited().getByLabel('Qualification').inputValue()).toBe('MBBS');
  await edited().getByLabel('Specialty').fill('Skin');
  await edited().getByRole('button', { name: 'Save' }).click();
  await page.getByText('Saved.', { exact: true }).waitFor();
  const [row] = await sql`
    select specialty, qualification from public.practitioners where id = ${clinic.practitionerId}`;
  expect(row).toEqual({ specialty: 'Skin', qualification: 'MBBS' });

  await page.goto(`${site}/desk/clinic`);
  const tamil = page.locator('details').filter({ has: page.locator('summary', { hasText: 'தமிழ்' }) });
  await tamil.locator('summary').click();
  await tamil.getByLabel(clinic.name, { exact: true }).fill('ஏரிக்கரை கிளினிக்');
  await sql`
    insert into public.translations (clinic_id, name, locale, translation)
    values (${clinic.id}, ${clinic.doctor}, 'ta-IN', 'டாக்டர் மீரா')`;
  await tamil.getByRole('button', { name: 'Save' }).click();
  await changed();
  const translations = await sql`
    select translation from public.translations where clinic_id = ${clinic.id}`;
  expect([...translations]).toEqual([{ translation: 'டாக்டர் மீரா' }]);

  await page.goto(`${site}/desk/clinic`);
  await page.getByLabel('Address, as patients should read it').fill('12 Lake Road');
  await sql`update public.clinics set max_active_bookings = 7 where id = ${clinic.id}`;
  await press(page, 'Save');
  await changed();
  const [now] = await sql`select address, max_active_bookings from public.clinics where id = ${clinic.id}`;
  expect(now).toEqual({ address: '14 MG Road, Bengaluru 560038', max_active_bookings: 7 });
});

test('the words of SMS are seen at every desk, and changed with a preview by who manages all clinics', async () => {
  const clinic = await aClinic(sql);
  const reader = await atDesk(desk, '/desk/words', clinic, { role: 'desk' });
  await says(reader, 'Only who manages every one of them can change them.');
  await reader.getByText('482193 is your MedQ code.').first().waitFor();
  expect(await reader.getByRole('link', { name: /^Change/ }).count()).toBe(0);

  const person = await aPatient(sql);
  const page = await atDesk(desk, '/desk', clinic, { person, page: { javaScriptEnabled: false } });
  await sql`
    insert into public.clinic_staff (clinic_id, phone, name, role)
    select id, ${person.phone}, 'Meena Iyer', 'manager' from public.clinics where id <> ${clinic.id}`;
  const words = async () =>
    (
      await sql<{ body: string }[]>`
      select body from public.sms_templates where key = 'appointment_cancelled' and locale = 'en-IN'`
    )[0]?.body;
  const before = await words();
  await page.goto(`${site}/desk/words`);
  await page.getByRole('link', { name: 'Change: After a patient cancelled (English)' }).click();
  const field = page.getByLabel('Words in English');
  for (const [typed, told] of [
    ['{{doctor}} {{weather}}', '{{weather}} is not known here. Use only: {{doctor}}, {{day}}'],
    ['Cancelled.', 'The text must tell {{clinic}}, {{day}}, {{doctor}}'],
    ['', 'Please enter the words of this SMS.']
  ] as const) {
    await field.fill(typed);
    await press(page, 'Save the words');
    await says(page, told);
    expect(await field.inputValue()).toBe(typed);
  }
  await field.fill(`${before ?? ''} See you soon ✓`);
  await press(page, 'Show how it reads');
  await page
    .locator('blockquote')
    .getByText(/Cancelled: .* See you soon ✓$/s)
    .waitFor();
  await says(page, 'It has letters with which an SMS holds 70 characters instead of 160.');
  await says(page, 'This is not saved yet.');
  expect(await words()).toBe(before);
  // A colleague has changed it meanwhile.
  await sql`
    update public.sms_templates set body = body || '!' where key = 'appointment_cancelled' and locale = 'en-IN'`;
  await press(page, 'Save the words');
  await says(page, /^This has been saved anew since you opened the page/);
  expect(await words()).toBe(`${before ?? ''}!`);
  await press(page, 'Save the words');
  await says(page, 'The words are saved.');
  expect(await words()).toBe(`${before ?? ''} See you soon ✓`);
  await press(page, 'Back to the words it came with');
  await says(page, 'The words are saved.');
  expect(await words()).toBe(before);
  await sql`delete from public.clinic_staff where phone = ${person.phone}`;
});

test('everything fits, in Tamil and with large letters', async () => {
  const clinic = await aClinic(sql);
  const page = await atDesk(desk, '/desk/clinic', clinic, {
    page: { viewport: { width: 320, height: 640 } }
  });
  await page.context().addCookies([{ name: 'medq-language', value: 'ta-IN', url: site }]);
  for (const path of ['/desk/clinic', '/desk/words']) {
    await page.goto(`${site}${path}`);
    await page.locator('html[lang="ta-IN"]').waitFor({ state: 'attached' });
    await scaleText(page, 2);
    await painted(page);
    expect([path, await tooWide(page)]).toEqual([path, []]);
    await scaleText(page, 1);
    expect([path, await violationsOf(page)]).toEqual([path, []]);
  }
});
