import type postgres from 'postgres';
import { asPatient, type Account, type Transaction } from './database.ts';
import { aPatient, type Clinic, type PatientWithAccount } from './world.ts';

/** Somebody who works at a desk: a patient like anybody, with an account. */
export interface DeskPerson extends PatientWithAccount {
  name: string;
}

/** Opens the desk to a session, as a code that came back does. */
export async function openDesk(sql: postgres.Sql, { userId, sessionId }: Account): Promise<void> {
  await sql`
    insert into private.desk_sessions (session_id, user_id, short, code_expires_at, proven_at, expires_at)
    values (${sessionId}, ${userId}, true, now(), now(), now() + interval '12 hours')`;
}

/** Somebody who works at the desk of a clinic and, unless told otherwise, has opened it. */
export async function aDeskPerson(
  sql: postgres.Sql,
  clinic: Pick<Clinic, 'id'>,
  {
    role = 'desk',
    name = 'Priya Nair',
    open = true
  }: { role?: 'desk' | 'manager'; name?: string; open?: boolean } = {}
): Promise<DeskPerson> {
  const patient = await aPatient(sql, { account: true });
  await sql`
    insert into public.clinic_staff (clinic_id, phone, name, role)
    values (${clinic.id}, ${patient.phone}, ${name}, ${role})`;
  if (open) await openDesk(sql, patient.account);
  return { ...patient, name };
}

/** Runs `work` as somebody at the desk does through the Data API, like `asPatient`. */
export function asDesk<T>(
  sql: postgres.Sql,
  person: Pick<DeskPerson, 'account'>,
  work: (sql: Transaction) => Promise<T>
): Promise<T> {
  return asPatient(sql, person.account, work);
}

/** The same in a transaction of its own that is kept, as every request is; for two who come at once. */
export async function keptAtDesk<T>(
  sql: postgres.Sql,
  { account: { userId, sessionId } }: Pick<DeskPerson, 'account'>,
  work: (sql: postgres.TransactionSql) => Promise<T>
): Promise<T> {
  const claims = JSON.stringify({ role: 'authenticated', sub: userId, session_id: sessionId });
  return (await sql.begin(async (tx) => {
    await tx`
      select set_config('role', 'authenticated', true), set_config('request.jwt.claims', ${claims}, true)`;
    return work(tx);
  })) as T;
}
