import { afterAll, describe, expect, test } from 'vitest';
import { smsTo, textsOf } from '../helpers/inbox.ts';
import { closeDatabases, databaseAsPostgres, theStack } from '../helpers/stack.ts';
import { aClinic, anException, aPhone, aPractitioner } from '../helpers/world.ts';
import { anOpenClinic, anOpenDoctor, bookingsOf, callTo, recordOf, spokenDay } from './ivr-calls.ts';

const { inbox_url } = theStack();
const sql = databaseAsPostgres();
afterAll(closeDatabases);

const inDays = (days: number) => new Date(Date.now() + days * 86_400_000);
const localDate = (instant: Date) =>
  new Intl.DateTimeFormat('en-CA', { timeZone: 'Asia/Kolkata' }).format(instant);

describe('1, the next available appointment', () => {
  test('is that of whichever doctor of the specialty is free first', async () => {
    const { clinic, doctor } = await anOpenClinic(sql);
    const later = await aPractitioner(sql, clinic, { name: 'Dr. Later', hours: [] });
    await anException(sql, later, localDate(inDays(5)), { from: '09:00', to: '10:00' });
    await anOpenDoctor(sql, clinic, 'Child', 'Paediatrics');
    const phone = aPhone();
    const call = callTo(clinic, phone);
    await call.dial();
    expect(await call.press('1', '1')).toContain('Doctor Anjali Rao');
    await call.press('1');
    expect(await bookingsOf(sql, phone)).toMatchObject([{ practitioner_id: doctor.id }]);
  });

  test('leads to a later time of the same day, and books that', async () => {
    const { clinic } = await anOpenClinic(sql);
    const phone = aPhone();
    const call = callTo(clinic, phone);
    await call.dial();
    const day = spokenDay(inDays(1));
    expect(await call.press('2', '4', '1#')).toContain(`${day}, at midnight`);
    expect(await call.press('2')).toContain(`${day}, at 1 o'clock at night`);
    expect(await call.press('2')).toContain(`${day}, at 2 o'clock at night`);
    await call.press('1');
    const [booked] = await bookingsOf(sql, phone);
    expect(booked?.starts_at.toISOString()).toContain('T20:30:00');
  });

  test('says when there is nothing later that day, and offers the next day', async () => {
    const clinic = await aClinic(sql);
    const doctor = await aPractitioner(sql, clinic, { hours: [] });
    await anException(sql, doctor, localDate(inDays(2)), { from: '10:00', to: '10:30' });
    await anException(sql, doctor, localDate(inDays(4)), { from: '10:00', to: '10:30' });
    const call = callTo(clinic);
    await call.dial();
    await call.press('1');
    expect(await call.press('2')).toContain(`${spokenDay(inDays(2))}, at 10 15`);
    expect(await call.press('2')).toMatch(new RegExp(`nothing free later that day.*${spokenDay(inDays(4))}`));
  });

  test('leads to another day of the same specialty, and back to the menu', async () => {
    const { clinic } = await anOpenClinic(sql);
    await anOpenDoctor(sql, clinic, 'Child', 'Paediatrics');
    const call = callTo(clinic);
    await call.dial();
    await call.press('1', '2');
    expect(await call.press('3', '4')).toContain('two digits');
    expect(await call.press('3#')).toMatch(new RegExp(`Doctor Child, on ${spokenDay(inDays(3))}`));
    expect(await call.press('*')).toContain('To choose a day, press 2.');
  });

  test('of a clinic where nothing is free is said', async () => {
    const clinic = await aClinic(sql, { booking_horizon_days: 3 });
    await aPractitioner(sql, clinic, { hours: [] });
    const call = callTo(clinic);
    await call.dial();
    expect(await call.press('1')).toMatch(/no free appointment.*press 1/);
  });
});

describe('2, a day', () => {
  test('is one of the next three that have something free, by its key', async () => {
    const clinic = await aClinic(sql);
    const doctor = await aPractitioner(sql, clinic, { hours: [] });
    const call = callTo(clinic);
    await call.dial();
    // Where there is none, any can be asked for.
    expect(await call.press('2')).toContain('two digits');
    for (const days of [2, 4, 20]) {
      await anException(sql, doctor, localDate(inDays(days)), { from: '10:00', to: '10:15' });
    }
    const weekday = (days: number) => spokenDay(inDays(days)).split(' ')[0];
    expect(await call.press('*#', '2')).toMatch(
      new RegExp(
        `^For ${weekday(2)}, press 1. For ${weekday(4)}, press 2. For ${spokenDay(inDays(20))} of .*, press 3. For another day, press 4.`
      )
    );
    expect(await call.press('2')).toContain(spokenDay(inDays(4)));
    expect(await call.press('1')).toContain('is booked');
    // What is taken is not offered to the next.
    const next = callTo(clinic);
    await next.dial();
    expect(await next.press('2')).toMatch(/press 1.*press 2. For another day, press 3./);
  });

  test('by its number of the month, then a doctor, is booked', async () => {
    const { clinic } = await anOpenClinic(sql);
    const wanted = await anOpenDoctor(sql, clinic, 'Meera Iyer');
    const phone = aPhone();
    const call = callTo(clinic, phone);
    await call.dial();
    const day = localDate(inDays(9));
    const heard = await call.press('2', '4', day.slice(8));
    expect(heard).toContain(`${spokenDay(inDays(9))} of`);
    expect(heard).toContain(
      'For any doctor, press 1. For Doctor Anjali Rao, press 2. For Doctor Meera Iyer, press 3.'
    );
    expect(await call.press('3')).toContain('Doctor Meera Iyer');
    await call.press('1');
    const [booked] = await bookingsOf(sql, phone);
    expect(booked?.practitioner_id).toBe(wanted.id);
    expect(localDate(booked?.starts_at ?? new Date(0))).toBe(day);
  });

  test('with any doctor asks for the specialty where it matters', async () => {
    const { clinic } = await anOpenClinic(sql);
    await anOpenDoctor(sql, clinic, 'Child', 'Paediatrics');
    const call = callTo(clinic);
    await call.dial();
    await call.press('2', '4', '1#');
    expect(await call.press('1')).toContain('For Paediatrics, press 2.');
    expect(await call.press('2')).toContain('Doctor Child, tomorrow');
  });

  test('with many doctors is read out nine choices at a time', async () => {
    const { clinic } = await anOpenClinic(sql);
    for (let number = 10; number < 19; number += 1) await anOpenDoctor(sql, clinic, `No. ${number}`);
    const call = callTo(clinic);
    await call.dial();
    expect(await call.press('2', '4', '1#')).toMatch(
      /For Doctor No. 16, press 9. For more choices, press hash/
    );
    expect(await call.press('#')).toMatch(/For Doctor No. 17, press 1. For Doctor No. 18, press 2/);
    expect(await call.press('2')).toContain('Doctor No. 18, tomorrow');
  });

  test('on which nobody works, or on which all is taken, is said, and the next free slot offered', async () => {
    const clinic = await aClinic(sql);
    const doctor = await aPractitioner(sql, clinic, { hours: [{ from: '10:00', to: '10:15' }] });
    await anException(sql, doctor, localDate(inDays(2)));
    const [other] = await sql<{ id: string }[]>`
      insert into public.patients (phone) values (${aPhone()}) returning id`;
    await sql`
      insert into public.appointments (patient_id, practitioner_id, starts_at)
      select ${other?.id ?? ''}::uuid, ${doctor.id}, s.starts_at
      from private.slots_on(${doctor.id}, ${localDate(inDays(3))}) s`;
    const call = callTo(clinic);
    await call.dial();
    const closed = await call.press('2', '4', '2#');
    expect(closed).toMatch(
      new RegExp(`Nobody sees patients on ${spokenDay(inDays(2))}.*${spokenDay(inDays(4))}`)
    );
    expect(await call.press('3', '4', '3#')).toMatch(
      new RegExp(`nothing is free any more on ${spokenDay(inDays(3))}.*${spokenDay(inDays(4))}`)
    );
  });

  test('too far ahead, or no day at all, is asked for again', async () => {
    const { clinic } = await anOpenClinic(sql, { booking_horizon_days: 5 });
    const call = callTo(clinic);
    await call.dial();
    expect(await call.press('2', '4', '7#')).toMatch(
      /cannot be booked yet. You can book up to 5 days ahead. Please enter/
    );
    expect(await call.press('45')).toContain('not one of the choices');
    expect(await call.press('*#')).toContain('press 1');
  });
});

describe('what happened meanwhile', () => {
  test('a doctor who was switched off between offer and confirmation is not booked; another is offered', async () => {
    const { clinic, doctor } = await anOpenClinic(sql);
    const phone = aPhone();
    const call = callTo(clinic, phone);
    await call.dial();
    await call.press('1');
    await sql`update public.practitioners set active = false where id = ${doctor.id}`;
    const other = await anOpenDoctor(sql, clinic, 'Meera Iyer');
    expect(await call.press('1')).toMatch(/does not take bookings at the moment.*Doctor Meera Iyer/);
    await call.press('1');
    expect(await bookingsOf(sql, phone)).toMatchObject([{ practitioner_id: other.id }]);
  });

  test('hours that changed between offer and confirmation are not booked', async () => {
    const { clinic, doctor } = await anOpenClinic(sql);
    const call = callTo(clinic);
    await call.dial();
    await call.press('1');
    await sql`update public.schedules set start_time = '00:07' where practitioner_id = ${doctor.id}`;
    expect(await call.press('1')).toMatch(/changed its hours.*The next available/);
    expect(await call.press('1')).toContain('is booked');
  });

  test('an own appointment at that time is named as the reason', async () => {
    const { clinic } = await anOpenClinic(sql);
    const other = await anOpenClinic(sql);
    const phone = aPhone();
    const calls = [callTo(clinic, phone), callTo(other.clinic, phone)];
    for (const call of calls) {
      await call.dial();
      await call.press('2', '4', '1#');
    }
    expect(await calls[0]?.press('1')).toContain('is booked');
    expect(await calls[1]?.press('1')).toMatch(
      /already have another appointment at that time.*The next available/
    );
  });
});

describe('reception', () => {
  test('is told when it opens, while it is closed', async () => {
    const { clinic } = await anOpenClinic(sql, { reception_phone: '+914440001001' });
    const today = new Date(Date.now() + 5.5 * 3_600_000).getUTCDay();
    const tomorrow = (today % 7) + 1;
    await sql`
      update public.clinics set reception_days = array[${tomorrow}::smallint], reception_opens = '09:00',
        reception_closes = '18:00' where id = ${clinic.id}`;
    const call = callTo(clinic);
    await call.dial();
    expect(await call.press('0')).toMatch(
      /Reception is closed now. It is open from 9 o'clock in the morning to 6 o'clock in the evening, \w+day\./
    );
    expect(call.ended).toBeUndefined();
    expect((await recordOf(sql, call)).outcome).toBe('informed');
    await sql`update public.clinics set reception_days = '{1,2,3,4,5,6,7}', reception_opens = '00:00', reception_closes = '24:00' where id = ${clinic.id}`;
    await call.press('0');
    expect(call.ended?.message).toContain('914440001001');
    expect((await recordOf(sql, call)).outcome).toBe('transferred');
  });

  test.each([
    ['09:00', null],
    [null, '18:00'],
    ['18:00', '09:00']
  ])('hours from %s to %s are refused', async (reception_opens, reception_closes) => {
    const { clinic } = await anOpenClinic(sql);
    await expect(
      sql`update public.clinics set ${sql({ reception_opens, reception_closes })} where id = ${clinic.id}`
    ).rejects.toThrow(/reception/);
  });

  test.each(['{8}', '{}', '{1,null}'])('weekdays %s are refused', async (days) => {
    const { clinic } = await anOpenClinic(sql);
    await expect(
      sql`update public.clinics set reception_days = ${days}::text::smallint[] where id = ${clinic.id}`
    ).rejects.toThrow(/reception_days/);
  });
});

describe('a caller who presses nothing', () => {
  test('is asked in fewer words twice, and texted the address of the site once', async () => {
    const { clinic } = await anOpenClinic(sql);
    const phone = aPhone();
    const call = callTo(clinic, phone);
    const full = await call.dial();
    expect((await call.silence()).length).toBeLessThan(full.length);
    await call.silence();
    expect(await call.silence()).toBe(
      'We did not hear a choice. We have texted you a link to book online. Goodbye.'
    );
    expect(call.ended?.reason).toBe('hangup');
    const text = await smsTo(inbox_url, phone, 'online');
    expect(text.body).toMatch(/^To book or change an appointment at Lakeside Clinic online: https?:\/\/\S+$/);
    expect((await recordOf(sql, call)).outcome).toBe('abandoned');

    const again = callTo(clinic, phone, { delivery: { duplicate: 'together' } });
    await again.dial();
    for (let times = 0; times < 3; times += 1) await again.silence();
    expect(again.ended?.reason).toBe('hangup');
    const queued =
      await sql`select from public.sms_messages where to_phone = ${phone} and template = 'ivr_link'`;
    expect(queued).toHaveLength(1);
    expect((await textsOf(inbox_url, phone)).length).toBe(1);
  });

  test('who wants no SMS is promised none', async () => {
    const { clinic } = await anOpenClinic(sql);
    const phone = aPhone();
    await sql`insert into public.sms_opt_outs (phone) values (${phone})`;
    const call = callTo(clinic, phone);
    await call.dial();
    await call.silence();
    await call.silence();
    expect(await call.silence()).not.toContain('texted');
  });
});

test('a call that goes on for ever is ended kindly', async () => {
  const { clinic } = await anOpenClinic(sql);
  const call = callTo(clinic);
  await call.dial();
  let presses = 0;
  for (; !call.ended && presses < 50; presses += 1) await call.press('9');
  expect(presses).toBe(39);
  expect(call.said()).toContain('too long');
});
