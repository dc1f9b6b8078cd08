import { afterAll, describe, expect, test } from 'vitest';
import settings from '../../src/words/medq.inlang/settings.json' with { type: 'json' };
import { refusalIn, rolledBack, type Transaction } from '../helpers/database.ts';
import { closeDatabases, databaseAsPostgres } from '../helpers/stack.ts';
import { aClinic, aPatient, aPhone, aPractitioner, book } from '../helpers/world.ts';

const sql = databaseAsPostgres();
afterAll(closeDatabases);

const edit = (tx: Transaction, key: string, body: string) => () =>
  tx`update public.sms_templates set body = ${body} where key = ${key} and locale = 'en-IN'`;

test('the words of the contract are there', async () => {
  const templates = await sql<{ key: string; body: string }[]>`
    select key, body from public.sms_templates where locale = 'en-IN' order by key`;
  const bodies = Object.fromEntries(templates.map(({ key, body }) => [key, body]));
  expect(bodies).toMatchObject({
    welcome:
      'Welcome to MedQ! A web account has been created for you.\nUsername: {{username}}\nPassword: {{password}}\n' +
      'You can now view your appointments online!',
    ivr_synced:
      'Your IVR booking has been synced with your web account. You can now view this appointment online.',
    account_linked:
      'Great! Your web account has been linked to your existing appointments. You can now view all your bookings online.'
  });
});

test('every SMS is there in every language', async () => {
  const rows = await sql<{ locale: string; keys: string[] }[]>`
    select locale, array_agg(key order by key) as keys from public.sms_templates group by locale`;
  const english = rows.find(({ locale }) => locale === 'en-IN');
  expect(english?.keys.length).toBeGreaterThan(10);
  expect(rows.map(({ locale }) => locale).toSorted()).toEqual(settings.locales.toSorted());
  for (const { locale, keys } of rows) expect([locale, keys]).toEqual([locale, english?.keys]);
});

describe('an admin edits the words', () => {
  test('and the next booking uses them', () =>
    rolledBack(sql, async (tx) => {
      await edit(
        tx,
        'appointment_booked',
        'See {{doctor}} {{day}}, {{time}}! {{clinic}} {{token}} ({{reference}}/{{reference}})'
      )();
      const patient = await aPatient(tx);
      const practitioner = await aPractitioner(tx, await aClinic(tx));
      const { reference } = await book(tx, patient, practitioner, '2091-06-09T10:00:00+05:30', {
        now: new Date('2091-06-01')
      });
      const [message] = await tx`select body from public.sms_messages where patient_id = ${patient.id}`;
      expect(message).toEqual({
        body: `See Dr. Anjali Rao Sat 9 Jun, 10:00 am! Lakeside Clinic 5 (${reference}/${reference})`
      });
    }));

  test.each([
    ['one that nothing replaces', 'Hello {{name}}'],
    ['one of another message', 'Hello {{password}}'],
    ['one with blanks', 'Hello {{ doctor }}'],
    ['one in capitals', 'Hello {{Doctor}}'],
    ['one that is not closed', 'Hello {{doctor'],
    ['one inside another', 'Hello {{doc{{doctor}}tor}}'],
    ['an empty one', 'Hello {{}}']
  ])('but not with a placeholder like %s', (_kind, body) =>
    rolledBack(sql, async (tx) => {
      expect(await refusalIn(tx, edit(tx, 'appointment_booked', body))).toMatchObject({
        code: 'PT400',
        message: 'unknown_placeholder',
        hint: expect.stringContaining('Use only: {{doctor}}, {{day}}, {{time}}') as string
      });
    })
  );

  test('but not to nothing', () =>
    rolledBack(sql, async (tx) => {
      expect(await refusalIn(tx, edit(tx, 'ivr_synced', '  '))).toMatchObject({
        code: 'PT400',
        message: 'empty_template'
      });
    }));

  test('and cannot delete or rename what bookings need, only translations of it', () =>
    rolledBack(sql, async (tx) => {
      const needed = { code: 'PT409', message: 'template_is_needed' };
      const remove = () => tx`delete from public.sms_templates where key = 'appointment_booked'`;
      const rename = () =>
        tx`update public.sms_templates set key = 'booked' where key = 'appointment_booked'`;
      const relabel = () => tx`update public.sms_templates set locale = 'fr-FR' where key = 'welcome'`;
      for (const mistake of [remove, rename, relabel]) {
        expect(await refusalIn(tx, mistake)).toMatchObject(needed);
      }
      await tx`
        insert into public.sms_templates (key, locale, body) values ('welcome', 'fr-FR', '{{username}} {{password}}')`;
      const removed = await tx`delete from public.sms_templates where locale = 'fr-FR'`;
      expect(removed.count).toBe(1);
    }));
});

describe('filling in', () => {
  const render = async (body: string, values: Record<string, string | number>) => {
    const [row] = await sql<{ text: string }[]>`
      select private.render_template(${body}, ${sql.json(values)}) as text`;
    return row?.text;
  };

  test('a value is never read as a template', async () => {
    expect(await render('{{a}} and {{b}}', { a: '{{b}}', b: '}}{{a}}{{' })).toBe('{{b}} and }}{{a}}{{');
  });

  test('text around placeholders stays as it is', async () => {
    expect(await render('{ {a} }} {{a}}{{a}}\n{{b}}%s\\1$', { a: 1, b: '' })).toBe('{ {a} }} 11\n%s\\1$');
  });

  test('a missing value is empty', async () => {
    expect(await render('<{{a}}>', {})).toBe('<>');
  });
});

describe('queueing', () => {
  test('the same cause queues nothing twice', () =>
    rolledBack(sql, async (tx) => {
      const phone = aPhone();
      const queue = async (cause: string) =>
        (await tx`select private.queue_sms('account_linked', ${phone}, '{}', ${cause}) as id`)[0]
          ?.id as unknown;
      const first = await queue(`linked:${phone}`);
      expect(first).toEqual(expect.any(String));
      expect(await queue(`linked:${phone}`)).toBeNull();
      expect(await queue(`again:${phone}`)).not.toBeNull();
      const rows = await tx<{ body: string; template: string; secret: boolean }[]>`
        select template, body, secret from public.sms_messages where to_phone = ${phone} and id = ${String(first)}`;
      expect([...rows]).toEqual([
        {
          template: 'account_linked',
          body: 'Great! Your web account has been linked to your existing appointments. You can now view all your bookings online.',
          secret: false
        }
      ]);
    }));

  test('a template nobody knows is our mistake, not the patient’s', () =>
    rolledBack(sql, async (tx) => {
      const mistake = () => tx`select private.queue_sms('no_such', ${aPhone()}, '{}', 'x')`;
      expect(await refusalIn(tx, mistake)).toMatchObject({
        code: 'P0001',
        message: 'There is no SMS template named no_such.'
      });
    }));
});
