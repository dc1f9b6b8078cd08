import type postgres from 'postgres';
import { expect } from 'vitest';
import type { StackAddresses } from '../../local/settings/addresses.ts';
import { send } from '../functions/account-api.ts';
import { smsTo } from '../helpers/inbox.ts';
import { aCall } from '../helpers/phone.ts';
import { aPhone, aPractitioner } from '../helpers/world.ts';

/** Enters a doctor as an admin does, and calls the one clinic: it books, and texts an account that signs in. */
export async function expectCallToBook(
  { api_url, inbox_url, ivr_url, messagebird_signing_key }: StackAddresses,
  sql: postgres.Sql
): Promise<void> {
  const [clinic] = await sql<{ id: string; phone: string }[]>`select id, phone from public.clinics`;
  if (!clinic) throw new Error('There is no clinic.');
  await aPractitioner(sql, clinic, { hours: [{ from: '00:00', to: '24:00' }] });
  const from = aPhone();
  const call = aCall({ ivrUrl: ivr_url, signingKey: messagebird_signing_key, from, to: clinic.phone });
  await call.dial();
  while (!call.ended) await call.press('1');
  expect(
    await sql`select a.status from public.appointments a join public.patients p on p.id = a.patient_id where p.phone = ${from}`
  ).toEqual([{ status: 'booked' }]);
  const { body } = await smsTo(inbox_url, from, 'Welcome to MedQ!');
  const [, username = '', password = ''] = /Username: (\S+)\nPassword: (\S+)/.exec(body) ?? [];
  const signedIn = await send(`${api_url}/functions/v1/sign-in`, { username, password });
  expect(signedIn.status).toBe(200);
}
