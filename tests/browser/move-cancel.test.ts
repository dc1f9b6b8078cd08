import { expect, test } from 'vitest';
import { openPage } from '../helpers/browser.ts';
import { aBooking, aClinic, aPatient, opening, signIn } from './setting.ts';

const { browser, sql, site } = await opening();

async function stateOf(id: string) {
  const [row] = await sql<{ status: string; at: string }[]>`
    select status, to_char(starts_at at time zone 'Asia/Kolkata', 'HH24:MI') as at
    from public.appointments where id = ${id}`;
  return row;
}

test.each([true, false])(
  'an appointment is moved to another time (JavaScript: %s)',
  async (javaScriptEnabled) => {
    const clinic = await aClinic(sql);
    const patient = await aPatient(sql);
    const { id } = await aBooking(sql, patient, clinic, { hour: 10 });
    const page = await openPage(browser, { javaScriptEnabled });
    await signIn(page, site, patient);
    await page.getByRole('link', { name: 'Move', exact: true }).click();
    await page.getByRole('heading', { name: 'Choose another time' }).waitFor();
    await page
      .getByRole('navigation', { name: 'Days' })
      .getByRole('listitem')
      .nth(2)
      .getByRole('link')
      .click();
    await page.waitForURL(/[?&]day=/);
    await page.getByRole('link', { name: /^4:00\spm$/ }).click();
    await page.getByRole('heading', { name: 'Move your appointment?' }).waitFor();
    await page.getByText(/instead of .*10:00\sam/).waitFor();
    await page.getByRole('button', { name: 'Move it' }).click();
    await page.waitForURL(`${site}/appointments`);
    await page.getByRole('status').getByText('Moved.').waitFor();
    await page
      .getByRole('region', { name: 'Next appointment' })
      .getByText(/4:00\spm/)
      .waitFor();
    expect(await stateOf(id)).toEqual({ status: 'booked', at: '16:00' });
    await page.goBack();
    await page.getByRole('status').getByText('This time is yours.').waitFor();
    expect(await page.getByText(/instead of/).count()).toBe(0);
  }
);

test('moving to a time that was just taken offers others, and keeps what there is', async () => {
  const clinic = await aClinic(sql);
  const patient = await aPatient(sql);
  const { id } = await aBooking(sql, patient, clinic, { hour: 10 });
  const page = await openPage(browser, { javaScriptEnabled: false });
  await signIn(page, site, patient);
  await page.goto(`${site}/book/time?move=${id}`);
  await page.getByRole('navigation', { name: 'Days' }).getByRole('listitem').nth(2).getByRole('link').click();
  await page.waitForURL(/[?&]day=/);
  await page.getByRole('link', { name: /^1:00\spm$/ }).click();
  await aBooking(sql, await aPatient(sql), clinic, { hour: 13 });
  await page.getByRole('button', { name: 'Move it' }).click();
  await page.getByRole('alert').getByText('That time was just taken.').waitFor();
  expect(await stateOf(id)).toEqual({ status: 'booked', at: '10:00' });
  await page
    .getByRole('region', { name: 'Nearest free times' })
    .getByRole('link', { name: /1:15\spm/ })
    .click();
  await page.getByRole('button', { name: 'Move it' }).click();
  await page.waitForURL(`${site}/appointments`);
  expect(await stateOf(id)).toEqual({ status: 'booked', at: '13:15' });
});

test.each([true, false])(
  'an appointment is cancelled once it is confirmed (JavaScript: %s)',
  async (javaScriptEnabled) => {
    const clinic = await aClinic(sql);
    const patient = await aPatient(sql);
    const { id } = await aBooking(sql, patient, clinic, { hour: 10 });
    const page = await openPage(browser, { javaScriptEnabled });
    await signIn(page, site, patient);
    await page.getByRole('link', { name: 'Cancel', exact: true }).click();
    await page.getByRole('link', { name: 'Keep it' }).click();
    await page.waitForURL(`${site}/appointments`);
    expect((await stateOf(id))?.status).toBe('booked');
    await page.getByRole('link', { name: 'Cancel', exact: true }).click();
    await page.getByRole('button', { name: 'Cancel the appointment' }).click();
    await page.waitForURL(`${site}/appointments`);
    await page
      .getByRole('status')
      .getByText(/^Cancelled: .* with Dr\. /)
      .waitFor();
    await page.getByRole('heading', { name: 'Nothing coming up' }).waitFor();
    expect((await stateOf(id))?.status).toBe('cancelled');
  }
);

test("nobody moves or cancels another's appointment", async () => {
  const clinic = await aClinic(sql);
  const { id } = await aBooking(sql, await aPatient(sql), clinic, { hour: 10 });
  const page = await openPage(browser, { javaScriptEnabled: false });
  await signIn(page, site, await aPatient(sql));
  for (const path of [
    `/appointments/${id}/cancel`,
    `/book/time?move=${id}`,
    `/book/confirm?move=${id}&at=2091-06-09`
  ]) {
    await page.goto(site + path);
    expect(page.url(), path).toBe(`${site}/appointments`);
  }
  const answer = await page.request.post(`${site}/appointments/${id}/cancel`, {
    headers: { origin: site, accept: 'text/html' },
    form: {},
    maxRedirects: 0
  });
  expect(answer.status()).toBe(303);
  expect((await stateOf(id))?.status).toBe('booked');
});
