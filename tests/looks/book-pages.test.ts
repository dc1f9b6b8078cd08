import type { Page } from 'playwright-core';
import { aBooking, aClinic, aDoctor, aPatient, opening, signIn, whereItIsEarly } from '../browser/setting.ts';
import { aDependent } from '../helpers/family.ts';
import { showFew, testStates, type States } from './states.ts';

const { browser, sql, site } = await opening();

const chooseDay = async (page: Page, days: number) => {
  await page
    .getByRole('navigation', { name: 'Days' })
    .getByRole('listitem')
    .nth(days)
    .getByRole('link')
    .click();
  await page.waitForURL(/[?&]day=/);
};

// Every page of booking, in each of its states, and how to get there.
const STATES: States = {
  'choosing a clinic': async (page) => {
    await Promise.all([aClinic(sql), aClinic(sql)]);
    await signIn(page, site, await aPatient(sql));
    await showFew(page, 'main ul > li');
    await page.goto(`${site}/book`);
    await page.getByRole('heading', { name: 'Which clinic?' }).waitFor();
  },
  'choosing a doctor': async (page) => {
    const clinic = await aClinic(sql);
    await aDoctor(sql, clinic.id, 'Dr. Venkatanarasimharajuvaripeta Subramanian');
    await signIn(page, site, await aPatient(sql));
    await page.goto(`${site}/book?clinic=${clinic.id}`);
    await page.getByRole('link', { name: 'Any doctor' }).waitFor();
  },
  'choosing a time, one of them just taken': async (page) => {
    const clinic = await aClinic(sql);
    // One day is full, which is the longest that can be said of a day.
    await sql`
      insert into public.schedule_exceptions (practitioner_id, on_date, start_time, end_time, slot_minutes)
      values (${clinic.practitionerId}, (now() at time zone 'Asia/Kolkata')::date + 3, '10:00', '10:15', 15)`;
    await aBooking(sql, await aPatient(sql), clinic, { days: 3, hour: 10 });
    await signIn(page, site, await aPatient(sql));
    await page.goto(`${site}/book/time?doctor=${clinic.practitionerId}`);
    await chooseDay(page, 2);
    await page.getByRole('link', { name: /^10:00\sam$/ }).waitFor();
    await aBooking(sql, await aPatient(sql), clinic, { hour: 10 });
    await page.getByText('Taken', { exact: true }).waitFor();
  },
  'choosing a time where none is free': async (page) => {
    const clinic = await aClinic(sql);
    await sql`delete from public.schedules where practitioner_id = ${clinic.practitionerId}`;
    await signIn(page, site, await aPatient(sql));
    await page.goto(`${site}/book/time?doctor=${clinic.practitionerId}`);
    await page.getByText('No free time for as long as can be booked.').waitFor();
  },
  'the confirmation': async (page) => {
    const clinic = await aClinic(sql);
    await signIn(page, site, await aPatient(sql));
    await page.goto(`${site}/book/time?doctor=${clinic.practitionerId}`);
    await chooseDay(page, 2);
    await page.getByRole('link', { name: /^2:00\spm$/ }).click();
    await page.getByRole('button', { name: 'Book it' }).waitFor();
  },
  'the confirmation for one of a family, who is elsewhere': async (page) => {
    const clinic = await aClinic(sql);
    const other = await aDoctor(sql, clinic.id, 'Dr. Zoya Other');
    const patient = await aPatient(sql);
    await aDependent(sql, patient, 'Venkatanarasimharajuvaripeta Subrahmanyam');
    await aDependent(sql, patient, 'Meera');
    const { id } = await aBooking(sql, patient, { practitionerId: other }, { hour: 10 });
    const [row] = await sql<{ starts_at: Date }[]>`
      update public.appointments set dependent_id = (
        select id from public.dependents where patient_id = ${patient.id} order by name limit 1
      ) where id = ${id} returning starts_at`;
    await signIn(page, site, patient);
    await page.goto(
      `${site}/book/confirm?doctor=${clinic.practitionerId}&at=${row?.starts_at.toISOString() ?? ''}`
    );
    await page.getByRole('button', { name: 'Book it' }).click();
    await page.getByRole('alert').getByText('Meera already has an appointment at that time.').waitFor();
    await page.getByRole('radio', { name: 'Somebody else' }).check();
  },
  'the confirmation of a time that is taken': async (page) => {
    const clinic = await aClinic(sql);
    const { id } = await aBooking(sql, await aPatient(sql), clinic, { hour: 10 });
    const [row] = await sql<
      { starts_at: Date }[]
    >`select starts_at from public.appointments where id = ${id}`;
    await signIn(page, site, await aPatient(sql));
    await page.goto(
      `${site}/book/confirm?doctor=${clinic.practitionerId}&at=${row?.starts_at.toISOString() ?? ''}`
    );
    await page.getByRole('alert').waitFor();
  },
  'the confirmation of a time that is one’s own': async (page) => {
    const clinic = await aClinic(sql);
    const patient = await aPatient(sql);
    const { id } = await aBooking(sql, patient, clinic, { hour: 10 });
    const [row] = await sql<
      { starts_at: Date }[]
    >`select starts_at from public.appointments where id = ${id}`;
    await signIn(page, site, patient);
    await page.goto(
      `${site}/book/confirm?doctor=${clinic.practitionerId}&at=${row?.starts_at.toISOString() ?? ''}`
    );
    await page.getByText('This time is yours.').waitFor();
  },
  'moving an appointment': async (page) => {
    const clinic = await aClinic(sql);
    const patient = await aPatient(sql);
    const { id } = await aBooking(sql, patient, clinic);
    await signIn(page, site, patient);
    await page.goto(`${site}/book/time?move=${id}`);
    await page.getByRole('heading', { name: 'Choose another time' }).waitFor();
  },
  'cancelling an appointment': async (page) => {
    const clinic = await aClinic(sql);
    const patient = await aPatient(sql);
    const { id } = await aBooking(sql, patient, clinic);
    await signIn(page, site, patient);
    await page.goto(`${site}/appointments/${id}/cancel`);
    await page.getByRole('button', { name: 'Cancel the appointment' }).waitFor();
  },
  'the day itself, with the queue': async (page) => {
    const clinic = await aClinic(sql, whereItIsEarly());
    const patient = await aPatient(sql);
    const { id } = await aBooking(sql, await aPatient(sql), clinic, { days: 0, hour: 22 });
    await sql`update public.appointments set status = 'fulfilled' where id = ${id}`;
    await aBooking(sql, patient, clinic, { days: 0, hour: 23 });
    await aBooking(sql, patient, clinic, { days: 3 });
    await signIn(page, site, patient);
    await page.locator('[data-connection="live"]').waitFor();
    await page.locator('[data-queue]').first().waitFor();
  },
  'no connection': async (page) => {
    const clinic = await aClinic(sql);
    const patient = await aPatient(sql);
    await aBooking(sql, patient, clinic);
    const { id } = await aBooking(sql, patient, clinic, { days: 4 });
    const dependent = await aDependent(sql, patient, 'Venkatanarasimharajuvaripeta Subrahmanyam');
    await sql`update public.appointments set dependent_id = ${dependent} where id = ${id}`;
    await signIn(page, site, patient);
    await page.locator('[data-connection="live"]').waitFor();
    await page.goto(`${site}/offline`);
    await page.getByText('your appointments as of').waitFor();
  }
};

testStates(browser, STATES, { steady: true });
