// The owner of a recycled number can be texted a code, and gets nothing of whoever had the number before.
import { afterAll, expect, test } from 'vitest';
import { smsTo } from '../helpers/inbox.ts';
import { closeDatabases, databaseAsPostgres, theStack } from '../helpers/stack.ts';
import { aPatient, aPhone } from '../helpers/world.ts';
import { aCaller, aLink, nextCode, throughGateway, type Answer } from './account-api.ts';

const { inbox_url } = theStack();
const sql = databaseAsPostgres();
afterAll(closeDatabases);

const password = 'a long secret';
const refusalOf = ({ status, body }: Answer) => `${status} ${String(body.error)}`;
const post = throughGateway();

/** Two years and a day ago it was heard of last. */
async function silence(patientId: string): Promise<void> {
  await sql`update patients set created_at = now() - interval '731 days' where id = ${patientId}`;
  await sql`update private.signs_of_life set seen_at = now() - interval '731 days' where patient_id = ${patientId}`;
}

async function aDormant() {
  const patient = await aPatient(sql, { phone: aPhone(), account: true, password });
  await silence(patient.id);
  return patient;
}

async function reset(phone: string, new_password: string): Promise<Answer> {
  const asked = await post('forgot-password', { phone_number: phone });
  expect(asked.status).toBe(202);
  const { verification_id } = asked.body;
  return post('verify-phone', { verification_id, code: await nextCode(phone), new_password });
}

test('a reset code alone does not give a dormant account away, until the clinic has asked', async () => {
  const { phone, account } = await aDormant();
  const refused = await reset(phone, 'the new owner chose it');
  expect(refusalOf(refused)).toBe('409 phone_is_dormant');
  expect(refused.body.message).toMatch(/ask the clinic/);
  expect(JSON.stringify(refused.body)).not.toMatch(/Asha|token/);
  expect((await post('sign-in', { username: phone, password: 'the new owner chose it' })).status).toBe(401);
  expect(
    await sql`select from auth.sessions where user_id = ${account.userId} and created_at > now() - interval '1 minute'
    and id <> ${account.sessionId}`
  ).toHaveLength(0);

  await sql`select public.confirm_phone_owner(${phone})`;
  expect((await reset(phone, 'my very own words')).status).toBe(200);
});

test('whoever knows the password is who they were, and may be texted codes again', async () => {
  const { phone } = await aDormant();
  expect((await post('sign-in', { username: phone, password })).status).toBe(200);
  expect((await reset(phone, 'my very own words')).status).toBe(200);
});

test('bookings of a dormant phone are not linked by a code alone', async () => {
  const caller = await aCaller(sql);
  await silence(caller.id);
  const asked = await post('link-ivr-account', aLink(caller.phone));
  expect(asked.status).toBe(201);
  const { verification_id } = asked.body;
  const answer = await post('verify-phone', { verification_id, code: await nextCode(caller.phone) });
  expect(refusalOf(answer)).toBe('409 phone_is_dormant');
  expect(await sql`select user_id from patients where id = ${caller.id}`).toEqual([{ user_id: null }]);
});

test('a patient who came by last year is asked nothing', async () => {
  const patient = await aPatient(sql, { phone: aPhone(), account: true, password });
  await sql`update patients set created_at = now() - interval '3 years' where id = ${patient.id}`;
  await sql`
    update private.signs_of_life set seen_at = now() - interval '400 days' where patient_id = ${patient.id}`;
  expect((await reset(patient.phone, 'my very own words')).status).toBe(200);
  await smsTo(inbox_url, patient.phone, 'The password of your MedQ account was changed.');
});
