import { afterAll, describe, expect, test } from 'vitest';
import { asPatient, refusalIn, refusalOf, rolledBack, type Transaction } from '../helpers/database.ts';
import { closeDatabases, databaseAsPostgres } from '../helpers/stack.ts';
import { aClinic, aPatient, aPractitioner, nextSlots } from '../helpers/world.ts';
import type { Patient, PatientWithAccount, Practitioner } from '../helpers/world.ts';

const sql = databaseAsPostgres();
afterAll(closeDatabases);

/** Somebody for whom a patient books too. */
async function aDependent(db: typeof sql, { id }: Patient, name = 'Meera Rao'): Promise<string> {
  const [row] = await db<{ id: string }[]>`
    insert into public.dependents (patient_id, name, birth_year) values (${id}, ${name}, 2015) returning id`;
  if (!row) throw new Error('The dependent was not made.');
  return row.id;
}

/** A mother with an account, her child, and two doctors of one clinic with the same hours. */
async function aFamily(tx: Transaction) {
  const clinic = await aClinic(tx);
  const doctors = [await aPractitioner(tx, clinic), await aPractitioner(tx, clinic)] as const;
  const mother = await aPatient(tx, { account: true });
  const child = await aDependent(tx, mother);
  const [first, second] = await nextSlots(tx, doctors[0], 2);
  if (!first || !second) throw new Error('There are no slots.');
  return { clinic, doctors, mother, child, first, second };
}

const bookFor = (
  tx: Transaction,
  who: PatientWithAccount,
  doctor: Practitioner,
  slot: Date,
  dependent: string | null
) =>
  asPatient(tx, who.account, async (db) => {
    const [row] = await db<{ id: string; patient_id: string; dependent_id: string | null }[]>`
      select * from public.book_appointment(${doctor.id}, ${slot}, ${dependent})`;
    return row;
  });

describe('one place at a time', () => {
  test('holds for each person: the holder and a dependent, or two dependents, can be with two doctors', async () => {
    await rolledBack(sql, async (tx) => {
      const { doctors, mother, child, first } = await aFamily(tx);
      const brother = await aDependent(tx, mother, 'Arun Rao');
      const third = await aPractitioner(tx, await aClinic(tx));
      expect(await bookFor(tx, mother, doctors[0], first, child)).toMatchObject({
        patient_id: mother.id,
        dependent_id: child
      });
      expect(await bookFor(tx, mother, doctors[1], first, null)).toMatchObject({ dependent_id: null });
      expect(await bookFor(tx, mother, third, first, brother)).toMatchObject({ dependent_id: brother });
    });
  });
});
