import { randomBytes } from 'node:crypto';
import type { Page } from 'playwright-core';
import type { Sql } from 'postgres';
import { smsTo } from '../helpers/inbox.ts';
import { theSite } from '../helpers/site.ts';
import { theStack } from '../helpers/stack.ts';
import { aPhone } from '../helpers/world.ts';
import type { Clinic } from './setting.ts';

/** Both ways every page must work. */
export const WAYS = [
  { how: 'with scripts', javaScriptEnabled: true },
  { how: 'without scripts', javaScriptEnabled: false }
];

export interface Person {
  name: string;
  age: string;
  phone: string;
  username: string;
  password: string;
}

/** Somebody who has never been here. */
export function aPerson(): Person {
  const mark = randomBytes(4).toString('hex');
  return {
    name: `Asha ${mark}`,
    age: '34',
    phone: aPhone(),
    username: `asha.${mark}`,
    password: `a long pass ${mark}`
  };
}

/** The labels of the registration; that of the username is folded away. */
export const LABELS = {
  phone: 'Mobile phone number',
  name: 'Your name',
  age: 'Age',
  password: 'Password',
  username: 'Username'
};

/** Opens what is folded away for those who want to choose their username. */
export async function unfoldUsername(page: Page): Promise<void> {
  const folded = page.locator('details:not([open]) > summary', { hasText: 'Choose your username yourself' });
  if ((await folded.count()) > 0) await folded.click();
}

export async function fill(page: Page, values: Record<string, string>): Promise<void> {
  for (const [label, value] of Object.entries(values)) {
    await page.getByLabel(label, { exact: true }).fill(value);
  }
}

export async function press(page: Page, name: string | RegExp): Promise<void> {
  await page.getByRole('button', { name, exact: true }).click();
}

/** Waits until the page's scripts have taken over, where there are any. */
export async function ready(page: Page, javaScriptEnabled: boolean): Promise<void> {
  if (javaScriptEnabled)
    await page
      .getByRole('button', { name: /^Show / })
      .first()
      .waitFor();
}

/** Fills in the registration and sends it; without a username to have one proposed. */
export async function register(page: Page, person: Person, javaScriptEnabled = true): Promise<void> {
  await page.goto(`${theSite()}/register`);
  await ready(page, javaScriptEnabled);
  await fill(page, {
    [LABELS.phone]: person.phone,
    [LABELS.name]: person.name,
    [LABELS.age]: person.age,
    [LABELS.password]: person.password
  });
  if (person.username !== '') {
    await unfoldUsername(page);
    await fill(page, { [LABELS.username]: person.username });
  }
  await press(page, 'Continue');
}

/** The code that was texted to a phone, another than `before`. */
export async function codeFor(phone: string, before?: string): Promise<string> {
  const codeIn = (body: string) => /^(\d{6}|\d{10}) is your MedQ code\./.exec(body)?.[1];
  const { body } = await smsTo(theStack().inbox_url, phone, ({ body }) => {
    const code = codeIn(body);
    return code !== undefined && code !== before;
  });
  return codeIn(body) ?? '';
}

/** Types the code in; with scripts that is all. */
export async function enterCode(page: Page, code: string, javaScriptEnabled = true): Promise<void> {
  await page.getByLabel('Code', { exact: true }).fill(code);
  if (!javaScriptEnabled) await press(page, 'Continue');
}

/**
 * A patient from before there were accounts: bookings made by phone, and none that could make an account any more.
 */
export async function anOldPatient(
  sql: Sql,
  clinic: Clinic,
  phone = aPhone()
): Promise<{ id: string; phone: string; references: string[] }> {
  return sql.begin(async (sql) => {
    const [patient] = await sql<{ id: string }[]>`
      insert into public.patients (phone) values (${phone}) returning id`;
    if (!patient) throw new Error('The patient was not made.');
    const booked = await sql<{ reference: string }[]>`
      insert into public.appointments (patient_id, practitioner_id, starts_at, channel)
      select ${patient.id}, ${clinic.practitionerId},
        ((now() at time zone 'Asia/Kolkata')::date + days + make_interval(hours => 10)) at time zone 'Asia/Kolkata', 'ivr'
      from generate_series(2, 3) days
      returning reference`;
    await sql`delete from private.account_jobs where patient_id = ${patient.id}`;
    return { id: patient.id, phone, references: booked.map(({ reference }) => reference) };
  });
}

/** All of a phone's patients, of which there is to be one at most. */
export async function patientsWith(sql: Sql, phone: string) {
  return sql<
    { id: string; user_id: string | null; name: string | null; age: number | null; username: string | null }[]
  >`select id, user_id, name, age, username from public.patients where phone = ${phone}`;
}

/** The label of whatever has the focus. */
export async function focusedLabel(page: Page): Promise<string | undefined> {
  return page.evaluate(() => {
    const element = document.activeElement;
    const labels = element instanceof HTMLInputElement ? element.labels : null;
    return labels?.[0]?.textContent?.trim() ?? element?.textContent?.trim();
  });
}

/**
 * What is used up stays used up for longer than a test takes: limits are counted in fixed windows, and the one that runs
 * may end at any moment.
 * @param what the beginning of a bucket's name, such as `password:account+client`
 */
export async function extendLimits(sql: Sql, what: string): Promise<void> {
  await sql`
    insert into private.rate_limits as r (bucket, window_start, hits)
    select bucket, window_start + length, hits
    from private.rate_limits, make_interval(secs => split_part(bucket, '/', 2)::int) length
    where bucket like ${`${what}:%`} and now() between window_start and window_start + length
    on conflict (bucket, window_start) do update set hits = greatest(r.hits, excluded.hits)`;
}

/** All tests share this machine's address, whose limits are those of one client. */
export async function forgiveThisMachine(sql: Sql): Promise<void> {
  await sql`delete from private.rate_limits where bucket like '%:client:%'`;
}
