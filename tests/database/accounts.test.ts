import { afterAll, describe, expect, test } from 'vitest';
import { asPatient, refusalIn, rolledBack, type Transaction } from '../helpers/database.ts';
import { closeDatabases, databaseAsAdmin, databaseAsPostgres } from '../helpers/stack.ts';
import { usernames } from '../unit/shared-rules.ts';
import {
  aClinic,
  anAccount,
  aPatient,
  aPhone,
  aPractitioner,
  aRegistration,
  anAccountJob as aJob,
  aSession,
  book,
  permit
} from '../helpers/world.ts';

const sql = databaseAsPostgres();
const admin = databaseAsAdmin();
afterAll(closeDatabases);

interface Row {
  id: string;
  phone: string;
  user_id: string | null;
  account_origin: string | null;
}

const patients = (tx: Transaction, ...phones: string[]) =>
  tx<Row[]>`select id, phone, user_id, account_origin from public.patients where phone in ${tx(phones)}`;

const confirm = (tx: Transaction, userId: string) =>
  tx`update auth.users set phone_confirmed_at = now(), confirmation_token = '' where id = ${userId}`;

const changePhone = async (tx: Transaction, userId: string, phone: string) => {
  await permit(tx, userId, 'phone', phone);
  await tx`
    update auth.users set phone = ${phone.slice(1)}, phone_change = '', phone_confirmed_at = now() where id = ${userId}`;
};

describe('an account belongs to the patient of its phone', () => {
  test('one confirmed from the start makes a patient', () =>
    rolledBack(sql, async (tx) => {
      const phone = aPhone();
      const { userId } = await anAccount(tx, phone);
      expect([...(await patients(tx, phone))]).toMatchObject([
        { phone, user_id: userId, account_origin: 'web' }
      ]);
    }));

  test('one confirmed later makes it then, and not before', () =>
    rolledBack(sql, async (tx) => {
      const phone = aPhone();
      const { userId } = await anAccount(tx, phone, { confirmed: false });
      expect(await patients(tx, phone)).toHaveLength(0);
      await confirm(tx, userId);
      expect([...(await patients(tx, phone))]).toMatchObject([{ user_id: userId, account_origin: 'web' }]);
    }));

  test('one for a phone that had called is given the patient there is, with all bookings', () =>
    rolledBack(sql, async (tx) => {
      const patient = await aPatient(tx);
      const practitioner = await aPractitioner(tx, await aClinic(tx));
      const { id } = await book(tx, patient, practitioner, '2091-06-09T10:00:00+05:30', {
        now: new Date('2091-06-01'),
        channel: 'ivr'
      });
      const account = await anAccount(tx, patient.phone);
      expect([...(await patients(tx, patient.phone))]).toMatchObject([
        { id: patient.id, user_id: account.userId }
      ]);
      const seen = await asPatient(tx, account, (db) => db`select id from public.appointments`);
      expect([...seen]).toEqual([{ id }]);
    }));

  test('one made by an account job says so', () =>
    rolledBack(sql, async (tx) => {
      const { id, phone } = await aPatient(tx);
      await anAccount(tx, phone, { jobId: await aJob(tx, id) });
      expect([...(await patients(tx, phone))]).toMatchObject([{ id, account_origin: 'ivr' }]);
    }));

  test('an unconfirmed one sees nothing of a phone that had called', () =>
    rolledBack(sql, async (tx) => {
      const patient = await aPatient(tx);
      const stranger = await anAccount(tx, patient.phone, { confirmed: false });
      expect([...(await patients(tx, patient.phone))]).toMatchObject([{ user_id: null }]);
      expect(await asPatient(tx, stranger, (db) => db`select from public.patients`)).toHaveLength(0);
    }));

  test('signing in by code again, which confirms again, changes nothing', () =>
    rolledBack(sql, async (tx) => {
      const { id, account } = await aPatient(tx, { account: true });
      const events = async () => (await tx`select from public.audit_events where row_id = ${id}`).count;
      const before = await events();
      await confirm(tx, account.userId);
      await tx`update auth.users set phone = phone, last_sign_in_at = now() where id = ${account.userId}`;
      expect(await events()).toBe(before);
    }));

  test.each([
    ['a registration', 'web'],
    ['a job', 'system']
  ])('written by Auth for %s, the history says %s and not desk', (madeBy, channel) =>
    rolledBack(admin, async (tx) => {
      const { id, phone } = await aPatient(tx);
      const proof =
        madeBy === 'a job' ? { jobId: await aJob(tx, id) } : { registration: await aRegistration(tx, phone) };
      await tx`set local session authorization supabase_auth_admin`;
      await anAccount(tx, phone, proof);
      await tx`reset session authorization`;
      const events = await tx`
        select channel from public.audit_events where row_id = ${id} and action = 'update'`;
      expect([...events]).toEqual([{ channel }]);
    })
  );
});

describe('an account that changes its phone', () => {
  test('takes its patient along', () =>
    rolledBack(sql, async (tx) => {
      const { id, phone, account } = await aPatient(tx, { account: true });
      const other = aPhone();
      await changePhone(tx, account.userId, other);
      expect([...(await patients(tx, phone, other))]).toMatchObject([
        { id, phone: other, user_id: account.userId }
      ]);
    }));

  test.each([true, false])('cannot take the phone of another patient (with an account: %s)', (withAccount) =>
    rolledBack(sql, async (tx) => {
      const { phone, account } = await aPatient(tx, { account: true });
      const other = await aPatient(tx);
      if (withAccount) await anAccount(tx, other.phone);
      const change = () => changePhone(tx, account.userId, other.phone);
      expect(await refusalIn(tx, change)).toMatchObject({
        code: 'PT409',
        message: 'phone_already_registered',
        detail: withAccount ? 'other_account_has_phone' : 'other_patient_has_phone'
      });
      expect([...(await patients(tx, phone))]).toMatchObject([{ user_id: account.userId }]);
    })
  );
});

describe('a deleted account', () => {
  test.each([
    ['for good', (tx: Transaction, id: string) => tx`delete from auth.users where id = ${id}`],
    [
      'as Auth does it softly',
      (tx: Transaction, id: string) => tx`
        update auth.users set phone = 'Uu3xV-x0_dQw4w9', email = 'Zm9vYmFy', encrypted_password = null,
          deleted_at = now()
        where id = ${id}`
    ]
  ])('leaves the patient and the bookings, ready for a new one: %s', (_way, remove) =>
    rolledBack(sql, async (tx) => {
      const { id, phone, account } = await aPatient(tx, { account: true });
      await remove(tx, account.userId);
      expect([...(await patients(tx, phone))]).toMatchObject([{ id, user_id: null }]);
      expect(await asPatient(tx, account, (db) => db`select from public.patients`)).toHaveLength(0);
      const next = await anAccount(tx, phone);
      expect([...(await patients(tx, phone))]).toMatchObject([{ id, user_id: next.userId }]);
    })
  );
});

describe('what a token still opens', () => {
  const sees = async (tx: Transaction, account: { userId: string; sessionId: string }) =>
    (await asPatient(tx, account, (db) => db`select from public.patients`)).count;

  test('nothing, from the moment its session is signed out; other sessions go on', () =>
    rolledBack(sql, async (tx) => {
      const { account } = await aPatient(tx, { account: true });
      const phone = await aSession(tx, account.userId);
      expect([await sees(tx, account), await sees(tx, phone)]).toEqual([1, 1]);
      await tx`delete from auth.sessions where id = ${phone.sessionId}`;
      expect([await sees(tx, account), await sees(tx, phone)]).toEqual([1, 0]);
    }));

  test('nothing, while its password is temporary', () =>
    rolledBack(sql, async (tx) => {
      const { account } = await aPatient(tx, { account: true, password: 'ABC12345' });
      await tx`
        insert into private.temporary_passwords (user_id, expires_at) values (${account.userId}, now() + '72 hours')`;
      expect(await sees(tx, account)).toBe(0);
      // Signing in writes to the row; only another password counts.
      await tx`update auth.users set last_sign_in_at = now(), encrypted_password = encrypted_password
        where id = ${account.userId}`;
      expect(await sees(tx, account)).toBe(0);
      await permit(tx, account.userId, 'password');
      await tx`update auth.users set encrypted_password = 'another hash' where id = ${account.userId}`;
      expect(await sees(tx, account)).toBe(1);
    }));
});

describe('usernames', () => {
  const name = (tx: Transaction, username: string) => async () => {
    const { id } = await aPatient(tx);
    await tx`update public.patients set username = ${username} where id = ${id}`;
  };

  test('are unique whatever the case', () =>
    rolledBack(sql, async (tx) => {
      const username = `asha.${aPhone().slice(1)}x`;
      await name(tx, username)();
      expect(await refusalIn(tx, name(tx, username.toUpperCase()))).toMatchObject({
        code: 'PT409',
        message: 'username_taken'
      });
    }));

  test.each(usernames.filter(({ taken }) => taken).map(({ input }) => input))('can be %j', (username) =>
    rolledBack(sql, async (tx) => {
      expect(await refusalIn(tx, name(tx, username))).toBeUndefined();
    })
  );

  test.each(usernames.filter(({ taken }) => !taken).map(({ input }) => input))('cannot be %j', (username) =>
    rolledBack(sql, async (tx) => {
      expect(await refusalIn(tx, name(tx, username))).toMatchObject({ code: '23514' });
    })
  );
});
