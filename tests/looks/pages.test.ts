import { aBooking, aClinic, aPatient, opening, signIn, whereItIsEarly } from '../browser/setting.ts';
import { showFew, testStates, type States } from './states.ts';

const { browser, sql, site } = await opening();

// Every page, in each of its states, and how to get there.
const STATES: States = {
  'the start page': async (page) => {
    await aClinic(sql);
    await showFew(page, 'section > .panel');
    await page.goto(site);
  },
  'the page of help': async (page) => {
    await aClinic(sql);
    await showFew(page, '.clinics > li');
    await page.goto(`${site}/help`);
  },
  'the page of privacy': (page) => page.goto(`${site}/privacy`),
  'the sign-in page': (page) => page.goto(`${site}/login`),
  'the page that texts a code to sign in, sent from the sign-in page with what is no phone': async (page) => {
    await page.goto(`${site}/login`);
    await page.getByLabel('Username or phone number').fill('nobody');
    await page.getByRole('button', { name: 'Text me a code instead' }).click();
    await page.locator('[aria-invalid="true"]').waitFor();
  },
  'the sign-in page with an error': async (page) => {
    await page.goto(`${site}/login`);
    await page.getByLabel('Username or phone number').fill('nobody');
    await page.getByLabel('Password', { exact: true }).fill('wrong');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('alert').waitFor();
  },
  'the sign-in page after a session ended in the middle': async (page) => {
    await page.goto(`${site}/login?next=%2Faccount&unsent`);
    await page.getByRole('alert').waitFor();
  },
  'the page of a new password': async (page) => {
    await signIn(page, site, await aPatient(sql, { temporary: true }), '/password');
    await page.getByLabel('New password', { exact: true }).fill('short');
    await page.getByRole('button', { name: 'Save and continue' }).click();
    await page.locator('[aria-invalid="true"]').waitFor();
  },
  'appointments without any': async (page) => {
    await aClinic(sql);
    await signIn(page, site, await aPatient(sql));
    await page.locator('[data-connection="live"]').waitFor();
  },
  'appointments, all kinds of': async (page) => {
    const clinic = await aClinic(sql, whereItIsEarly());
    const patient = await aPatient(sql);
    const past = await aBooking(sql, patient, clinic, { days: -7 });
    await sql`update public.appointments set status = 'noshow' where id = ${past.id}`;
    const off = await aBooking(sql, patient, clinic, { days: 6 });
    await sql`update public.appointments set status = 'cancelled' where id = ${off.id}`;
    await aBooking(sql, patient, clinic, { days: 3, channel: 'web' });
    const next = await aBooking(sql, patient, clinic, { days: 0, hour: 23, channel: 'desk' });
    await signIn(page, site, patient);
    await page.locator('[data-connection="live"]').waitFor();
    await sql`update public.appointments set status = 'arrived' where id = ${next.id}`;
    await page.getByRole('button', { name: /^Dismiss: Checked in/ }).waitFor();
  },
  'earlier appointments': async (page) => {
    const clinic = await aClinic(sql);
    const patient = await aPatient(sql);
    await sql`
      insert into public.appointments (patient_id, practitioner_id, starts_at, channel, status)
      select ${patient.id}, ${clinic.practitionerId},
        ((now() at time zone 'Asia/Kolkata')::date - past + time '10:00') at time zone 'Asia/Kolkata', 'desk', 'fulfilled'
      from generate_series(1, 103) past`;
    await signIn(page, site, patient);
    await page.getByRole('link', { name: 'Earlier appointments' }).click();
    await page.getByRole('heading', { name: 'Earlier appointments' }).waitFor();
  },
  'the page for what is not there': (page) => page.goto(`${site}/nowhere`)
};

testStates(browser, STATES);
