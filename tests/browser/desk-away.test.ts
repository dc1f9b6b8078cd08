// A doctor is late, ill or away, and a clinic closes: on a desk with a keyboard, on a phone, and without scripts.
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { DESK, openPage } from '../helpers/browser.ts';
import { openDesk } from '../helpers/desk.ts';
import { smsTo } from '../helpers/inbox.ts';
import { tooWide, violationsOf } from '../helpers/looks.ts';
import { theStack } from '../helpers/stack.ts';
import * as world from '../helpers/world.ts';
import { press } from './accounts.ts';
import { aClinic, aDoctor, aPatient, opening, signIn, whereItIsEarly, type Clinic } from './setting.ts';

const { browser, sql, site } = await opening();

/** A clinic whose day has hardly begun, and the desk of it as somebody who works there has it. */
async function aDesk(options: Parameters<typeof openPage>[1] = {}, role = 'desk') {
  const clinic = await aClinic(sql, whereItIsEarly());
  const person = await aPatient(sql);
  await sql`
    insert into public.clinic_staff (clinic_id, phone, name, role) values (${clinic.id}, ${person.phone}, 'Priya Nair', ${role})`;
  const page = await openPage(browser, options);
  await signIn(page, site, person);
  const [session] = await sql<
    { id: string }[]
  >`select id from auth.sessions where user_id = ${person.userId}`;
  await openDesk(sql, { userId: person.userId, sessionId: session?.id ?? '' });
  return { clinic, page };
}

/** Somebody with an appointment, so many days from now at a time; `phone` null is none. Answers with its id. */
async function comes(
  { practitionerId }: Pick<Clinic, 'practitionerId'>,
  name: string,
  time: string,
  { phone = world.aPhone(), days = 0 }: { phone?: string | null; days?: number } = {}
): Promise<string> {
  const [made] = await sql<{ id: string }[]>`
    with patient as (insert into public.patients (phone, name) values (${phone}, ${name}) returning id)
    insert into public.appointments (patient_id, practitioner_id, starts_at, channel)
    select patient.id, p.id, ((now() at time zone c.time_zone)::date + ${days}::int + ${time}::time) at time zone c.time_zone, 'web'
    from patient, public.practitioners p join public.clinics c on c.id = p.clinic_id
    where p.id = ${practitionerId}
    returning id`;
  if (!made) throw new Error('The appointment was not made.');
  return made.id;
}

/** How the appointments of a clinic stand, in the order of their tokens. */
async function dayOf({ id }: Pick<Clinic, 'id'>): Promise<string[]> {
  const rows = await sql<{ line: string }[]>`
    select format('%s %s %s', p.name, to_char(a.starts_at at time zone c.time_zone, 'HH24:MI'), a.status) as line
    from public.appointments a join public.patients p on p.id = a.patient_id join public.clinics c on c.id = a.clinic_id
    where a.clinic_id = ${id} order by p.name`;
  return rows.map(({ line }) => line);
}

const heading = (page: Page, name: string | RegExp) => page.getByRole('heading', { name }).waitFor();
const says = (page: Page, words: string | RegExp) => page.getByText(words).first().waitFor();
const follow = (page: Page, name: string | RegExp) => page.getByRole('link', { name }).first().click();
/** The lines under a heading, once it is there. */
async function linesUnder(page: Page, name: RegExp): Promise<string[]> {
  const region = page.getByRole('region', { name });
  await region.waitFor();
  return region.getByRole('listitem').allInnerTexts();
}

/** Presses the tab key until something with these words has the focus. */
async function tabTo(page: Page, words: string): Promise<void> {
  for (let n = 0; n < 60; n++) {
    await page.keyboard.press('Tab');
    const focused = await page.evaluate(() => {
      const element = document.activeElement;
      const label = element && 'labels' in element ? (element as HTMLInputElement).labels?.[0] : null;
      return (label ?? element)?.textContent?.trim() ?? '';
    });
    if (focused.startsWith(words)) return;
  }
  throw new Error(`The tab key does not lead to ${words}.`);
}

test('late, with the keyboard alone: all come later with their tokens, are told, and a reload does nothing', async () => {
  const { clinic, page } = await aDesk({ viewport: DESK });
  const phone = world.aPhone();
  await comes(clinic, 'Asha Menon', '09:00');
  await comes(clinic, 'Joseph Mathew', '10:00', { phone });
  await comes(clinic, 'Lakshmi Narayanan', '10:15', { phone: null });
  const { keyboard } = page;
  await page.goto(`${site}/desk`);
  await tabTo(page, 'Away or late');
  await keyboard.press('Enter');
  await heading(page, 'A doctor is away or late');
  await tabTo(page, 'Doctor');
  await keyboard.type('Dr. Meera');
  await tabTo(page, 'From what time');
  await keyboard.type('1000AM');
  await tabTo(page, 'Show who is booked');
  await keyboard.press('Enter');
  await heading(page, /^Today, from 10:00\sam: booked with Dr\. Meera/);
  expect(await linesUnder(page, /: booked with /)).toEqual([
    expect.stringMatching(/^Token\s+5\s+10:00\sam\s+Joseph Mathew · …\d{4}$/),
    expect.stringMatching(/^Token\s+6\s+10:15\sam\s+Lakshmi Narayanan · no phone$/)
  ]);
  expect(await violationsOf(page)).toEqual([]);

  await tabTo(page, 'Late by how many minutes');
  await keyboard.press('Control+a');
  await keyboard.type('0');
  await keyboard.press('Enter');
  await says(page, 'Please enter between 1 and 600 minutes.');
  expect(await page.getByLabel('Late by how many minutes').inputValue()).toBe('0');
  await tabTo(page, 'Late by how many minutes');
  await keyboard.press('Control+a');
  await keyboard.type('40');
  await keyboard.press('Enter');
  await says(page, 'Nothing is done yet.');
  expect((await linesUnder(page, /40 minutes later$/))[0]).toMatch(/10:00\sam → 10:40\sam/);
  await says(page, 'To be told by SMS: 1.');
  await says(page, 'Without SMS, so please call: 1.');
  expect(await violationsOf(page)).toEqual([]);
  expect((await dayOf(clinic))[1]).toBe('Joseph Mathew 10:00 booked');

  await tabTo(page, 'Do it: 40 minutes later');
  await keyboard.press('Enter');
  await says(page, 'Done. Told by SMS: 1. By Priya Nair, today, ');
  expect(await linesUnder(page, /^Please call them/)).toEqual([expect.stringContaining('Lakshmi Narayanan')]);
  const after = ['Asha Menon 09:00 booked', 'Joseph Mathew 10:40 booked', 'Lakshmi Narayanan 10:55 booked'];
  expect(await dayOf(clinic)).toEqual(after);
  expect((await smsTo(theStack().inbox_url, phone, 'is late')).body).toMatch(/10:40\sam.+token 5/i);
  await page.reload();
  await says(page, 'Done. Told by SMS: 1.');
  expect(await dayOf(clinic)).toEqual(after);
});

test('ill, on a phone without scripts: a colleague takes who fits, and the stranded are dealt with', async () => {
  const { clinic, page } = await aDesk({ javaScriptEnabled: false });
  await aDoctor(sql, clinic.id, 'Dr. Zubin').then(
    (id) => sql`update public.schedules set end_time = '10:15' where practitioner_id = ${id}`
  );
  await world.aPractitioner(sql, clinic, { name: 'Dr. Anu', hours: [] });
  const phone = world.aPhone();
  await comes(clinic, 'Asha Menon', '10:00', { phone });
  const gone = await comes(clinic, 'Balan Nair', '09:45');
  await comes(clinic, 'Chitra Rao', '11:00');
  await page.goto(`${site}/desk/away?doctor=${clinic.practitionerId}&day=2021-06-09`);
  await says(page, 'That day is over.');
  await page.goto(`${site}/desk/away`);
  await page.getByRole('combobox', { name: 'Doctor' }).selectOption(clinic.doctor);
  await press(page, 'Show who is booked');
  await says(page, 'Dr. Anu: This doctor sees nobody then.');
  expect(await tooWide(page)).toEqual([]);
  await follow(page, 'Dr. Zubin can take 2 of 3');
  await says(page, 'the doctor sees nobody then');
  await says(page, 'Cannot be helped like this: 1.');
  expect(await tooWide(page)).toEqual([]);

  // Between looking and doing.
  await comes(clinic, 'Deepa Iyer', '09:00');
  await sql`update public.appointments set status = 'cancelled' where id = ${gone}`;
  await press(page, 'Do it: hand over');
  await says(page, 'Done. Told by SMS: 2.');
  await says(page, 'Booked after you looked, and included: 1.');
  await says(page, 'No longer booked when it was done: 1.');
  expect(await linesUnder(page, /^Still to be dealt with/)).toEqual([expect.stringContaining('Chitra Rao')]);
  expect(await tooWide(page)).toEqual([]);
  expect((await smsTo(theStack().inbox_url, phone, 'Dr. Zubin')).body).toContain('10:00');

  await follow(page, 'To the day');
  await page.getByText('11:00 am · Token 9, Chitra Rao').waitFor();
  await follow(page, /^Deal with all of them: Dr\. Meera/);
  await says(page, 'Only who is booked when nobody sees patients');
  expect(await linesUnder(page, /: booked with /)).toEqual([expect.stringContaining('Chitra Rao')]);
  await follow(page, 'Cancel all');
  await page.getByLabel('Reason, for the clinic').fill('The doctor is ill');
  await press(page, 'Do it: cancel');
  await says(page, 'Done. Told by SMS: 1.');
  await follow(page, 'To the day');
  await heading(page, 'Today');
  expect(await page.getByText('Booked when nobody sees patients').count()).toBe(0);
  expect(await dayOf(clinic)).toEqual([
    'Asha Menon 10:00 booked',
    'Balan Nair 09:45 cancelled',
    'Chitra Rao 11:00 cancelled',
    'Deepa Iyer 09:00 booked'
  ]);
});

test('two desks that have seen the same: the second is told who was faster; then some days off', async () => {
  const { clinic, page } = await aDesk({ viewport: DESK });
  await comes(clinic, 'Asha Menon', '10:00');
  const other = await page.context().newPage();
  const address = `${site}/desk/away?doctor=${clinic.practitionerId}&what=`;
  await page.goto(`${address}shift&minutes=30`);
  await other.goto(`${address}cancel`);
  await press(page, 'Do it: 30 minutes later');
  await says(page, 'Done. Told by SMS: 1.');
  await other.getByLabel('Reason, for the clinic').fill('Flood');
  await press(other, 'Do it: cancel');
  await says(other, 'Somebody has changed this day meanwhile, and nothing more was done.');
  expect(await other.getByLabel('Reason, for the clinic').inputValue()).toBe('Flood');
  expect(await dayOf(clinic)).toEqual(['Asha Menon 10:30 booked']);
  await follow(other, 'What was done');
  await heading(other, /, 30 minutes later$/);

  await comes(clinic, 'Chitra Rao', '10:00', { days: 1 });
  const [{ tomorrow } = { tomorrow: '' }] = await sql<{ tomorrow: string }[]>`
    select ((now() at time zone time_zone)::date + 1)::text as tomorrow from public.clinics where id = ${clinic.id}`;
  await follow(other, 'Another doctor or day');
  await other.getByLabel('Last day').fill(tomorrow);
  await press(other, 'Show who is booked');
  await heading(other, /^Today – Tomorrow: /);
  expect(await other.getByLabel('Late by how many minutes').count()).toBe(0);
  await follow(other, 'Move to the next free times');
  expect(await linesUnder(other, /to the next free times$/)).toHaveLength(2);
  await press(other, 'Do it: move');
  await says(other, 'Done. Told by SMS: 2.');
  expect(await dayOf(clinic)).toEqual(['Asha Menon 09:00 booked', 'Chitra Rao 09:15 booked']);
});

test('closing the clinic: who is hit is shown first, and a manager opens it again', async () => {
  const { clinic, page } = await aDesk({ viewport: DESK }, 'manager');
  await comes(clinic, 'Asha Menon', '10:00', { days: 1 });
  const [{ day } = { day: '' }] = await sql<{ day: string }[]>`
    select ((now() at time zone time_zone)::date + 1)::text as day from public.clinics where id = ${clinic.id}`;
  await page.goto(`${site}/desk`);
  await follow(page, 'More');
  await follow(page, 'Close the clinic');
  await says(page, 'The clinic is not closed on any day to come.');
  await page.getByLabel('First day').fill(day);
  await page.getByLabel('Last day').fill('2999-01-01');
  await press(page, 'Show who is booked');
  await says(page, 'Please choose a first and a last day');
  expect(await page.getByLabel('First day').inputValue()).toBe(day);
  await page.getByLabel('Last day').fill(day);
  await press(page, 'Show who is booked');
  expect(await linesUnder(page, /^Tomorrow: the clinic is closed/)).toEqual([
    expect.stringContaining('Asha Menon')
  ]);
  expect(await violationsOf(page)).toEqual([]);
  await page.getByLabel('Reason, for the clinic').fill('Pongal');
  await press(page, 'Close the clinic');
  await heading(page, 'Tomorrow: the clinic is closed');
  await says(page, 'Done. Told by SMS: 1.');
  expect(await dayOf(clinic)).toEqual(['Asha Menon 10:00 cancelled']);

  const closures = () => sql`select reason from public.clinic_closures where clinic_id = ${clinic.id}`;
  expect([...(await closures())]).toEqual([{ reason: 'Pongal' }]);
  await page.goto(`${site}/desk/closures`);
  const button = page.getByRole('button', { name: 'Open again: Tomorrow' });
  await button.waitFor();
  // Somebody who is no manager any more.
  await sql`update public.clinic_staff set role = 'desk' where clinic_id = ${clinic.id}`;
  await button.click();
  await says(page, 'Only a manager can open the clinic again.');
  expect([...(await closures())]).toHaveLength(1);
  await page.goto(`${site}/desk/closures`);
  await says(page, 'Pongal');
  expect(await button.count()).toBe(0);
  await sql`update public.clinic_staff set role = 'manager' where clinic_id = ${clinic.id}`;
  await page.reload();
  await button.click();
  await says(page, 'These days can be booked again.');
  expect([...(await closures())]).toEqual([]);
});
