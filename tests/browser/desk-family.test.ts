// Those who come with somebody else's phone, at the desk: found, booked, on the lists, and with a phone of their own one day.
import { expect, test } from 'vitest';
import { codeIn } from '../../src/lib/code.ts';
import { aDependent } from '../helpers/family.ts';
import { smsTo } from '../helpers/inbox.ts';
import { theStack } from '../helpers/stack.ts';
import { aPhone } from '../helpers/world.ts';
import { press } from './accounts.ts';
import { atDesk } from './at-desk.ts';
import { aBooking, aClinic, aPatient, opening, whereItIsEarly } from './setting.ts';

const { inbox_url } = theStack();
const opened = await opening();
const { sql, site } = opened;

/** A mother who has been at the clinic, and her daughter. */
async function aFamily() {
  const clinic = await aClinic(sql, whereItIsEarly());
  const mother = await aPatient(sql);
  await sql`update public.patients set name = 'Asha Menon' where id = ${mother.id}`;
  const daughter = await aDependent(sql, mother, 'Meera Menon');
  await aBooking(sql, mother, clinic, { days: 3 });
  return { clinic, mother, daughter };
}

const whoCome = ({ id }: { id: string }) =>
  sql<{ who: string | null; birth_year: number | null }[]>`
    select d.name as who, d.birth_year::int
    from public.appointments a left join public.dependents d on d.id = a.dependent_id
    where a.patient_id = ${id} order by a.created_at`;

test('without scripts: a child is found by its name and gets a token, and so does one who is new in the family', async () => {
  const { clinic, mother } = await aFamily();
  const page = await atDesk(opened, '/desk/walk-in', clinic, { page: { javaScriptEnabled: false } });
  await page.getByLabel('Name', { exact: true }).fill('meera');
  await press(page, 'Look who that may be');
  await page.getByRole('radio', { name: /^Meera Menon/ }).check();
  await press(page, 'Give a token');
  await page.getByText('family of Asha Menon, born 2015').waitFor();
  expect((await whoCome(mother)).at(-1)?.who).toBe('Meera Menon');

  await page.getByRole('link', { name: 'Another walk-in' }).click();
  await page.getByLabel('Phone, if there is one').fill(mother.phone);
  await press(page, 'Look who that may be');
  // Which family it is has to be said first.
  const somebodyNew = page.getByRole('radio', { name: 'Somebody new in the family of Asha Menon' });
  expect(await somebodyNew.isVisible()).toBe(false);
  await page.getByRole('radio', { name: /^Asha Menon/ }).check();
  await somebodyNew.check();
  await page.getByLabel('Year of birth, if it is known').fill('19');
  await press(page, 'Give a token');
  await page.getByText('Please enter a name in letters').waitFor();
  await page.getByText('Please enter the year of birth').waitFor();
  expect(await somebodyNew.isChecked()).toBe(true);
  await page.getByLabel('Name', { exact: true }).fill('Arjun Menon');
  await page.getByLabel('Year of birth, if it is known').fill('2019');
  await press(page, 'Give a token');
  await page.getByText('family of Asha Menon, born 2019').waitFor();
  expect((await whoCome(mother)).at(-1)).toEqual({ who: 'Arjun Menon', birth_year: 2019 });

  await page.getByRole('link', { name: 'To the day' }).click();
  for (const name of ['Meera Menon', 'Arjun Menon'])
    await page.locator('[data-row]').filter({ hasText: name }).getByText('family of Asha Menon').waitFor();
  await page.goto(`${site}/desk/print`);
  await page.getByRole('row', { name: /Meera Menon \(family of Asha Menon, born 2015\)/ }).waitFor();
  const csv = await (await page.request.get(`${site}/desk/day.csv`)).text();
  expect(csv).toMatch(/,Meera Menon,.*,Asha Menon,2015\r\n/);
});

test('in the record one of the family is booked for, and all is told with who comes', async () => {
  const { clinic, mother } = await aFamily();
  const page = await atDesk(opened, `/desk/patients/${mother.id}?`, clinic);
  await page.getByLabel('Who comes').selectOption({ label: 'Meera Menon, born 2015' });
  await press(page, 'Show free times');
  await page.getByRole('button', { name: /^10:00\sam$/ }).click();
  await page.getByRole('status').filter({ hasText: 'Booked: tomorrow, 10:00' }).waitFor();
  await page.goto(`${site}/desk/patients/${mother.id}`);
  await page.getByLabel('Who comes').selectOption({ label: 'Somebody new in the family of Asha Menon' });
  await press(page, 'Show free times');
  await page.getByLabel('Name of who comes').fill('Arjun Menon');
  await page.getByRole('button', { name: /^10:15\sam$/ }).click();
  await page.getByRole('status').filter({ hasText: 'Booked: tomorrow, 10:15' }).waitFor();
  expect((await whoCome(mother)).map(({ who }) => who)).toEqual([null, 'Meera Menon', 'Arjun Menon']);
  const ahead = page.getByRole('region', { name: 'Appointments to come' });
  for (const name of ['Meera Menon', 'Arjun Menon', 'Asha Menon'])
    await ahead.getByText(new RegExp(`· ${name} ·`)).waitFor();
  await page.getByRole('link', { name: /^Give another time: .*Arjun Menon$/ }).waitFor();
  // A page of the family is found by any of their names.
  await page.goto(`${site}/desk/find?words=arjun`);
  await page.getByRole('link', { name: /Asha Menon.*books for Meera Menon, Arjun Menon/ }).waitFor();
});

test('with a code on both phones, who has a phone of their own gets a record with what was theirs', async () => {
  const { clinic, mother, daughter } = await aFamily();
  const { id } = await aBooking(sql, mother, clinic, { days: 2 });
  await sql`update public.appointments set dependent_id = ${daughter} where id = ${id}`;
  const phone = aPhone();
  const page = await atDesk(opened, `/desk/patients/${mother.id}`, clinic);
  await page.getByRole('link', { name: /^Has a phone of their own\s?: Meera Menon$/ }).click();
  const field = page.getByLabel('Their own phone');
  for (const [typed, told] of [
    ['12', 'That is not a phone number.'],
    [mother.phone, 'This is the phone of whoever books for them.']
  ] as const) {
    await field.fill(typed);
    await press(page, 'Text both phones a code');
    await page.getByText(told).waitFor();
    expect(await field.inputValue()).toBe(typed);
  }
  await field.fill(phone);
  await press(page, 'Text both phones a code');
  await page.getByText('Both phones were texted a code.').waitFor();
  const codeOn = async (to: string) =>
    codeIn((await smsTo(inbox_url, to, ({ body }) => codeIn(body) !== undefined)).body) ?? '';
  const [own, holders] = [await codeOn(phone), await codeOn(mother.phone)];
  const ownCode = page.getByLabel('Code on their own phone');
  const holderCode = page.getByLabel('Code on the phone so far');
  await ownCode.fill(own);
  await holderCode.fill(String((Number(holders) + 1) % 10 ** holders.length).padStart(holders.length, '0'));
  await press(page, 'Give them their own record');
  await page.getByText('This code is not right').waitFor();
  expect(await ownCode.inputValue()).toBe(own);
  await holderCode.fill(holders);
  await press(page, 'Give them their own record');
  await page.getByRole('link', { name: 'Meera Menon has a record of their own now.' }).click();
  await page.getByRole('heading', { level: 1, name: 'Meera Menon' }).waitFor();
  await page.getByText(phone).waitFor();
  const [kept] = await sql<{ phone: string; dependent_id: string | null }[]>`
    select p.phone, a.dependent_id from public.appointments a join public.patients p on p.id = a.patient_id
    where a.id = ${id}`;
  expect(kept).toEqual({ phone, dependent_id: null });
});
