import { afterAll, describe, expect, test } from 'vitest';
import { smsTo } from '../helpers/inbox.ts';
import { closeDatabases, databaseAsPostgres, theStack } from '../helpers/stack.ts';
import { aPhone, type Clinic } from '../helpers/world.ts';
import { anOpenClinic, anOpenDoctor, bookingsOf, callTo, codeTextedTo } from './ivr-calls.ts';

const { inbox_url } = theStack();
const sql = databaseAsPostgres();
afterAll(closeDatabases);

/** As `clinics.new_callers_per_hour` is without anybody's doing. */
const usual = 30;

/** A call that takes whatever time is offered, however often it is gone; it ends, or waits for a code. */
async function wantsAnyTime(clinic: Clinic, phone: string) {
  // Not how fast it answers: a slow machine takes its time.
  const call = callTo(clinic, phone, { delivery: { timeoutMs: 120_000 } });
  await call.dial();
  await call.press('1');
  while (!call.ended && !call.said().includes('enter the code')) await call.press('1');
  return call;
}

/** The same by somebody whose phone it is: keys in the code when one is asked for. Returns whether it was booked. */
async function aRealCaller(clinic: Clinic, phone: string): Promise<boolean> {
  const call = await wantsAnyTime(clinic, phone);
  if (!call.ended) {
    await call.press(await codeTextedTo(inbox_url, phone, 120_000));
    while (!call.ended) await call.press('1');
  }
  return call.heard.join(' ').includes('Your appointment is booked.');
}

/** Does all work, so much of it at once. */
async function onLines<Result>(lines: number, work: (() => Promise<Result>)[]): Promise<Result[]> {
  const results: Result[] = [];
  const left = work.values();
  const line = async () => {
    for (const one of left) results.push(await one());
  };
  await Promise.all(Array.from({ length: lines }, line));
  return results;
}

/** A clinic that has had its new callers for this hour. */
async function aFloodedClinic() {
  const open = await anOpenClinic(sql, { new_callers_per_hour: 1 });
  await wantsAnyTime(open.clinic, aPhone());
  return open;
}

describe('400 invented numbers on the day a clinic opens', () => {
  const forged = Array.from({ length: 400 }, aPhone);
  const real = Array.from({ length: 20 }, aPhone);
  const alertPhone = aPhone();
  let clinic: Clinic;

  afterAll(async () => {
    await sql`update public.security_settings set alert_phone = null`;
  });

  test('do not keep real new callers from booking, all of them', { timeout: 600_000 }, async () => {
    clinic = (await anOpenClinic(sql)).clinic;
    for (let n = 0; n < 9; n += 1) await anOpenDoctor(sql, clinic, `No. ${n}`);
    await sql`update public.security_settings set alert_phone = ${alertPhone}`;
    const calls = [
      ...forged.map((phone, n) => async () => {
        const call = await wantsAnyTime(clinic, phone);
        // Somebody who invents numbers never gets the code. Some guess.
        if (!call.ended && n % 10 === 0) await call.press('000000', '123456', '999999');
        return 'forged';
      }),
      ...real.map((phone) => async () => ((await aRealCaller(clinic, phone)) ? 'booked' : 'left out'))
    ];
    // Real ones come in between: every twentieth of the calls.
    const mixed = calls
      .map((call, n) => ({ call, at: n < 400 ? n : (n - 400) * 20 }))
      .sort((a, b) => a.at - b.at);
    const outcomes = await onLines(
      12,
      mixed.map(({ call }) => call)
    );
    expect(outcomes.filter((outcome) => outcome === 'booked')).toHaveLength(real.length);
  });

  test('take so many times as new callers get in an hour', async () => {
    const [taken] = await sql<{ forged: number; real: number; unproven: number }[]>`
      select count(*) filter (where p.phone = any (${forged}))::int as forged,
        count(*) filter (where p.phone = any (${real}))::int as real,
        count(*) filter (where a.unproven)::int as unproven
      from public.appointments a join public.patients p on p.id = a.patient_id where a.clinic_id = ${clinic.id}`;
    expect(taken?.unproven).toBe(usual);
    expect(taken?.forged).toBeLessThanOrEqual(usual);
    expect(taken?.real).toBe(real.length);
  });

  test('make no other patients, accounts or texts than those, but for one code each', async () => {
    const [made] = await sql<{ bookings: number; patients: number; accounts: number }[]>`
      select
        (select count(*)::int from public.appointments a join public.patients p on p.id = a.patient_id
          where p.phone = any (${forged})) as bookings,
        (select count(*)::int from public.patients p where p.phone = any (${forged})) as patients,
        (select count(*)::int from auth.users u where '+' || u.phone = any (${forged})) as accounts`;
    if (!made) throw new Error('Nothing was counted.');
    expect(made.patients).toBe(made.bookings);
    expect(made.accounts).toBeLessThanOrEqual(made.bookings);
    const texts = await sql<{ codes: number; phones: number }[]>`
      select count(*) filter (where template = 'call_code')::int as codes, count(distinct to_phone)::int as phones
      from public.sms_messages where to_phone = any (${forged}) and template in ('call_code', 'appointment_booked')`;
    // Whoever has booked was not asked, and whoever was asked was texted once.
    expect(texts[0]).toEqual({ codes: forged.length - made.bookings, phones: forged.length });
  });

  test('are seen by admins: in a view by the hour, in the events, and in an alert once', async () => {
    const [seen] = await sql`
      select sum(calls)::int as calls, sum(bookings)::int as bookings, sum(by_new_phones)::int as by_new_phones,
        sum(asked_for_proof)::int as asked, sum(proved)::int as proved
      from public.phone_bookings where clinic_id = ${clinic.id}`;
    const [proven] = await sql<{ real: number }[]>`
      select count(*)::int as real from public.appointments where clinic_id = ${clinic.id} and not unproven`;
    expect(seen).toEqual({
      calls: 420,
      bookings: usual + (proven?.real ?? 0),
      by_new_phones: usual,
      asked: 420 - usual,
      proved: proven?.real
    });
    const [events] = await sql<{ asked: number; refused: number }[]>`
      select sum(count) filter (where kind = 'call_proof_asked')::int as asked,
        sum(count) filter (where kind = 'call_proof_refused')::int as refused
      from public.security_events where phone ~ '^\\+91\\*{8}\\d\\d$'`;
    expect(events?.asked).toBeGreaterThanOrEqual(420 - usual);
    expect(events?.refused).toBeGreaterThanOrEqual(3 * (40 - usual));
    const alert = await smsTo(inbox_url, alertPhone, `had ${usual} phone bookings`, 60_000);
    expect(alert.body).toContain(
      `Lakeside Clinic has had ${usual} phone bookings by numbers never seen before`
    );
    const [alerts] = await sql<{ count: number }[]>`
      select count(*)::int from private.alerts where what = ${`calls:${clinic.id}`}`;
    expect(alerts?.count).toBeLessThanOrEqual(2);
  });
});

describe('callers who were seen before', () => {
  test.each<[string, (phone: string) => Promise<unknown>]>([
    [
      'signed in',
      (phone) => sql`
        with account as (
          insert into auth.users (instance_id, id, aud, role, phone, encrypted_password, phone_confirmed_at,
            last_sign_in_at, raw_app_meta_data, raw_user_meta_data, created_at, updated_at)
          values ('00000000-0000-0000-0000-000000000000', gen_random_uuid(), 'authenticated', 'authenticated',
            ${phone.slice(1)}, 'x', now(), now(), '{}', '{}', now(), now())
          returning id
        )
        select id from account`
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
