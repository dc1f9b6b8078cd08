import { afterAll, describe, expect, test } from 'vitest';
import { measure, fitsGsm } from '../../local/messagebird/text-length.ts';
import { asServiceRole, refusalIn, rolledBack, type Transaction } from '../helpers/database.ts';
import { closeDatabases, databaseAsPostgres } from '../helpers/stack.ts';

const sql = databaseAsPostgres();
afterAll(closeDatabases);

const within = (work: (tx: Transaction) => Promise<void>) => rolledBack(sql, work);

interface Template {
  key: string;
  locale: string;
  body: string;
  placeholders: string[];
  required: string[];
  default_body: string;
  samples: Record<string, string>;
  description: string;
}

async function template(tx: Transaction, key: string, locale = 'en-IN'): Promise<Template> {
  const [row] = await tx<Template[]>`
    select * from public.sms_templates where key = ${key} and locale = ${locale}`;
  if (!row) throw new Error(`There is no template ${key} in ${locale}.`);
  return row;
}

const edit =
  (tx: Transaction, key: string, body: string, locale = 'en-IN') =>
  () =>
    tx`update public.sms_templates set body = ${body} where key = ${key} and locale = ${locale}`;

const add = (tx: Transaction, row: Record<string, unknown>) =>
  tx`insert into public.sms_templates ${tx(row)}`;

describe('a text', () => {
  test.each([
    ['welcome', 'Welcome! Username: {{username}}', 'The text must tell {{password}}.'],
    ['code', 'Your code is on its way.', 'The text must tell {{code}}.'],
    [
      'appointment_booked',
      'See {{doctor}}, {{clinic}}, {{day}}',
      'The text must tell {{reference}}, {{time}}, {{token}}.'
    ]
  ])('without what it must tell is refused: %s', (key, body, hint) =>
    within(async (tx) => {
      expect(await refusalIn(tx, edit(tx, key, body))).toEqual({
        code: 'PT400',
        message: 'missing_placeholder',
        detail: 'missing_placeholder',
        hint
      });
    })
  );

  test('with a single brace has not told it', () =>
    within(async (tx) => {
      expect(await refusalIn(tx, edit(tx, 'code', 'Your code: {code}'))).toMatchObject({
        message: 'missing_placeholder'
      });
    }));

  test('too long for the provider is refused', () =>
    within(async (tx) => {
      const refusal = await refusalIn(tx, edit(tx, 'code', `{{code}} ${'long '.repeat(300)}`));
      expect(refusal).toEqual({
        code: 'PT400',
        message: 'template_too_long',
        detail: 'template_too_long',
        hint: 'The text would take 10 SMS in a row; 9 are the most.'
      });
    }));

  test('may leave out what an admin says it need not tell', () =>
    within(async (tx) => {
      await tx`
        update public.sms_templates set required = '{day,time}', body = 'Come on {{day}} at {{time}}.'
        where key = 'appointment_booked' and locale = 'en-IN'`;
      expect((await template(tx, 'appointment_booked')).body).toBe('Come on {{day}} at {{time}}.');
    }));

  test('is checked for a secret key as for anybody', () =>
    within(async (tx) => {
      const as = (body: string) => () => asServiceRole(tx, (db) => edit(db, 'code', body)());
      expect((await refusalIn(tx, as('nothing')))?.message).toBe('missing_placeholder');
      await as('Code {{code}}')();
      expect((await template(tx, 'code')).body).toBe('Code {{code}}');
    }));
});

describe('a template that a migration adds', () => {
  test('needs no more than its words: the rest is filled in', () =>
    within(async (tx) => {
      await add(tx, {
        key: 'fee_due',
        body: 'Please pay {{amount}} at {{clinic}}.',
        placeholders: ['amount', 'clinic']
      });
      expect(await template(tx, 'fee_due')).toMatchObject({
        required: ['amount', 'clinic'],
        default_body: 'Please pay {{amount}} at {{clinic}}.',
        samples: { amount: 'AMOUNT', clinic: 'Lakeside Clinic' }
      });
      expect((await refusalIn(tx, edit(tx, 'fee_due', 'Pay!')))?.message).toBe('missing_placeholder');
    }));

  test('in another language takes after the text in en-IN', () =>
    within(async (tx) => {
      await add(tx, { key: 'code', locale: 'fr-FR', body: 'आपका MedQ कोड: {{code}}' });
      const original = await template(tx, 'code');
      expect(await template(tx, 'code', 'fr-FR')).toMatchObject({
        placeholders: ['code'],
        required: ['code'],
        description: original.description,
        samples: { code: '482193' }
      });
      expect((await refusalIn(tx, edit(tx, 'code', 'कोड', 'fr-FR')))?.message).toBe('missing_placeholder');
    }));

  test('every template there is has what an admin needs', async () => {
    const templates = await sql<Template[]>`select * from public.sms_templates`;
    for (const { key, locale, placeholders, required, samples, default_body, body } of templates) {
      const name = `${key} in ${locale}`;
      expect(Object.keys(samples).sort(), name).toEqual(placeholders.toSorted());
      // No placeholder is shown by its mere name.
      for (const placeholder of placeholders)
        expect(samples[placeholder], name).not.toBe(placeholder.toUpperCase());
      expect(placeholders, name).toEqual(expect.arrayContaining(required));
      expect(default_body, name).toBe(body);
    }
  });
});

describe('the words it came with', () => {
  test('can be had back by an admin', () =>
    within(async (tx) => {
      const before = await template(tx, 'code');
      await edit(tx, 'code', 'Code: {{code}}')();
      expect((await template(tx, 'code')).default_body).toBe(before.body);
      const [restored] = await asServiceRole(
        tx,
        (db) => db<Template[]>`select * from public.restore_sms_template('code')`
      );
      expect(restored?.body).toBe(before.body);
      expect(await template(tx, 'code')).toMatchObject({ body: before.body });
    }));

  test('in one language leave the others alone', () =>
    within(async (tx) => {
      await edit(tx, 'code', 'Code: {{code}}')();
      await edit(tx, 'code', 'குறியீடு: {{code}}', 'ta-IN')();
      await tx`select public.restore_sms_template('code', 'ta-IN')`;
      expect((await template(tx, 'code')).body).toBe('Code: {{code}}');
      expect((await template(tx, 'code', 'ta-IN')).body).toMatch(/^{{code}} என்பது/);
    }));

  test('of no such template are an error', () =>
    within(async (tx) => {
      const restore = () => tx`select public.restore_sms_template('code', 'fr-FR')`;
      expect(await refusalIn(tx, restore)).toMatchObject({
        code: 'PT404',
        message: 'not_found',
        detail: 'unknown_template'
      });
    }));
});

test('a preview shows every template as a patient would read it', async () => {
  const previews = await sql<
    { key: string; locale: string; preview: string; parts: number; edited: boolean }[]
  >`
    select * from public.sms_template_previews`;
  const templates = await sql<{ n: number }[]>`select count(*)::int as n from public.sms_templates`;
  expect(previews).toHaveLength(templates[0]?.n ?? NaN);
  for (const { preview, edited } of previews) {
    expect(preview).not.toMatch(/[{}]/);
    expect(edited).toBe(false);
  }
  expect(
    previews.find(({ key, locale }) => key === 'appointment_moved' && locale === 'en-IN')?.preview
  ).toMatch(
    /^Moved: .+, now Wed 21 Oct at 10:30 am, .+\. Token 12\. Reference 4821\.\nOnline: .+\/a\nCall: [\d ]+$/
  );
});

test('in English every text is one SMS', async () => {
  const several = await sql`
    select key from public.sms_templates
    where locale = 'en-IN' and private.sms_parts(private.render_template(body, samples)) > 1`;
  expect([...several]).toEqual([]);
});

describe('length', () => {
  const texts = [
    '',
    'a'.repeat(160),
    'a'.repeat(161),
    'a'.repeat(306),
    'a'.repeat(307),
    '€'.repeat(80),
    '€'.repeat(81),
    '^{}\\[~]|€\f',
    '@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&\'()*+,-./0123456789:;<=>?¡ÄÖÑÜ§¿äöñüà',
    'ç',
    '`',
    '\t',
    '₹500',
    'வ'.repeat(70),
    'வ'.repeat(71),
    'வ'.repeat(134),
    'வ'.repeat(135),
    '😀'.repeat(35),
    '😀'.repeat(36),
    'நாளை 10:30 மணி'
  ];
  test.each(texts)('of %j', async (text) => {
    const coding = fitsGsm(text) ? 'plain' : 'unicode';
    const [row] = await sql`
      select private.sms_encoding(${text}) as encoding, private.sms_units(${text}) as units,
        private.sms_parts(${text}) as parts`;
    expect(row).toEqual({ encoding: coding === 'plain' ? 'GSM-7' : 'UCS-2', ...measure(text, coding) });
  });
});

describe('days and times in Tamil', () => {
  test.each([
    ['2091-06-04 06:00', 'திங்கள், 4 ஜூன்', 'காலை 6:00'],
    ['2091-06-10 12:05', 'ஞாயிறு, 10 ஜூன்', 'மதியம் 12:05'],
    ['2091-01-03 17:30', 'புதன், 3 ஜனவரி', 'மாலை 5:30'],
    ['2091-12-28 21:15', 'வெள்ளி, 28 டிசம்பர்', 'இரவு 9:15'],
    ['2091-12-29 00:10', 'சனி, 29 டிசம்பர்', 'இரவு 12:10']
  ])('%s', async (local, day, time) => {
    const [row] = await sql`
      select private.sms_day(${local}::timestamp, 'ta-IN') as day, private.sms_time(${local}::timestamp, 'ta-IN') as time`;
    expect(row).toEqual({ day, time });
  });
});
