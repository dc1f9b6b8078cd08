// The way from an SMS to the site: where to look and whom to call.
import { afterAll, expect, test } from 'vitest';
import { refusalIn, rolledBack, type Transaction } from '../helpers/database.ts';
import { closeDatabases, databaseAsPostgres } from '../helpers/stack.ts';
import { aClinic, aPatient, aPhone, aPractitioner, book } from '../helpers/world.ts';

const sql = databaseAsPostgres();
afterAll(closeDatabases);

const now = new Date('2091-06-01T00:00:00Z');

/** The texts of a booking that is moved and cancelled, without the words before their last lines. */
async function ends(
  tx: Transaction,
  { siteUrl = 'https://medq.example' as string | null, phone = aPhone() } = {}
) {
  await tx`update public.sms_settings set site_url = ${siteUrl}`;
  const clinic = await aClinic(tx, { phone: '+914440001234' });
  const practitioner = await aPractitioner(tx, clinic);
  const patient = await aPatient(tx, { phone });
  const { id } = await book(tx, patient, practitioner, '2091-06-09T10:00:00+05:30', { now });
  await tx`select private.reschedule(${patient.id}, ${id}, '2091-06-09T09:00:00+05:30', 'web', ${now})`;
  await tx`select private.cancel(${patient.id}, ${id}, 'web', ${now})`;
  const rows = await tx<{ body: string; parts: number }[]>`
    select body, parts from public.sms_messages where patient_id = ${patient.id} order by cmin::text::int`;
  expect(rows.map(({ parts }) => parts)).toEqual([1, 1, 1]);
  return rows.map(({ body }) => body.split(/Reference \d{4}\./)[1]);
}

test('a text says where to look and whom to call, and stays one SMS', () =>
  rolledBack(sql, async (tx) => {
    const way = '\nOnline: medq.example/a\nCall: 044 4000 1234';
    const again = '\nBook again: medq.example/a\nCall: 044 4000 1234';
    expect(await ends(tx)).toEqual([way, way, again]);
  }));

test('while nobody has told where the site is, it says nothing of it', () =>
  rolledBack(sql, async (tx) => {
    const call = '\nCall: 044 4000 1234';
    expect(await ends(tx, { siteUrl: null })).toEqual([call, call, call]);
  }));

test('from abroad the number is dialled with its country', () =>
  rolledBack(sql, async (tx) => {
    expect((await ends(tx, { phone: '+971501234567' }))[0]).toBe(
      '\nOnline: medq.example/a\nCall: +914440001234'
    );
  }));

test.each([
  ['+919876543210', '098 7654 3210'],
  ['+442079460000', '020 7946 0000'],
  ['+97143991111', '04399 1111'],
  // Where a 0 belongs to the number, or another digit is dialled, it stays what every mobile phone dials.
  ['+390612345678', '+390612345678'],
  ['+12125550100', '+12125550100']
])('%s is dialled as %s at home', async (phone, dialled) => {
  expect(await sql`select private.phone_to_dial(${phone}, ${phone}) as dialled`).toMatchObject([{ dialled }]);
});

test('a text of a clinic that tells neither stays valid, and one on a single line loses no other word', () =>
  rolledBack(sql, async (tx) => {
    await tx`
      update public.sms_templates set body = case key
        when 'appointment_booked' then 'Come {{day}} {{time}} to {{clinic}}, {{doctor}}. {{token}} Reference {{reference}}.'
        else 'Now {{day}} {{time}} {{clinic}} {{doctor}} {{token}} Reference {{reference}}. {{url}}!' end
      where key in ('appointment_booked', 'appointment_moved') and locale = 'en-IN'`;
    expect((await ends(tx, { siteUrl: null })).slice(0, 2)).toEqual(['', ' !']);
  }));

test('the link that callers are sent cannot lose its address', () =>
  rolledBack(sql, async (tx) => {
    const mistake = () =>
      tx`update public.sms_templates set body = 'See {{clinic}}' where key = 'ivr_link' and locale = 'en-IN'`;
    expect(await refusalIn(tx, mistake)).toMatchObject({ message: 'missing_placeholder' });
  }));

test('the preview counts with the address that there is', () =>
  rolledBack(sql, async (tx) => {
    await tx`update public.sms_settings set site_url = 'https://appointments.lakeside.example'`;
    await aPractitioner(tx, await aClinic(tx));
    const [row] = await tx<{ preview: string }[]>`
      select preview from public.sms_template_previews where key = 'appointment_booked' and locale = 'en-IN'`;
    expect(row?.preview).toContain('\nOnline: appointments.lakeside.example/a\nCall: 0');
    const [link] = await tx<{ preview: string }[]>`
      select preview from public.sms_template_previews where key = 'ivr_link' and locale = 'en-IN'`;
    expect(link?.preview).not.toContain('lakeside.example/a');
  }));

test.each(['medq.example', 'https://', 'https://medq.example/', 'https://medq.example/a b'])(
  'an address such as %j is refused',
  (address) =>
    rolledBack(sql, async (tx) => {
      const mistake = () => tx`update public.sms_settings set site_url = ${address}`;
      expect(await refusalIn(tx, mistake)).toMatchObject({ code: '23514' });
    })
);
