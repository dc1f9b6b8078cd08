// Records of patients as the desk has them: who that may be, two that are one, a phone that was wrong, a text again.
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { DESK, openPage } from '../helpers/browser.ts';
import { openDesk } from '../helpers/desk.ts';
import { scaleText, tooWide, violationsOf } from '../helpers/looks.ts';
import * as world from '../helpers/world.ts';
import { press } from './accounts.ts';
import { aClinic, aDoctor, aPatient, opening, signIn, whereItIsEarly, type Clinic } from './setting.ts';

const { browser, sql, site } = await opening();

/** A clinic whose day has hardly begun, somebody who works at its desk, and the desk, which is open. */
async function aDesk(options: Parameters<typeof openPage>[1] = {}) {
  const clinic = await aClinic(sql, whereItIsEarly());
  const person = await aPatient(sql);
  await sql`
    insert into public.clinic_staff (clinic_id, phone, name) values (${clinic.id}, ${person.phone}, 'Priya Nair')`;
  const page = await openPage(browser, { viewport: DESK, ...options });
  await signIn(page, site, person);
  const [session] = await sql<
    { id: string }[]
  >`select id from auth.sessions where user_id = ${person.userId}`;
  await openDesk(sql, { userId: person.userId, sessionId: session?.id ?? '' });
  return { clinic, person, page };
}

interface Known {
  id: string;
  phone: string | null;
}

/** A patient with an appointment so many days from now, and so many quarters of an hour after ten. */
async function known(
  clinic: Pick<Clinic, 'practitionerId'>,
  name: string,
  { days = 1, quarters = 0, phone = world.aPhone() as string | null } = {}
): Promise<Known & { appointment: string }> {
  const [made] = await sql<(Known & { appointment: string })[]>`
    with patient as (insert into public.patients (phone, name) values (${phone}, ${name}) returning id, phone),
      booked as (
        insert into public.appointments (patient_id, practitioner_id, starts_at, channel)
        select patient.id, p.id, ((now() at time zone c.time_zone)::date + ${days}::int + time '10:00'
          + ${quarters} * interval '15 minutes') at time zone c.time_zone, 'desk'
        from patient, public.practitioners p join public.clinics c on c.id = p.clinic_id
        where p.id = ${clinic.practitionerId} returning id
      )
    select patient.id, patient.phone, booked.id as appointment from patient, booked`;
  if (!made) throw new Error('Nothing was booked.');
  return made;
}

const record = ({ id }: { id: string }) => `${site}/desk/patients/${id}`;
const appointmentsOf = async ({ id }: { id: string }) =>
  (await sql`select from public.appointments where patient_id = ${id}`).count;

/** That a page is accessible and fits a desk, a phone, and the smallest screen with large letters. */
async function looksRight(page: Page): Promise<void> {
  expect(await violationsOf(page)).toEqual([]);
  await page.setViewportSize({ width: 360, height: 740 });
  expect(await tooWide(page)).toEqual([]);
  await page.setViewportSize({ width: 320, height: 640 });
  await scaleText(page, 2);
  expect(await tooWide(page)).toEqual([]);
  await scaleText(page, 1);
  await page.setViewportSize(DESK);
}

test('without scripts: somebody without phone gets one that is another record’s; the two are made one, and two again', async () => {
  const { clinic, page } = await aDesk({ javaScriptEnabled: false });
  const walkIn = await known(clinic, 'Laxmi', { phone: null });
  const caller = await known(clinic, 'Lakshmi Narayanan', { days: 2 });
  await page.goto(record(walkIn));
  await page.getByText('Add a phone').click();
  const phone = page.getByLabel('Phone', { exact: true });
  for (const [typed, told] of [
    ['', 'That is not a phone number.'],
    [(caller.phone ?? '').slice(3, -1), 'That is not a phone number.'],
    [(caller.phone ?? '').slice(3), 'Another patient has this phone.']
  ] as const) {
    await phone.fill(typed);
    await press(page, 'Save the phone');
    await page.getByText(told).waitFor();
    expect(await phone.inputValue()).toBe(typed);
  }
  await page.getByText('It is the phone of Lakshmi Narayanan. Is that the same person?').waitFor();
  await page.getByRole('link', { name: 'Compare the two records' }).click();

  const stays = page.getByRole('region', { name: 'Stays' });
  const goes = page.getByRole('region', { name: 'Goes into it' });
  expect(await stays.getByRole('heading').innerText()).toBe('Laxmi');
  await page.getByRole('link', { name: 'The other way round' }).click();
  await stays.getByRole('heading', { name: 'Lakshmi Narayanan' }).waitFor();
  expect(await goes.innerText()).toMatch(
    /Laxmi\s+Phone\s+no phone\s+Web account\s+no\s+Appointments\s+1\s+Next\s+tomorrow/
  );
  await press(page, 'Make them one record');
  await page.getByText('Now it is one record.').waitFor();
  expect(await tooWide(page)).toEqual([]);
  await page.getByRole('heading', { level: 1, name: 'Lakshmi Narayanan' }).waitFor();
  expect([await appointmentsOf(caller), await appointmentsOf(walkIn)]).toEqual([2, 0]);

  // Whoever has the old address, or finds the old name, is led to the one that stayed.
  await page.goto(record(walkIn));
  await page.getByText('The record of Laxmi was merged into this one.').waitFor();
  await page.getByRole('heading', { level: 1, name: 'Lakshmi Narayanan' }).waitFor();
  await press(page, 'Make them two again: Laxmi');
  await page.getByText('They are two records again.').waitFor();
  expect([await appointmentsOf(caller), await appointmentsOf(walkIn)]).toEqual([1, 1]);
});

test('a merge names what clashes, and that two accounts may be two people', async () => {
  const { clinic, page } = await aDesk();
  const colleague = await aDoctor(sql, clinic.id, 'Dr. Zubin');
  const one = await known(clinic, 'Mohammed Irfan');
  const other = await known({ practitionerId: colleague }, 'Muhammad Irfan');
  await page.goto(record(one));
  await page.getByRole('link', { name: 'Same person as another record' }).click();
  // Who sounds like it is there without asking.
  await page.getByRole('link', { name: 'Muhammad Irfan' }).click();
  await page.getByText('Both have an appointment at the same time.').waitFor();
  await page.getByText(new RegExp(`^Tomorrow, 10:00.am: ${clinic.doctor} and Dr. Zubin$`)).waitFor();
  expect(await page.getByRole('button', { name: 'Make them one record' }).count()).toBe(0);
  await looksRight(page);

  await sql`update public.appointments set status = 'cancelled' where id = ${other.appointment}`;
  await world.aUser(sql, other.phone ?? '');
  // The one with the account stays, whichever was looked at first.
  await page.reload();
  await page
    .getByRole('region', { name: 'Stays' })
    .getByRole('heading', { name: 'Muhammad Irfan' })
    .waitFor();
  await world.aUser(sql, one.phone ?? '');
  await press(page, 'Make them one record');
  await page.getByText('Both have a web account, so they may be two people.').waitFor();
  expect(await appointmentsOf(one)).toBe(1);
});

test('a phone is corrected: both numbers are told, the account is signed out, and a text that failed goes to the right one', async () => {
  const { clinic, person, page } = await aDesk();
  const { id, phone, appointment } = await known(clinic, 'Asha Menon');
  await world.anAccount(sql, phone ?? '');
  const [failed] = await sql<{ id: string }[]>`
    insert into public.sms_messages (patient_id, appointment_id, to_phone, template, body, status)
    values (${id}, ${appointment}, ${phone}, 'appointment_booked', 'Booked: tomorrow', 'failed') returning id`;
  await page.goto(record({ id }));
  await page.getByText('Correct the phone').click();
  await page.getByText('has to be signed in to again everywhere').waitFor();
  const right = world.aPhone();
  await page.getByLabel('The right phone').fill(person.phone);
  await press(page, 'Save the phone');
  await page.getByText('This is the phone of somebody who works at a desk.').waitFor();
  await looksRight(page);
  await page.getByLabel('The right phone').fill(`0${right.slice(3, 8)} ${right.slice(8)}`);
  await press(page, 'Save the phone');
  await page.getByText('The phone is corrected. Both numbers are told by a text.').waitFor();
  await page.getByText(right).first().waitFor();
  await page.getByText('Changed: Phone, by Priya Nair').waitFor();
  const told = await sql<{ to_phone: string }[]>`
    select to_phone from public.sms_messages
    where patient_id = ${id} and template in ('phone_changed', 'phone_moved_here') order by template`;
  expect(told.map(({ to_phone }) => to_phone)).toEqual([phone, right]);
  const sessions = await sql`
    select from auth.sessions s join public.patients p on p.user_id = s.user_id where p.id = ${id}`;
  expect(sessions.count).toBe(0);

  await press(page, 'Send again');
  await page.getByText('The text is sent again.').waitFor();
  const [sms] = await sql`
    select to_phone, status <> 'failed' as again from public.sms_messages where id = ${failed?.id ?? ''}`;
  expect(sms).toEqual({ to_phone: right, again: true });
});

test('digits of any script find, and what no database takes is left out', async () => {
  const { clinic, page } = await aDesk({ javaScriptEnabled: false });
  const patient = await known(clinic, 'Ammini', { days: 1 });
  const [{ phone = '' } = {}] = await sql<{ phone: string }[]>`
    select p.phone from public.appointments a join public.patients p on p.id = a.patient_id where a.id = ${patient.appointment}`;
  const inTamil = phone.slice(-4).replaceAll(/\d/g, (digit) => String.fromCodePoint(0x0be6 + Number(digit)));
  for (const words of [inTamil, 'Amm%00ini']) {
    const answer = await page.goto(`${site}/desk/find?words=${words}`);
    expect(answer?.status()).toBe(200);
    await page.getByRole('link', { name: /^Ammini/ }).waitFor();
  }
  expect((await page.request.get(`${site}/board/%00/snapshot`)).status()).toBe(404);
  const noted = await page.request.post(`${record(patient)}?/note`, {
    headers: { origin: site },
    form: { appointment: patient.appointment, note: 'Brings\0 \\u0000 reports', was: '' }
  });
  expect(noted.status()).toBe(200);
  const [row] = await sql`select note from public.appointments where id = ${patient.appointment}`;
  expect(row).toEqual({ note: 'Brings \\u0000 reports' });
});

test('a record gives times that fit its patient, and who has come can get another day', async () => {
  const { clinic, page } = await aDesk({ javaScriptEnabled: false });
  const colleague = await aDoctor(sql, clinic.id, 'Dr. Zubin');
  const walkIn = await known(clinic, 'Ammini', { phone: null, days: 0 });
  await known({ practitionerId: colleague }, 'Somebody else', { days: 1, quarters: 1 });
  await page.goto(record(walkIn));
  await page.getByLabel('Doctor').selectOption('Dr. Zubin');
  await press(page, 'Show free times');
  await press(page, /^10:00\sam$/);
  await page.getByText(/^Booked: tomorrow, 10:00\sam, token 5\.$/).waitFor();
  // Neither that nor what somebody else has.
  const offered = page.getByRole('button', { name: /^10:\d\d\sam$/ });
  expect((await offered.allInnerTexts()).map((words) => words.slice(0, 5))).toEqual(['10:30', '10:45']);

  await sql`update public.appointments set status = 'arrived' where id = ${walkIn.appointment}`;
  await page.goto(record(walkIn));
  await page.getByRole('link', { name: /^Give another time: Today, 10:00/ }).click();
  await page.getByLabel('Doctor').selectOption(clinic.doctor);
  await press(page, 'Show free times');
  await press(page, /^11:15\sam$/);
  await page.getByText(/^Moved: tomorrow, 11:15\sam, token 10\.$/).waitFor();
  const [moved] =
    await sql`select status, arrived_at from public.appointments where id = ${walkIn.appointment}`;
  expect(moved).toEqual({ status: 'booked', arrived_at: null });
});

test('while a walk-in is entered the desk shows who that may be, and books for the one that is chosen', async () => {
  const { clinic, page } = await aDesk();
  const walkIn = await known(clinic, 'Lakshmi Narayanan', { phone: null });
  const caller = await known(clinic, 'Joseph Mathew', { days: 2 });
  await page.goto(`${site}/desk/walk-in`);
  const { keyboard } = page;
  const [name, phone] = [page.getByLabel('Name', { exact: true }), page.getByLabel('Phone, if there is one')];
  await name.focus();
  await keyboard.type('laxmi');
  await page.getByRole('radio', { name: /^Lakshmi Narayanan no phone next: tomorrow/ }).waitFor();
  expect(await page.getByRole('status').allInnerTexts()).toContain('Who may that be? Found: 1.');
  await phone.fill((caller.phone ?? '').slice(-4));
  await page.getByRole('radio', { name: /^Joseph Mathew …\d{4}/ }).waitFor();
  await phone.fill('98765');
  await page.getByRole('radio', { name: /^Joseph Mathew/ }).waitFor({ state: 'detached' });
  await looksRight(page);

  await page.getByRole('radio', { name: 'Somebody new' }).focus();
  await keyboard.press('ArrowDown');
  const right = world.aPhone();
  await phone.fill(right.slice(3, -1));
  await keyboard.press('Enter');
  await page.getByText('That is not a phone number.').waitFor();
  expect(await page.getByRole('radio', { name: /^Lakshmi Narayanan/ }).isChecked()).toBe(true);
  await phone.fill(caller.phone ?? '');
  await keyboard.press('Enter');
  await page.getByText('Another patient has this phone.').waitFor();
  await phone.fill(right.slice(3));
  await keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Token 1' }).waitFor();
  await page.getByText('Lakshmi Narayanan').waitFor();
  expect(await appointmentsOf(walkIn)).toBe(2);
  const [patient] = await sql`select phone from public.patients where id = ${walkIn.id}`;
  expect(patient?.phone).toBe(right);
});

test('without scripts a button shows who it may be, and whoever calls is booked for a free time or squeezed in', async () => {
  const { clinic, page } = await aDesk({ javaScriptEnabled: false });
  const caller = await known(clinic, 'Joseph Mathew', { days: 2 });
  await page.goto(`${site}/desk/walk-in`);
  const phone = page.getByLabel('Phone, if there is one');
  await phone.fill((caller.phone ?? '').slice(-4));
  await press(page, 'Look who that may be');
  await page.getByRole('radio', { name: /^Joseph Mathew/ }).check();
  await phone.fill(world.aPhone());
  await press(page, 'Give a token');
  await page.getByText('The patient that you chose has another phone.').waitFor();
  await phone.fill((caller.phone ?? '').slice(-4));
  await page.getByRole('radio', { name: 'At another time' }).check();
  const [day, time] = [page.getByLabel('Day', { exact: true }), page.getByLabel('Time, if it is settled')];
  const dayOf = async (appointment: string) =>
    (
      await sql<
        { day: string }[]
      >`select local_date::text as day from public.appointments where id = ${appointment}`
    )[0]?.day ?? '';
  await day.fill('');
  await press(page, 'Give a token');
  await page.getByText('Please choose a day.').waitFor();
  await day.fill(await dayOf(caller.appointment));
  await press(page, 'Give a token');
  await page.getByRole('heading', { name: /^Free times: \w+day \d+ \w+$/ }).waitFor();
  // The time that they have is none that they can have.
  expect(await page.getByRole('button', { name: /^10:00\sam$/ }).count()).toBe(0);
  await press(page, /^10:15\sam$/);
  await page.getByRole('heading', { name: 'Token 6' }).waitFor();
  expect(await appointmentsOf(caller)).toBe(2);

  await page.getByRole('link', { name: 'Another walk-in' }).click();
  await page.getByLabel('Name', { exact: true }).fill('Ammini');
  await page.getByRole('radio', { name: 'At another time' }).check();
  await day.fill(await dayOf(caller.appointment));
  for (const [typed, told] of [
    ['10:15', 'That time was just taken.'],
    ['10:35', 'Token 33']
  ] as const) {
    await time.fill(typed);
    await press(page, 'Give a token');
    await page.getByText(told).waitFor();
  }
  await page.getByText(/, 10:35\sam$/).waitFor();
  const [squeezed] = await sql`
    select a.status, p.phone from public.appointments a join public.patients p on p.id = a.patient_id
    where a.practitioner_id = ${clinic.practitionerId} and p.name = 'Ammini'`;
  expect(squeezed).toEqual({ status: 'booked', phone: null });
});
