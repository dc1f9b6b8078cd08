import { afterAll, describe, expect, test } from 'vitest';
import { smsTo } from '../helpers/inbox.ts';
import { closeDatabases, databaseAsPostgres, serviceClient, theStack } from '../helpers/stack.ts';
import { aClinic, aPatient, aPhone, aPractitioner, book, nextSlots } from '../helpers/world.ts';
import { aCaller, asOwner, nextCode, throughGateway, type Answer } from './account-api.ts';

const { publishable_key, inbox_url } = theStack();
const sql = databaseAsPostgres();
afterAll(closeDatabases);

const password = 'a long secret';

/** A patient with an account, signed in. */
async function aSignedIn() {
  const patient = await aPatient(sql, { phone: aPhone(), account: true, password });
  const answer = await throughGateway()('sign-in', { username: patient.phone, password });
  expect(answer.status).toBe(200);
  return { ...patient, userId: patient.account.userId, token: String(answer.body.token) };
}

const changePhone = (token: string | undefined, body: unknown) => asOwner('change-phone', token, body);
const prove = (asked: Answer, code: string) =>
  throughGateway()('verify-phone', { verification_id: asked.body.verification_id, code });
const phoneOf = async (userId: string) => {
  const [row] = await sql`
    select p.phone, '+' || u.phone as auth_phone from patients p join auth.users u on u.id = p.user_id
    where u.id = ${userId}`;
  return row;
};
const refusalOf = ({ status, body }: Answer) => `${status} ${String(body.error)}`;

describe('another phone', () => {
  test.each(['+431234', '+4921234567890123', '044 4000 1234'])(
    'is none that gets no SMS: %s',
    async (phone_number) => {
      const { token } = await aSignedIn();
      const answer = await changePhone(token, { phone_number, password });
      expect(refusalOf(answer)).toBe('400 validation_failed');
      expect(Object.keys(answer.body.fields as object)).toEqual(['phone_number']);
    }
  );

  test('is the account’s once its code comes back, with every booking, and the old one is told', async () => {
    const patient = await aSignedIn();
    const practitioner = await aPractitioner(sql, await aClinic(sql));
    const [slot] = await nextSlots(sql, practitioner, 1);
    if (!slot) throw new Error('There is no slot.');
    const booking = await book(sql, patient, practitioner, slot);
    const phone = aPhone();

    const asked = await changePhone(patient.token, { phone_number: `0${phone.slice(3)}`, password });
    expect(asked.status).toBe(202);
    expect(asked.body).toMatchObject({
      token: null,
      verification_required: true,
      user: { id: patient.userId, phone_number: patient.phone }
    });
    expect(await phoneOf(patient.userId)).toEqual({ phone: patient.phone, auth_phone: patient.phone });

    const proven = await prove(asked, await nextCode(phone));
    expect(proven.status).toBe(200);
    expect(proven.body).toMatchObject({
      token: null,
      refresh_token: null,
      user: { id: patient.userId, phone_number: phone }
    });
    expect(await phoneOf(patient.userId)).toEqual({ phone, auth_phone: phone });
    expect(await sql`select id from appointments where patient_id = ${patient.id}`).toEqual([
      { id: booking.id }
    ]);
    expect((await smsTo(inbox_url, patient.phone, 'now has the phone number')).body).toBe(
      `Your MedQ account now has the phone number ${phone.slice(0, 3)}********${phone.slice(-2)}. ` +
        'If you did not change it, please call your clinic.'
    );
    const signIn = (username: string) => throughGateway()('sign-in', { username, password });
    expect((await signIn(phone)).status).toBe(200);
    expect((await signIn(patient.phone)).status).toBe(401);
    // The old number is anybody's now.
    const [old] = await sql`select private.phone_state(${patient.phone}) as state`;
    expect(old).toEqual({ state: 'unknown' });
  });

  test('leaves no session behind that checked the password', async () => {
    const patient = await aSignedIn();
    const sessions = () => sql`select id from auth.sessions where user_id = ${patient.userId} order by id`;
    const before = await sessions();
    await changePhone(patient.token, { phone_number: aPhone(), password });
    expect(await sessions()).toEqual(before);
  });

  test.each(['with an account', 'with bookings only', 'with nothing yet'])(
    'is refused when it is another patient’s, %s',
    async (kind) => {
      const patient = await aSignedIn();
      const other =
        kind === 'with bookings only'
          ? await aCaller(sql)
          : await aPatient(sql, { phone: aPhone(), account: true });
      if (kind === 'with nothing yet') {
        await sql`delete from auth.users where id = (select user_id from patients where id = ${other.id})`;
      }
      const answer = await changePhone(patient.token, { phone_number: other.phone, password });
      expect(refusalOf(answer)).toBe('409 phone_already_registered');
      expect(
        await sql`select id, phone from patients where id in (${patient.id}, ${other.id}) order by phone`
      ).toEqual(
        [patient, other].map(({ id, phone }) => ({ id, phone })).sort((a, b) => (a.phone < b.phone ? -1 : 1))
      );
    }
  );

  test('is refused when somebody called from it before the code came back; their bookings stay theirs', async () => {
    const patient = await aSignedIn();
    const phone = aPhone();
    const asked = await changePhone(patient.token, { phone_number: phone, password });
    const code = await nextCode(phone);
    const caller = await aCaller(sql, phone);
    expect(refusalOf(await prove(asked, code))).toBe('409 phone_already_registered');
    expect(await phoneOf(patient.userId)).toEqual({ phone: patient.phone, auth_phone: patient.phone });
    expect(await sql`select user_id from patients where id = ${caller.id}`).toEqual([{ user_id: null }]);
  });

  test('is refused by the database too, whoever changes it', async () => {
    const patient = await aSignedIn();
    const caller = await aCaller(sql);
    const { error } = await serviceClient().auth.admin.updateUserById(patient.userId, {
      phone: caller.phone
    });
    expect(error).not.toBeNull();
    expect(await phoneOf(patient.userId)).toEqual({ phone: patient.phone, auth_phone: patient.phone });
  });
});

describe('asking for another phone', () => {
  test('needs to be signed in', async () => {
    const body = { phone_number: aPhone(), password };
    const patient = await aSignedIn();
    const [head, claims] = patient.token.split('.');
    for (const token of [undefined, 'x', publishable_key, `${head}.${claims}.forged`]) {
      expect(refusalOf(await changePhone(token, body))).toBe('401 not_signed_in');
    }
    await sql`delete from auth.users where id = ${patient.userId}`;
    expect(refusalOf(await changePhone(patient.token, body))).toBe('401 not_signed_in');
  });

  test('needs the password once more, and limits guesses at it', async () => {
    const patient = await aSignedIn();
    const body = { phone_number: aPhone(), password: 'not this one' };
    expect(refusalOf(await changePhone(patient.token, body))).toBe('401 invalid_credentials');
    expect(await sql`select id from sms_messages where to_phone = ${body.phone_number}`).toHaveLength(0);
  });

  test('needs a password that is its owner’s own', async () => {
    const patient = await aSignedIn();
    await sql`
      insert into private.temporary_passwords (user_id, expires_at)
      values (${patient.userId}, now() + interval '1 hour')`;
    const answer = await changePhone(patient.token, { phone_number: aPhone(), password });
    expect(refusalOf(answer)).toBe('403 password_change_required');
  });

  test('needs another number, written as a number', async () => {
    const patient = await aSignedIn();
    for (const phone_number of [patient.phone, patient.phone.slice(3), 'my new one']) {
      const answer = await changePhone(patient.token, { phone_number, password });
      expect(refusalOf(answer)).toBe('400 validation_failed');
      expect(answer.body.fields).toHaveProperty('phone_number');
    }
  });

  test.each(['a new password', 'signing out'])('is void after %s, by whoever was robbed', async (event) => {
    const patient = await aSignedIn();
    const phone = aPhone();
    const asked = await changePhone(patient.token, { phone_number: phone, password });
    const code = await nextCode(phone);
    if (event === 'signing out') {
      const { error } = await serviceClient().auth.admin.signOut(patient.token, 'global');
      expect(error).toBeNull();
    } else {
      const answer = await asOwner('change-password', patient.token, {
        password,
        new_password: 'a new secret'
      });
      expect(answer.status).toBe(200);
    }
    expect(refusalOf(await prove(asked, code))).toBe('401 code_invalid');
    expect(await phoneOf(patient.userId)).toEqual({ phone: patient.phone, auth_phone: patient.phone });
  });
});
