// A patient and their account agree, whichever of them is edited by hand: every column that both depend on.
import { afterAll, describe, expect, test } from 'vitest';
import { asPatient, asServiceRole, refusalIn, rolledBack, type Transaction } from '../helpers/database.ts';
import { closeDatabases, databaseAsPostgres } from '../helpers/stack.ts';
import {
  aClinic,
  anAccount,
  aPatient,
  aPhone,
  aPractitioner,
  aUser,
  permit,
  type PatientWithAccount
} from '../helpers/world.ts';

const sql = databaseAsPostgres();
afterAll(closeDatabases);

const masked = (phone: string) => `${phone.slice(0, 3)}********${phone.slice(-2)}`;

const withPatient = (work: (tx: Transaction, patient: PatientWithAccount) => Promise<void>) =>
  rolledBack(sql, async (tx) => work(tx, await aPatient(tx, { account: true })));

/** What there is of a patient and their account. */
async function stateOf(tx: Transaction, { id, account }: PatientWithAccount) {
  const [row] = await tx`
    select p.phone, p.user_id, p.username, p.account_origin, '+' || u.phone as auth_phone,
      '+' || (i.identity_data ->> 'phone') as identity_phone,
      (select count(*)::int from auth.sessions s where s.user_id = ${account.userId}) as sessions
    from public.patients p
    full join auth.users u on u.id = p.user_id
    left join auth.identities i on i.user_id = u.id
    where p.id = ${id} or u.id = ${account.userId}`;
  return row && { ...row };
}

const sms = async (tx: Transaction, phone: string) =>
  (
    await tx<{ template: string; body: string; status: string }[]>`
      select template, body, status from public.sms_messages where to_phone = ${phone} order by created_at, template`
  ).map((message) => ({ ...message }));

describe('another phone given to a patient', () => {
  const ways: Record<string, (tx: Transaction, id: string, phone: string) => Promise<unknown>> = {
    'in the table': (tx, id, phone) => tx`update public.patients set phone = ${phone} where id = ${id}`,
    'by the function': (tx, id, phone) => tx`select public.change_patient_phone(${id}, ${phone})`,
    'with a secret key': (tx, id, phone) =>
      asServiceRole(tx, (db) => db`select public.change_patient_phone(${id}, ${phone})`)
  };

  test.each(Object.entries(ways))(
    '%s moves the account, ends its sessions and tells both phones',
    (_way, give) =>
      withPatient(async (tx, patient) => {
        const phone = aPhone();
        await give(tx, patient.id, phone);
        expect(await stateOf(tx, patient)).toEqual({
          phone,
          auth_phone: phone,
          identity_phone: phone,
          user_id: patient.account.userId,
          username: null,
          account_origin: 'web',
          sessions: 0
        });
        expect(await sms(tx, patient.phone)).toMatchObject([
          { template: 'phone_changed', body: expect.stringContaining(masked(phone)) as string }
        ]);
        expect(await sms(tx, phone)).toMatchObject([
          { template: 'phone_moved_here', body: expect.stringContaining(masked(patient.phone)) as string }
        ]);
        const [event] = await tx`
        select channel, changes from public.audit_events
        where row_id = ${patient.id} and action = 'update' order by id desc limit 1`;
        expect(event).toMatchObject({
          channel: 'desk',
          changes: { phone: [masked(patient.phone), masked(phone)] }
        });
        // Whoever was signed in sees nothing any more.
        expect(await asPatient(tx, patient.account, (db) => db`select from public.patients`)).toHaveLength(0);
      })
  );

  test('leaves the old phone nothing: it is unknown, and the new one is known', () =>
    withPatient(async (tx, patient) => {
      const phone = aPhone();
      await tx`update public.patients set phone = ${phone} where id = ${patient.id}`;
      await permit(tx, patient.account.userId, 'password');
      await tx`update auth.users set encrypted_password = 'a hash' where id = ${patient.account.userId}`;
      const [row] = await tx`
        select private.phone_state(${patient.phone}) as old, private.phone_state(${phone}) as new,
          (select l.phone from private.login_account(null, ${phone}, '', '') l) as login,
          (select count(*)::int from private.auth_user_by_phone(${patient.phone})) as accounts_of_old`;
      expect({ ...row }).toEqual({ old: 'unknown', new: 'registered', login: phone, accounts_of_old: 0 });
    }));

  test('takes along what waits to be texted, but for codes and passwords', () =>
    withPatient(async (tx, patient) => {
      const phone = aPhone();
      await tx`
        insert into public.sms_messages (to_phone, template, body, patient_id, secret)
        values (${patient.phone}, 'reminder_hours_before', 'soon', ${patient.id}, false),
          (${patient.phone}, 'welcome', 'ABC12345', ${patient.id}, true)`;
      await tx`update public.patients set phone = ${phone} where id = ${patient.id}`;
      expect(await sms(tx, phone)).toMatchObject([
        { template: 'phone_moved_here' },
        { body: 'soon', status: 'queued' }
      ]);
      expect(await sms(tx, patient.phone)).toMatchObject([
        { template: 'phone_changed' },
        { template: 'welcome', status: 'cancelled', body: '(erased after sending)' }
      ]);
    }));

  test.each([
    'signed_in_new_device',
    'password_changed',
    'phone_changed',
    'phone_moved_here',
    'account_linked'
  ])('leaves a warning to the owner of the old phone where it is: %s', (template) =>
    withPatient(async (tx, patient) => {
      await tx`
          insert into public.sms_messages (to_phone, template, body, patient_id)
          values (${patient.phone}, ${template}, 'Was it you?', ${patient.id})`;
      const phone = aPhone();
      await tx`update public.patients set phone = ${phone} where id = ${patient.id}`;
      expect(await sms(tx, patient.phone)).toContainEqual({
        template,
        body: 'Was it you?',
        status: 'queued'
      });
      expect(await sms(tx, phone)).toMatchObject([{ template: 'phone_moved_here' }]);
    })
  );

  test('without an account moves the patient alone', () =>
    rolledBack(sql, async (tx) => {
      const { id, phone: old } = await aPatient(tx);
      const phone = aPhone();
      await tx`update public.patients set phone = ${phone} where id = ${id}`;
      expect([await sms(tx, old), await sms(tx, phone)]).toMatchObject([
        [{ template: 'phone_changed' }],
        [{ template: 'phone_moved_here' }]
      ]);
    }));

  test('the same phone again is no change', () =>
    withPatient(async (tx, patient) => {
      await tx`update public.patients set phone = phone, name = 'Asha' where id = ${patient.id}`;
      expect(await stateOf(tx, patient)).toMatchObject({ sessions: 1 });
      expect(await sms(tx, patient.phone)).toEqual([]);
    }));

  test.each([true, false])('is refused where it is another patient’s (with an account: %s)', (account) =>
    withPatient(async (tx, patient) => {
      const other = account ? await aPatient(tx, { account: true }) : await aPatient(tx);
      const edit = () => tx`update public.patients set phone = ${other.phone} where id = ${patient.id}`;
      expect(await refusalIn(tx, edit)).toEqual({
        code: 'PT409',
        message: 'phone_already_registered',
        detail: 'other_patient_has_phone',
        hint: 'Another patient has this phone.'
      });
      expect(await stateOf(tx, patient)).toMatchObject({ phone: patient.phone, sessions: 1 });
    })
  );

  test('is refused where an account without patient has it', () =>
    withPatient(async (tx, patient) => {
      const phone = aPhone();
      await aUser(tx, phone, { confirmed: false });
      const edit = () => tx`update public.patients set phone = ${phone} where id = ${patient.id}`;
      expect(await refusalIn(tx, edit)).toMatchObject({ detail: 'other_account_has_phone' });
    }));

  test('needs a patient', () =>
    rolledBack(sql, async (tx) => {
      const call = () => tx`select public.change_patient_phone(gen_random_uuid(), ${aPhone()})`;
      expect(await refusalIn(tx, call)).toMatchObject({ code: 'PT404', detail: 'unknown_patient' });
    }));
});

describe('the phone of an account edited in auth.users', () => {
  test('moves the patient, tells both phones, and keeps sessions: Auth has asked for a proof', () =>
    withPatient(async (tx, patient) => {
      const phone = aPhone();
      await permit(tx, patient.account.userId, 'phone', phone);
      await tx`update auth.users set phone = ${phone.slice(1)} where id = ${patient.account.userId}`;
      expect(await stateOf(tx, patient)).toMatchObject({
        phone,
        auth_phone: phone,
        identity_phone: phone,
        sessions: 1
      });
      expect([await sms(tx, patient.phone), await sms(tx, phone)]).toMatchObject([
        [{ template: 'phone_changed' }],
        [{ template: 'phone_moved_here' }]
      ]);
    }));

  const other = aPhone();
  test.each([
    ['no longer confirmed', { phone_confirmed_at: null }],
    ['another and not confirmed', { phone: other.slice(1), phone_confirmed_at: null }]
  ])('is refused where it is %s: the patient could not sign in', (_what, values) =>
    withPatient(async (tx, patient) => {
      await permit(tx, patient.account.userId, 'phone', other);
      const edit = () => tx`update auth.users set ${tx(values)} where id = ${patient.account.userId}`;
      expect(await refusalIn(tx, edit)).toEqual({
        code: 'PT409',
        message: 'account_has_other_phone',
        detail: 'account_has_other_phone',
        hint: 'An account and its patient have the same confirmed phone. To change it: select change_patient_phone(patient, phone).'
      });
    })
  );
});

describe('user_id of a patient', () => {
  test('is not emptied while the account is there', () =>
    withPatient(async (tx, patient) => {
      const edit = () => tx`update public.patients set user_id = null where id = ${patient.id}`;
      expect(await refusalIn(tx, edit)).toMatchObject({ code: 'PT409', message: 'account_still_there' });
    }));

  test('is not given to another patient, nor another account to this one', () =>
    withPatient(async (tx, patient) => {
      const other = await aPatient(tx);
      const nobody = await anAccount(tx, aPhone(), { confirmed: false });
      const give = (id: string, userId: string) => () =>
        tx`update public.patients set user_id = ${userId}, account_origin = 'web' where id = ${id}`;
      expect(await refusalIn(tx, give(other.id, patient.account.userId))).toMatchObject({
        message: 'account_has_other_phone'
      });
      expect(await refusalIn(tx, give(other.id, nobody.userId))).toMatchObject({
        message: 'account_has_other_phone'
      });
      expect(await refusalIn(tx, give(patient.id, nobody.userId))).toMatchObject({
        message: 'account_still_there'
      });
      const insert = () => tx`
        insert into public.patients (phone, user_id, account_origin) values (${aPhone()}, ${nobody.userId}, 'web')`;
      expect(await refusalIn(tx, insert)).toMatchObject({ message: 'account_has_other_phone' });
    }));
});

describe('account_origin', () => {
  test('is told of accounts alone', () =>
    withPatient(async (tx, patient) => {
      const without = await aPatient(tx);
      const origin = (id: string, value: string | null) => () =>
        tx`update public.patients set account_origin = ${value} where id = ${id}`;
      for (const edit of [origin(without.id, 'web'), origin(patient.id, null)]) {
        expect(await refusalIn(tx, edit)).toMatchObject({ code: '23514' });
      }
    }));
});

const deleteUser = (tx: Transaction, { account }: PatientWithAccount) =>
  tx`delete from auth.users where id = ${account.userId}`;

describe('a deletion by hand', () => {
  test('of the account leaves the patient, and the username free for others', () =>
    withPatient(async (tx, patient) => {
      await tx`update public.patients set username = 'asha.by.hand', name = 'Asha' where id = ${patient.id}`;
      await deleteUser(tx, patient);
      expect(await stateOf(tx, patient)).toMatchObject({
        phone: patient.phone,
        user_id: null,
        username: null,
        account_origin: null
      });
      const other = await aPatient(tx, { account: true });
      await tx`update public.patients set username = 'asha.by.hand' where id = ${other.id}`;
    }));

  test('of the patient takes the account along', () =>
    withPatient(async (tx, patient) => {
      await tx`delete from public.patients where id = ${patient.id}`;
      expect(await stateOf(tx, patient)).toBeUndefined();
      // The phone is anybody's, who starts anew.
      await anAccount(tx, patient.phone);
    }));

  test('of a patient with appointments leaves everything as it is', () =>
    withPatient(async (tx, patient) => {
      const practitioner = await aPractitioner(tx, await aClinic(tx));
      await tx`
        insert into public.appointments (patient_id, practitioner_id, starts_at)
        values (${patient.id}, ${practitioner.id}, '2091-06-09 10:00+05:30')`;
      const remove = () => tx`delete from public.patients where id = ${patient.id}`;
      expect(await refusalIn(tx, remove)).toMatchObject({ code: '23503' });
      expect(await stateOf(tx, patient)).toMatchObject({ user_id: patient.account.userId, sessions: 1 });
    }));
});

describe('a temporary password', () => {
  const temporary = (tx: Transaction, { account }: PatientWithAccount) => tx`
    insert into private.temporary_passwords (user_id, expires_at)
    values (${account.userId}, now() + interval '72 hours')`;
  const left = async (tx: Transaction, { account }: PatientWithAccount) =>
    (await tx`select from private.temporary_passwords where user_id = ${account.userId}`).count;

  test('is one no more once another is set, by hand too', () =>
    withPatient(async (tx, patient) => {
      await temporary(tx, patient);
      await permit(tx, patient.account.userId, 'password');
      await tx`update auth.users set encrypted_password = 'another hash' where id = ${patient.account.userId}`;
      expect(await left(tx, patient)).toBe(0);
    }));

  test('stays one when the phone is changed, and goes with the account', () =>
    withPatient(async (tx, patient) => {
      await temporary(tx, patient);
      await tx`update public.patients set phone = ${aPhone()} where id = ${patient.id}`;
      expect(await left(tx, patient)).toBe(1);
      await deleteUser(tx, patient);
      expect(await left(tx, patient)).toBe(0);
    }));
});

test('a doctor with appointments stays at their clinic, where those are', () =>
  withPatient(async (tx, patient) => {
    const [here, there] = [await aClinic(tx), await aClinic(tx)];
    const practitioner = await aPractitioner(tx, here);
    const move = () =>
      tx`update public.practitioners set clinic_id = ${there.id} where id = ${practitioner.id}`;
    await tx`
      insert into public.appointments (patient_id, practitioner_id, starts_at)
      values (${patient.id}, ${practitioner.id}, '2091-06-09 10:00+05:30')`;
    expect(await refusalIn(tx, move)).toMatchObject({ code: 'PT409', message: 'practitioner_is_fixed' });
    await tx`delete from public.appointments where practitioner_id = ${practitioner.id}`;
    expect(await refusalIn(tx, move)).toBeUndefined();
  }));
