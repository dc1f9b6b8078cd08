// Which phone numbers the database holds. It has one check for all of them, and the functions take none that it refuses.
import { afterAll, describe, expect, test } from 'vitest';
import { asServiceRole, refusalIn, refusalOf, rolledBack } from '../helpers/database.ts';
import { closeDatabases, databaseAsPostgres } from '../helpers/stack.ts';
import { aClinic, aPatient, aPhone } from '../helpers/world.ts';
import { storedPhones } from '../unit/shared-rules.ts';

const sql = databaseAsPostgres();
afterAll(closeDatabases);

const refusal = {
  code: 'PT400',
  message: 'invalid_phone',
  detail: 'invalid_phone',
  hint: expect.stringMatching(/^A phone number is stored as \+919876543210: .+\.$/)
};

test.each(storedPhones.map(({ input, taken }) => [input, taken] as const))(
  '%j is stored: %s',
  async (phone, taken) => {
    expect(await refusalOf(sql`select private.check_phone(${phone})`)).toEqual(taken ? undefined : refusal);
  }
);

test('no number is a number not told', async () => {
  expect(await refusalOf(sql`select private.check_phone(null)`)).toBeUndefined();
});

test('every column of a phone number is checked', async () => {
  const columns = await sql<{ name: string; checked: boolean }[]>`
    select a.attrelid::regclass || '.' || a.attname as name, exists (
      select from pg_constraint c where c.conrelid = a.attrelid
        and pg_get_constraintdef(c.oid) = format('CHECK (private.check_phone(%I))', a.attname)
    ) as checked
    from pg_attribute a join pg_class r on r.oid = a.attrelid
    where r.relnamespace in ('public'::regnamespace, 'private'::regnamespace) and r.relkind = 'r'
      and a.attname ~ '(^|_)phone$' and a.atttypid = 'text'::regtype
      -- Its numbers are masked.
      and r.oid <> 'public.security_events'::regclass`;
  expect(columns.filter(({ checked }) => !checked)).toEqual([]);
  expect(columns.length).toBeGreaterThanOrEqual(5);
});

describe('a 0 left over from dialling at home', () => {
  test('is refused of a patient, by hand and with the secret key', () =>
    rolledBack(sql, async (tx) => {
      const { id } = await aPatient(tx);
      const change = () => tx`update public.patients set phone = '+9109876543210' where id = ${id}`;
      expect(await refusalIn(tx, change)).toEqual(refusal);
      await tx`set local role service_role`;
      expect(await refusalIn(tx, change)).toEqual(refusal);
    }));

  test('is refused of a clinic and its reception', () =>
    rolledBack(sql, async (tx) => {
      const { id } = await aClinic(tx);
      for (const column of ['phone', 'reception_phone']) {
        const change = () =>
          tx`update public.clinics set ${tx({ [column]: '+9104440001000' })} where id = ${id}`;
        expect(await refusalIn(tx, change)).toEqual(refusal);
      }
    }));

  test('is refused of an SMS, where a number too long is too', async () => {
    for (const phone of ['+9109876543210', '+4921234567890123', '+431234']) {
      const queue = rolledBack(
        sql,
        (tx) => tx`select private.queue_sms('code', ${phone}, '{"code": "123456"}', 'a test')`
      );
      expect(await refusalOf(queue)).toEqual(refusal);
    }
  });
});

test('the secret key writes numbers that are right', async () => {
  const written = await asServiceRole(
    sql,
    (tx) => tx`insert into public.patients (phone) values (${aPhone()}) returning id`
  );
  expect(written).toHaveLength(1);
});
