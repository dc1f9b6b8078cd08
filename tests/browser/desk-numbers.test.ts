// The numbers of a clinic as its manager reads them, and lists to download.
import type { Page } from 'playwright-core';
import { expect, onTestFinished, test } from 'vitest';
import { DESK, openPage } from '../helpers/browser.ts';
import { openDesk } from '../helpers/desk.ts';
import { tooWide } from '../helpers/looks.ts';
import { databaseAsAdmin } from '../helpers/stack.ts';
import { aClinic, aPatient, opening, signIn, whereItIsEarly, type Clinic } from './setting.ts';

const { browser, sql, site } = await opening();

/** The manager of a clinic, with the desk open; pages of the desk need no scripts. */
async function aManager(clinic: Clinic): Promise<Page> {
  const person = await aPatient(sql);
  await sql`
    insert into public.clinic_staff (clinic_id, phone, name, role)
    values (${clinic.id}, ${person.phone}, 'Meena Iyer', 'manager')`;
  const page = await openPage(browser, { javaScriptEnabled: false, viewport: DESK });
  await signIn(page, site, person);
  const [session] = await sql<{ id: string }[]>`
    select id from auth.sessions where user_id = ${person.userId} order by created_at desc limit 1`;
  await openDesk(sql, { userId: person.userId, sessionId: session?.id ?? '' });
  return page;
}

interface Came {
  /** So many days ago. */
  days: number;
  quarter: number;
  channel?: string;
  name?: string;
  note?: string | null;
  status?: string;
  /** From arrived to seen. */
  minutes?: number;
}

/** Somebody who had, or has, an appointment, so many quarters of an hour after nine. */
async function came(clinic: Clinic, visit: Came): Promise<void> {
  const {
    days,
    quarter,
    channel = 'ivr',
    name = 'Asha Menon',
    note = null,
    status = 'booked',
    minutes
  } = visit;
  await sql`
    with patient as (insert into public.patients (name) values (${name}) returning id)
    insert into public.appointments
      (patient_id, practitioner_id, starts_at, channel, note, status, arrived_at, seen_at)
    select patient.id, ${clinic.practitionerId}, s.at, ${channel}, ${note}, ${status},
      case when ${minutes ?? null}::int is not null then s.at end, s.at + ${minutes ?? null}::int * interval '1 minute'
    from patient, public.clinics c, private.instant_of(
      (now() at time zone c.time_zone)::date - ${days}::int + time '09:00' + ${quarter} * interval '15 minutes', c.time_zone
    ) as s (at)
    where c.id = ${clinic.id}`;
}

/** The file behind a link. */
async function downloaded(page: Page, link: string): Promise<{ type: string; name: string; text: string }> {
  const href = await page.getByRole('link', { name: link }).getAttribute('href');
  const response = await page.request.get(new URL(href ?? '', page.url()).href);
  const headers = response.headers();
  return {
    type: headers['content-type'] ?? '',
    name: headers['content-disposition'] ?? '',
    text: (await response.body()).toString('utf8')
  };
}

const cells = async (page: Page, row: RegExp) => {
  const found = page.getByRole('row', { name: row });
  return (await found.getByRole('cell').allInnerTexts()).map((text) => text.trim());
};

test('the numbers of a day, a week and a month, at a glance, in a table and as a file', async () => {
  const clinic = await aClinic(sql, whereItIsEarly());
  await came(clinic, { days: 40, quarter: 0, channel: 'web', status: 'fulfilled', minutes: 10 });
  await came(clinic, { days: 40, quarter: 1, channel: 'ivr', status: 'fulfilled', minutes: 20 });
  await came(clinic, { days: 40, quarter: 2, channel: 'ivr', status: 'noshow' });
  await came(clinic, { days: 40, quarter: 3, channel: 'desk', status: 'cancelled' });
  await came(clinic, { days: 41, quarter: 0, channel: 'ivr', status: 'fulfilled', minutes: 60 });
  await came(clinic, { days: 0, quarter: 4, channel: 'desk' });
  const [dates] = await sql<{ today: string; day: string }[]>`
    select d.day::text as today, (d.day - 40)::text as day
    from public.clinics c cross join lateral (select (now() at time zone c.time_zone)::date as day) d
    where c.id = ${clinic.id}`;
  const page = await aManager(clinic);

  await page.goto(`${site}/desk/more`);
  await page.getByRole('link', { name: 'Numbers' }).click();
  await page.getByRole('heading', { name: 'Numbers' }).waitFor();
  expect(await page.getByRole('link', { name: 'Week' }).getAttribute('aria-current')).toBe('true');
  expect(await page.getByRole('row').count()).toBe(9);
  await page.getByRole('link', { name: 'Day', exact: true }).click();
  // Eight hours of quarters, one of them taken: none has begun.
  expect((await cells(page, / /)).slice(0, 9)).toEqual(['0', '0', '1', '0', '0', '0', '–', '31', '0']);

  await page.goto(`${site}/desk/numbers?span=day&day=${dates?.day ?? ''}`);
  expect((await cells(page, / /)).slice(0, 9)).toEqual(['2', '1', '1', '1', '2', '1', '15', '–', '0']);
  const tile = (name: string) => page.getByRole('region', { name, exact: true }).innerText();
  expect(await tile('Booked')).toMatch(/^Booked\s+4\s+by phone\s+2\s+online\s+1\s+at the desk\s+1$/);
  expect(await tile('No-shows')).toMatch(/^No-shows\s+1\s+of 3 expected, 33%$/);
  expect(await tile('Waiting time')).toMatch(/15 minutes\s+from arrived to seen \(2 seen\)$/);

  await page.goto(`${site}/desk/numbers?span=month&day=${dates?.day ?? ''}`);
  const days = await page.getByRole('row').count();
  expect(days).toBeGreaterThan(29);
  expect(await page.locator('svg rect').count()).toBeGreaterThan(5 * 28);
  await page.setViewportSize({ width: 360, height: 740 });
  expect(await tooWide(page)).toEqual([]);
  const file = await downloaded(page, 'Download as CSV');
  expect(file.type).toBe('text/csv; charset=utf-8');
  expect(file.name).toMatch(/^attachment; filename="numbers-\d{4}-\d\d-01-\d{4}-\d\d-\d\d\.csv"$/);
  const lines = file.text.split('\r\n');
  expect(lines).toHaveLength(days);
  expect(lines[0]).toMatch(/^\uFEFFDay,by phone,online,at the desk,Cancelled,Came,No-shows,/);
  expect(lines).toContainEqual(expect.stringMatching(`^${dates?.day},2,1,1,1,2,1,15,,0,`));

  await sql`
    insert into public.sms_messages (to_phone, template, body, status, sent_at, appointment_id)
    select ${clinic.phone}, 'test', ${'long '.repeat(40)}, 'sent', now(), id
    from public.appointments where practitioner_id = ${clinic.practitionerId} and channel = 'web'`;
  await sql`update public.sms_settings set part_price = 0.25`;
  onTestFinished(async () => void (await sql`update public.sms_settings set part_price = null`));
  await page.goto(`${site}/desk/numbers?span=day&day=${dates?.day ?? ''}`);
  expect(await tile('SMS parts')).toMatch(/^SMS parts\s+2\s+cost: ₹0\.50$/);
});

test('the day as a file: what the desk sees, no whole phone, and nothing that is run', async () => {
  const clinic = await aClinic(sql, whereItIsEarly());
  await came(clinic, { days: 0, quarter: 0, name: '=HYPERLINK("http://x.invalid";"Asha")', note: '+1 file' });
  await came(clinic, { days: 0, quarter: 1, name: 'மீனா', status: 'cancelled' });
  const patient = await aPatient(sql);
  await sql`update public.patients set name = 'Ravi Menon' where id = ${patient.id}`;
  await sql`
    insert into public.appointments (patient_id, practitioner_id, starts_at, channel)
    select ${patient.id}, ${clinic.practitionerId},
      private.instant_of((now() at time zone time_zone)::date + time '10:00', time_zone), 'web'
    from public.clinics where id = ${clinic.id}`;
  const page = await aManager(clinic);
  await page.goto(`${site}/desk/print`);
  const { text, type, name } = await downloaded(page, 'Download as CSV');
  expect(type).toBe('text/csv; charset=utf-8');
  expect(name).toMatch(/^attachment; filename="day-\d{4}-\d\d-\d\d\.csv"$/);
  const at = (time: string) => `${clinic.doctor},${time}`;
  expect(text.split('\r\n')).toEqual([
    '\uFEFFDoctor,Token,Time,Name,Phone,How,Status,Since,Note for the desk,Family of,Year of birth',
    `${at('1,9:00 am')},"'=HYPERLINK(""http://x.invalid"";""Asha"")",no phone,by phone,Not here yet,,'+1 file,,`,
    `${at('2,9:15 am')},மீனா,no phone,by phone,Cancelled,,,,`,
    `${at('5,10:00 am')},Ravi Menon,…${patient.phone.slice(-4)},online,Not here yet,,,,`,
    ''
  ]);
  expect(text).not.toContain(patient.phone.slice(-10));

  // Whoever has not opened the desk gets the page of the code, and whoever does not work there nothing.
  await sql`delete from private.desk_sessions where user_id in (
    select user_id from public.clinic_staff where clinic_id = ${clinic.id})`;
  await page.goto(`${site}/desk/day.csv`);
  await page.getByRole('heading', { name: 'Open the desk' }).waitFor();
  await sql`delete from public.clinic_staff where clinic_id = ${clinic.id}`;
  expect((await page.request.get(`${site}/desk/day.csv`)).status()).toBe(403);
});

test('a day of more patients than the Data API answers at once is whole', async () => {
  const clinic = await aClinic(sql, whereItIsEarly());
  // As a superuser, whom no rule of booking slows down.
  const admin = databaseAsAdmin({ max: 1 });
  await admin`set session_replication_role = replica`;
  await admin`
    with c as (select *, (now() at time zone time_zone)::date as today from public.clinics where id = ${clinic.id}),
    doctor as (
      insert into public.practitioners (clinic_id, name, specialty)
      select c.id, 'Dr. No. ' || n, 'General medicine' from c, generate_series(10, 35) n returning id, clinic_id
    ),
    patient as (insert into public.patients (name) values ('Asha Menon') returning id)
    insert into public.appointments (
      patient_id, practitioner_id, clinic_id, starts_at, ends_at, local_date, token_number, reference, status, channel)
    select patient.id, doctor.id, c.id, t.at, t.at + interval '10 minutes', c.today, n, '1000', 'cancelled', 'ivr'
    from c, patient, doctor, generate_series(1, 40) n
    cross join lateral (
      select (c.today + time '09:00') at time zone c.time_zone + n * interval '10 minutes' as at
    ) t`;
  await admin`set session_replication_role = default`;

  const page = await aManager(clinic);
  const file = await page.request.get(`${site}/desk/day.csv`);
  const lines = (await file.text()).trim().split('\r\n');
  expect(lines).toHaveLength(1 + 26 * 40);
  expect(new Set(lines).size).toBe(lines.length);
  expect(lines.at(-1)).toMatch(/^Dr\. No\. 35,40,/);
});
