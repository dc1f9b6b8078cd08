import type { Page } from 'playwright-core';
import { press } from '../browser/accounts.ts';
import { aClinic, aDoctor, aPatient, opening, signIn, whereItIsEarly } from '../browser/setting.ts';
import { aDependent } from '../helpers/family.ts';
import { openDesk } from '../helpers/desk.ts';
import { aPhone } from '../helpers/world.ts';
import { LONG_NAME, testStates, type States } from './states.ts';

const { browser, sql, site } = await opening();

/** A clinic where the day has hardly begun, and its manager signed in on the page. */
async function aManager(page: Page) {
  const clinic = await aClinic(sql, whereItIsEarly());
  const person = await aPatient(sql);
  await sql`
    insert into public.clinic_staff (clinic_id, phone, name, role)
    values (${clinic.id}, ${person.phone}, ${LONG_NAME}, 'manager'), (${clinic.id}, ${aPhone()}, 'Ravi Menon', 'desk')`;
  await signIn(page, site, person);
  return { ...clinic, person };
}

/** The same with the desk open. */
async function atDesk(page: Page) {
  const clinic = await aManager(page);
  const [session] = await sql<{ id: string }[]>`
    select id from auth.sessions where user_id = ${clinic.person.userId} order by created_at desc limit 1`;
  await openDesk(sql, { userId: clinic.person.userId, sessionId: session?.id ?? '' });
  return clinic;
}

type Clinic = Awaited<ReturnType<typeof atDesk>>;

/** A day of three doctors with somebody in each state. Answers with the first patient. */
async function aDay(clinic: Clinic): Promise<string> {
  const other = await aDoctor(sql, clinic.id, 'Dr. Anand Krishnamoorthy Venkataraman');
  const third = await aDoctor(sql, clinic.id, 'Dr. Fathima Beevi');
  const rows = await sql<{ patient_id: string }[]>`
    with patients as (
      insert into public.patients (phone, name)
      select '+9197' || lpad((${Date.now()}::bigint % 10000000 * 10 + n)::text, 8, '0'), case n when 0 then ${LONG_NAME} else 'Asha Menon' end
      from generate_series(0, 6) n returning id, right(phone, 1)::int as n
    )
    insert into public.appointments
      (patient_id, practitioner_id, starts_at, channel, status, arrived_at, called_at, seen_at, confirmed_at, note)
    select p.id, case p.n when 6 then ${other}::uuid when 4 then ${third}::uuid else ${clinic.practitionerId}::uuid end,
      s.at, (array['ivr', 'web', 'desk'])[1 + p.n % 3], s.status,
      case when p.n in (1, 2, 3) then s.at - interval '20 minutes' end,
      case when p.n in (2, 3) then s.at end, case when p.n = 3 then s.at + interval '9 minutes' end,
      case when p.n = 0 then s.at - interval '1 day' end, case when p.n < 2 then 'Brings old reports, comes in a wheelchair' end
    from patients p cross join public.clinics c
    cross join lateral (
      select private.instant_of((now() at time zone c.time_zone)::date + time '10:00' + p.n * interval '15 minutes', c.time_zone),
        (array['booked', 'arrived', 'arrived', 'fulfilled', 'noshow', 'cancelled', 'booked'])[p.n + 1]
    ) s (at, status)
    where c.id = ${clinic.id}
    order by p.n
    returning patient_id`;
  return rows[0]?.patient_id ?? '';
}

// The pages of the desk that differ, each in the state in which there is most on it.
const STATES: States = {
  'the code that opens the desk': async (page) => {
    await aManager(page);
    await page.goto(`${site}/desk`);
    await press(page, 'Text me a code');
    await page.getByLabel('Code', { exact: true }).fill('000000');
    await page.getByText('This code is not right').waitFor();
  },
  'the day, with somebody in each state, stranded and just changed': async (page) => {
    const clinic = await atDesk(page);
    await aDay(clinic);
    const gone = await aDoctor(sql, clinic.id, 'Dr. Zubin');
    const [stranded] = await sql<{ id: string }[]>`
      insert into public.appointments (patient_id, practitioner_id, starts_at, channel)
      select ${clinic.person.id}, ${gone},
        private.instant_of((now() at time zone time_zone)::date + 1 + time '10:00', time_zone), 'web'
      from public.clinics where id = ${clinic.id} returning id`;
    await sql`delete from public.schedules where practitioner_id = ${gone}`;
    if (!stranded) throw new Error('Nobody is stranded.');
    await page.goto(`${site}/desk`);
    await page.locator('[data-connection="live"]').waitFor();
    await page
      .getByRole('button', { name: /^Arrived: Token/ })
      .first()
      .click();
    await page.locator('.outcome button').waitFor();
  },
  'a walk-in that is refused': async (page) => {
    const clinic = await atDesk(page);
    await aDoctor(sql, clinic.id, 'Dr. Zubin');
    await page.goto(`${site}/desk/walk-in`);
    await press(page, 'Give a token');
    await page.getByText('Please choose a doctor.').waitFor();
  },
  'the token of a walk-in': async (page) => {
    await atDesk(page);
    await page.goto(`${site}/desk/walk-in`);
    await page.getByLabel('Name', { exact: true }).fill(LONG_NAME);
    await press(page, 'Give a token');
    await page.getByRole('heading', { name: 'Token 1' }).waitFor();
  },
  'the record of a patient, with free times': async (page) => {
    const clinic = await atDesk(page);
    const patient = await aDay(clinic);
    await aDependent(sql, { id: patient }, LONG_NAME);
    await page.goto(`${site}/desk/patients/${patient}`);
    await page.getByLabel('Who comes').selectOption('new');
    await press(page, 'Show free times');
    await page.getByLabel('What for').waitFor();
  },
  'a phone of one’s own, with the codes that both phones were texted': async (page) => {
    const clinic = await atDesk(page);
    const patient = await aDay(clinic);
    const dependent = await aDependent(sql, { id: patient }, LONG_NAME);
    await page.goto(`${site}/desk/patients/${patient}/own-phone?member=${dependent}`);
    await page.getByLabel('Their own phone').fill(aPhone());
    await press(page, 'Text both phones a code');
    await page.getByLabel('Code on the phone so far').fill('12');
    await press(page, 'Give them their own record');
    await page.getByText('Please enter the digits we texted you.').first().waitFor();
  },
  'the day to print': async (page) => {
    await aDay(await atDesk(page));
    await page.goto(`${site}/desk/print`);
    await page.getByRole('cell', { name: LONG_NAME }).waitFor();
  },
  'the hours of a doctor': async (page) => {
    await atDesk(page);
    await page.goto(`${site}/desk/hours`);
    await page.getByLabel('Minutes: Monday').first().waitFor();
  },
  'the staff, one of them being changed': async (page) => {
    await atDesk(page);
    await page.goto(`${site}/desk/staff`);
    await page.locator('summary').first().click();
    await press(page, 'Add');
    await page.locator('[aria-invalid="true"]').first().waitFor();
  },
  'the numbers of a week': async (page) => {
    const clinic = await atDesk(page);
    await aDay(clinic);
    await page.goto(`${site}/desk/numbers`);
    await page.getByRole('heading', { name: 'Day by day' }).waitFor();
  }
};

testStates(browser, STATES);
