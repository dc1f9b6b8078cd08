// A patient says on the site that they will come, or to the desk on the phone: the other side sees it at once.
import { expect, test } from 'vitest';
import { DESK, openPage } from '../helpers/browser.ts';
import { openDesk } from '../helpers/desk.ts';
import { press } from './accounts.ts';
import { aBooking, aClinic, aPatient, opening, signIn, whereItIsEarly } from './setting.ts';

const { browser, sql, site } = await opening();

test('from the day before on, live in both directions, and not of another time', async () => {
  const clinic = await aClinic(sql, whereItIsEarly());
  const [patient, person] = [await aPatient(sql), await aPatient(sql)];
  await sql`insert into public.clinic_staff (clinic_id, phone, name) values (${clinic.id}, ${person.phone}, 'Priya Nair')`;
  const { id } = await aBooking(sql, patient, clinic, { days: 1, hour: 10 });
  await aBooking(sql, patient, clinic, { days: 2, hour: 10 });
  const page = await openPage(browser);
  await signIn(page, site, patient);
  await page.locator('[data-connection="live"]').waitFor();
  const willCome = page.getByRole('button', { name: /^I will come/ });
  expect(await willCome.count()).toBe(1);

  const desk = await openPage(browser, { viewport: DESK });
  await signIn(desk, site, person);
  const [session] = await sql<
    { id: string }[]
  >`select id from auth.sessions where user_id = ${person.userId}`;
  await openDesk(sql, { userId: person.userId, sessionId: session?.id ?? '' });
  const [{ day } = { day: '' }] = await sql<{ day: string }[]>`
    select local_date::text as day from public.appointments where id = ${id}`;
  await desk.goto(`${site}/desk?day=${day}`);
  await desk.locator('[data-connection="live"]').waitFor();
  const confirmed = desk.locator('.confirmed');
  expect(await confirmed.count()).toBe(0);

  await willCome.click();
  await page.getByText('Thank you. The clinic knows that you will come.').waitFor();
  await page.getByText('You have said that you will come.').waitFor();
  await page.locator('[data-connection="live"]').waitFor();
  await confirmed.waitFor();
  await press(desk, /^Not confirmed: /);
  await confirmed.waitFor({ state: 'detached' });
  await willCome.waitFor();
  await press(desk, /^Will come: /);
  await confirmed.waitFor();
  await page.getByText('You have said that you will come.').waitFor();

  await sql`update public.appointments set starts_at = starts_at + interval '15 minutes' where id = ${id}`;
  await willCome.waitFor();
  await confirmed.waitFor({ state: 'detached' });
  // Cancelled meanwhile, while the page did not hear.
  await page.context().setOffline(true);
  await page.route('**/appointments/snapshot', (route) => route.abort());
  await sql`update public.appointments set status = 'cancelled' where id = ${id}`;
  await page.context().setOffline(false);
  await willCome.click();
  await page.getByText('This appointment can no longer be changed.').waitFor();
});
