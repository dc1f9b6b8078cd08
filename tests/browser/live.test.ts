import { decodeJwt } from 'jose';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { openPage } from '../helpers/browser.ts';
import {
  aBooking,
  aClinic,
  aDoctor,
  aPatient,
  opening,
  signIn,
  whereItIsEarly,
  type Clinic,
  type Patient
} from './setting.ts';

const { browser, sql, site } = await opening();

/** A patient's page that is live, and proof that it was never loaded again. */
async function anOpenPage(timeZone?: string): Promise<{ page: Page; patient: Patient; clinic: Clinic }> {
  const clinic = await aClinic(sql, timeZone);
  const patient = await aPatient(sql);
  const page = await openPage(browser);
  await signIn(page, site, patient);
  await isLive(page);
  await page.evaluate(() => Object.assign(window, { neverReloaded: true }));
  return { page, patient, clinic };
}

const isLive = (page: Page) => page.locator('[data-connection="live"]').waitFor();
const reads = (page: Page, text: string | RegExp) =>
  page.getByRole('log', { name: 'Changes' }).getByText(text).waitFor({ state: 'attached' });

async function neverReloaded(page: Page): Promise<void> {
  expect(await page.evaluate(() => 'neverReloaded' in window)).toBe(true);
}

/** Makes the session's cookie say that its token has expired, as it does an hour after signing in. */
async function pretendExpired(page: Page): Promise<void> {
  const context = page.context();
  const [cookie, ...more] = (await context.cookies()).filter(({ name }) => name.startsWith('medq-session'));
  if (!cookie || more.length > 0) throw new Error('Expected the session in one cookie.');
  const session: unknown = JSON.parse(
    Buffer.from(cookie.value.replace('base64-', ''), 'base64url').toString()
  );
  const expired = { ...(session as object), expires_at: Math.floor(Date.now() / 1000) - 60 };
  const value = `base64-${Buffer.from(JSON.stringify(expired)).toString('base64url')}`;
  await context.addCookies([{ ...cookie, value }]);
}

test('a booking appears while the page is open, and is announced', async () => {
  const { page, patient, clinic } = await anOpenPage();
  await page.getByRole('heading', { name: 'No appointments yet' }).waitFor();

  const first = await aBooking(sql, patient, clinic, { days: 3, hour: 11 });
  await page.getByRole('region', { name: 'Next appointment' }).getByText(first.reference).waitFor();
  await reads(page, new RegExp(`^New appointment: .*11:00\\sam with ${clinic.doctor}\\. Token 9\\.$`));

  // An earlier one takes its place.
  const second = await aBooking(sql, patient, clinic, { days: 1, hour: 9 });
  await page.getByRole('region', { name: 'Next appointment' }).getByText(second.reference).waitFor();
  await page.getByRole('region', { name: 'After that' }).getByText(first.reference).waitFor();
  await neverReloaded(page);
});

test('changes made by hand in the database show: moved, checked in, cancelled, deleted', async () => {
  const { page, patient, clinic } = await anOpenPage(whereItIsEarly());
  const { id, reference } = await aBooking(sql, patient, clinic, { days: 0, hour: 10 });
  const next = page.getByRole('region', { name: 'Next appointment' });
  await next.getByText(reference).waitFor();

  await sql`update public.appointments set starts_at = starts_at + interval '2 hours' where id = ${id}`;
  await next
    .getByRole('time')
    .getByText(/12:00\spm/)
    .waitFor();
  await reads(page, /^Moved: now today, 12:00\spm/);

  await sql`update public.appointments set status = 'arrived' where id = ${id}`;
  await next.getByText('Checked in').waitFor();

  await sql`update public.appointments set status = 'cancelled' where id = ${id}`;
  await page.getByRole('heading', { name: 'Nothing coming up' }).waitFor();
  await page
    .getByRole('region', { name: 'Past and cancelled' })
    .getByText('Cancelled', { exact: true })
    .waitFor();
  await reads(page, /^Cancelled: today, 12:00\spm/);

  await sql`delete from public.appointments where id = ${id}`;
  await page.getByRole('heading', { name: 'No appointments yet' }).waitFor();
  await neverReloaded(page);
});

test('a doctor the page has not met is shown by name', async () => {
  const { page, patient, clinic } = await anOpenPage();
  const practitionerId = await aDoctor(sql, clinic.id, 'Dr. Brand New');
  await aBooking(sql, patient, { practitionerId });
  await page.getByRole('region', { name: 'Next appointment' }).getByText('Dr. Brand New').waitFor();
  await neverReloaded(page);
});

test('what happened while the network was away is there when it is back', async () => {
  const { page, patient, clinic } = await anOpenPage();
  await page.context().setOffline(true);
  await page.locator('[data-connection="offline"]').waitFor();

  const { reference } = await aBooking(sql, patient, clinic);
  await page.context().setOffline(false);
  await page.getByRole('region', { name: 'Next appointment' }).getByText(reference).waitFor();
  await isLive(page);

  const later = await aBooking(sql, patient, clinic, { days: 5 });
  await page.getByRole('region', { name: 'After that' }).getByText(later.reference).waitFor();
  await neverReloaded(page);
});

test('a change that the database tells of before it shows it is there a moment later', async () => {
  const { page, patient, clinic } = await anOpenPage();
  const { id } = await aBooking(sql, patient, clinic);
  await reads(page, 'New appointment:');
  const before = await page.evaluate(async () => (await fetch('/appointments/snapshot')).text());
  let answered = 0;
  await page.route('**/appointments/snapshot', (route) =>
    answered++ === 0 ? route.fulfill({ contentType: 'application/json', body: before }) : route.continue()
  );
  await sql`update public.appointments set status = 'cancelled' where id = ${id}`;
  await reads(page, /^Cancelled: /);
  expect(answered).toBe(2);
});

test('nobody hears of another patient', async () => {
  const { page, patient, clinic } = await anOpenPage();
  const other = await aPatient(sql);
  const theirs = await aBooking(sql, other, clinic, { days: 1, hour: 9 });
  const own = await aBooking(sql, patient, clinic, { days: 1, hour: 10 });
  await page.getByRole('region', { name: 'Next appointment' }).getByText(own.reference).waitFor();
  expect(await page.locator(`[data-appointment="${theirs.id}"]`).count()).toBe(0);
  await neverReloaded(page);
});

test('a page whose session is ended elsewhere goes to sign in at once', async () => {
  const { page, patient } = await anOpenPage();
  await sql`delete from auth.sessions where user_id = ${patient.userId}`;
  await page.waitForURL(`${site}/login?next=/appointments`);
});

test('a session about to expire is renewed, and the page goes on listening with the new token', async () => {
  const clinic = await aClinic(sql);
  const patient = await aPatient(sql);
  const page = await openPage(browser);
  // Every token is about to expire, so the page asks for another whenever it looks.
  await page.route('**/live-token', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, json: { ...((await response.json()) as object), expires_in: 60 } });
  });
  const sent: string[] = [];
  page.on('websocket', (socket) =>
    socket.on('framesent', ({ payload }) => {
      if (typeof payload === 'string' && payload.includes('"access_token"')) sent.push(payload);
    })
  );
  await signIn(page, site, patient);
  await isLive(page);
  const joined = sent.length;

  // Tokens of one session made in the same second are the same.
  await page.waitForTimeout(1_100);
  await pretendExpired(page);
  const look = async () => {
    // Again and again: the first may only join a question asked before.
    await page.evaluate(() => window.dispatchEvent(new Event('focus')));
    return sent.length;
  };
  await expect.poll(look, { timeout: 15_000, interval: 200 }).toBeGreaterThan(joined);
  const tokens = sent.map((frame) => decodeJwt(/"access_token":"([^"]+)"/.exec(frame)?.[1] ?? ''));
  expect(new Set(tokens.map(({ iat }) => iat)).size).toBeGreaterThanOrEqual(2);
  // All for one session, and none that could do anything but listen.
  expect(new Set(tokens.map(({ listens_for, sub }) => `${String(listens_for)} ${String(sub)}`)).size).toBe(1);
  expect(tokens[0]).not.toHaveProperty('sub');

  const { reference } = await aBooking(sql, patient, clinic);
  await page.getByRole('region', { name: 'Next appointment' }).getByText(reference).waitFor();
  await page.unrouteAll({ behavior: 'ignoreErrors' });
});

test('whoever is in another time zone is told whose clock it is, and nobody else', async () => {
  const clinic = await aClinic(sql);
  const patient = await aPatient(sql);
  await aBooking(sql, patient, clinic);
  for (const { timezoneId, told } of [
    { timezoneId: 'Asia/Kolkata', told: 0 },
    { timezoneId: 'Europe/London', told: 1 }
  ]) {
    const page = await openPage(browser, { timezoneId });
    await signIn(page, site, patient);
    await isLive(page);
    await page.getByText(/10:00\sam/).waitFor();
    expect(await page.getByText("by the clinic's clock").count()).toBe(told);
  }
});

test('news can be dismissed', async () => {
  const { page, patient, clinic } = await anOpenPage();
  await aBooking(sql, patient, clinic);
  const dismiss = page.getByRole('button', { name: /^Dismiss: New appointment/ });
  await dismiss.click();
  await dismiss.waitFor({ state: 'detached' });
  await neverReloaded(page);
});
