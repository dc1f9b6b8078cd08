import { randomUUID } from 'node:crypto';
import type postgres from 'postgres';
import { afterAll, beforeAll } from 'vitest';
import { asAnon, asPatient, asServiceRole, type Account, type Transaction } from '../helpers/database.ts';
import { aDeskPerson } from '../helpers/desk.ts';
import {
  aClinic,
  anAccount,
  aPatient,
  aPhone,
  aPractitioner,
  aSession,
  book,
  nextSlots
} from '../helpers/world.ts';
import type { Appointment, Clinic, PatientWithAccount, Practitioner } from '../helpers/world.ts';

/** Everybody who may turn up at the Data API. */
export const actors = [
  'visitor',
  'owner',
  'other patient',
  'account without patient',
  'owner with a temporary password',
  'owner after signing out',
  'secret key',
  'desk',
  'manager',
  'desk of another clinic'
] as const;

export type Actor = (typeof actors)[number];

/** A patient with an appointment, and the others who are not to see it. */
export interface Scene {
  clinic: Clinic;
  practitioner: Practitioner;
  owner: PatientWithAccount;
  appointment: Appointment;
  /** One for whom the owner books too. */
  dependent: { id: string; name: string };
  /** Id of a board of the clinic, which the id of the clinic opens. */
  board: string;
  /** Runs `work` as one of the actors, as part of the transaction of the scene. */
  as<T>(actor: Actor, work: (sql: Transaction) => Promise<T>): Promise<T>;
}

/** A row of every table, all about one patient, and the actors around it. */
export async function aScene(tx: Transaction): Promise<Scene> {
  const clinic = await aClinic(tx);
  const practitioner = await aPractitioner(tx, clinic);
  await tx`
    insert into public.schedule_exceptions (practitioner_id, on_date) values (${practitioner.id}, '2001-01-01')`;
  const owner = await aPatient(tx, { account: true });
  const other = await aPatient(tx, { account: true });
  const nobody = await anAccount(tx, aPhone(), { confirmed: false });
  const signedOut = await aSession(tx, owner.account.userId);
  await tx`delete from auth.sessions where id = ${signedOut.sessionId}`;

  const [slot] = await nextSlots(tx, practitioner, 1);
  if (!slot) throw new Error('The practitioner has no slot.');
  const appointment = await book(tx, owner, practitioner, slot);
  const dependent = { id: randomUUID(), name: `Meera ${clinic.id}` };
  await tx`insert into public.dependents ${tx({ ...dependent, patient_id: owner.id })}`;
  await tx`
    insert into public.clinic_closures (clinic_id, from_date, until_date)
    values (${clinic.id}, '2001-01-01', '2001-01-01')`;
  await tx`
    insert into public.day_operations (clinic_id, kind, on_date, until_date, only_stranded, outcome)
    values (${clinic.id}, 'close', '2001-01-01', '2001-01-01', false, '{}')`;
  await aStrandedAppointment(tx, clinic);
  const board = randomUUID();
  await tx`
    insert into public.boards (id, clinic_id, name, token_hash)
    values (${board}, ${clinic.id}, 'Waiting room', private.board_hash(${clinic.id}))`;
  const call = {
    call_id: clinic.id,
    caller: owner.phone,
    dialled: clinic.phone,
    turn: 1,
    step: 'greeting',
    keys: ''
  };
  await tx`select private.ivr_turn(${tx.json(call)}, null)`;
  await tx`insert into public.sms_opt_outs (phone) values (${clinic.phone})`;
  await tx`select private.note_security_event('signed_in', ${clinic.phone})`;
  // One that failed, and one that was sent.
  await tx`
    insert into public.sms_messages (to_phone, template, body, status, sent_at)
    values (${clinic.phone}, ${clinic.id}, 'text', 'failed', null), (${clinic.phone}, ${clinic.id}, 'text', 'sent', now())`;
  await tx`insert into public.sms_past (day, template, messages, parts) values ('2001-01-01', ${clinic.id}, 1, 1)`;
  await tx`select private.note_security_event('seen_in_a_test', ${owner.phone}, ${clinic.id})`;
  // The views of a day show a hundred at most, and a database may have seen a lot.
  await tx`update public.security_events set count = 1000000 where kind = 'seen_in_a_test'`;

  const signedIn = (account: Account) => (work: (sql: Transaction) => Promise<unknown>) =>
    asPatient(tx, account, work);
  const ways: Record<Actor, (work: (sql: Transaction) => Promise<unknown>) => Promise<unknown>> = {
    visitor: (work) => asAnon(tx, work),
    owner: signedIn(owner.account),
    'other patient': signedIn(other.account),
    'account without patient': signedIn(nobody),
    'owner with a temporary password': (work) => asTemporary(tx, owner.account, work),
    'owner after signing out': signedIn(signedOut),
    'secret key': (work) => asServiceRole(tx, work),
    desk: signedIn((await aDeskPerson(tx, clinic)).account),
    manager: signedIn((await aDeskPerson(tx, clinic, { role: 'manager' })).account),
    'desk of another clinic': signedIn((await aDeskPerson(tx, await aClinic(tx))).account)
  };
  return {
    clinic,
    practitioner,
    owner,
    appointment,
    dependent,
    board,
    as: <T>(actor: Actor, work: (sql: Transaction) => Promise<T>) => ways[actor](work) as Promise<T>
  };
}

/**
 * One transaction with one scene for all tests of a file: to set a scene takes many times as long as what is tried in it.
 * What `work` does is undone before the next.
 */
export function onOneScene(
  sql: postgres.Sql
): <T>(work: (tx: Transaction, scene: Scene) => Promise<T>) => Promise<T> {
  let tx: Transaction;
  let scene: Scene;
  beforeAll(async () => {
    tx = await sql.reserve();
    await tx`begin`;
    scene = await aScene(tx);
  });
  afterAll(async () => {
    await tx`rollback`;
    tx.release();
  });
  return async (work) => {
    await tx`savepoint as_set`;
    try {
      return await work(tx, scene);
    } finally {
      await tx`rollback to savepoint as_set`;
      await tx`release savepoint as_set`;
    }
  };
}

/** Somebody who is booked with a doctor whose hours have gone since. */
async function aStrandedAppointment(tx: Transaction, clinic: Clinic): Promise<void> {
  const doctor = await aPractitioner(tx, clinic);
  const [slot] = await nextSlots(tx, doctor, 1);
  await book(tx, await aPatient(tx), doctor, slot ?? '');
  await tx`delete from public.schedules where practitioner_id = ${doctor.id}`;
}

async function asTemporary<T>(
  tx: Transaction,
  account: Account,
  work: (sql: Transaction) => Promise<T>
): Promise<T> {
  await tx`
    insert into private.temporary_passwords (user_id, expires_at)
    values (${account.userId}, now() + interval '72 hours') on conflict do nothing`;
  try {
    return await asPatient(tx, account, work);
  } finally {
    await tx`delete from private.temporary_passwords where user_id = ${account.userId}`;
  }
}

/** The tables or functions of schema public, by name. */
export async function publicNames(sql: postgres.Sql, kind: 'tables' | 'functions'): Promise<string[]> {
  const rows = await (kind === 'tables'
    ? sql<{ name: string }[]>`
        select relname as name from pg_class
        where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm', 'f')`
    : sql<
        { name: string }[]
      >`select proname as name from pg_proc where pronamespace = 'public'::regnamespace`);
  return rows.map(({ name }) => name).sort();
}
