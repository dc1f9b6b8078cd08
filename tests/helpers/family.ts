import type postgres from 'postgres';
import { asPatient, type Transaction } from './database.ts';
import { aClinic, aPatient, aPractitioner, nextSlots } from './world.ts';
import type { Clinic, Patient, PatientWithAccount, Practitioner } from './world.ts';

/** Somebody for whom a patient books too; answers with the id. */
export async function aDependent(
  sql: postgres.Sql,
  { id }: Pick<Patient, 'id'>,
  name = 'Meera Rao'
): Promise<string> {
  const [row] = await sql<{ id: string }[]>`
    insert into public.dependents (patient_id, name, birth_year) values (${id}, ${name}, 2015) returning id`;
  if (!row) throw new Error('The dependent was not made.');
  return row.id;
}

/** Midnight in Chennai some days from now, so that the slots after it are of one day. */
function beginningOfADay(): Date {
  const day = new Date(Date.now() + 3 * 86_400_000).toISOString().slice(0, 10);
  return new Date(`${day}T00:00:00+05:30`);
}

export interface Family {
  clinic: Clinic;
  doctor: Practitioner;
  /** Another of the clinic, with the same hours. */
  colleague: Practitioner;
  mother: PatientWithAccount;
  /** Id of her dependent, Meera Rao. */
  child: string;
  /** The first of a day to come. */
  slots: [Date, Date, Date, Date];
}

/** A mother with an account and a child, and two doctors whom they can see. */
export async function aFamily(
  sql: postgres.Sql,
  options: { max_active_bookings?: number } = {}
): Promise<Family> {
  const clinic = await aClinic(sql, options);
  const doctor = await aPractitioner(sql, clinic);
  const colleague = await aPractitioner(sql, clinic, { name: 'Dr. Meera Iyer' });
  const mother = await aPatient(sql, { account: true });
  const child = await aDependent(sql, mother);
  const [a, b, c, d] = await nextSlots(sql, doctor, 4, beginningOfADay());
  if (!a || !b || !c || !d) throw new Error('There are too few slots.');
  return { clinic, doctor, colleague, mother, child, slots: [a, b, c, d] };
}

export interface FamilyAppointment {
  id: string;
  patient_id: string;
  dependent_id: string | null;
  starts_at: Date;
  reference: string;
  status: string;
}

/** Books on the web: for a dependent, or for the holder (null). */
export async function bookFor(
  tx: Transaction,
  { account }: PatientWithAccount,
  doctor: Practitioner,
  slot: Date,
  dependent: string | null
): Promise<FamilyAppointment> {
  return asPatient(tx, account, async (db) => {
    const [row] = await db<FamilyAppointment[]>`
      select * from public.book_appointment(${doctor.id}, ${slot}, ${dependent})`;
    if (!row) throw new Error('Nothing was booked.');
    return row;
  });
}
