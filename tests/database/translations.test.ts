// What clinics, practitioners and specialties are called in other languages, and where patients read it.
import { afterAll, describe, expect, test } from 'vitest';
import { asServiceRole, attempt, refusalIn, rolledBack, type Transaction } from '../helpers/database.ts';
import { aDeskPerson, asDesk } from '../helpers/desk.ts';
import { closeDatabases, databaseAsPostgres } from '../helpers/stack.ts';
import { aClinic, aPatient, aPractitioner, book } from '../helpers/world.ts';

const sql = databaseAsPostgres();
afterAll(closeDatabases);

// So far ahead that what is booked there has not begun.
const now = new Date('2091-06-01T00:00:00Z');
const at = new Date('2091-06-09T10:00:00+05:30');
const within = (work: (tx: Transaction) => Promise<void>) => rolledBack(sql, work);

async function called(tx: Transaction, name: string, clinicId: string, locale: string): Promise<unknown> {
  const [row] = await tx`select private.name_in(${name}, ${clinicId}, ${locale}) as name`;
  return row?.name;
}

async function heard(tx: Transaction, name: string, spoken: string | null, clinicId: string) {
  const [row] = await tx`select private.spoken_in(${name}, ${spoken}, ${clinicId}, 'ta-IN') as name`;
  return row?.name as unknown;
}

describe('a name in a language', () => {
  test('is the usual one where there is no other', () =>
    within(async (tx) => {
      const { id } = await aClinic(tx);
      expect(await called(tx, 'Dr. Rao', id, 'ta-IN')).toBe('Dr. Rao');
      expect(await heard(tx, 'Dr. Rao', 'Doctor Rao', id)).toBe('Doctor Rao');
      expect(await heard(tx, 'Dr. Rao', null, id)).toBe('Dr. Rao');
    }));

  test('is the clinic’s own before everybody’s, whatever the capitals', () =>
    within(async (tx) => {
      const [here, elsewhere] = [await aClinic(tx), await aClinic(tx)];
      expect(await called(tx, 'general MEDICINE', here.id, 'ta-IN')).toBe('பொது மருத்துவம்');
      expect(await called(tx, 'General medicine', here.id, 'hi-IN')).toBe('सामान्य चिकित्सा');
      expect(await called(tx, 'General medicine', here.id, 'en-IN')).toBe('General medicine');
      await tx`insert into public.translations (name, locale, translation, clinic_id)
        values ('General medicine', 'ta-IN', 'காய்ச்சல், சளி', ${here.id})`;
      expect(await called(tx, 'General medicine', here.id, 'ta-IN')).toBe('காய்ச்சல், சளி');
      expect(await called(tx, 'General medicine', elsewhere.id, 'ta-IN')).toBe('பொது மருத்துவம்');
    }));

  test('is asked for by anybody, many at once, and found as it was asked', () =>
    within(async (tx) => {
      const [here, elsewhere] = [await aClinic(tx), await aClinic(tx)];
      await tx`insert into public.translations (name, locale, translation, address, clinic_id) values
        ('General medicine', 'ta-IN', 'காய்ச்சல், சளி', null, ${here.id}),
        ('Lakeside', 'ta-IN', 'ஏரிக்கரை', '14 காந்தி சாலை', ${here.id})`;
      const names = ['general MEDICINE', 'General medicine', 'Lakeside', 'Dr. Nobody', 'Lakeside'];
      const clinics = [here.id, elsewhere.id, here.id, here.id, elsewhere.id];
      await tx`set local role anon`;
      expect(await tx`select * from public.names_in('ta-IN', ${names}, ${clinics})`).toEqual([
        { name: 'general MEDICINE', clinic_id: here.id, translation: 'காய்ச்சல், சளி', address: null },
        { name: 'General medicine', clinic_id: elsewhere.id, translation: 'பொது மருத்துவம்', address: null },
        { name: 'Lakeside', clinic_id: here.id, translation: 'ஏரிக்கரை', address: '14 காந்தி சாலை' }
      ]);
      expect(await tx`select name, translation from public.names_in('ta-IN', ${names.slice(0, 3)})`).toEqual([
        { name: 'general MEDICINE', translation: 'பொது மருத்துவம்' },
        { name: 'General medicine', translation: 'பொது மருத்துவம்' }
      ]);
      const many =
        await tx`select from public.names_in('hi-IN', array_fill('General medicine'::text, '{1001}'))`;
      expect(many).toHaveLength(1000);
    }));

  test('is heard as it is respelt', () =>
    within(async (tx) => {
      const { id } = await aClinic(tx);
      await tx`insert into public.translations (name, locale, translation) values ('Dr. Rao', 'ta-IN', 'டாக்டர் ராவ்')`;
      expect(await heard(tx, 'Dr. Rao', 'Doctor Rao', id)).toBe('டாக்டர் ராவ்');
      await tx`update public.translations set spoken_as = 'டாக்டர் ராவு' where name = 'Dr. Rao'`;
      expect(await heard(tx, 'Dr. Rao', 'Doctor Rao', id)).toBe('டாக்டர் ராவு');
      expect(await called(tx, 'Dr. Rao', id, 'ta-IN')).toBe('டாக்டர் ராவ்');
    }));

  test('is cleaned and refused as names are, and is one', () =>
    within(async (tx) => {
      const put = (name: string, translation: string, locale = 'ta-IN') =>
        asServiceRole(
          tx,
          (db) => db`
          insert into public.translations (name, locale, translation) values (${name}, ${locale}, ${translation})
          returning name, translation`
        );
      expect(await put(' Dr. Sen\u200b ', '\u00a0டாக்டர் சென் ')).toMatchObject([
        { name: 'Dr. Sen', translation: 'டாக்டர் சென்' }
      ]);
      expect(await refusalIn(tx, () => put('Dr. Das', '12'))).toMatchObject({ message: 'validation_failed' });
      expect(await refusalIn(tx, () => put('Dr. Das', 'டாக்டர்\nதாஸ்'))).toMatchObject({
        message: 'validation_failed'
      });
      await expect(attempt(tx, () => put('DR. SEN', 'சென்'))).rejects.toThrow(/one_translation_of_a_name/);
      await expect(attempt(tx, () => put('Dr. Das', 'தாஸ்', 'Tamil'))).rejects.toThrow(/locale/);
    }));
});

test('managers say what names are called at their clinic, and take it back', () =>
  within(async (tx) => {
    const [clinic, elsewhere] = [await aClinic(tx), await aClinic(tx)];
    const manager = await aDeskPerson(tx, clinic, { role: 'manager' });
    const say = (names: object[], clinicId = clinic.id) =>
      asDesk(
        tx,
        manager,
        (db) => db`select public.set_translations(${clinicId}, 'ta-IN', ${db.json(names as never)})`
      );
    await say([{ name: 'Dr. Rao', translation: 'டாக்டர் ராவ்' }]);
    expect(await called(tx, 'Dr. Rao', clinic.id, 'ta-IN')).toBe('டாக்டர் ராவ்');
    expect(await called(tx, 'Dr. Rao', elsewhere.id, 'ta-IN')).toBe('Dr. Rao');
    await tx`update public.translations set spoken_as = 'டாக்டர் ராவு' where clinic_id = ${clinic.id}`;
    await say([{ name: 'dr. rao', translation: 'டாக்டர் ராவ்' }]);
    expect(await heard(tx, 'Dr. Rao', null, clinic.id)).toBe('டாக்டர் ராவு');
    await say([{ name: 'Dr. Rao', translation: 'மருத்துவர் ராவ்' }]);
    expect(await heard(tx, 'Dr. Rao', null, clinic.id)).toBe('மருத்துவர் ராவ்');
    // Nothing of what cannot be kept.
    const wrong = [
      { name: 'Dr. Rao', translation: '' },
      { name: 'Dr. Sen', translation: '7' }
    ];
    expect(await refusalIn(tx, () => say(wrong))).toMatchObject({ message: 'validation_failed' });
    expect(await called(tx, 'Dr. Rao', clinic.id, 'ta-IN')).toBe('மருத்துவர் ராவ்');
    expect(await refusalIn(tx, () => say([], elsewhere.id))).toMatchObject({ message: 'not_staff' });
    await say([{ name: 'Dr. Rao', translation: '' }]);
    expect(await called(tx, 'Dr. Rao', clinic.id, 'ta-IN')).toBe('Dr. Rao');
  }));

test('two names that are one are one to managers too, and what is no list of names is refused with a word', () =>
  within(async (tx) => {
    const clinic = await aClinic(tx);
    const manager = await aDeskPerson(tx, clinic, { role: 'manager' });
    const say = (names: unknown, locale: string | null = 'ta-IN', clinicId: string | null = clinic.id) =>
      asDesk(
        tx,
        manager,
        (db) => db`select public.set_translations(${clinicId}, ${locale}, ${db.json(names as never)})`
      );
    await say([
      { name: 'General Medicine', translation: '' },
      { name: 'general medicine', translation: 'மருத்துவம்' },
      { name: ' General medicine\u200b', translation: 'வேறு' }
    ]);
    expect(await called(tx, 'General Medicine', clinic.id, 'ta-IN')).toBe('மருத்துவம்');
    const [row] = await tx`select count(*)::int from public.translations where clinic_id = ${clinic.id}`;
    expect(row?.count).toBe(1);
    for (const wrong of [
      { name: 'Dr. Sen' },
      [1],
      'Dr. Sen',
      [{ translation: 'சென்' }],
      [{ name: null }],
      null
    ])
      expect(await refusalIn(tx, () => say(wrong))).toMatchObject({ code: 'PT400', detail: 'invalid_name' });
    for (const locale of ['Tamil', 'xx-XX', null])
      expect((await refusalIn(tx, () => say([], locale)))?.detail).toBe('unknown_language');
    expect((await refusalIn(tx, () => say([], 'ta-IN', null)))?.detail).toBe('unknown_clinic');
  }));

describe('SMS', () => {
  test('name doctor and clinic in the language that they are in', () =>
    within(async (tx) => {
      const clinic = await aClinic(tx);
      const practitioner = await aPractitioner(tx, clinic);
      await tx`insert into public.translations (name, locale, translation, clinic_id) values
        ('Dr. Anjali Rao', 'ta-IN', 'டாக்டர் அஞ்சலி ராவ்', ${clinic.id}),
        ('Lakeside Clinic', 'ta-IN', 'ஏரிக்கரை கிளினிக்', ${clinic.id})`;
      const [tamil, english] = [await aPatient(tx), await aPatient(tx)];
      await tx`update public.patients set locale = 'ta-IN' where id = ${tamil.id}`;
      await book(tx, tamil, practitioner, at, { now });
      await book(tx, english, practitioner, new Date(at.getTime() + 900_000), { now });
      const told = async ({ id }: { id: string }) =>
        (await tx<{ body: string }[]>`select body from public.sms_messages where patient_id = ${id}`)[0]
          ?.body;
      expect(await told(tamil)).toMatch(/டாக்டர் அஞ்சலி ராவ், .*, ஏரிக்கரை கிளினிக்\./);
      expect(await told(english)).toMatch(/Dr\. Anjali Rao, .*, Lakeside Clinic\./);
    }));

  test('are previewed with the longest names of their language', () =>
    within(async (tx) => {
      const clinic = await aClinic(tx);
      await aPractitioner(tx, clinic, { name: 'Dr. Om' });
      const long = `டாக்டர் ${'ராவ்'.repeat(20)}`;
      await tx`insert into public.translations (name, locale, translation, clinic_id)
        values ('Dr. Om', 'ta-IN', ${long}, ${clinic.id})`;
      const previews = await tx<{ locale: string; preview: string }[]>`
        select locale, preview from public.sms_template_previews where key = 'appointment_booked'`;
      const of = (locale: string) => previews.find((row) => row.locale === locale)?.preview ?? '';
      expect(of('ta-IN')).toContain('டாக்டர் ராவ்ராவ்');
      expect(of('en-IN')).not.toContain('டாக்டர்');
    }));
});
