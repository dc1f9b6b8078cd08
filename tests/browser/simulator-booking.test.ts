import { expect, test } from 'vitest';
import { DESK, openPage } from '../helpers/browser.ts';
import { theStack } from '../helpers/stack.ts';
import { aPhone } from '../helpers/world.ts';
import { aClinic, opening } from './setting.ts';

const simulatorUrl = new URL('/', theStack().inbox_url).href;
const { browser, sql } = await opening();

test('a booking is made on the simulator, from dialling to its texts', async () => {
  const clinic = await aClinic(sql);
  const phone = aPhone();
  const page = await openPage(browser, { viewport: DESK });
  // Prompts take as long everywhere when no voice reads them.
  await page.addInitScript(() => localStorage.setItem('medq.phone.speech', 'false'));
  await page.goto(simulatorUrl);
  await page.getByRole('combobox', { name: 'Your number' }).fill(phone);
  await page.getByRole('combobox', { name: 'Clinic' }).fill(clinic.phone);
  // Twice each, as a provider may do: it must still be one booking.
  await page.getByRole('switch', { name: 'Deliver every request twice' }).check();

  const transcript = page.getByRole('log', { name: 'What is said in the call' });
  await page.getByRole('button', { name: 'Call', exact: true }).click();
  await transcript.getByText(clinic.name).waitFor();
  await page.getByRole('button', { name: '1', exact: true }).click();
  await transcript.getByText(clinic.doctor).waitFor();
  await page.keyboard.press('1');
  await transcript.getByText('Your appointment is booked.').waitFor();

  const texts = page.getByRole('log', { name: 'Text messages' });
  await texts.getByText('Welcome to MedQ! A web account has been created for you.').waitFor();
  await texts.getByRole('button', { name: phone }).waitFor();
  await texts.getByText('Booked').waitFor();
  const booked = await sql<{ reference: string }[]>`
    select a.reference from public.appointments a join public.patients p on p.id = a.patient_id
    where p.phone = ${phone}`;
  expect(booked).toHaveLength(1);
  await texts.getByRole('button', { name: booked[0]?.reference ?? '', exact: true }).waitFor();
  expect(await page.locator('.outcome.bad, .finding').count()).toBe(0);
});
