// What is typed as a name, a specialty or a note, wherever it is typed: by hand, in a form, in a registration.
import { randomUUID } from 'node:crypto';
import { afterAll, describe, expect, test } from 'vitest';
import { asPatient, attempt, refusalIn, rolledBack, type Transaction } from '../helpers/database.ts';
import { closeDatabases, databaseAsPostgres } from '../helpers/stack.ts';
import { aClinic, aPatient, aPhone, aPractitioner } from '../helpers/world.ts';
import { readName } from '../../supabase/functions/_shared/names.ts';
import { names } from '../unit/shared-rules.ts';

const sql = databaseAsPostgres();
afterAll(closeDatabases);

const within = (work: (tx: Transaction) => Promise<void>) => rolledBack(sql, work);

/** A way in: keeps a name and returns how. */
type Keep = (tx: Transaction, name: string) => Promise<string | null | undefined>;

const keepPatient: Keep = async (tx, name) => {
  const [row] = await tx<{ name: string }[]>`
    insert into public.patients (phone, name) values (${aPhone()}, ${name}) returning name`;
  return row?.name;
};
const editPatient: Keep = async (tx, name) => {
  const { id } = await aPatient(tx);
  const [row] = await tx<{ name: string }[]>`
    update public.patients set name = ${name} where id = ${id} returning name`;
  return row?.name;
};
const updateProfile: Keep = async (tx, name) => {
  const { account } = await aPatient(tx, { account: true });
  const [row] = await asPatient(
    tx,
    account,
    (db) => db<{ name: string }[]>`select name from public.update_profile(name => ${name})`
  );
  return row?.name;
};
const register: Keep = async (tx, name) => {
  const id = randomUUID();
  await tx`select private.begin_registration(${id}, 'register', ${aPhone()}, ${name}, 34, null)`;
  const [row] = await tx<{ name: string }[]>`select name from private.registrations where id = ${id}`;
  return row?.name;
};
const keepDoctor: Keep = async (tx, name) => (await aPractitioner(tx, await aClinic(tx), { name })).name;
const keepSpecialty: Keep = async (tx, specialty) =>
  (await aPractitioner(tx, await aClinic(tx), { specialty })).specialty;
const keepSpokenName: Keep = async (tx, spoken_name) => {
  const { id } = await aPractitioner(tx, await aClinic(tx), { spoken_name });
  const [row] = await tx<{ spoken_name: string }[]>`
    select spoken_name from public.practitioners where id = ${id}`;
  return row?.spoken_name;
};
const keepClinic: Keep = async (tx, name) => (await aClinic(tx, { name })).name;

const ways: [string, string, Keep][] = [
  ['a patient made by hand', 'name', keepPatient],
  ['a patient edited by hand', 'name', editPatient],
  ['update_profile', 'name', updateProfile],
  ['a registration', 'name', register],
  ['a doctor', 'name', keepDoctor],
  ['a specialty', 'specialty', keepSpecialty],
  ['a spoken name', 'spoken name', keepSpokenName],
  ['a clinic', 'name', keepClinic]
];

// PostgreSQL itself refuses NUL in any text.
const storable = names.filter(({ input }) => !input.includes('\0'));

describe.each(ways)('%s', (_way, column, keep) => {
  test('is kept as functions and site keep it, or refused as they refuse it', () =>
    within(async (tx) => {
      for (const { input, kept } of storable) {
        const told = JSON.stringify(input);
        if (kept !== null) {
          expect(await attempt(tx, () => keep(tx, input)), told).toBe(kept);
          continue;
        }
        const refusal = await refusalIn(tx, () => keep(tx, input));
        expect(refusal, told).toMatchObject({ code: 'PT400', message: 'validation_failed' });
        expect(refusal?.detail, told).toMatch(/^(invalid|untypable)_name$/);
        expect(refusal?.hint, told).toMatch(new RegExp(`^Please (enter a|type the) ${column}\\b`));
      }
    }));
});

test('around a letter every blank, control and invisible character means the same here and in the functions', () =>
  within(async (tx) => {
    await tx`
      create function pg_temp.kept(p_text text) returns text language plpgsql as $$
      begin
        return private.name_from(p_text);
      exception when sqlstate 'PT400' then
        return null;
      end $$`;
    const odd = Array.from({ length: 0x10ffff }, (_, n) => n + 1)
      .filter((code) => code < 0xd800 || code > 0xdfff)
      .map((code) => String.fromCodePoint(code))
      .filter((character) => /[\p{Default_Ignorable_Code_Point}\p{White_Space}\p{C}\p{Z}]/u.test(character))
      // Not the hundred thousands that are nobody's yet, or private.
      .filter(
        (character) =>
          !/[\p{Co}\p{Cn}]/u.test(character) || /\p{Default_Ignorable_Code_Point}/u.test(character)
      );
    expect(odd.length).toBeGreaterThan(4000);
    const texts = odd.flatMap((character) => [character, `${character}A${character}`, `A${character}A`]);
    const rows = await tx<{ kept: string | null }[]>`
      select pg_temp.kept(t) as kept from unnest(${texts}::text[]) with ordinality as x (t, n) order by n`;
    const readByFunctions = texts.map((text) => {
      const read = readName(text);
      return 'name' in read ? read.name : null;
    });
    const differing = texts.filter((_, index) => rows[index]?.kept !== readByFunctions[index]);
    expect(differing.map((text) => JSON.stringify(text))).toEqual([]);
  }));

test('a patient who never told a name has none', () =>
  within(async (tx) => {
    const [row] = await tx`insert into public.patients (phone) values (${aPhone()}) returning name`;
    expect(row).toEqual({ name: null });
  }));

describe('a specialty', () => {
  const specialtiesOf = async (tx: Transaction, clinic: { id: string }) =>
    (
      await tx<{ specialty: string }[]>`
        select distinct specialty from public.practitioners where clinic_id = ${clinic.id} order by 1`
    ).map(({ specialty }) => specialty);

  test.each(['general medicine ', 'GENERAL MEDICINE', 'General  medicine', '\u200BGeneral\u00A0medicine'])(
    '%j beside "General medicine" is the same one',
    (specialty) =>
      within(async (tx) => {
        const clinic = await aClinic(tx);
        await aPractitioner(tx, clinic, { specialty: 'General medicine' });
        const second = await aPractitioner(tx, clinic, { specialty });
        const third = await aPractitioner(tx, clinic, { specialty: 'Paediatrics' });
        await tx`update public.practitioners set specialty = ${specialty} where id = ${third.id}`;
        expect(second.specialty).toBe('General medicine');
        expect(await specialtiesOf(tx, clinic)).toEqual(['General medicine']);
      })
  );

  test('in Tamil is one however its letters are composed', () =>
    within(async (tx) => {
      const clinic = await aClinic(tx);
      await aPractitioner(tx, clinic, { specialty: 'பொது மருத்துவம்' });
      const other = await aPractitioner(tx, clinic, { specialty: 'ப\u0BC6\u0BBEது மருத்துவம்' });
      expect(other.specialty).toBe('பொது மருத்துவம்');
    }));

  test('spelt otherwise by hand is so for everybody, and at other clinics as it was', () =>
    within(async (tx) => {
      const [clinic, other] = [await aClinic(tx), await aClinic(tx)];
      const first = await aPractitioner(tx, clinic, { specialty: 'general medicine' });
      await aPractitioner(tx, clinic, { specialty: 'general medicine' });
      await aPractitioner(tx, other, { specialty: 'general medicine' });
      await tx`update public.practitioners set specialty = 'General Medicine' where id = ${first.id}`;
      expect(await specialtiesOf(tx, clinic)).toEqual(['General Medicine']);
      expect(await specialtiesOf(tx, other)).toEqual(['general medicine']);
    }));

  test('has one key in calls, and is found however it is asked for', () =>
    within(async (tx) => {
      const clinic = await aClinic(tx);
      await aPractitioner(tx, clinic, { specialty: 'General medicine' });
      const [row] = await tx`
        select private.ivr_specialty_key('general  medicine ') = private.ivr_specialty_key('General medicine') as same,
          private.ivr_specialty_key('Paediatrics') = private.ivr_specialty_key('General medicine') as other`;
      expect(row).toEqual({ same: true, other: false });
      const { account } = await aPatient(tx, { account: true });
      const found = await asPatient(
        tx,
        account,
        (db) => db`
          select distinct specialty, exists (
              select from public.available_slots_of_day(${clinic.id}, current_date + 1, specialty => 'general medicine ')
            ) as that_day,
            (select sum(free) > 0 from public.available_days(${clinic.id}, specialty => 'general medicine ')) as days
          from public.next_available_slots(${clinic.id}, 'general medicine ')`
      );
      expect([...found]).toEqual([{ specialty: 'General medicine', that_day: true, days: true }]);
    }));
});

describe('a note', () => {
  const address = async (tx: Transaction, text: string) => {
    const { id } = await aClinic(tx, { address: text });
    const [row] = await tx<{ address: string }[]>`select address from public.clinics where id = ${id}`;
    return row?.address;
  };

  test('has line breaks of one kind and no other control characters', () =>
    within(async (tx) => {
      expect(await address(tx, ' 12 Lake View Road,\r\nChennai\u2028600034\u000BIndia\u0007\u202E \n')).toBe(
        '12 Lake View Road,\nChennai\n600034\nIndia'
      );
      expect(await address(tx, '')).toBe('');
    }));

  test('of more than 300 characters is refused where it is entered', () =>
    within(async (tx) => {
      expect(await address(tx, 'அ'.repeat(300))).toHaveLength(300);
      const { id: practitioner_id } = await aPractitioner(tx, await aClinic(tx));
      const tooLong = [
        () => address(tx, 'x'.repeat(301)),
        () =>
          tx`
            insert into public.schedule_exceptions ${tx({ practitioner_id, on_date: '2091-06-09', reason: 'x'.repeat(301) })}`,
        () => tx`insert into public.sms_opt_outs ${tx({ phone: aPhone(), reason: 'x'.repeat(301) })}`
      ];
      for (const enter of tooLong) {
        expect(await refusalIn(tx, enter)).toMatchObject({
          code: 'PT400',
          detail: 'note_too_long',
          hint: expect.stringContaining('up to 300 characters') as string
        });
      }
    }));
});
