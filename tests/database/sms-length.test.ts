// How long an SMS is: its alphabet, its parts, and that none that MedQ writes is too long to be sent.
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { fitsGsm, measure } from '../../local/messagebird/text-length.ts';
import { refusalIn, rolledBack, type Transaction } from '../helpers/database.ts';
import { closeDatabases, databaseAsPostgres } from '../helpers/stack.ts';
import { aClinic, aPatient, aPhone, aPractitioner, book } from '../helpers/world.ts';

const sql = databaseAsPostgres();
afterAll(closeDatabases);

const within = (work: (tx: Transaction) => Promise<void>) => rolledBack(sql, work);

const extended = new Set('^{}\\[~]|€\f');

/** An encoder as phones have one: writes a text character by character and begins a part when one does not fit. */
function encode(text: string): { units: number; parts: number } {
  const gsm = fitsGsm(text);
  const sizes = Array.from(text, (character) => (gsm ? (extended.has(character) ? 2 : 1) : character.length));
  const units = sizes.reduce((sum, size) => sum + size, 0);
  if (units <= (gsm ? 160 : 70)) return { units, parts: 1 };
  const room = gsm ? 153 : 67;
  let parts = 1;
  let used = 0;
  for (const size of sizes) {
    if (used + size > room) {
      parts += 1;
      used = 0;
    }
    used += size;
  }
  return { units, parts };
}

describe('the parts of a text', () => {
  test.each([
    ['a'.repeat(152) + '€' + 'a'.repeat(151), 2],
    // The € would be cut: the text says 306 places, and does not fit into two parts of 153.
    ['a'.repeat(152) + '€' + 'a'.repeat(152), 3],
    ['€'.repeat(76) + 'a' + '€'.repeat(76), 2],
    ['€'.repeat(153), 3],
    ['வ'.repeat(66) + '😀' + 'வ'.repeat(66), 3],
    ['வ'.repeat(65) + '😀' + 'வ'.repeat(67), 2],
    ['😀'.repeat(67), 3],
    // The last that the provider takes, and the first that it does not.
    ['a'.repeat(9 * 153), 9],
    ['€'.repeat(9 * 76), 9],
    ['€'.repeat(9 * 76 + 1), 10],
    ['😀'.repeat(9 * 33), 9],
    ['😀'.repeat(9 * 33 + 1), 10]
  ])('%j', async (text, parts) => {
    expect(encode(text).parts).toBe(parts);
    expect(measure(text, fitsGsm(text) ? 'plain' : 'unicode').parts).toBe(parts);
    const [row] = await sql`select private.sms_parts(${text}) as parts`;
    expect(row).toEqual({ parts });
  });

  const gsm = fc.constantFrom(...'a €[', '\n');
  const any = fc.constantFrom(...'aவ€', '😀', '𑄌');
  const long = (unit: fc.Arbitrary<string>) => fc.string({ unit, minLength: 60, maxLength: 1500 });

  test('are what an encoder writes', async () => {
    const texts = fc.sample(fc.oneof(long(gsm), long(any)), 300);
    const rows = await sql`
      select private.sms_units(t) as units, private.sms_parts(t) as parts
      from unnest(${texts}::text[]) with ordinality as x (t, n) order by n`;
    expect([...rows]).toEqual(texts.map(encode));
    expect(texts.map((text) => measure(text, fitsGsm(text) ? 'plain' : 'unicode'))).toEqual(
      texts.map(encode)
    );
  });

  test('as many as are wanted hold the beginning of a text, and no part is cut short', async () => {
    const texts = fc.sample(fc.oneof(long(gsm), long(any)), 300);
    const rows = await sql<{ beginning: string }[]>`
      select private.sms_beginning(t, 2) as beginning
      from unnest(${texts}::text[]) with ordinality as x (t, n) order by n`;
    for (const [index, text] of texts.entries()) {
      const beginning = rows[index]?.beginning ?? '';
      expect(text.startsWith(beginning)).toBe(true);
      expect(encode(beginning).parts).toBeLessThanOrEqual(2);
      const [next] = text.slice(beginning.length);
      // In the encoding of the whole, one character more begins the third part.
      if (next !== undefined && fitsGsm(beginning) === fitsGsm(text)) {
        expect(encode(beginning + next).parts).toBe(3);
      }
    }
  });
});

describe('typographic signs', () => {
  const plain = async (text: string) => {
    const [row] = await sql<{ text: string }[]>`select private.gsm_text(${text}) as text`;
    return row?.text;
  };

  test.each([
    ['Dr. O’Brien', "Dr. O'Brien"],
    ['Lakeside – Clinic', 'Lakeside - Clinic'],
    ['Lakeside\u00A0Clinic', 'Lakeside Clinic'],
    ['“Lakeside” … ‘now’—here', '"Lakeside" ... \'now\'-here'],
    ['Dr.\u202FRao\u200B, \uFEFFLakeside\tClinic', 'Dr. Rao, Lakeside Clinic'],
    ['Jose\u0301', 'José'],
    ['Curie\u00ADHaus', 'CurieHaus']
  ])('%j becomes %j', async (text, expected) => {
    expect(await plain(text)).toBe(expected);
  });

  test.each([
    'Dr. Dvořák’s',
    'நாளை – 10:30',
    'O’Brien 😀',
    'Gonçalves…',
    'Lakeside Clinic',
    '€ [x]\n^',
    '₹500'
  ])('%j stays: plain signs alone do not make it fit, or it fits already', async (text) => {
    expect(await plain(text)).toBe(text);
  });

  test('in the names of a booking do not double its SMS; in Tamil they stay', () =>
    within(async (tx) => {
      const clinic = await aClinic(tx, { name: 'Lakeside – Family\u00A0Clinic' });
      const doctor = await aPractitioner(tx, clinic, { name: 'Dr. O’Brien' });
      const [english, tamil] = [await aPatient(tx), await aPatient(tx)];
      await tx`update public.patients set locale = 'ta-IN' where id = ${tamil.id}`;
      const now = new Date('2091-06-01');
      await book(tx, english, doctor, '2091-06-09T10:00:00+05:30', { now });
      await book(tx, tamil, doctor, '2091-06-09T10:15:00+05:30', { now });
      const [text] = await tx`select body, parts from public.sms_messages where patient_id = ${english.id}`;
      expect(text).toMatchObject({
        body: expect.stringMatching(/^Booked: Dr\. O'Brien, .*, Lakeside - Family Clinic\. Token/) as string,
        parts: 1
      });
      const [other] = await tx`select body from public.sms_messages where patient_id = ${tamil.id}`;
      expect(other?.body).toMatch(/Dr\. O’Brien, .*, Lakeside – Family\u00A0Clinic\./);
    }));
});

describe('no SMS is too long to be sent', () => {
  // The dearest that names can be: as long as allowed, and two places for each letter.
  const longest = '𑄌'.repeat(100);
  const values = {
    doctor: longest,
    clinic: longest,
    clinic_phone: '+999999999999999',
    day: 'செவ்வாய், 30 செப்டம்பர்',
    time: 'மதியம் 12:30',
    token: '9999',
    reference: '4821',
    username: '+999999999999999',
    password: 'ABC12345',
    code: '482193',
    phone: '+99**********99',
    url: 'appointments.medq.example/a'
  };

  test('whatever the names: each text, in each language, tells all it has to tell', async () => {
    const rows = await sql<{ key: string; locale: string; text: string; whole: string }[]>`
      select key, locale, private.sms_text(body, ${sql.json(values)}) as text,
        private.render_template(body, ${sql.json(values)}) as whole
      from public.sms_templates where body = default_body`;
    expect(rows.length).toBeGreaterThan(20);
    for (const { key, locale, text, whole } of rows) {
      expect(encode(text).parts, `${key} in ${locale}`).toBeLessThanOrEqual(9);
      expect(text, `${key} in ${locale}`).toBe(whole);
    }
  });

  const longTexts = ['a', '€', 'வ', '😀'].map((letter) => [letter, letter.repeat(260)] as const);

  test.each(longTexts)('a text edited to be long (%s) has its names shortened', (_, words) =>
    within(async (tx) => {
      const body = `${words} {{doctor}} {{clinic}} {{day}} {{time}} {{token}} {{reference}}`;
      await tx`update public.sms_templates set body = ${body} where key = 'appointment_booked' and locale = 'en-IN'`;
      const clinic = await aClinic(tx, { name: longest });
      const doctor = await aPractitioner(tx, clinic, { name: longest });
      const patient = await aPatient(tx);
      const booked = await book(tx, patient, doctor, '2091-06-09T10:00:00+05:30', {
        now: new Date('2091-06-01')
      });
      const [message] = await tx<{ body: string; parts: number }[]>`
        select body, parts from public.sms_messages where patient_id = ${patient.id}`;
      expect(message?.parts).toBeLessThanOrEqual(9);
      expect(message?.parts).toBe(encode(message?.body ?? '').parts);
      if (words.length < 400) expect(message?.body).toContain(booked.reference);
    })
  );

  test('a name keeps its first words when it is shortened', async () => {
    const [row] = await sql`
      select private.short_name('Dr. Subramanian Venkataraman Krishnaswamy Iyer') as words,
        private.short_name(${'x'.repeat(50)}) as letters, private.short_name('Dr. Rao') as short`;
    expect(row).toEqual({
      words: 'Dr. Subramanian Venkataraman',
      letters: 'x'.repeat(40),
      short: 'Dr. Rao'
    });
  });

  test('one typed by hand that is, is refused', () =>
    within(async (tx) => {
      const queue = (body: string) => () =>
        tx`insert into public.sms_messages ${tx({ to_phone: aPhone(), template: 'code', body })}`;
      await queue('€'.repeat(9 * 76))();
      expect(await refusalIn(tx, queue('€'.repeat(9 * 76 + 1)))).toMatchObject({
        code: 'PT400',
        message: 'sms_too_long',
        hint: 'The text would take 10 SMS in a row; 9 are the most.'
      });
    }));
});

describe('a preview', () => {
  const preview = async (tx: Transaction, key: string, locale = 'en-IN') => {
    const [row] = await tx<{ preview: string; encoding: string; parts: number }[]>`
      select preview, encoding, parts from public.sms_template_previews where key = ${key} and locale = ${locale}`;
    return row;
  };

  test('has the longest names there are, in the alphabet that makes them longest', () =>
    within(async (tx) => {
      const long = await aClinic(tx, { name: `Lakeside ${'x'.repeat(91)}` });
      await aPractitioner(tx, long, { name: `Dr. ${'Y’'.repeat(48)}` });
      const tamil = await aClinic(tx, { name: `ஏரிக்கரை ${'ம'.repeat(70)}` });
      await aPractitioner(tx, tamil, { name: 'Dr. Anjali Rao' });
      const inEnglish = await preview(tx, 'appointment_booked');
      expect(inEnglish).toMatchObject({ encoding: 'UCS-2', parts: 3 });
      expect(inEnglish?.preview).toMatch(/^Booked: Dr\. Anjali Rao, Wed 21 Oct at 10:30 am, ஏரிக்கரை /);
      // In Tamil every text is UCS-2, and the longest names are the longest.
      expect((await preview(tx, 'appointment_booked', 'ta-IN'))?.preview).toMatch(/Dr\. Y’Y’.*Lakeside xxx/);
      expect((await preview(tx, 'ivr_link'))?.preview).toContain('ஏரிக்கரை');
      // Whom nobody can book, no SMS will name.
      await tx`update public.practitioners set active = false where clinic_id in (${tamil.id}, ${long.id})`;
      expect((await preview(tx, 'appointment_booked'))?.preview).not.toMatch(/Y’|Y'/);
    }));

  test('says how many SMS it is with a first name in front, where it is of an appointment', () =>
    within(async (tx) => {
      const counted = async (key: string, body: string) => {
        await tx`
          update public.sms_templates set required = '{}', body = ${body} where key = ${key} and locale = 'en-IN'`;
        const [row] = await tx<{ parts: number; parts_for_dependent: number | null }[]>`
          select parts, parts_for_dependent from public.sms_template_previews where key = ${key} and locale = 'en-IN'`;
        return row;
      };
      // Twelve letters, a colon and a blank.
      expect(await counted('reminder_day_before', 'x'.repeat(146))).toEqual({
        parts: 1,
        parts_for_dependent: 1
      });
      expect(await counted('reminder_day_before', 'x'.repeat(147))).toEqual({
        parts: 1,
        parts_for_dependent: 2
      });
      expect(await counted('code', 'x'.repeat(160))).toEqual({ parts: 1, parts_for_dependent: null });
    }));

  test('has its sample where a clinic has no doctor yet', () =>
    within(async (tx) => {
      await tx`update public.practitioners set active = false`;
      const shown = await preview(tx, 'appointment_booked');
      expect(shown?.preview).toMatch(/^Booked: Dr\. Karthik Subramanian, /);
    }));
});
