import { afterAll, describe, expect, test } from 'vitest';
import { smsTo } from '../helpers/inbox.ts';
import { closeDatabases, databaseAsPostgres, theStack } from '../helpers/stack.ts';
import { aPatient, aPhone, book, nextSlots, whereItIsEarly } from '../helpers/world.ts';
import {
  anAppointmentOf,
  anOpenClinic,
  bookingsOf,
  callTo,
  codeTextedTo,
  recordOf,
  spokenDay
} from './ivr-calls.ts';

const { inbox_url } = theStack();
const sql = databaseAsPostgres();
afterAll(closeDatabases);

/** A patient with one appointment at a clinic with a doctor whose name, specialty and token are easy to look for. */
async function aPatientWithAppointment(options: Parameters<typeof anOpenClinic>[1] = {}) {
  const { clinic, doctor } = await anOpenClinic(sql, options);
  const phone = aPhone();
  return { clinic, doctor, phone, booked: await anAppointmentOf(sql, phone, doctor) };
}

/** The end of the day before one that is so many days from now in Chennai. */
function lastMinuteBefore(days: number): Date {
  const then = new Date(Date.now() + days * 86_400_000);
  const date = new Intl.DateTimeFormat('en-CA', { timeZone: 'Asia/Kolkata' }).format(then);
  return new Date(Date.parse(`${date}T00:00:00+05:30`) - 60_000);
}

/** References that are none of the phone's. */
function wrongReferences(right: string, count: number): string[] {
  return Array.from({ length: count }, (_, n) => String((Number(right) + 1 + n) % 10_000).padStart(4, '0'));
}

describe('without the reference', () => {
  test('a caller hears day and time, and nothing else, whatever is pressed', async () => {
    const { clinic, phone, booked } = await aPatientWithAppointment();
    const call = callTo(clinic, phone);
    expect(await call.dial()).toMatch(
      new RegExp(`^Welcome.* You have an appointment on ${spokenDay(booked.starts_at)}, at`)
    );
    expect(await call.press('3')).toContain(spokenDay(booked.starts_at));
    await call.press('1', ...wrongReferences(booked.reference, 2));
    const all = call.heard.join(' ');
    for (const secret of ['Anjali', 'Rao', 'General medicine', booked.reference])
      expect(all).not.toContain(secret);
    expect(all).not.toMatch(/token number is/);
    expect(JSON.stringify(call.requests.map(({ answer }) => answer))).not.toContain('General medicine');
  });

  test('a caller of another clinic hears nothing of it', async () => {
    const { phone } = await aPatientWithAppointment();
    const elsewhere = await anOpenClinic(sql);
    const call = callTo(elsewhere.clinic, phone);
    expect(await call.dial()).not.toContain('You have an appointment');
    expect(await call.press('3')).toContain('no upcoming appointment here');
    expect(await call.press('4')).toContain('no upcoming appointment here');
  });
});

describe('who wants no SMS', () => {
  const aPatientWithoutSms = async () => {
    const world = await aPatientWithAppointment();
    await sql`insert into public.sms_opt_outs (phone) values (${world.phone})`;
    return world;
  };

  test('has no reference, and is asked for a code instead, which is texted all the same', async () => {
    const { clinic, phone, booked } = await aPatientWithoutSms();
    const call = callTo(clinic, phone);
    await call.dial();
    expect(await call.press('4')).toContain('We have texted it a code.');
    expect(await call.press(await codeTextedTo(inbox_url, phone))).toContain(
      'To cancel this appointment, press 1.'
    );
    expect(await call.press('1')).toMatch(/Doctor Anjali Rao.*is cancelled\. To book the next available/);
    expect(await bookingsOf(sql, phone)).toMatchObject([{ id: booked.id, status: 'cancelled' }]);
  });

  test('is asked to note down what was booked or moved, hears it twice, and is promised no SMS', async () => {
    const { clinic, phone } = await aPatientWithoutSms();
    const call = callTo(clinic, phone);
    await call.dial();
    const told = await call.press('1', '1');
    expect(told).toMatch(
      /is booked\. You asked for no SMS, so please note this down\. (Doctor .* number is .*\.) Once more: \1 Goodbye\.$/
    );
    const again = callTo(clinic, phone);
    await again.dial();
    await again.press('4');
    await again.press(await codeTextedTo(inbox_url, phone));
    expect(await again.press('1', '2', '1')).toMatch(
      /is moved\. You asked for no SMS, so please note this down\. .* Once more: /
    );
  });
});

describe('with the reference', () => {
  test('a caller hears doctor and token number', async () => {
    const { clinic, phone, booked } = await aPatientWithAppointment();
    const call = callTo(clinic, phone);
    await call.dial();
    const heard = await call.press('3', '1', booked.reference);
    expect(heard).toContain(`with Doctor Anjali Rao, on ${spokenDay(booked.starts_at)}`);
    expect(heard).toContain(`token number is ${[...String(booked.token_number)].join(' ')}.`);
    await call.hangUp();
    expect((await recordOf(sql, call)).outcome).toBe('informed');
  });

  test('a caller cancels after confirming, is texted so, and can book anew in the same call', async () => {
    const { clinic, phone, booked } = await aPatientWithAppointment();
    const call = callTo(clinic, phone);
    await call.dial();
    expect(await call.press('4', booked.reference)).toContain('To cancel this appointment, press 1.');
    expect((await bookingsOf(sql, phone))[0]?.status).toBe('booked');
    expect(await call.press('1')).toMatch(/Doctor Anjali Rao.*is cancelled.*To book the next available/);
    expect((await bookingsOf(sql, phone))[0]?.status).toBe('cancelled');
    expect((await recordOf(sql, call)).outcome).toBe('cancelled');
    await smsTo(inbox_url, phone, 'Cancelled');
    expect(await call.press('1', '1')).toContain('is booked');
    expect((await bookingsOf(sql, phone)).map(({ status }) => status).sort()).toEqual([
      'booked',
      'cancelled'
    ]);
    expect((await recordOf(sql, call)).outcome).toBe('booked');
  });

  test('a caller moves it, to the next free time or a later day, and is texted the new one', async () => {
    const { clinic, phone, booked } = await aPatientWithAppointment();
    const call = callTo(clinic, phone, { delivery: { duplicate: 'together' } });
    await call.dial();
    expect(await call.press('4', booked.reference)).toContain('For another time, press 2.');
    expect(await call.press('2')).toMatch(/Doctor Anjali Rao.*To take this time instead, press 1\./);
    expect(await call.press('3', '4', '4#')).toMatch(
      /Doctor Anjali Rao.*To take this time instead, press 1\./
    );
    const offered = call.said();
    expect(await call.press('1')).toMatch(/^Your appointment is moved\. Doctor Anjali Rao, .*Goodbye\.$/);
    expect(call.ended?.reason).toBe('hangup');
    const [moved, ...others] = await bookingsOf(sql, phone);
    expect(others).toEqual([]);
    expect(moved).toMatchObject({ id: booked.id, status: 'booked', reference: booked.reference });
    expect(offered).toContain(spokenDay(moved?.starts_at ?? booked.starts_at));
    expect(moved?.starts_at.getTime()).not.toBe(booked.starts_at.getTime());
    expect((await recordOf(sql, call)).outcome).toBe('moved');
    await smsTo(inbox_url, phone, 'Moved: Dr. Anjali Rao');
    const texts = await sql`
      select from public.sms_messages where appointment_id = ${booked.id} and template = 'appointment_moved'`;
    expect(texts).toHaveLength(1);
  });

  test('a time that is taken meanwhile leaves it where it is, and the next is offered', async () => {
    const { clinic, doctor, phone, booked } = await aPatientWithAppointment();
    const call = callTo(clinic, phone);
    await call.dial();
    await call.press('4', booked.reference, '2', '3', '4', '5#');
    const [slot] = await nextSlots(sql, doctor, 1, lastMinuteBefore(5));
    await book(sql, await aPatient(sql), doctor, slot ?? '');
    expect(await call.press('1')).toMatch(/was just taken.*To take this time instead, press 1\./);
    expect((await bookingsOf(sql, phone))[0]?.starts_at).toEqual(booked.starts_at);
    expect(await call.press('1')).toContain('Your appointment is moved');
  });

  test('what was cancelled meanwhile is not moved', async () => {
    const { clinic, phone, booked } = await aPatientWithAppointment();
    const call = callTo(clinic, phone);
    await call.dial();
    await call.press('4', booked.reference, '2');
    await sql`update public.appointments set status = 'cancelled' where id = ${booked.id}`;
    expect(await call.press('1')).toContain('can no longer be changed');
    expect((await bookingsOf(sql, phone))[0]?.status).toBe('cancelled');
  });

  test('on the day a caller hears how far the queue is', async () => {
    const { clinic, doctor, phone, booked } = await aPatientWithAppointment();
    // All of it is today for a clinic whose day has hardly begun.
    await sql`update public.clinics set time_zone = ${whereItIsEarly()} where id = ${clinic.id}`;
    const [soon, later] = await nextSlots(sql, doctor, 2);
    await sql`update public.appointments set starts_at = ${later ?? ''} where id = ${booked.id}`;
    const first = await book(sql, await aPatient(sql), doctor, soon ?? '');
    const heard = async () => {
      const call = callTo(clinic, phone);
      await call.dial();
      return call.press('4', booked.reference);
    };
    expect(await heard()).not.toContain('is being seen now');
    await sql`update public.appointments set status = 'arrived', called_at = now() where id = ${first.id}`;
    expect(await heard()).toContain(`Number ${[...String(first.token_number)].join(' ')} is being seen now.`);
  });

  test('a caller may keep the appointment', async () => {
    const { clinic, phone, booked } = await aPatientWithAppointment();
    const call = callTo(clinic, phone);
    await call.dial();
    await call.press('4', booked.reference, '*');
    await call.hangUp();
    expect((await bookingsOf(sql, phone))[0]?.status).toBe('booked');
  });

  test('what was cancelled elsewhere meanwhile is not cancelled again, and a started one not at all', async () => {
    const { clinic, phone, booked } = await aPatientWithAppointment();
    const call = callTo(clinic, phone);
    await call.dial();
    await call.press('4', booked.reference);
    await sql`update public.appointments set starts_at = now() - interval '1 minute' where id = ${booked.id}`;
    expect(await call.press('1')).toContain('can no longer be changed');
    expect((await bookingsOf(sql, phone))[0]?.status).toBe('booked');
  });

  test('the reference of another patient is worth nothing', async () => {
    const { clinic, phone, booked, doctor } = await aPatientWithAppointment();
    const other = await anAppointmentOf(sql, aPhone(), doctor, 4);
    await sql`update public.appointments set reference = ${wrongReferences(booked.reference, 1)[0] ?? ''} where id = ${other.id}`;
    const call = callTo(clinic, phone);
    await call.dial();
    expect(await call.press('4', ...wrongReferences(booked.reference, 1))).toContain(
      'none of your appointments'
    );
  });

  test('every request may come twice: one cancellation, one SMS, and the right answer each time', async () => {
    const { clinic, phone, booked } = await aPatientWithAppointment();
    const call = callTo(clinic, phone, { delivery: { duplicate: 'together' } });
    await call.dial();
    const [wrong = ''] = wrongReferences(booked.reference, 1);
    await call.press('4', wrong, booked.reference);
    expect(await call.press('1')).toContain('is cancelled');
    const { steps } = await recordOf(sql, call);
    expect(steps.map(({ reference }) => reference).filter(Boolean)).toEqual(['wrong', 'right']);
    const texts =
      await sql`select from public.sms_messages where appointment_id = ${booked.id} and template = 'appointment_cancelled'`;
    expect(texts).toHaveLength(1);
    const [count] =
      await sql`select hits from private.rate_limits where bucket = ${`ivr_reference:${booked.patient_id}`}`;
    expect(count?.hits).toBe(1);
  });
});

describe('guesses', () => {
  test('end after three in a call, at reception; and another call has its own', async () => {
    const { clinic, phone, booked } = await aPatientWithAppointment({ reception_phone: '+914440001001' });
    const first = callTo(clinic, phone);
    await first.dial();
    const [one = '', two = '', three = ''] = wrongReferences(booked.reference, 3);
    expect(await first.press('4', one)).toContain('none of your appointments');
    expect(await first.press(two)).toContain('none of your appointments');
    expect(await first.press(three)).toMatch(/no more references.*connecting you to reception/);
    expect(first.ended?.reason).toContain('transfer');
    expect((await recordOf(sql, first)).outcome).toBe('transferred');

    const second = callTo(clinic, phone);
    await second.dial();
    expect(await second.press('4', booked.reference)).toContain('Doctor Anjali Rao');
  });

  test('without reception lead back to the menu, and the right reference does not help in that call', async () => {
    const { clinic, phone, booked } = await aPatientWithAppointment();
    const calls = await Promise.all(
      Array.from({ length: 2 }, async () => {
        const call = callTo(clinic, phone);
        await call.dial();
        await call.press('4');
        return call;
      })
    );
    const [guesser, waiting] = calls;
    expect(await guesser?.press(...wrongReferences(booked.reference, 3))).toMatch(
      /no more references.*press 1/
    );
    expect(await guesser?.press('4')).toContain('no more references');
    expect(await waiting?.press(booked.reference)).toContain('Doctor Anjali Rao');
  });

  test('are possible again another day', async () => {
    const { clinic, phone, booked } = await aPatientWithAppointment();
    await sql`
      insert into private.rate_limits (bucket, window_start, hits)
      values (${`ivr_reference:${booked.patient_id}`}, date_trunc('day', now(), 'UTC') - interval '1 day', 15)`;
    const call = callTo(clinic, phone);
    await call.dial();
    expect(await call.press('4', booked.reference)).toContain('Doctor Anjali Rao');
  });

  test('leave no reference behind: not in the record, not in an address of ours', async () => {
    const { clinic, phone, booked } = await aPatientWithAppointment();
    await sql`update public.appointments set reference = '7351' where id = ${booked.id}`;
    const call = callTo(clinic, phone);
    await call.dial();
    await call.press('4', '7359', '7351');
    await call.hangUp();
    const record = JSON.stringify((await recordOf(sql, call)).steps);
    expect(record).toContain('****');
    const addresses = call.requests.flatMap(({ answer }) =>
      answer.failure === undefined
        ? [...answer.body.matchAll(/position=([\w-]+)/g)].map(([, position]) => position ?? '')
        : []
    );
    expect(addresses.length).toBeGreaterThan(3);
    for (const text of [
      record,
      ...addresses.map((position) => Buffer.from(position, 'base64url').toString())
    ]) {
      expect(text).not.toMatch(/735[19]/);
    }
  });
});
