import type { Page } from 'playwright-core';
import { aClinic, aDoctor, opening, type Clinic } from '../browser/setting.ts';
import { testStates, type States } from './states.ts';

const { browser, sql, site } = await opening();

/** A clinic whose doctors tell all there is to tell, in as many words as there can be. */
async function aClinicInManyWords(): Promise<Clinic> {
  const clinic = await aClinic(sql);
  const long = await aDoctor(sql, clinic.id, 'Dr. Venkatanarasimharajuvaripeta Subramanian');
  const away = await aDoctor(sql, clinic.id, 'Dr. Asha Away');
  await sql`delete from public.schedules where practitioner_id = ${away}`;
  await sql`
    update public.practitioners set specialty = 'Otorhinolaryngology', languages = '{en,ta,hi,te,ml}',
      qualification = 'MBBS, MS (Otorhinolaryngology), FRCS', fee_amount = 1250.50, photo_url = '/apple-touch-icon.png'
    where id in ${sql([long, away])}`;
  return clinic;
}

const doctorsOf = async (page: Page, { id }: Clinic, more = '') => {
  await page.goto(`${site}/book?clinic=${id}${more}`);
  await page.getByRole('heading', { name: 'Who would you like to see?' }).waitFor();
};

// What is seen before signing in, and how to get there.
const STATES: States = {
  'the start page with one clinic': async (page) => {
    const clinic = await aClinicInManyWords();
    await page.goto(`${site}/?place=${encodeURIComponent(clinic.name)}`);
    await page.getByRole('region', { name: 'Who you can see' }).waitFor();
  },
  'the start page where no clinic is at that place': async (page) => {
    await Promise.all(Array.from({ length: 7 }, () => aClinic(sql)));
    await page.goto(`${site}/?place=nowhere`);
    await page.getByText('No clinic here goes by').waitFor();
  },
  'choosing among doctors of several specialties': async (page) => {
    await doctorsOf(page, await aClinicInManyWords());
  },
  'choosing among those of one': async (page) => {
    await doctorsOf(page, await aClinicInManyWords(), '&specialty=Otorhinolaryngology');
    await page.getByRole('link', { name: 'Any doctor' }).waitFor();
  },
  'a doctor without free times, and colleagues who have some': async (page) => {
    const clinic = await aClinicInManyWords();
    await doctorsOf(page, clinic);
    await page.getByRole('link', { name: 'Dr. Asha Away' }).click();
    await page.getByRole('region', { name: 'Free in Otorhinolaryngology' }).waitFor();
  },
  'signing in for a time that was chosen': async (page) => {
    const clinic = await aClinicInManyWords();
    const next = `/book/confirm?doctor=${clinic.practitionerId}&at=2099-01-05T04:30:00.000Z`;
    await page.goto(`${site}/login?next=${encodeURIComponent(next)}`);
    await page.getByText('You chose').waitFor();
  }
};

testStates(browser, STATES, { steady: true });
