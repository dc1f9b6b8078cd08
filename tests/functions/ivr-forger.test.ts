import { randomUUID } from 'node:crypto';
import { afterAll, describe, expect, test } from 'vitest';
import { asPatient, refusalIn, rolledBack } from '../helpers/database.ts';
import { closeDatabases, databaseAsPostgres, theStack } from '../helpers/stack.ts';
import { aPatient, book, nextSlots } from '../helpers/world.ts';
import {
  anAppointmentOf,
  anOpenClinic,
  bookingsOf,
  callTo,
  codeTextedIn,
  codeTextedTo,
  recordOf
} from './ivr-calls.ts';

const { inbox_url } = theStack();
const sql = databaseAsPostgres();
afterAll(closeDatabases);

/** A patient with an account and an appointment, whom somebody calls in the name of. */
async function aVictim(options: Parameters<typeof anOpenClinic>[1] = {}) {
  const { clinic, doctor } = await anOpenClinic(sql, options);
  await sql`update public.clinics set other_locales = '{ta-IN}' where id = ${clinic.id}`;
  const { id, phone } = await aPatient(sql, { account: true });
  await sql`update public.patients set locale = 'en-IN' where id = ${id}`;
  const booked = await anAppointmentOf(sql, phone, doctor);
  return { clinic, doctor, id, phone, booked };
}

const localeOf = async (id: string) =>
  (await sql<{ locale: string }[]>`select locale from public.patients where id = ${id}`)[0]?.locale;

/** As if so many wrong references had been given in calls of today. */
const afterWrongReferences = (id: string, hits: number) => sql`
  insert into private.rate_limits (bucket, window_start, hits)
  values (${`ivr_reference:${id}`}, date_trunc('day', now(), 'UTC'), ${hits})
  on conflict (bucket, window_start) do update set hits = excluded.hits`;

/** References that are not the right one. */
const wrong = (right: string, n: number) => String((Number(right) + 1 + n) % 10_000).padStart(4, '0');

describe('the language kept with an account', () => {
  test('stays when a caller chooses another, who hears it for the call', async () => {
    const { clinic, phone, id } = await aVictim();
    const call = callTo(clinic, phone);
    await call.dial();
    expect(await call.press('8')).toContain('முன்பதிவு செய்ய, எண் ஒன்றை');
    expect(await call.press('1', '1')).toContain('முன்பதிவு உறுதி செய்யப்பட்டது');
    expect(await localeOf(id)).toBe('en-IN');
    const texts = await sql<{ locale: string }[]>`
      select distinct locale from public.sms_messages where to_phone = ${phone}`;
    expect(texts.map(({ locale }) => locale)).toEqual(['en-IN']);
  });

  test('is changed by who proves the number, with a reference or with a code', async () => {
    const { clinic, phone, id, booked } = await aVictim();
    const call = callTo(clinic, phone);
    await call.dial();
    await call.press('8', '4', booked.reference);
    expect(await localeOf(id)).toBe('ta-IN');
    await sql`update public.clinics set phone_booking = 'proven' where id = ${clinic.id}`;
    const other = callTo(clinic, phone);
    await other.dial();
    await other.press('8', '1', '1');
    expect(await localeOf(id)).toBe('ta-IN');
    expect(await other.press(await codeTextedTo(inbox_url, phone))).toContain('is booked');
    expect(await localeOf(id)).toBe('en-IN');
  });
});

describe('the quota of bookings', () => {
  test('of the web is not used up by calls: after all a forger can book, the owner books all of theirs', async () => {
    const { clinic, doctor, phone, id } = await aVictim();
    // Ten calls, also at the same moment.
    const calls = await Promise.all(
      Array.from({ length: 10 }, async () => {
        const call = callTo(clinic, phone);
        await call.dial();
        await call.press('1', '1');
        for (
          let tries = 0;
          tries < 12 && /was just taken|another appointment/.test(call.said());
          tries += 1
        ) {
          await call.press('1');
        }
        return call;
      })
    );
    const forged = await sql`select from public.appointments where clinic_id = ${clinic.id} and unproven`;
    expect(forged).toHaveLength(2);
    expect(calls.filter((call) => call.said().includes('is booked'))).toHaveLength(2);
    const slots = await nextSlots(sql, doctor, 5, new Date(Date.now() + 6 * 86_400_000));
    // One was there before: four more make the five that the clinic allows.
    for (const slot of slots.slice(0, 4)) await book(sql, { id, phone }, doctor, slot);
    const [last = new Date(0)] = slots.slice(4);
    await expect(book(sql, { id, phone }, doctor, last)).rejects.toMatchObject({
      message: 'too_many_bookings'
    });
  });

  test('of unproven calls is lifted to the clinic’s by the code', async () => {
    const { clinic, phone } = await aVictim();
    for (let n = 0; n < 2; n += 1) {
      const call = callTo(clinic, phone);
      await call.dial();
      expect(await call.press('1', '1')).toContain('is booked');
    }
    const call = callTo(clinic, phone);
    await call.dial();
    expect(await call.press('1', '1')).toContain('We have texted it a code');
    expect(await call.press(await codeTextedTo(inbox_url, phone))).toContain('is booked');
    const bookings = await sql<{ unproven: boolean }[]>`
      select unproven from public.appointments where clinic_id = ${clinic.id} order by created_at`;
    expect(bookings.map(({ unproven }) => unproven)).toEqual([false, true, true, false]);
  });

  test('of the clinic is no more for a caller without proof, who is texted nothing', async () => {
    const { clinic, doctor, phone } = await aVictim({ max_active_bookings: 2 });
    await anAppointmentOf(sql, phone, doctor, 5);
    const call = callTo(clinic, phone);
    await call.dial();
    expect(await call.press('1', '1')).toContain('as many appointments as this clinic allows');
    expect(
      await sql`select from public.sms_messages where to_phone = ${phone} and template = 'call_code'`
    ).toEqual([]);
  });

  test('counts what a proven call booked as the web does', async () => {
    await rolledBack(sql, async (tx) => {
      const { doctor } = await anOpenClinic(tx, { max_active_bookings: 1 });
      const { id, account } = await aPatient(tx, { account: true });
      const [first = new Date(0), second = new Date(0)] = await nextSlots(tx, doctor, 2);
      await tx`select private.book(${id}, ${doctor.id}, ${first}, 'ivr', ${randomUUID()}, now(), false)`;
      const refusal = await refusalIn(tx, () =>
        asPatient(tx, account, (db) => db`select public.book_appointment(${doctor.id}, ${second})`)
      );
      expect(refusal?.message).toBe('too_many_bookings');
    });
  });
});

describe('the reference', () => {
  test('of the owner opens the appointment in another call, after a forger has guessed', async () => {
    const { clinic, phone, booked } = await aVictim();
    for (let n = 0; n < 4; n += 1) {
      const forger = callTo(clinic, phone);
      await forger.dial();
      expect(await forger.press('4', wrong(booked.reference, 3 * n))).toContain('none of your appointments');
      await forger.press(wrong(booked.reference, 3 * n + 1));
      expect(await forger.press(wrong(booked.reference, 3 * n + 2))).toContain(
        'no more references in this call'
      );
    }
    const owner = callTo(clinic, phone);
    await owner.dial();
    expect(await owner.press('4', booked.reference)).toContain('with Doctor Anjali Rao');
  });

  test('is guessed fifteen times a day and no more, in one call after the other or all at once', async () => {
    const { clinic, phone, booked, id } = await aVictim();
    const calls = Array.from({ length: 24 }, () => callTo(clinic, phone));
    for (const call of calls) {
      await call.dial();
      await call.press('4');
    }
    await Promise.all(calls.map((call, n) => call.press(wrong(booked.reference, n))));
    const steps = (await Promise.all(calls.map((call) => recordOf(sql, call)))).flatMap(({ steps }) => steps);
    expect(steps.filter(({ reference }) => reference === 'wrong')).toHaveLength(15);
    const [counted] = await sql`
      select hits from private.rate_limits where bucket = ${`ivr_reference:${id}`} order by window_start desc limit 1`;
    expect(counted?.hits).toBe(15);
    const [seen] = await sql<{ count: number }[]>`
      select sum(count)::int as count from public.security_events
      where kind = 'call_reference_wrong' and phone = private.mask_phone(${phone})`;
    expect(seen?.count).toBeGreaterThanOrEqual(15);
  });

  test('gives way to the code after that: the owner has it, and a forger does not', async () => {
    const { clinic, phone, booked, id } = await aVictim();
    const waiting = callTo(clinic, phone);
    await waiting.dial();
    await waiting.press('4');
    await afterWrongReferences(id, 15);
    const forger = callTo(clinic, phone);
    await forger.dial();
    expect(await forger.press('4')).toContain('we first check that this is your phone');
    expect(await forger.press('000000')).not.toContain('Doctor');
    await forger.hangUp();

    // Whoever was at it already is asked instead of being refused.
    expect(await waiting.press(booked.reference)).toContain('we first check that this is your phone');
    const texts = async () => {
      const rows =
        await sql`select from public.sms_messages where to_phone = ${phone} and template = 'call_code'`;
      return rows.length;
    };
    expect(await texts()).toBe(2);
    const owner = callTo(clinic, phone);
    await owner.dial();
    await owner.press('4');
    expect(await owner.press(await codeTextedIn(sql, inbox_url, owner))).toContain('with Doctor Anjali Rao');
    expect(await owner.press('1')).toContain('is cancelled');
    expect((await bookingsOf(sql, phone)).map(({ status }) => status)).toEqual(['cancelled']);
  });

  test('is not needed once the number is proven: the appointments are there to choose from', async () => {
    const { clinic, doctor, phone, id } = await aVictim();
    await anAppointmentOf(sql, phone, doctor, 4);
    await afterWrongReferences(id, 15);
    const call = callTo(clinic, phone);
    await call.dial();
    await call.press('4');
    const heard = await call.press(await codeTextedTo(inbox_url, phone));
    expect(heard).toMatch(/^For Doctor Anjali Rao, .*, press 1\. For Doctor Anjali Rao, .*, press 2\./);
    expect(await call.press('2')).toMatch(/^Your appointment is with Doctor Anjali Rao/);
    await call.press('1');
    expect((await bookingsOf(sql, phone)).map(({ status }) => status)).toEqual(['booked', 'cancelled']);
  });
});
