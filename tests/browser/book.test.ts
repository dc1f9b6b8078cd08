import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { openPage, WITH_SERVICE_WORKER } from '../helpers/browser.ts';
import {
  aBooking,
  aClinic,
  aDoctor,
  aPatient,
  opening,
  signIn,
  type Clinic,
  type Patient
} from './setting.ts';

const { browser, sql, site } = await opening();

const bookings = (patient: Patient) =>
  sql<{ starts_at: Date; channel: string; status: string; practitioner_id: string }[]>`
    select starts_at, channel, status, practitioner_id from public.appointments where patient_id = ${patient.id}`;

/** A time two days from now, at `hour` o'clock of the clinic. */
async function anInstant(hour: number, days = 2): Promise<Date> {
  const [row] = await sql<{ at: Date }[]>`
    select ((now() at time zone 'Asia/Kolkata')::date + ${days}::int + make_interval(hours => ${hour}))
      at time zone 'Asia/Kolkata' as at`;
  if (!row) throw new Error('No time.');
  return row.at;
}

const timesOf = ({ practitionerId }: Clinic) => `${site}/book/time?doctor=${practitionerId}`;
const confirmOf = ({ practitionerId }: Clinic, at: Date) =>
  `${site}/book/confirm?doctor=${practitionerId}&at=${at.toISOString()}`;

/** Chooses the day so many days from now, and waits for its times. */
async function aDayLater(page: Page, days: number): Promise<void> {
  await page
    .getByRole('navigation', { name: 'Days' })
    .getByRole('listitem')
    .nth(days)
    .getByRole('link')
    .click();
  await page.waitForURL(/[?&]day=/);
}

/** Counts the channels that hear on the page that is loaded next. */
function heard(page: Page): { channels: () => number; frames: string[] } {
  const frames: string[] = [];
  page.on('websocket', (socket) => {
    frames.length = 0;
    socket.on('framereceived', ({ payload }) => frames.push(String(payload)));
  });
  return {
    frames,
    channels: () => frames.filter((frame) => frame.includes('Replication connection')).length
  };
}

test('without JavaScript a patient books, from choosing the clinic to the token', async () => {
  // Where there is but one clinic nobody is asked.
  const [clinic] = [await aClinic(sql), await aClinic(sql)];
  const patient = await aPatient(sql);
  const page = await openPage(browser, { javaScriptEnabled: false });
  await signIn(page, site, patient);
  await page.getByRole('link', { name: 'Book an appointment' }).click();
  await page.getByRole('link', { name: clinic.name }).click();
  await page.getByRole('link', { name: clinic.doctor }).click();
  await page.getByRole('heading', { name: 'When?' }).waitFor();
  await page
    .getByRole('link', { name: /32 free/ })
    .first()
    .click();
  await page.getByRole('link', { name: /^10:30\sam$/ }).click();
  await page.getByRole('heading', { name: 'Is this right?' }).waitFor();
  await page.getByText(clinic.doctor).waitFor();
  await page.getByText('14 MG Road').waitFor();
  await page.getByRole('button', { name: 'Book it' }).click();
  await page.waitForURL(`${site}/appointments`);
  await page.getByRole('status').getByText('Booked.').waitFor();
  const next = page.getByRole('region', { name: 'Next appointment' });
  await next
    .getByRole('time')
    .getByText(/10:30\sam/)
    .waitFor();
  await next.getByText('7', { exact: true }).waitFor();
  expect(await bookings(patient)).toMatchObject([
    { channel: 'web', status: 'booked', practitioner_id: clinic.practitionerId }
  ]);
  // Told once.
  await page.reload();
  expect(await page.getByText('Booked. We are texting').count()).toBe(0);
});

test('with the keyboard alone a patient books', async () => {
  const clinic = await aClinic(sql);
  const patient = await aPatient(sql);
  const page = await openPage(browser, WITH_SERVICE_WORKER);
  await signIn(page, site, patient);
  const press = async (name: RegExp) => {
    for (let i = 0; i < 120; i += 1) {
      await page.keyboard.press('Tab');
      const focused = await page.evaluate(() => {
        const element = document.activeElement;
        return element?.getAttribute('aria-label') ?? element?.textContent ?? '';
      });
      if (name.test(focused.trim())) return page.keyboard.press('Enter');
    }
    throw new Error(`The keyboard does not reach ${name.source}.`);
  };
  await press(/Book an appointment/);
  await page.waitForURL(`${site}/book`);
  await press(new RegExp(clinic.name));
  await page.getByRole('heading', { name: 'Who would you like to see?' }).waitFor();
  await press(new RegExp(clinic.doctor.replace('.', '\\.')));
  await page.getByRole('heading', { name: 'When?' }).waitFor();
  await press(/32 free/);
  await page.waitForURL(/[?&]day=/);
  await press(/^11:00\sam$/);
  await page.getByRole('heading', { name: 'Is this right?' }).waitFor();
  await press(/^Book it$/);
  await page.waitForURL(`${site}/appointments`);
  expect(await bookings(patient)).toHaveLength(1);
  // Whoever does not see it is told at once.
  expect(await page.evaluate(() => document.activeElement?.textContent)).toContain('Booked.');
});

test('the clinic is remembered, and can be changed', async () => {
  const [first, second] = [await aClinic(sql), await aClinic(sql)];
  const page = await openPage(browser);
  await signIn(page, site, await aPatient(sql));
  await page.goto(`${site}/book`);
  await page.getByRole('link', { name: first.name }).click();
  await page.getByText(first.doctor).waitFor();
  await page.goto(`${site}/book`);
  await page.getByText(first.doctor).waitFor();
  await page.getByRole('link', { name: 'Another clinic' }).click();
  await page.getByRole('link', { name: second.name }).click();
  await page.getByText(second.doctor).waitFor();
});

test('any doctor of a specialty: a time is offered while one of them is free', async () => {
  const clinic = await aClinic(sql);
  const other = await aDoctor(sql, clinic.id, 'Dr. Zoya Other');
  const patient = await aPatient(sql);
  await aBooking(sql, await aPatient(sql), clinic, { hour: 10 });
  const page = await openPage(browser);
  await signIn(page, site, patient);
  await page.goto(`${site}/book?clinic=${clinic.id}`);
  await page.getByRole('link', { name: 'Any doctor' }).click();
  await page.getByRole('heading', { name: 'When?' }).waitFor();
  await page.getByText('Any doctor, General medicine').waitFor();
  await aDayLater(page, 2);
  await page.getByRole('link', { name: /^10:00\sam$/ }).click();
  await page.getByText('Dr. Zoya Other').waitFor();
  await page.getByRole('button', { name: 'Book it' }).click();
  await page.waitForURL(`${site}/appointments`);
  expect(await bookings(patient)).toMatchObject([{ practitioner_id: other }]);
});

test('a time that somebody else takes is marked while looking, and comes back when it is freed', async () => {
  const clinic = await aClinic(sql);
  const page = await openPage(browser);
  const { frames, channels } = heard(page);
  await signIn(page, site, await aPatient(sql));
  await page.locator('[data-connection="live"]').waitFor();
  await page.goto(timesOf(clinic));
  await aDayLater(page, 2);
  const ten = page.getByRole('link', { name: /^10:00\sam$/ });
  await ten.waitFor();
  await expect.poll(channels, { timeout: 10_000 }).toBe(1);
  const place = await page.getByRole('link', { name: /^10:15\sam$/ }).boundingBox();

  const other = await aPatient(sql);
  const { id, reference } = await aBooking(sql, other, clinic, { hour: 10 });
  await page.getByText(/^10:00\sam\s*Taken$/).waitFor();
  await expect.poll(() => ten.count()).toBe(0);
  await page
    .getByRole('status')
    .getByText(/10:00\sam was just taken/)
    .waitFor({ state: 'attached' });
  await page
    .getByRole('navigation', { name: 'Days' })
    .getByRole('link', { name: /31 free/ })
    .waitFor();
  // Nothing moved under the finger.
  expect(await page.getByRole('link', { name: /^10:15\sam$/ }).boundingBox()).toEqual(place);

  await sql`update public.appointments set status = 'cancelled' where id = ${id}`;
  await ten.waitFor();
  const said = frames.join('\n');
  for (const secret of [other.id, other.phone, `"${reference}"`, id]) expect(said).not.toContain(secret);
});

test('while times come and go faster than the network answers, what is free is seen all the same', async () => {
  const clinic = await aClinic(sql);
  const { id } = await aBooking(sql, await aPatient(sql), clinic, { hour: 10 });
  const page = await openPage(browser);
  const { channels } = heard(page);
  await signIn(page, site, await aPatient(sql));
  await page.locator('[data-connection="live"]').waitFor();
  await page.goto(timesOf(clinic));
  await aDayLater(page, 2);
  await expect.poll(channels, { timeout: 10_000 }).toBe(1);
  const ten = page.getByRole('link', { name: /^10:00\sam$/ });
  expect(await ten.count()).toBe(0);

  await page.route('**/__data.json*', async (route) => {
    await new Promise((answers) => setTimeout(answers, 600));
    await route.continue();
  });
  let rush = true;
  const news = (async () => {
    while (rush) {
      await sql`
        select realtime.send(
          '{"starts_at": "2020-01-01T10:00:00Z", "ends_at": "2020-01-01T10:15:00Z", "taken": false}',
          'slot', ${`practitioner:${clinic.practitionerId}`}
        )`;
      await new Promise((next) => setTimeout(next, 100));
    }
  })();
  try {
    await sql`update public.appointments set status = 'cancelled' where id = ${id}`;
    await ten.waitFor();
  } finally {
    rush = false;
    await news;
  }
});

test('taken at the last moment: it says so and offers the three nearest', async () => {
  const clinic = await aClinic(sql);
  const patient = await aPatient(sql);
  const page = await openPage(browser, { javaScriptEnabled: false });
  await signIn(page, site, patient);
  await page.goto(confirmOf(clinic, await anInstant(10)));
  await aBooking(sql, await aPatient(sql), clinic, { hour: 10 });
  await page.getByRole('button', { name: 'Book it' }).click();
  await page.getByRole('alert').getByText('That time was just taken.').waitFor();
  const nearest = page.getByRole('region', { name: 'Nearest free times' }).getByRole('link');
  expect((await nearest.allInnerTexts()).slice(0, 3).join(' ')).toMatch(
    /9:30\sam[^]*9:45\sam[^]*10:15\sam|9:45\sam[^]*10:15\sam[^]*10:30\sam/
  );
  await nearest.filter({ hasText: /10:15/ }).click();
  await page.getByRole('button', { name: 'Book it' }).click();
  await page.waitForURL(`${site}/appointments`);
  expect((await bookings(patient)).map(({ starts_at }) => starts_at)).toEqual([
    new Date((await anInstant(10)).getTime() + 15 * 60_000)
  ]);
});

test('taken while the confirmation is open: it says so by itself', async () => {
  const clinic = await aClinic(sql);
  const page = await openPage(browser);
  const { channels } = heard(page);
  await signIn(page, site, await aPatient(sql));
  await page.locator('[data-connection="live"]').waitFor();
  await page.goto(confirmOf(clinic, await anInstant(12)));
  await expect.poll(channels, { timeout: 10_000 }).toBe(1);
  await aBooking(sql, await aPatient(sql), clinic, { hour: 12 });
  await page.getByRole('alert').getByText('That time is no longer free.').waitFor();
  expect(await page.getByRole('button', { name: 'Book it' }).count()).toBe(0);
  expect(await page.getByRole('region', { name: 'Nearest free times' }).getByRole('listitem').count()).toBe(
    3
  );
});

test('sent twice, it is booked once, and both times it says so', async () => {
  const clinic = await aClinic(sql);
  const patient = await aPatient(sql);
  const page = await openPage(browser, { javaScriptEnabled: false });
  await signIn(page, site, patient);
  const address = confirmOf(clinic, await anInstant(10));
  const [first, second] = await Promise.all(
    [1, 2].map(() =>
      page.request.post(address, {
        headers: { origin: site, accept: 'text/html' },
        form: {},
        maxRedirects: 0
      })
    )
  );
  expect([first?.status(), second?.status()]).toEqual([303, 303]);
  expect(await bookings(patient)).toHaveLength(1);
});

test('more than the clinic allows is refused with a sentence', async () => {
  const clinic = await aClinic(sql);
  const patient = await aPatient(sql);
  await sql`update public.clinics set max_active_bookings = 1 where id = ${clinic.id}`;
  await aBooking(sql, patient, clinic, { hour: 9 });
  const page = await openPage(browser);
  await signIn(page, site, patient);
  await page.goto(confirmOf(clinic, await anInstant(15)));
  await page.getByRole('button', { name: 'Book it' }).click();
  await page.getByRole('alert').getByText('as many upcoming appointments as the clinic allows').waitFor();
  expect(await bookings(patient)).toHaveLength(1);
});

test('addresses that make no sense lead back to where one can choose', async () => {
  const clinic = await aClinic(sql);
  const page = await openPage(browser, { javaScriptEnabled: false });
  await signIn(page, site, await aPatient(sql));
  for (const path of [
    '/book/time',
    '/book/time?doctor=nobody',
    `/book/time?doctor=${clinic.id}`,
    `/book/confirm?doctor=${clinic.practitionerId}&at=soon`,
    `/book/confirm?doctor=${clinic.practitionerId}`
  ]) {
    await page.goto(site + path);
    expect(new URL(page.url()).pathname, path).toBe('/book');
  }
  await page.goto(`${timesOf(clinic)}&day=2001-01-01`);
  await page.getByRole('heading', { name: 'When?' }).waitFor();
  await page.goto(`${timesOf(clinic)}&from=2999-01-01`);
  await page.getByRole('heading', { name: 'When?' }).waitFor();
});

test.each([true, false])(
  'booked, then gone back to or loaded anew: this is yours (JavaScript: %s)',
  async (javaScriptEnabled) => {
    const clinic = await aClinic(sql);
    const patient = await aPatient(sql);
    const page = await openPage(browser, { javaScriptEnabled });
    await signIn(page, site, patient);
    await page.goto(confirmOf(clinic, await anInstant(11)));
    await page.getByRole('button', { name: 'Book it' }).click();
    await page.waitForURL(`${site}/appointments`);
    for (const again of [() => page.goBack(), () => page.reload()]) {
      await again();
      await page.getByRole('status').getByText('This time is yours.').waitFor();
      expect(await page.getByRole('alert').count()).toBe(0);
      expect(await page.getByRole('button', { name: 'Book it' }).count()).toBe(0);
    }
    await page.getByRole('link', { name: 'Your appointments' }).click();
    await page.waitForURL(`${site}/appointments`);
    expect(await bookings(patient)).toHaveLength(1);
  }
);

test('a time at which the patient is with another doctor, and one that somebody else has, are told apart', async () => {
  const clinic = await aClinic(sql);
  const patient = await aPatient(sql);
  const other = await aDoctor(sql, clinic.id, 'Dr. Zoya Other');
  await aBooking(sql, patient, { practitionerId: other }, { hour: 12 });
  await aBooking(sql, await aPatient(sql), clinic, { hour: 13 });
  const page = await openPage(browser, { javaScriptEnabled: false });
  await signIn(page, site, patient);
  await page.goto(confirmOf(clinic, await anInstant(12)));
  await page.getByRole('alert').getByText('You already have an appointment at that time.').waitFor();
  await page.goto(confirmOf(clinic, await anInstant(13)));
  await page.getByRole('alert').getByText('That time is no longer free.').waitFor();
});
