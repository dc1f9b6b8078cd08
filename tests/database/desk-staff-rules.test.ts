// What holds when a manager changes who works at the desk of a clinic: by the page, or by hand in the dashboard.
import { afterAll, expect, test } from 'vitest';
import {
  asPatient,
  refusalIn,
  refusalOf,
  rolledBack,
  untilBlocked,
  type Transaction
} from '../helpers/database.ts';
import { aDeskPerson, asDesk, keptAtDesk, openDesk } from '../helpers/desk.ts';
import { closeDatabases, databaseAsPostgres } from '../helpers/stack.ts';
import { aClinic, aPatient, aPhone, aPractitioner, book, nextSlots } from '../helpers/world.ts';

const sql = databaseAsPostgres();
afterAll(closeDatabases);

/** A clinic with one manager, who is at the desk. */
async function aManagedDesk(tx: Transaction) {
  const clinic = await aClinic(tx);
  const manager = await aDeskPerson(tx, clinic, { role: 'manager', name: 'Meena' });
  const changes = <T>(work: (db: Transaction) => Promise<T>) =>
    refusalIn(tx, () => asDesk(tx, manager, work));
  return { clinic, manager, changes };
}

const add = (db: Transaction, { id }: { id: string }, phone: string) =>
  db`insert into public.clinic_staff (clinic_id, phone, name) values (${id}, ${phone}, 'Ravi')`;

test('a phone is entered in any notation, once a clinic, and only if it is one', () =>
  rolledBack(sql, async (tx) => {
    const { clinic, changes } = await aManagedDesk(tx);
    const phone = aPhone();
    const typed = `0${phone.slice(3, 8)} ${phone.slice(8)}`;
    expect(await changes((db) => add(db, clinic, typed))).toBeUndefined();
    const stored =
      await tx`select phone from public.clinic_staff where clinic_id = ${clinic.id} and name = 'Ravi'`;
    expect([...stored]).toEqual([{ phone }]);
    expect(await changes((db) => add(db, clinic, phone))).toMatchObject({
      code: 'PT409',
      message: 'already_staff'
    });
    expect((await changes((db) => add(db, clinic, '12')))?.message).toBe('invalid_phone');
    expect((await changes((db) => add(db, clinic, 'none')))?.message).toBe('invalid_phone');
    expect(await refusalIn(tx, () => add(tx, clinic, phone))).toMatchObject({ message: 'already_staff' });
  }));

test('whoever is no manager does not learn whose phone is there', () =>
  rolledBack(sql, async (tx) => {
    const { clinic, manager } = await aManagedDesk(tx);
    const colleague = await aDeskPerson(tx, clinic);
    const stranger = await aPatient(tx, { account: true });
    for (const { account } of [colleague, stranger]) {
      const refusal = await refusalIn(tx, () =>
        asPatient(tx, account, (db) => add(db, clinic, manager.phone))
      );
      expect(refusal?.code).toBe('42501');
    }
  }));

test('a clinic keeps a manager with an account, but for what an admin does', () =>
  rolledBack(sql, async (tx) => {
    const { clinic, manager, changes } = await aManagedDesk(tx);
    const ways = [
      (db: Transaction) => db`delete from public.clinic_staff where clinic_id = ${clinic.id}`,
      (db: Transaction) => db`update public.clinic_staff set role = 'desk' where clinic_id = ${clinic.id}`,
      (db: Transaction) =>
        db`update public.clinic_staff set phone = ${aPhone()} where phone = ${manager.phone}`
    ];
    for (const way of ways) {
      expect(await changes(way)).toMatchObject({ code: 'PT409', message: 'last_manager' });
    }
    // Somebody who is yet to register cannot manage anything.
    const invited = aPhone();
    const quit = (db: Transaction) => db`delete from public.clinic_staff where phone = ${manager.phone}`;
    await tx`
      insert into public.clinic_staff (clinic_id, phone, name, role)
      values (${clinic.id}, ${invited}, 'Ravi', 'manager')`;
    expect((await changes(quit))?.message).toBe('last_manager');
    expect(
      await changes((db) => db`delete from public.clinic_staff where phone = ${invited}`)
    ).toBeUndefined();
    await aDeskPerson(tx, clinic, { role: 'manager' });
    expect(await changes(quit)).toBeUndefined();
    const rest = await tx`delete from public.clinic_staff where clinic_id = ${clinic.id}`;
    expect(rest.count).toBe(1);
  }));

test('of two managers who give it up at once one stays', async () => {
  const clinic = await aClinic(sql);
  const [one, other] = [
    await aDeskPerson(sql, clinic, { role: 'manager' }),
    await aDeskPerson(sql, clinic, { role: 'manager' })
  ];
  const pid = Promise.withResolvers<number>();
  const { second } = await keptAtDesk(sql, one, async (tx) => {
    await tx`update public.clinic_staff set role = 'desk' where phone = ${one.phone}`;
    const second = refusalOf(
      keptAtDesk(sql, other, async (db) => {
        const [process] = await db<{ pid: number }[]>`select pg_backend_pid() as pid`;
        pid.resolve(process?.pid ?? 0);
        await db`update public.clinic_staff set role = 'desk' where phone = ${other.phone}`;
      })
    );
    await untilBlocked(sql, await pid.promise, second);
    return { second };
  });
  expect((await second)?.message).toBe('last_manager');
});

test('taking somebody out shuts all their devices out, also when they come back', () =>
  rolledBack(sql, async (tx) => {
    const { clinic, changes } = await aManagedDesk(tx);
    const elsewhere = await aClinic(tx);
    const person = await aDeskPerson(tx, clinic);
    const proof = async () =>
      (
        await refusalIn(tx, () =>
          asPatient(tx, person.account, (db) => db`select * from public.desk_sessions()`)
        )
      )?.message;
    const takeOut = (db: Transaction) =>
      db`delete from public.clinic_staff where phone = ${person.phone} and clinic_id = ${clinic.id}`;
    expect(await changes(takeOut)).toBeUndefined();
    expect(await proof()).toBe('not_staff');
    await changes((db) => add(db, clinic, person.phone));
    expect(await proof()).toBe('desk_proof_required');

    // At their other desk nothing has happened.
    await openDesk(tx, person.account);
    await add(tx, elsewhere, person.phone);
    await changes(takeOut);
    expect(await proof()).toBeUndefined();
    // There it is given to another phone, by hand.
    await tx`update public.clinic_staff set phone = ${aPhone()} where clinic_id = ${elsewhere.id}`;
    expect(await proof()).toBe('not_staff');
    const left = await tx`select from private.desk_sessions where user_id = ${person.account.userId}`;
    expect(left).toHaveLength(0);
  }));

test('what somebody read and did keeps their name when they are out', () =>
  rolledBack(sql, async (tx) => {
    const { clinic, manager, changes } = await aManagedDesk(tx);
    const person = await aDeskPerson(tx, clinic, { name: 'Priya at the desk' });
    await tx`update public.patients set name = 'Priya Nair' where id = ${person.id}`;
    const doctor = await aPractitioner(tx, clinic);
    const [slot] = await nextSlots(tx, doctor, 1);
    await book(tx, manager, doctor, slot ?? '');
    await asDesk(tx, person, (db) => db`select public.desk_patient(${manager.id})`);
    const readers = async () => [
      ...(await tx`
        select actor, actor_id from public.audit_trail where action = 'read' and row_id = ${manager.id}`)
    ];
    const actor_id = person.account.userId;
    expect(await readers()).toEqual([{ actor: 'Priya at the desk', actor_id }]);
    await changes((db) => db`delete from public.clinic_staff where phone = ${person.phone}`);
    expect(await readers()).toEqual([{ actor: 'Priya Nair', actor_id }]);
    const refused = await refusalIn(tx, () =>
      asDesk(tx, person, (db) => db`select public.desk_patient(${manager.id})`)
    );
    expect(refused?.message).toBe('not_staff');
    expect(await readers()).toHaveLength(1);
  }));
