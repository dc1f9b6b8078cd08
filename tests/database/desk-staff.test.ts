// Who works at a desk, and the second proof that opens it.
import { afterAll, describe, expect, test } from 'vitest';
import { asPatient, refusalIn, rolledBack, type Account, type Transaction } from '../helpers/database.ts';
import { aDeskPerson, asDesk, openDesk, type DeskPerson } from '../helpers/desk.ts';
import { closeDatabases, databaseAsPostgres } from '../helpers/stack.ts';
import { aClinic, anAccount, aPatient, aPhone, aSession } from '../helpers/world.ts';

const sql = databaseAsPostgres();
afterAll(closeDatabases);

async function staffRow(tx: Transaction, phone: string) {
  const [row] = await tx<{ user_id: string | null }[]>`
    select user_id from public.clinic_staff where phone = ${phone}`;
  return row?.user_id;
}

describe('who works at a desk', () => {
  test('is whoever has the account of the phone, once there is one', () =>
    rolledBack(sql, async (tx) => {
      const clinic = await aClinic(tx);
      const phone = aPhone();
      await tx`insert into public.clinic_staff (clinic_id, phone, name) values (${clinic.id}, ${phone}, 'Priya')`;
      expect(await staffRow(tx, phone)).toBeNull();
      const { userId } = await anAccount(tx, phone);
      expect(await staffRow(tx, phone)).toBe(userId);
      await tx`delete from auth.users where id = ${userId}`;
      expect(await staffRow(tx, phone)).toBeNull();
    }));

  test.each([
    [
      'has got another phone',
      (tx: Transaction, person: DeskPerson) =>
        tx`select public.change_patient_phone(${person.id}, ${aPhone()})`
    ],
    [
      'is deleted',
      (tx: Transaction, person: DeskPerson) => tx`delete from auth.users where id = ${person.account.userId}`
    ]
  ])(
    'is no longer whose account %s, nor who has the number next, until it is said that they are',
    (_, leave) =>
      rolledBack(sql, async (tx) => {
        const clinic = await aClinic(tx);
        const person = await aDeskPerson(tx, clinic);
        const next = await aPatient(tx, { account: true });
        await leave(tx, person);
        expect(await staffRow(tx, person.phone)).toBeNull();
        await tx`update public.patients set phone = null where phone = ${person.phone}`;
        await tx`select public.change_patient_phone(${next.id}, ${person.phone})`;
        expect(await staffRow(tx, person.phone)).toBeNull();
        // A change of phone has ended their sessions.
        const account = await aSession(tx, next.account.userId);
        const refusal = await refusalIn(tx, () =>
          asPatient(tx, account, (db) => db`select public.desk_start()`)
        );
        expect(refusal?.message).toBe('not_staff');

        await tx`update public.clinic_staff set vacated_at = null where phone = ${person.phone}`;
        expect(await staffRow(tx, person.phone)).toBe(next.account.userId);
      })
  );

  test('is decided by the phone alone, whatever account is entered, and by no metadata', () =>
    rolledBack(sql, async (tx) => {
      const clinic = await aClinic(tx);
      const stranger = await aPatient(tx, { account: true });
      const phone = aPhone();
      await tx`
        insert into public.clinic_staff (clinic_id, phone, name, user_id)
        values (${clinic.id}, ${phone}, 'Priya', ${stranger.account.userId})`;
      expect(await staffRow(tx, phone)).toBeNull();
      await tx`update public.clinic_staff set user_id = ${stranger.account.userId} where phone = ${phone}`;
      expect(await staffRow(tx, phone)).toBeNull();
      await tx`
        update auth.users set raw_user_meta_data = ${tx.json({ role: 'manager', clinic_id: clinic.id })}
        where id = ${stranger.account.userId}`;
      const refusal = await refusalIn(tx, () =>
        asPatient(tx, stranger.account, (db) => db`select public.desk_start()`)
      );
      expect(refusal?.message).toBe('not_staff');
    }));

  test('a manager adds, changes and removes colleagues, at their own clinic only', () =>
    rolledBack(sql, async (tx) => {
      const [clinic, elsewhere] = [await aClinic(tx), await aClinic(tx)];
      const manager = await aDeskPerson(tx, clinic, { role: 'manager' });
      const phone = aPhone();
      await asDesk(tx, manager, async (db) => {
        await db`insert into public.clinic_staff (clinic_id, phone, name) values (${clinic.id}, ${phone}, 'Ravi')`;
        await db`update public.clinic_staff set role = 'manager' where phone = ${phone}`;
      });
      const away = await refusalIn(tx, () =>
        asDesk(
          tx,
          manager,
          (db) => db`update public.clinic_staff set clinic_id = ${elsewhere.id} where phone = ${phone}`
        )
      );
      expect(away?.code).toBe('42501');
      const gone = await asDesk(
        tx,
        manager,
        (db) => db`delete from public.clinic_staff where phone = ${phone}`
      );
      expect(gone.count).toBe(1);
    }));

  test('what a manager did to the staff is in the audit, with who it was', () =>
    rolledBack(sql, async (tx) => {
      const clinic = await aClinic(tx);
      const manager = await aDeskPerson(tx, clinic, { role: 'manager', name: 'Meena' });
      await asDesk(
        tx,
        manager,
        (db) =>
          db`insert into public.clinic_staff (clinic_id, phone, name) values (${clinic.id}, ${aPhone()}, 'Ravi')`
      );
      const [event] = await tx`
        select action, actor_id, changes -> 'name' as name from public.audit_events
        where table_name = 'clinic_staff' order by id desc limit 1`;
      expect(event).toEqual({ action: 'insert', actor_id: manager.account.userId, name: [null, 'Ravi'] });
    }));
});

/** The text of the last code that was queued for a phone. */
async function codeTo(tx: Transaction, phone: string): Promise<string> {
  const [sms] = await tx<{ body: string }[]>`
    select body from public.sms_messages where to_phone = ${phone} and template = 'code' order by created_at desc, id limit 1`;
  return /^\d+/.exec(sms?.body ?? '')?.[0] ?? '';
}

const prove = async (tx: Transaction, account: Account, code: string) =>
  (
    await asPatient(
      tx,
      account,
      (db) => db<{ until: Date | null }[]>`select public.desk_prove(${code}) as until`
    )
  )[0]?.until ?? null;

const looks = (tx: Transaction, account: Account) =>
  refusalIn(tx, () => asPatient(tx, account, (db) => db`select * from public.desk_sessions()`));

describe('the second proof', () => {
  test('opens the desk to one device for twelve hours', () =>
    rolledBack(sql, async (tx) => {
      const clinic = await aClinic(tx);
      const { account, phone } = await aDeskPerson(tx, clinic, { open: false });
      expect(await looks(tx, account)).toMatchObject({ code: 'PT403', message: 'desk_proof_required' });
      const [started] = await asPatient(tx, account, (db) => db`select * from public.desk_start()`);
      expect(started?.code_length).toBe(6);
      const until = await prove(tx, account, ` ${await codeTo(tx, phone)} `);
      const [now] = await tx<{ now: Date }[]>`select now() as now`;
      expect((until?.getTime() ?? 0) - (now?.now.getTime() ?? 0)).toBe(12 * 3_600_000);
      expect(await looks(tx, account)).toBeUndefined();

      const elsewhere = await aSession(tx, account.userId);
      expect((await looks(tx, elsewhere))?.message).toBe('desk_proof_required');
      await tx`update private.desk_sessions set expires_at = now() where session_id = ${account.sessionId}`;
      expect((await looks(tx, account))?.message).toBe('desk_proof_required');
    }));

  test('takes each code once, five guesses, and ten minutes', () =>
    rolledBack(sql, async (tx) => {
      const clinic = await aClinic(tx);
      const { account, phone } = await aDeskPerson(tx, clinic, { open: false });
      const start = () => asPatient(tx, account, (db) => db`select public.desk_start()`);
      await start();
      const code = await codeTo(tx, phone);
      const wrong = code === '111111' ? '222222' : '111111';
      for (let guess = 0; guess < 5; guess++) expect(await prove(tx, account, wrong)).toBeNull();
      expect(await prove(tx, account, code)).toBeNull();

      await tx`delete from public.sms_messages where to_phone = ${phone}`;
      await start();
      const second = await codeTo(tx, phone);
      await tx`update private.desk_sessions set code_expires_at = now() where session_id = ${account.sessionId}`;
      expect(await prove(tx, account, second)).toBeNull();
      await tx`delete from public.sms_messages where to_phone = ${phone}`;
      await start();
      const third = await codeTo(tx, phone);
      expect(await prove(tx, account, third)).not.toBeNull();
      expect(await prove(tx, account, third)).toBeNull();
    }));

  test('serves nobody but the session that asked for it', () =>
    rolledBack(sql, async (tx) => {
      const clinic = await aClinic(tx);
      const { account, phone } = await aDeskPerson(tx, clinic, { open: false });
      const colleague = await aDeskPerson(tx, clinic, { open: false });
      await asPatient(tx, account, (db) => db`select public.desk_start()`);
      const code = await codeTo(tx, phone);
      expect(await prove(tx, await aSession(tx, account.userId), code)).toBeNull();
      expect(await prove(tx, colleague.account, code)).toBeNull();
      expect(await prove(tx, account, code)).not.toBeNull();
    }));

  test('a device is sent five codes in a quarter of an hour and no more', () =>
    rolledBack(sql, async (tx) => {
      const { account } = await aDeskPerson(tx, await aClinic(tx), { open: false });
      const start = () => refusalIn(tx, () => asPatient(tx, account, (db) => db`select public.desk_start()`));
      for (let sent = 0; sent < 5; sent++) expect(await start()).toBeUndefined();
      expect(await start()).toMatchObject({ code: 'PT429', message: 'rate_limited' });
    }));

  test('ends with the session, the row of the staff, and when it is closed', () =>
    rolledBack(sql, async (tx) => {
      const clinic = await aClinic(tx);
      const manager = await aDeskPerson(tx, clinic, { role: 'manager' });
      const person = await aDeskPerson(tx, clinic, { name: 'Ravi' });
      const second = await aSession(tx, person.account.userId);
      await openDesk(tx, second);
      const listed = await asDesk(
        tx,
        manager,
        (db) => db<{ name: string }[]>`select name from public.desk_sessions()`
      );
      expect(listed.map(({ name }) => name).sort()).toEqual(['Priya Nair', 'Ravi', 'Ravi']);

      const close = (by: { account: Account }, { sessionId }: Account) =>
        asDesk(tx, by, (db) => db<{ done: boolean }[]>`select public.end_desk_session(${sessionId}) as done`);
      expect([...(await close(person, manager.account))]).toEqual([{ done: false }]);
      expect([...(await close(manager, second))]).toEqual([{ done: true }]);
      expect((await looks(tx, second))?.message).toBe('desk_proof_required');

      await tx`delete from public.clinic_staff where phone = ${person.phone}`;
      expect((await looks(tx, person.account))?.message).toBe('not_staff');
      await tx`delete from auth.sessions where id = ${manager.account.sessionId}`;
      expect((await looks(tx, manager.account))?.message).toBe('not_signed_in');
    }));

  test('of somebody who works elsewhere too is no business of a manager here, who can enter any phone', () =>
    rolledBack(sql, async (tx) => {
      const [here, there] = [await aClinic(tx), await aClinic(tx)];
      const manager = await aDeskPerson(tx, here, { role: 'manager', name: 'Ravi' });
      const person = await aDeskPerson(tx, there);
      await tx`
        insert into public.clinic_staff (clinic_id, phone, name) values (${here.id}, ${person.phone}, 'Taken in')`;
      const seen = await asDesk(
        tx,
        manager,
        (db) => db<{ session_id: string }[]>`select session_id from public.desk_sessions()`
      );
      expect(seen.map(({ session_id }) => session_id)).toEqual([manager.account.sessionId]);
      const closed = await asDesk(
        tx,
        manager,
        (db) => db<{ done: boolean }[]>`select public.end_desk_session(${person.account.sessionId}) as done`
      );
      expect([...closed]).toEqual([{ done: false }]);
    }));

  test('is forgotten a day after it ended, and not before', () =>
    rolledBack(sql, async (tx) => {
      const { account } = await aDeskPerson(tx, await aClinic(tx));
      const left = async (hours: number) => {
        await tx`select private.forget_what_is_old(now() + ${hours} * interval '1 hour')`;
        return (await tx`select from private.desk_sessions where session_id = ${account.sessionId}`).count;
      };
      expect([await left(35), await left(37)]).toEqual([1, 0]);
    }));

  test('desk_status says where somebody works, before and after', () =>
    rolledBack(sql, async (tx) => {
      const clinic = await aClinic(tx);
      const { account } = await aDeskPerson(tx, clinic, { role: 'manager', open: false });
      const status = async () =>
        (
          await asPatient(
            tx,
            account,
            (db) => db`select role, open_until is not null as open from public.desk_status()`
          )
        )[0];
      expect(await status()).toEqual({ role: 'manager', open: false });
      await openDesk(tx, account);
      expect(await status()).toEqual({ role: 'manager', open: true });
    }));
});
