// The desk as a receptionist has it: on a screen with a keyboard, on a phone, and without scripts.
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { DESK, openPage } from '../helpers/browser.ts';
import { openDesk } from '../helpers/desk.ts';
import { tooWide, violationsOf } from '../helpers/looks.ts';
import * as world from '../helpers/world.ts';
import { codeFor, press } from './accounts.ts';
import { aClinic, aDoctor, aPatient, opening, signIn, whereItIsEarly, type Patient } from './setting.ts';

const { browser, sql, site } = await opening();

/** A clinic whose day has hardly begun, and somebody who works at its desk. */
async function aDesk() {
  const clinic = await aClinic(sql, whereItIsEarly());
  const person = await aPatient(sql);
  await sql`
    insert into public.clinic_staff (clinic_id, phone, name) values (${clinic.id}, ${person.phone}, 'Priya Nair')`;
  return { clinic, person };
}

/** Somebody with an appointment today, so many quarters of an hour after nine. */
async function comesToday(practitionerId: string, name: string, quarters: number): Promise<string> {
  const [made] = await sql<{ id: string }[]>`
    with patient as (insert into public.patients (phone, name) values (${world.aPhone()}, ${name}) returning id)
    insert into public.appointments (patient_id, practitioner_id, starts_at, channel)
    select patient.id, p.id, ((now() at time zone c.time_zone)::date + time '09:00' + ${quarters} * interval '15 minutes')
      at time zone c.time_zone, 'ivr'
    from patient, public.practitioners p join public.clinics c on c.id = p.clinic_id
    where p.id = ${practitionerId}
    returning id`;
  if (!made) throw new Error('The appointment was not made.');
  return made.id;
}

/** Signs in and opens the desk as a code does; that is a test of its own. */
async function atDesk(person: Patient, options: Parameters<typeof openPage>[1] = { viewport: DESK }) {
  const page = await openPage(browser, options);
  await signIn(page, site, person);
  const [session] = await sql<{ id: string }[]>`
    select id from auth.sessions where user_id = ${person.userId} order by created_at desc limit 1`;
  await openDesk(sql, { userId: person.userId, sessionId: session?.id ?? '' });
  await page.goto(`${site}/desk`);
  return page;
}

const isLive = (page: Page) => page.locator('[data-connection="live"]').waitFor();
const row = (page: Page, name: string) => page.getByRole('listitem').filter({ hasText: name });
const step = (page: Page, words: string, name: string) =>
  page.getByRole('button', { name: new RegExp(`^${words}: .*${name}$`) });
const says = (page: Page, words: string | RegExp) => page.locator('.outcome').getByText(words).waitFor();

/** Presses a button if it is there, without waiting for anything. */
const pressNow = (page: Page, value: string) =>
  page.evaluate((wanted) => {
    const button = document.querySelector<HTMLButtonElement>(`[value="${wanted}"]`);
    button?.click();
    return button !== null;
  }, value);

/** When something was painted, in milliseconds after the page began to arrive. */
const firstPaintOf = (page: Page) =>
  page.evaluate(
    () =>
      new Promise<number>((done) =>
        new PerformanceObserver((seen) => {
          const painted = seen.getEntriesByName('first-contentful-paint')[0];
          const [loaded] = performance.getEntriesByType('navigation') as PerformanceNavigationTiming[];
          if (painted && loaded) done(painted.startTime - loaded.responseStart);
        }).observe({ type: 'paint', buffered: true })
      )
  );

async function statusOf(id: string) {
  const [found] = await sql<{ status: string; called: boolean }[]>`
    select status, called_at is not null as called from public.appointments where id = ${id}`;
  return found;
}

test('without scripts: the header leads to the desk, a code opens it, and a step is marked and undone', async () => {
  const { clinic, person } = await aDesk();
  const id = await comesToday(clinic.practitionerId, 'Asha Menon', 4);
  const page = await openPage(browser, { javaScriptEnabled: false });
  await signIn(page, site, person);
  await page.getByRole('link', { name: 'Desk', exact: true }).click();
  await page.getByRole('heading', { name: 'Open the desk' }).waitFor();
  await press(page, 'Text me a code');
  await page.getByLabel('Code', { exact: true }).fill('000000');
  await press(page, 'Open the desk');
  await page.getByText('This code is not right').waitFor();
  await page.getByLabel('Code', { exact: true }).fill(await codeFor(person.phone));
  await press(page, 'Open the desk');
  await page.getByRole('heading', { name: 'Today' }).waitFor();
  expect(await row(page, 'Asha Menon').innerText()).toMatch(
    /^5\s*10:00\sam\s+Asha Menon\s+…\d{4} · by phone\s+Will come\s+Arrived\s+No-show$/
  );

  await step(page, 'Arrived', 'Asha Menon').click();
  await row(page, 'Asha Menon').getByText('Came at').waitFor();
  expect(await statusOf(id)).toEqual({ status: 'arrived', called: false });
  await step(page, 'Undo', 'Asha Menon').click();
  await says(page, 'Undone: Token 5, Asha Menon.');
  expect(await statusOf(id)).toEqual({ status: 'booked', called: false });
  expect(await tooWide(page)).toEqual([]);
});

test('who does not work there has neither link nor page, nor who was removed meanwhile', async () => {
  const { person } = await aDesk();
  const patient = await openPage(browser);
  await signIn(patient, site, await aPatient(sql));
  expect(await patient.getByRole('link', { name: 'Desk', exact: true }).count()).toBe(0);
  await patient.goto(`${site}/desk`);
  await patient.getByText('You do not work at the desk of a clinic.').waitFor();

  const page = await openPage(browser);
  await signIn(page, site, person);
  await page.goto(`${site}/desk`);
  await page.getByRole('heading', { name: 'Open the desk' }).waitFor();
  expect(await violationsOf(page)).toEqual([]);
  await sql`delete from public.clinic_staff where phone = ${person.phone}`;
  await page.goto(`${site}/desk`);
  await page.getByText('You do not work at the desk of a clinic.').waitFor();
});

test('two desks at once: both see each step, and whoever comes second is told instead of overwriting', async () => {
  const { clinic, person } = await aDesk();
  const other = await aPatient(sql);
  await sql`
    insert into public.clinic_staff (clinic_id, phone, name) values (${clinic.id}, ${other.phone}, 'Ravi Menon')`;
  const id = await comesToday(clinic.practitionerId, 'Asha Menon', 0);
  const racers: string[] = [];
  for (let n = 1; n <= 20; n++) racers.push(await comesToday(clinic.practitionerId, `Patient ${n}`, n));
  const [one, two] = [await atDesk(person), await atDesk(other)];
  for (const page of [one, two]) await isLive(page);

  await step(one, 'Arrived', 'Asha Menon').click();
  await says(one, 'Token 1, Asha Menon: Waiting.');
  await row(two, 'Asha Menon').getByText('Came at').waitFor();
  await two
    .getByRole('log', { name: 'Changes' })
    .getByText('Token 1, Asha Menon: Waiting.')
    .waitFor({ state: 'attached' });

  let races = 0;
  for (const [n, racer] of racers.entries()) {
    const pressed = await Promise.all([one, two].map((page) => pressNow(page, `${racer} arrived`)));
    // Else one was so slow that it knew better already.
    if (!pressed.every(Boolean)) continue;
    races++;
    const said = () => Promise.all([one, two].map((page) => page.locator('.outcome').innerText()));
    const about = `Token ${n + 2}, Patient ${n + 1}`;
    await expect
      .poll(async () => (await said()).filter((words) => words.startsWith(about)))
      .toEqual(
        expect.arrayContaining([expect.stringContaining('Waiting.'), expect.stringContaining('Meanwhile')])
      );
  }
  expect(races).toBeGreaterThan(5);
  const marked = await sql`
    select distinct status, version, called_at from public.appointments where practitioner_id = ${clinic.practitionerId}`;
  expect([...marked]).toEqual([{ status: 'arrived', version: 2, called_at: null }]);

  // What the first desk does now does not reach the second before it presses.
  await two.context().setOffline(true);
  await step(one, 'With the doctor', 'Asha Menon').click();
  await says(one, 'With the doctor.');
  await two.route('**/desk/snapshot*', (route) => route.abort());
  await two.context().setOffline(false);
  await step(two, 'With the doctor', 'Asha Menon').click();
  await says(
    two,
    /^Token 1, Asha Menon: Meanwhile, at \d\d:\d\d, by Priya Nair: With the doctor\. Nothing was overwritten\.$/
  );
  expect(await statusOf(id)).toEqual({ status: 'arrived', called: true });
  await two.unroute('**/desk/snapshot*');
  // Looked at again.
  await two.evaluate(() => window.dispatchEvent(new Event('focus')));
  await step(two, 'Seen', 'Asha Menon').click();
  await row(one, 'Asha Menon').getByText('Seen at').waitFor();
  expect(await one.evaluate(() => document.title)).toBe('Desk · MedQ');
});

test('with the keyboard alone, and undone within ten seconds', async () => {
  const { clinic, person } = await aDesk();
  const doctor = await aDoctor(sql, clinic.id, 'Dr. Zubin');
  const first = await comesToday(clinic.practitionerId, 'Asha Menon', 0);
  await comesToday(clinic.practitionerId, 'Lakshmi Narayanan', 1);
  const third = await comesToday(doctor, 'Joseph Mathew', 0);
  const page = await atDesk(person);
  await isLive(page);
  const focused = () => page.evaluate(() => document.activeElement?.getAttribute('aria-label'));
  const { keyboard } = page;

  await keyboard.press('/');
  await keyboard.type('asha');
  await row(page, 'Lakshmi Narayanan').waitFor({ state: 'detached' });
  await keyboard.press('Escape');
  await keyboard.press('ArrowDown');
  expect(await focused()).toBe('Arrived: Token 1, Asha Menon');
  await keyboard.press('ArrowDown');
  expect(await focused()).toBe('Arrived: Token 2, Lakshmi Narayanan');
  await keyboard.press('ArrowRight');
  expect(await focused()).toBe('Arrived: Token 1, Joseph Mathew');
  for (const next of ['With the doctor', 'Seen']) {
    await keyboard.press('Enter');
    await expect.poll(focused).toBe(`${next}: Token 1, Joseph Mathew`);
  }
  await keyboard.press('ArrowLeft');
  expect(await focused()).toBe('Arrived: Token 1, Asha Menon');
  await keyboard.press('Enter');
  await expect.poll(() => statusOf(first)).toEqual({ status: 'arrived', called: false });
  await says(page, 'Token 1, Asha Menon: Waiting.');
  await keyboard.press('Control+z');
  await says(page, 'Undone: Token 1, Asha Menon.');
  expect(await statusOf(first)).toEqual({ status: 'booked', called: false });
  expect(await statusOf(third)).toEqual({ status: 'arrived', called: true });
  expect(await violationsOf(page)).toEqual([]);
});

test('three hundred appointments are there in a second, and a phone shows one doctor at a time', async () => {
  const { clinic, person } = await aDesk();
  const hours = [{ from: '02:00', to: '23:00', minutes: 5 }];
  for (const name of ['Dr. Anu', 'Dr. Zubin']) {
    const doctor = await world.aPractitioner(sql, clinic, { name, hours });
    await sql`
      with patients as (
        insert into public.patients (name) select 'Patient ' || n from generate_series(1, 150) n returning id, name
      )
      insert into public.appointments (patient_id, practitioner_id, starts_at, channel)
      select p.id, ${doctor.id}, ((now() at time zone c.time_zone)::date + time '02:00'
        + substr(p.name, 9)::int * interval '5 minutes') at time zone c.time_zone, 'desk'
      from patients p, public.clinics c where c.id = ${clinic.id}`;
  }
  const page = await atDesk(person);
  await isLive(page);
  expect(await page.locator('[data-row]').count()).toBe(300);
  // The fastest of some: a machine may be busy with other things just then.
  const shownAfter: number[] = [];
  for (let times = 0; times < 5 && !shownAfter.some((ms) => ms < 1000); times++) {
    await page.reload();
    shownAfter.push(await firstPaintOf(page));
  }
  expect(Math.min(...shownAfter)).toBeLessThan(1000);

  await page.setViewportSize({ width: 360, height: 740 });
  expect(await page.getByRole('heading', { level: 2 }).count()).toBe(1);
  await page.getByRole('link', { name: 'Dr. Zubin' }).click();
  await page.getByRole('heading', { level: 2, name: 'Dr. Zubin' }).waitFor();
  expect(await tooWide(page)).toEqual([]);
});

test('a walk-in gets the next token, is found as it sounds, moved, cancelled and printed', async () => {
  const { clinic, person } = await aDesk();
  const phone = world.aPhone();
  const page = await atDesk(person, { javaScriptEnabled: false, viewport: DESK });
  await page.getByRole('link', { name: 'Walk-in' }).click();
  await press(page, 'Give a token');
  await page.getByText('Please enter a name or a phone.').waitFor();
  await page.getByLabel(clinic.doctor).check();
  await page.getByLabel('Name', { exact: true }).fill('Lakshmi Narayanan');
  await page.getByLabel('Phone, if there is one').fill('12');
  await press(page, 'Give a token');
  await page.getByText('That is not a phone number.').waitFor();
  await page.getByLabel('Phone, if there is one').fill(`0${phone.slice(3)}`);
  await page.getByLabel('Reason, if they say one').fill('Fever since Monday');
  await press(page, 'Give a token');
  await page.getByRole('heading', { name: 'Token 1' }).waitFor();
  const [visit] = await sql<{ id: string; phone: string; status: string; note: string }[]>`
    select a.id, p.phone, a.status, a.note from public.appointments a join public.patients p on p.id = a.patient_id
    where a.practitioner_id = ${clinic.practitionerId}`;
  expect(visit).toMatchObject({ phone, status: 'arrived', note: 'Fever since Monday' });
  await page.reload();
  await page.getByRole('heading', { name: 'Token 1' }).waitFor();

  await page.getByRole('link', { name: 'Print' }).click();
  await page.getByRole('cell', { name: 'Lakshmi Narayanan' }).waitFor();

  await page.getByRole('link', { name: 'Find a patient' }).click();
  await page.getByLabel('Name, phone or reference').fill('laxmi narayan');
  await press(page, 'Find');
  await page.getByRole('link', { name: `Lakshmi Narayanan …${phone.slice(-4)}` }).click();
  await page.getByText(phone).waitFor();
  await press(page, 'Show free times');
  await press(page, /^11:15\sam$/);
  await page.getByText(/^Booked: tomorrow, 11:15\sam, token 10\.$/).waitFor();
  await page.getByLabel('What for').selectOption({ index: 2 });
  await press(page, 'Show free times');
  await press(page, /^11:30\sam$/);
  await page.getByText(/^Moved: tomorrow, 11:30\sam, token 11\.$/).waitFor();
  const record = page.url();
  const noted = page.locator('form').filter({
    has: page.getByRole('button', { name: /^Save the note: Tomorrow/ })
  });
  await noted.getByLabel('Note for the desk').fill('Brings old reports');
  // A colleague has noted something meanwhile.
  await sql`
    update public.appointments set note = E'Deaf\nin one ear' where practitioner_id = ${clinic.practitionerId} and status = 'booked'`;
  await noted.getByRole('button').click();
  await page.getByText(/^A colleague has changed this note meanwhile to: Deaf\s+in one ear\./).waitFor();
  await noted.getByRole('button').click();
  await page.getByText('The note is saved.').waitFor();
  const tomorrow = page
    .locator('form')
    .filter({ has: page.getByRole('button', { name: /^Cancel it: Tomorrow/ }) });
  await tomorrow.getByLabel("Reason, for the desk's note").fill('Travels');
  await tomorrow.getByRole('button').click();
  await page.getByText('Cancelled. The patient is told by a text.').waitFor();
  const cancelled = await sql`
    select status, note from public.appointments where practitioner_id = ${clinic.practitionerId} order by starts_at`;
  expect([...cancelled]).toEqual([
    { status: 'arrived', note: 'Fever since Monday' },
    { status: 'cancelled', note: 'Brings old reports\nTravels' }
  ]);
  await page.getByRole('link', { name: 'More' }).click();
  await page.getByRole('link', { name: 'Devices' }).click();
  await page.getByRole('button', { name: /^Close it there: Priya Nair, / }).click();
  await page.getByRole('heading', { name: 'Open the desk' }).waitFor();
  await page.goto(record);
  await page.getByRole('heading', { name: 'Open the desk' }).waitFor();
  await page.goto(`${site}/desk/away?day=2099-12-24`);
  expect(new URL(page.url()).searchParams.get('next')).toBe('/desk/away?day=2099-12-24');
  const reads = await sql`
    select from public.audit_events where action = 'read' and actor_id = ${person.userId}`;
  expect(reads.length).toBeGreaterThan(0);
});
