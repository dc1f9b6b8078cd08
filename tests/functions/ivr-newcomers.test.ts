import { afterAll, describe, expect, test } from 'vitest';
import { smsTo } from '../helpers/inbox.ts';
import { closeDatabases, databaseAsPostgres, theStack } from '../helpers/stack.ts';
import { aPatient, aPhone } from '../helpers/world.ts';
import { anOpenClinic, bookingsOf, callTo, wantsAnyTime } from './ivr-calls.ts';

const { inbox_url } = theStack();
const sql = databaseAsPostgres();
afterAll(closeDatabases);

/** A clinic that has had its new callers for this hour. */
async function aFloodedClinic() {
  const open = await anOpenClinic(sql, { new_callers_per_hour: 1 });
  await wantsAnyTime(open.clinic, aPhone());
  return open;
}

describe('callers who were seen before', () => {
  test.each<[string, (phone: string) => Promise<unknown>]>([
    [
      'signed in',
      async (phone) => {
        const { account } = await aPatient(sql, { phone, account: true });
        await sql`update auth.users set last_sign_in_at = now() where id = ${account.userId}`;
      }
    ],
    [
      'came to the clinic',
      async (phone) => {
        const { clinic } = await anOpenClinic(sql);
        await wantsAnyTime(clinic, phone);
        await sql`
          update public.appointments a set starts_at = now() - interval '1 hour', status = 'fulfilled'
          from public.patients p where p.id = a.patient_id and p.phone = ${phone}`;
      }
    ],
    [
      'gave a reference in a call',
      async (phone) => {
        const { clinic } = await anOpenClinic(sql);
        await wantsAnyTime(clinic, phone);
        const [booked] = await bookingsOf(sql, phone);
        const call = callTo(clinic, phone);
        await call.dial();
        await call.press('4', booked?.reference ?? '');
      }
    ]
  ])('are not asked: who %s', async (_, before) => {
    const phone = aPhone();
    await before(phone);
    const { clinic } = await aFloodedClinic();
    const call = await wantsAnyTime(clinic, phone);
    expect(call.said()).toContain('is booked');
  });

  test('are not those who only have an account that was made for them, or was entered by hand', async () => {
    const { clinic } = await aFloodedClinic();
    const elsewhere = await anOpenClinic(sql);
    const called = aPhone();
    await wantsAnyTime(elsewhere.clinic, called);
    await smsTo(inbox_url, called, 'Welcome to MedQ');
    const entered = aPhone();
    await sql`insert into public.patients (phone) values (${entered})`;
    for (const phone of [called, entered]) {
      expect((await wantsAnyTime(clinic, phone)).said()).toContain('We have texted it a code');
    }
  });
});

describe('the bookings of new callers within an hour', () => {
  test('are there again an hour later', async () => {
    const { clinic } = await aFloodedClinic();
    await sql`
      update private.call_proofs set newcomer_at = newcomer_at - interval '61 minutes' where clinic_id = ${clinic.id}`;
    expect((await wantsAnyTime(clinic, aPhone())).said()).toContain('is booked');
    expect((await wantsAnyTime(clinic, aPhone())).said()).toContain('We have texted it a code');
  });

  test('are not used up by one that is refused', async () => {
    const { clinic, doctor } = await anOpenClinic(sql, { new_callers_per_hour: 1 });
    const late = callTo(clinic);
    await late.dial();
    await late.press('1');
    await sql`update public.schedules set start_time = '00:07' where practitioner_id = ${doctor.id}`;
    expect(await late.press('1')).toContain('changed its hours');
    expect((await wantsAnyTime(clinic, aPhone())).said()).toContain('is booked');
  });

  test('are counted for the clinic that is booked, whichever of a shared number was asked for before', async () => {
    const { clinic: full } = await anOpenClinic(sql, { name: 'A', new_callers_per_hour: 0 });
    const other = await anOpenClinic(sql, { name: 'B', phone: full.phone, new_callers_per_hour: 1 });
    const wanderers = Array.from({ length: 3 }, async () => {
      const call = callTo(full);
      await call.dial();
      expect(await call.press('1', '1', '1')).toContain('We have texted it a code');
      await call.press('*#', '*', '2', '1', '1');
      for (let tries = 0; tries < 3 && call.said().includes('was just taken'); tries += 1)
        await call.press('1');
      return call.said();
    });
    const heard = await Promise.all(wanderers);
    expect(heard.filter((words) => words.includes('is booked'))).toHaveLength(1);
    expect(heard.filter((words) => words.includes('We have texted it a code'))).toHaveLength(2);
    const booked = await sql`select from public.appointments where clinic_id = ${other.clinic.id}`;
    expect(booked).toHaveLength(1);
  });
});
