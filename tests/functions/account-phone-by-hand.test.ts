// The clinic gives a patient another phone in the dashboard: what the old and the new one can do from then on.
import { afterAll, expect, test } from 'vitest';
import { smsTo } from '../helpers/inbox.ts';
import { closeDatabases, databaseAsPostgres, theStack } from '../helpers/stack.ts';
import { aPatient, aPhone } from '../helpers/world.ts';
import { nextCode, throughGateway } from './account-api.ts';

const { inbox_url } = theStack();
const sql = databaseAsPostgres();
afterAll(closeDatabases);

test('the old phone can neither sign in nor reset the password, the new one can both', async () => {
  const password = 'a long secret';
  const patient = await aPatient(sql, { account: true, password });
  const phone = aPhone();
  await sql`update public.patients set phone = ${phone} where id = ${patient.id}`;
  await smsTo(inbox_url, patient.phone, 'now has the phone number');
  await smsTo(inbox_url, phone, 'are now kept under this number');

  const signIn = (username: string, secret: string) =>
    throughGateway()('sign-in', { username, password: secret });
  expect((await signIn(patient.phone, password)).status).toBe(401);
  expect((await signIn(phone, password)).status).toBe(200);

  const forgot = (number: string) => throughGateway()('forgot-password', { phone_number: number });
  expect((await forgot(patient.phone)).status).toBe(202);
  const asked = await forgot(phone);
  const code = await nextCode(phone);
  const proven = await throughGateway()('verify-phone', {
    verification_id: asked.body.verification_id,
    code,
    new_password: 'another secret'
  });
  expect(proven.status).toBe(200);
  expect(proven.body).toMatchObject({ user: { id: patient.account.userId, phone_number: phone } });
  expect((await signIn(phone, 'another secret')).status).toBe(200);
  // Nothing but the news ever went to the old phone.
  const messages = await sql`select template from sms_messages where to_phone = ${patient.phone}`;
  expect([...messages]).toEqual([{ template: 'phone_changed' }]);
});
