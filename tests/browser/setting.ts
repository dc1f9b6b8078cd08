import { randomBytes } from 'node:crypto';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import type { Sql } from 'postgres';
import { afterAll, afterEach } from 'vitest';
import { launchBrowser, sendSignIn } from '../helpers/browser.ts';
import { theSite } from '../helpers/site.ts';
import { closeDatabases, databaseAsPostgres } from '../helpers/stack.ts';
import * as world from '../helpers/world.ts';

export { whereItIsEarly } from '../helpers/world.ts';

export interface Opening {
  browser: Browser;
  /** As the role `postgres`. */
  sql: Sql;
  /** Where the site is. */
  site: string;
}

let launched: Browser | undefined;

/**
 * What a test file begins with. The pages of a test are closed at its end. Chromium takes a second to start: the one of the
 * first file serves all that run in the same process, and ends with it.
 */
export async function opening(): Promise<Opening> {
  const sql = databaseAsPostgres();
  if (!launched?.isConnected()) launched = await launchBrowser();
  const browser = launched;
  afterEach(() => Promise.all(browser.contexts().map(close)));
  afterAll(closeDatabases);
  return { browser, sql, site: theSite() };
}

/** A request that a test answers itself may be under way still: that is no fault. */
async function close(context: BrowserContext): Promise<void> {
  await Promise.all(context.pages().map((page) => page.unrouteAll({ behavior: 'ignoreErrors' })));
  await context.close();
}

export interface Clinic {
  id: string;
  practitionerId: string;
  doctor: string;
  name: string;
  phone: string;
}

export interface Patient {
  id: string;
  userId: string;
  phone: string;
  password: string;
}

/** A clinic of its own with one doctor, open every day from 9:00 to 17:00. */
export async function aClinic(sql: Sql, timeZone = 'Asia/Kolkata'): Promise<Clinic> {
  // Never six digits in a row: in an SMS they would be a second code.
  const mark = randomBytes(3).toString('hex').replace(/^\d/, 'c');
  const doctor = `Dr. Meera ${mark}`;
  const clinic = await world.aClinic(sql, {
    name: `Clinic ${mark}`,
    address: '14 MG Road, Bengaluru 560038',
    time_zone: timeZone
  });
  return { ...clinic, doctor, practitionerId: await aDoctor(sql, clinic.id, doctor) };
}

/** One more doctor for a clinic. */
export async function aDoctor(sql: Sql, clinicId: string, name: string): Promise<string> {
  return (await world.aPractitioner(sql, { id: clinicId }, { name })).id;
}

/** A patient with a web account; with `temporary`, one whose password was texted after a first booking. */
export async function aPatient(sql: Sql, options: { temporary?: boolean } = {}): Promise<Patient> {
  const phone = world.aPhone();
  const password = options.temporary ? 'ABCD2345' : `Pw-${randomBytes(6).toString('hex')}`;
  const userId = await world.aUser(sql, phone, { password });
  // As after a call: nothing is told of them yet.
  const [patient] = await sql<{ id: string }[]>`
    update public.patients set name = null, age = null where user_id = ${userId} returning id`;
  if (!patient) throw new Error('The account has no patient.');
  if (options.temporary) {
    await sql`
      insert into private.temporary_passwords (user_id, expires_at)
      values (${userId}, now() + interval '72 hours')`;
  }
  return { id: patient.id, userId, phone, password };
}

/** A booking at `hour` o'clock (of the clinic) some days from now. Answers with its id and reference. */
export async function aBooking(
  sql: Sql,
  patient: Patient,
  clinic: Pick<Clinic, 'practitionerId'>,
  { days = 2, hour = 10, channel = 'ivr' }: { days?: number; hour?: number; channel?: string } = {}
): Promise<{ id: string; reference: string }> {
  const [made] = await sql<{ id: string; reference: string }[]>`
    insert into public.appointments (patient_id, practitioner_id, starts_at, channel)
    select
      ${patient.id}, p.id,
      ((now() at time zone c.time_zone)::date + ${days}::int + make_interval(hours => ${hour}))
        at time zone c.time_zone,
      ${channel}
    from public.practitioners p join public.clinics c on c.id = p.clinic_id
    where p.id = ${clinic.practitionerId}
    returning id, reference`;
  if (!made) throw new Error('The booking was not made.');
  return made;
}

type Credentials = Pick<Patient, 'phone' | 'password'>;

/**
 * Signs in and opens the page that this leads to. The form is sent as the browser would send it, but without being shown
 * and filled in first: that is half of the work, and `signInByForm` does it where it matters.
 */
export async function signIn(
  page: Page,
  siteUrl: string,
  { phone, password }: Credentials,
  to = '/appointments'
): Promise<void> {
  const languages = await page.evaluate(() => navigator.languages.join());
  const answer = await page.request.post(`${siteUrl}/login`, {
    form: { username: phone, password },
    headers: { accept: 'text/html', origin: siteUrl, 'accept-language': languages },
    maxRedirects: 0
  });
  const { location } = answer.headers();
  if (location === undefined) throw new Error(`Signing in was answered with ${answer.status()}.`);
  await page.goto(new URL(location, siteUrl).href);
  await page.waitForURL(`${siteUrl}${to}`);
}

/** Signs in through the form, in whatever language it is, and waits for the page it leads to. */
export async function signInByForm(
  page: Page,
  siteUrl: string,
  { phone, password }: Credentials,
  to = '/appointments'
): Promise<void> {
  await sendSignIn(page, siteUrl, phone, password);
  await page.waitForURL(`${siteUrl}${to}`);
}
