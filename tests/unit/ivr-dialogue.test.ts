import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  decodePosition,
  encodePosition,
  lastTurn,
  start,
  type Position,
  type Question
} from '../../supabase/functions/ivr/dialogue/position.ts';
import { callFlow } from '../../supabase/functions/ivr/call-flow.ts';
import { read } from '../../supabase/functions/ivr/dialogue/reading.ts';
import { reply, type Reply } from '../../supabase/functions/ivr/dialogue/reply.ts';
import { refusal, type Facts } from '../../supabase/functions/ivr/facts.ts';
import type { Line } from '../../supabase/functions/ivr/line.ts';
import { catalogueAt } from '../../supabase/functions/ivr/prompts/languages.ts';
import { secondsOf } from '../../bench/speech.ts';
import { appointment, clinic, facts, heard, listening, now, slot, soon } from './ivr-world.ts';

const catalogue = catalogueAt(now);
const at = (question: Question, more: Partial<Position> = {}): Position => ({
  turn: 3,
  misses: 0,
  clinic: clinic.id,
  question,
  ...more
});
const menu = at({ name: 'menu' });
const confirm = at({
  name: 'confirm',
  practitioner_id: slot.practitioner_id,
  starts_at: slot.starts_at.toISOString(),
  preference: { specialty: slot.specialty }
});

const taskOf = (position: Position, keys: string, line: Line = 'mobile') =>
  read({ position, keys, line }).task;
const answer = (position: Position, keys: string, known: Partial<Facts> = {}, line: Line = 'mobile'): Reply =>
  reply(read({ position, keys, line }), facts(known), catalogue);

const change = {
  name: 'change',
  appointment_id: appointment.id,
  practitioner_id: appointment.practitioner_id
} as const;

describe('the beginning of a call', () => {
  test('names the clinic and offers the menu', () => {
    const words = heard(answer(start, ''));
    expect(words).toMatch(/^Welcome to Lakeside Clinic\./);
    for (const key of [1, 2, 3, 4, 0, 9]) expect(words).toContain(`press ${key}`);
  });

  test('tells a caller with appointments the day and time of the next one first, and nothing else of it', () => {
    const upcoming = [slot.starts_at, new Date('2026-12-03T05:00:00Z')];
    const words = heard(answer(start, '', { upcoming }));
    expect(words).toContain(
      'Lakeside Clinic. You have an appointment tomorrow, Tuesday the 24th, at half past 10 in the morning, and 1 more after it. To book'
    );
  });

  test('asks which clinic where several share the number, and greets by its name then', () => {
    const clinics = [
      { id: 'c11c0000-0000-4000-8000-000000000001', name: 'Lakeside Clinic' },
      { id: 'c11c0000-0000-4000-8000-000000000002', name: 'Hill Clinic' }
    ];
    const first = answer(start, '', { clinic: null, clinics });
    expect(heard(first)).toBe('Welcome. For Lakeside Clinic, press 1. For Hill Clinic, press 2.');
    const position = listening(first);
    expect(read({ position, keys: '2', line: 'mobile' }).clinic).toBe(clinics[1]?.id);
    expect(heard(answer(position, '2', { clinic: { ...clinic, name: 'Hill Clinic' } }))).toMatch(
      /^Welcome to Hill Clinic/
    );
  });

  test('offers the other language in itself, before all else, and goes on in it', () => {
    const locales = ['en-IN', 'ta-IN'];
    const first = answer(start, '', { locales });
    expect(first.say.map(({ language }) => language)).toEqual(['en-IN', 'ta-IN', 'en-IN']);
    expect(first.say[1]?.text).toBe('தமிழில் கேட்க, எண் எட்டை அழுத்தவும்.');
    // Who understands the clinic's own has no key to press for that.
    expect(taskOf(listening(first), '1').kind).toBe('offer');
    const next = answer(listening(first), '8', { locales });
    expect(next.say[0]?.language).toBe('ta-IN');
    expect(listening(next)).toMatchObject({ language: 'ta-IN', question: { name: 'menu' } });
  });

  test('asks which language where there are clinics to choose from as well', () => {
    const clinics = [{ id: clinic.id, name: 'Lakeside Clinic' }];
    const first = answer(start, '', { clinic: null, clinics, locales: ['en-IN', 'ta-IN'] });
    expect(first.say.slice(-2).map(({ language }) => language)).toEqual(['en-IN', 'ta-IN']);
    expect(read({ position: listening(first), keys: '2', line: 'mobile' }).language).toBe('ta-IN');
  });

  test('speaks the language a patient chose before, and still offers the other', () => {
    const { say, then } = answer(start, '', { locales: ['en-IN', 'ta-IN'], language: 'ta-IN' });
    expect(say[0]?.language).toBe('ta-IN');
    expect(say.at(-1)).toEqual({ language: 'en-IN', text: 'For English, press 8.' });
    expect(then).toMatchObject({ listen: { question: { name: 'menu' } } });
    const back = answer(menu, '8', { locales: ['en-IN', 'ta-IN'], language: 'ta-IN' });
    expect(listening(back)).toMatchObject({ language: 'en-IN', question: { name: 'menu' } });
  });

  test('of a number without a clinic ends politely', () => {
    expect(answer(start, '', { clinic: null }).then).toBe('hangup');
  });

  test.each([
    ['landline', /from a landline.*mobile/, /தரைவழித்/],
    [
      'without_sms',
      /cannot send an SMS to your number.*another/,
      /உங்கள் எண்ணுக்கு எங்களால் எஸ் எம் எஸ் அனுப்ப இயலாது/
    ],
    [
      'abroad',
      /do not send SMS to the country you are calling from.*where the clinic is/,
      /நீங்கள் அழைக்கும் நாட்டிற்கு நாங்கள் எஸ் எம் எஸ் அனுப்புவதில்லை/
    ],
    ['withheld', /hides its number/, /எண் மறைக்கப்பட்டுள்ளதால்/]
  ] as const)(
    'of a %s number books nothing, says why in either language, and leads to reception',
    (line, english, tamil) => {
      const first = answer(start, '', {}, line);
      expect(heard(first)).toMatch(english);
      expect(heard(answer(start, '', { language: 'ta-IN' }, line))).toMatch(tamil);
      for (const keys of ['1', '2', '3', '4']) expect(taskOf(menu, keys, line).kind).toBe('inform');
      expect(taskOf(confirm, '1', line).kind).toBe('inform');
      expect(answer(listening(first), '0', {}, line).then).toEqual({ transfer: '+914440001001' });
      const alone = answer(start, '', { clinic: { ...clinic, reception: null } }, line);
      expect(alone.then).toBe('hangup');
    }
  );
});

describe('1, the next available appointment', () => {
  test('is offered with doctor, day and time', () => {
    expect(taskOf(menu, '1')).toEqual({ kind: 'offer', preference: {} });
    const offer = answer(menu, '1', { slot });
    expect(heard(offer)).toContain(
      'The next available appointment is with Doctor Rao, tomorrow, Tuesday the 24th, at half past 10 in the morning.'
    );
    expect(listening(offer)).toMatchObject({ clinic: clinic.id, question: confirm.question });
  });

  test('is offered for one of several specialties, nine at a time', () => {
    const specialties = Array.from({ length: 11 }, (_, n) => ({
      key: `0000000${n.toString(16)}`,
      name: `Field ${n + 1}`
    }));
    const first = answer(menu, '1', { specialties });
    expect(heard(first)).toContain('For Field 9, press 9. For more choices, press hash.');
    expect(taskOf(listening(first), '9')).toEqual({ kind: 'offer', preference: { specialty: '00000008' } });
    const second = answer(listening(first), '#', { specialties });
    expect(heard(second)).toContain('For Field 10, press 1. For Field 11, press 2.');
    expect(taskOf(listening(second), '2')).toEqual({ kind: 'offer', preference: { specialty: '0000000a' } });
    expect(heard(answer(listening(second), '#', { specialties }))).toContain('For Field 1, press 1.');
  });

  test('is booked with 1, exactly as offered', () => {
    expect(taskOf(confirm, '1')).toEqual({
      kind: 'book',
      practitioner_id: slot.practitioner_id,
      starts_at: '2026-11-24T05:00:00.000Z',
      preference: { specialty: slot.specialty }
    });
    const end = answer(confirm, '1', { appointment });
    expect(heard(end)).toContain('Your appointment is booked.');
    expect(heard(end)).toContain('token number is 1 2.');
    expect(end.then).toBe('hangup');
  });

  test('leads on to later that day, another day, and back', () => {
    expect(taskOf(confirm, '2')).toMatchObject({ kind: 'later', starts_at: '2026-11-24T05:00:00.000Z' });
    expect(heard(answer(confirm, '2', { slot, error: 'none_later' }))).toMatch(
      /nothing free later that day.*The next/
    );
    expect(listening(answer(confirm, '3', { days: soon })).question).toMatchObject({
      name: 'days',
      preference: { specialty: slot.specialty }
    });
    expect(listening(answer(confirm, '*')).question.name).toBe('menu');
  });

  test('is looked up again when it is said again', () => {
    for (const keys of ['9', '', '5']) {
      expect(taskOf(confirm, keys)).toMatchObject({ kind: 'offer', from: '2026-11-24T05:00:00.000Z' });
    }
  });
});

describe('a number that has to be proven', () => {
  const { practitioner_id, starts_at, preference } = confirm.question as Extract<
    Question,
    { name: 'confirm' }
  >;
  const wanted = { practitioner_id, starts_at, preference };
  const asked = answer(confirm, '1', { proof: 'asked' });
  const code = at({ name: 'code', wanted, length: 6 });

  test('is told which time is booked then, that a code was texted, and the ways out', () => {
    expect(heard(asked)).toBe(
      'Before we book your appointment tomorrow, Tuesday the 24th, at half past 10 in the morning, we check that this is your phone. We have texted it a code. Please stay on the line, and enter the code when the SMS arrives. To hear this again, press 9 and hash. To speak to reception, press 0 and hash. To go back, press star and hash.'
    );
    expect(listening(asked).question).toEqual(code.question);
    expect(listening(answer(code, '9')).question).toEqual(code.question);
    expect(answer(code, '0').then).toEqual({ transfer: '+914440001001' });
    expect(listening(answer(code, '*')).question.name).toBe('menu');
  });

  test('with the code books what was chosen', () => {
    expect(taskOf(code, '048219')).toEqual({ kind: 'prove', code: '048219', ...wanted });
    expect(heard(answer(code, '048219', { appointment }))).toContain('Your appointment is booked.');
    const taken = answer(code, '048219', { error: 'slot_taken', slot });
    expect(heard(taken)).toMatch(/was just taken.*The next available/);
    expect(listening(taken).question.name).toBe('confirm');
  });

  test('with a wrong code is asked again, and the code is in no address', () => {
    const wrong = answer(code, '048219', { proof: 'wrong' });
    expect(heard(wrong)).toMatch(/^Sorry, that is not the code we texted you\. Please stay/);
    expect(listening(wrong).question).toEqual(code.question);
    expect(JSON.stringify(wrong)).not.toContain('048219');
    for (const keys of ['04821', '1234567', '5'])
      expect(read({ position: code, keys, line: 'mobile' }).misses).toBe(1);
  });

  test('has as many digits to key in as the code has', () => {
    const long = listening(answer(confirm, '1', { proof: 'asked', code_length: 10 }));
    expect(long.question).toEqual({ ...code.question, length: 10 });
    expect(taskOf(long, '0482193071')).toMatchObject({ kind: 'prove', code: '0482193071' });
    expect(read({ position: long, keys: '048219', line: 'mobile' }).misses).toBe(1);
    const { steps } = callFlow(
      answer(confirm, '1', { proof: 'asked', code_length: 10 }),
      'https://x.example/ivr'
    );
    expect(steps.at(-2)).toMatchObject({ action: 'pause', maxNumKeys: 10, endKey: '#' });
  });

  test('without a code that can be had goes to reception, or back to the menu', () => {
    for (const position of [confirm, code, at({ name: 'code', length: 6 })]) {
      const keys = position === confirm ? '1' : '048219';
      const known = { proof: 'refused' as const, upcoming: [slot.starts_at] };
      expect(answer(position, keys, known).then).toEqual({ transfer: '+914440001001' });
      const alone = answer(position, keys, { ...known, clinic: { ...clinic, reception: null } });
      expect(heard(alone)).toMatch(/^We cannot check your phone.*press 1/);
    }
  });

  test('opens the appointments: the only one, or those to choose from, by doctor and time', () => {
    const upcoming = [slot.starts_at];
    const first = answer(menu, '4', { upcoming, proof: 'asked' });
    expect(heard(first)).toMatch(/^For your safety we first check that this is your phone/);
    const position = listening(first);
    expect(taskOf(position, '048219')).toEqual({ kind: 'prove', code: '048219' });
    const only = answer(position, '048219', { upcoming, appointments: [appointment] });
    expect(listening(only).question).toEqual(change);
    expect(heard(only)).toContain('with Doctor Rao, tomorrow');

    const other = { ...appointment, id: slot.practitioner_id, spoken_name: 'Doctor Iyer' };
    const both = answer(menu, '4', { upcoming, appointments: [appointment, other] });
    expect(heard(both)).toMatch(/^For Doctor Rao, tomorrow, .*, press 1\. For Doctor Iyer, .*, press 2\./);
    expect(taskOf(listening(both), '2')).toEqual({ kind: 'details', appointment_id: other.id });
  });

  test('after the last turn still books with the right code', () => {
    expect(taskOf({ ...code, turn: lastTurn }, '048219').kind).toBe('prove');
  });
});

describe('a clinic that takes no bookings by phone', () => {
  const closed = { clinic: { ...clinic, takes_bookings: false } };

  test('says so, offers what is left, and says so again to who wants to book all the same', () => {
    const words = heard(answer(start, '', closed));
    expect(words).toBe(
      'Welcome to Lakeside Clinic. This clinic takes no bookings by phone at the moment. Please book on our website, or ask at reception. To hear your appointments, press 3. To cancel one, press 4. For reception, press 0. To repeat, press 9.'
    );
    for (const keys of ['1', '2']) {
      const told = answer(menu, keys, closed);
      expect(heard(told)).toContain('takes no bookings by phone');
      expect(listening(told).question.name).toBe('menu');
    }
    for (const keys of ['1', '2', '3']) {
      expect(listening(answer(confirm, keys, { ...closed, slot })).question.name).toBe('menu');
    }
    expect(answer(menu, '0', closed).then).toEqual({ transfer: '+914440001001' });
  });

  test('still lets a caller cancel', () => {
    const upcoming = [slot.starts_at];
    expect(listening(answer(menu, '4', { ...closed, upcoming })).question.name).toBe('reference');
    const proven = answer(at({ name: 'code', length: 6 }), '048219', {
      ...closed,
      upcoming,
      appointments: [appointment]
    });
    expect(listening(proven).question.name).toBe('change');
    expect(heard(proven)).toMatch(
      /To cancel this appointment, press 1\. To keep it and go back, press star\.$/
    );
  });
});

describe('2, one of the next days', () => {
  const days = answer(menu, '2', { days: soon });

  test('that have something free, each by its key', () => {
    expect(taskOf(menu, '2')).toEqual({ kind: 'days', preference: {} });
    expect(heard(days)).toBe(
      'For tomorrow, press 1. For Friday, press 2. For Monday the 7th of December, press 3. For another day, press 4. To go back, press star.'
    );
    const tamil = heard(answer(menu, '2', { days: soon, language: 'ta-IN' }));
    expect(tamil).toMatch(/^நாளைக்கு, எண் ஒன்றை அழுத்தவும்\. வெள்ளிக்கிழமைக்கு, எண் இரண்டை.*வேறு நாளுக்கு, எண் நான்கை/);
    const position = listening(days);
    expect(taskOf(position, '2')).toEqual({ kind: 'offer', preference: {}, on: '2026-11-27' });
    expect(listening(answer(position, '4')).question.name).toBe('day');
    expect(listening(answer(position, '*')).question.name).toBe('menu');
    expect(answer(position, '0').then).toEqual({ transfer: '+914440001001' });
    expect(heard(answer(position, '5', { days: soon }))).toMatch(
      /not one of the choices\. For tomorrow, 1\. Friday, 2\./
    );
  });

  test('are as many as there are; where there is none, any is asked for by its number', () => {
    const one = answer(menu, '2', { days: soon.slice(0, 1) });
    expect(heard(one)).toMatch(/^For tomorrow, press 1\. For another day, press 2\./);
    expect(listening(answer(listening(one), '2')).question.name).toBe('day');
    expect(listening(answer(menu, '2', { days: [] })).question.name).toBe('day');
  });

  test('keep what was asked for before', () => {
    const preference = { specialty: slot.specialty };
    const position = listening(answer(confirm, '3', { days: soon }));
    expect(taskOf(confirm, '3')).toEqual({ kind: 'days', preference });
    expect(taskOf(position, '1')).toEqual({ kind: 'offer', preference, on: '2026-11-24' });
  });
});

test('booking the next appointment takes at most three keys, and 40 seconds of speech', () => {
  const specialties = [
    { key: slot.specialty, name: 'General medicine' },
    { key: '0f0f0f0f', name: 'Paediatrics' }
  ];
  const offered = { ...slot, spoken_name: 'Doctor Karthik Subramanian' };
  // What the database tells on the way, where the clinic has two specialties and languages, as the demo has.
  const locales = ['en-IN', 'ta-IN'];
  const told: Partial<Facts>[] = [{ specialties }, { slot: offered }, { appointment }];
  let step = answer(start, '', { locales });
  let words = '';
  for (const facts of told) {
    words += ` ${heard(step)}`;
    step = answer(listening(step), '1', { locales, ...facts });
  }
  expect(heard(step)).toMatch(/^Your appointment is booked\./);
  expect(told.length).toBeLessThanOrEqual(3);
  expect(secondsOf(words)).toBeLessThanOrEqual(40);
});

describe('2, a day', () => {
  const day = listening(answer(menu, '2'));

  test('is asked for, and said back with the doctors who are free', () => {
    expect(taskOf(day, '05')).toEqual({ kind: 'offer', preference: {}, on: '2026-12-05' });
    const practitioners = [
      {
        id: 'd0c70000-0000-4000-8000-000000000001',
        spoken_name: 'Doctor Rao',
        specialty: 'General medicine'
      },
      { id: 'd0c70000-0000-4000-8000-000000000002', spoken_name: 'Doctor Iyer', specialty: 'Paediatrics' }
    ];
    const question = answer(day, '05', { practitioners });
    expect(heard(question)).toBe(
      'Saturday the 5th of December. For any doctor, press 1. For Doctor Rao, General medicine, press 2. For Doctor Iyer, Paediatrics, press 3. To go back, press star.'
    );
    const position = listening(question);
    expect(taskOf(position, '1')).toMatchObject({ on: '2026-12-05', any_practitioner: true });
    expect(taskOf(position, '3')).toMatchObject({
      on: '2026-12-05',
      preference: { practitioner_id: practitioners[1]?.id }
    });
    expect(listening(answer(position, '*', { days: soon })).question.name).toBe('days');
  });

  test('too far ahead is said, and another asked for', () => {
    const next = answer(day, '31');
    expect(heard(next)).toMatch(
      /^Thursday the 31st of December cannot be booked yet\. You can book up to 30 days ahead\./
    );
    expect(listening(next)).toMatchObject({ misses: 0, question: { name: 'day' } });
  });

  test.each([
    ['day_closed', 'Nobody sees patients on Friday the 27th. The next available'],
    ['day_over', 'Sorry, bookings are closed for today. The next available'],
    ['day_full', 'Sorry, nothing is free any more on Friday the 27th. The next available']
  ] as const)('%s is said, and the next free slot offered', (error, words) => {
    expect(heard(answer(day, '4', { error, slot }))).toContain(words);
  });
});

describe('3 and 4, the caller’s own appointments', () => {
  const upcoming = [slot.starts_at];
  const entering = at({ name: 'reference' });

  test('are told by day and time, without doctor, specialty or token number', () => {
    expect(taskOf(menu, '3')).toEqual({ kind: 'inform' });
    expect(heard(answer(menu, '3', { upcoming }))).toMatch(
      /^You have one appointment. Tomorrow, Tuesday the 24th, at half past 10 in the morning. For the doctor and token number/
    );
  });

  test('many are told a few at a time', () => {
    const many = Array.from({ length: 6 }, (_, n) => new Date(slot.starts_at.getTime() + n * 86_400_000));
    const first = answer(menu, '3', { upcoming: many });
    expect(heard(first)).toMatch(/^You have 6 appointments.*Friday the 27th.*press hash/);
    expect(heard(first)).not.toContain('Saturday');
    expect(heard(answer(listening(first), '#', { upcoming: many }))).toMatch(
      /^On Saturday the 28th.*Sunday the 29th/
    );
  });

  test('need the reference for more', () => {
    expect(listening(answer(menu, '4', { upcoming })).question.name).toBe('reference');
    expect(taskOf(entering, '0123')).toEqual({ kind: 'check_reference', reference: '0123' });
    const told = answer(entering, '0123', { upcoming, appointment });
    expect(heard(told)).toContain('with Doctor Rao, tomorrow');
    expect(heard(told)).toContain(
      'token number is 1 2. To cancel this appointment, press 1. For another time, press 2.'
    );
    expect(JSON.stringify(listening(told))).not.toContain('0123');
    expect(taskOf(listening(told), '1')).toEqual({ kind: 'cancel', appointment_id: appointment.id });
  });

  test('say on their day how far the queue is', () => {
    const told = answer(entering, '0123', { upcoming, appointment: { ...appointment, now_serving: 9 } });
    expect(heard(told)).toContain('Your token number is 1 2. Number 9 is being seen now. To cancel');
  });

  test('without the SMS at hand lead to reception, where there is one', () => {
    expect(heard(answer(menu, '4', { upcoming }))).toContain('If you do not have it, press 0 and hash');
    expect(answer(entering, '0', { upcoming }).then).toEqual({ transfer: '+914440001001' });
    const asked = answer(entering, '9', { upcoming });
    expect(heard(asked)).toMatch(/^Please enter the 4 digits/);
    expect(listening(asked)).toMatchObject({ misses: 0, question: { name: 'reference' } });
    const alone = { upcoming, clinic: { ...clinic, reception: null } };
    expect(heard(answer(menu, '4', alone))).not.toContain('reception');
    expect(heard(answer(entering, '', alone))).toBe('Enter the 4 digits of the reference.');
  });

  test('are not offered to be moved where nothing is booked by phone', () => {
    const closed = { upcoming, clinic: { ...clinic, takes_bookings: false } };
    expect(heard(answer(menu, '3', closed))).toContain('or to cancel one, press 1.');
    expect(heard(answer(menu, '3', { upcoming }))).toContain('or to cancel or move one, press 1.');
  });

  test('are cancelled only after the caller has confirmed', () => {
    const position = at(change);
    const done = answer(position, '1', { appointment: { ...appointment, status: 'cancelled' } });
    expect(heard(done)).toMatch(/Your appointment with Doctor Rao.*is cancelled\./);
    expect(listening(done).question.name).toBe('menu');
    expect(heard(answer(position, '1'))).toContain('can no longer be changed');
    expect(listening(answer(position, '*')).question.name).toBe('menu');
  });

  describe('are moved', () => {
    const preference = { practitioner_id: slot.practitioner_id, moving: appointment.id };
    const later = { ...slot, starts_at: new Date('2026-11-25T05:15:00Z') };
    const offered = answer(at(change), '2', { slot: later });

    test('to a time of the same doctor, offered like any other', () => {
      expect(taskOf(at(change), '2')).toEqual({ kind: 'offer', preference });
      expect(heard(offered)).toMatch(
        /^The next available appointment is with Doctor Rao.*To take this time instead, press 1\./
      );
      expect(taskOf(listening(offered), '1')).toEqual({
        kind: 'move',
        appointment_id: appointment.id,
        starts_at: '2026-11-25T05:15:00.000Z',
        preference
      });
      expect(taskOf(listening(offered), '2')).toMatchObject({ kind: 'later', preference });
    });

    test('to another day, and star leads back to the appointment', () => {
      const day = listening(answer(listening(offered), '3'));
      expect(taskOf(day, '05')).toEqual({ kind: 'offer', preference, on: '2026-12-05' });
      for (const position of [day, listening(offered)]) {
        expect(taskOf(position, '*')).toEqual({ kind: 'details', appointment_id: appointment.id });
      }
    });

    test('and the call ends with the new time; what cannot be done is said', () => {
      const confirm = listening(offered);
      const moved = answer(confirm, '1', { appointment: { ...appointment, starts_at: later.starts_at } });
      expect(heard(moved)).toMatch(
        /^Your appointment is moved\. Doctor Rao.*token number is 1 2.*Goodbye\.$/
      );
      expect(moved.then).toBe('hangup');
      const taken = answer(confirm, '1', { error: 'slot_taken', slot: later });
      expect(heard(taken)).toMatch(/^Sorry, that appointment was just taken.*To take this time instead/);
      expect(taskOf(listening(taken), '1').kind).toBe('move');
      expect(heard(answer(confirm, '1'))).toContain('can no longer be changed by phone');
    });

    test('but not to another doctor, when theirs is away', () => {
      const other = { ...later, practitioner_id: appointment.id };
      const away = answer(at(change), '2', { error: 'doctor_inactive', slot: other });
      expect(heard(away)).toContain('that doctor does not take bookings');
      expect(listening(away).question.name).toBe('menu');
    });
  });

  test('a wrong reference is asked for again, and reception takes over when there were too many', () => {
    expect(listening(answer(entering, '9999', { upcoming, no_more_tries: false })).question.name).toBe(
      'reference'
    );
    const noMoreTries = { upcoming, no_more_tries: true };
    for (const last of [answer(entering, '9999', noMoreTries), answer(menu, '4', noMoreTries)]) {
      expect(last.then).toEqual({ transfer: '+914440001001' });
    }
  });

  test.each(['3', '4'])('%s without an appointment says that there is none', (keys) => {
    expect(heard(answer(menu, keys))).toContain('You have no upcoming appointment here.');
  });
});

describe('when it cannot be done', () => {
  test('every word with which the database refuses a booking is understood', () => {
    const migration = (name: string) => readFileSync(`supabase/migrations/${name}.sql`, 'utf8');
    const list = migration('20261125000100_foundations').matchAll(/\('(\w+)', (?:null|'\w+'), 'PT4/g);
    const booking = migration('20261125000600_booking');
    // Said where an appointment is changed, or to sessions alone, not in calls that book.
    const changes = [
      'not_signed_in',
      'too_many_changes',
      'already_begun',
      'already_cancelled',
      'already_seen',
      'unknown_appointment'
    ];
    const words = [...list]
      .map(([, word = '']) => word)
      .filter((word) => booking.includes(`'${word}'`) && !changes.includes(word));
    expect(words).toContain('own_slot');
    for (const word of words) expect(refusal.options).toContain(word);
  });

  const next = { ...slot, starts_at: new Date('2026-11-24T05:15:00Z') };

  test.each([
    ['slot_taken', 'was just taken'],
    ['slot_in_past', 'has just passed'],
    ['outside_hours', 'is not offered any more'],
    ['beyond_horizon', 'is not offered any more'],
    ['own_slot', 'already have another appointment'],
    ['own_appointment', 'already have another appointment'],
    ['doctor_inactive', 'does not take bookings'],
    ['unknown_doctor', 'does not take bookings']
  ] as const)('%s: says so and offers the next', (error, words) => {
    const offered = answer(confirm, '1', { error, slot: next });
    expect(heard(offered)).toContain(words);
    expect(heard(offered)).toContain('The next available appointment');
    expect(listening(offered).question).toMatchObject({
      name: 'confirm',
      starts_at: '2026-11-24T05:15:00.000Z'
    });
  });

  test('no free slot is said, and the menu comes again', () => {
    const none = answer(menu, '1', { slot: null });
    expect(heard(none)).toContain('no free appointment');
    expect(listening(none).question.name).toBe('menu');
  });

  test('too many bookings are said, with the way to cancel one', () => {
    const full = answer(confirm, '1', { error: 'too_many_bookings', slot });
    expect(heard(full)).toMatch(/as many appointments as this clinic allows.*To cancel or move one, press 4/);
  });

  test('a confirmation that comes after its booking was cancelled does not claim that it stands', () => {
    const cancelled = { ...appointment, status: 'cancelled' };
    expect(heard(answer(confirm, '1', { appointment: cancelled }))).toContain('was cancelled');
    // Deleted, that is: there is neither it nor a reason.
    expect(heard(answer(confirm, '1'))).toContain('was cancelled');
  });

  test('nor one that moves it, and one that cancels it does not claim so of what was given back', () => {
    const moving = { practitioner_id: appointment.practitioner_id, moving: appointment.id };
    const offered = at({
      name: 'confirm',
      ...moving,
      starts_at: slot.starts_at.toISOString(),
      preference: moving
    });
    const cancelled = { ...appointment, status: 'cancelled' };
    expect(heard(answer(offered, '1', { appointment: cancelled }))).toContain('was cancelled');
    expect(heard(answer(at(change), '1', { appointment }))).toMatch(
      /Your appointment is with.*To cancel this/
    );
  });
});

describe('0, reception', () => {
  test.each([menu, confirm, at({ name: 'appointments', page: 0 })])(
    'is reached from everywhere',
    (position) => {
      expect(answer(position, '0').then).toEqual({ transfer: '+914440001001' });
    }
  );

  test('is told when it is open, while it is closed', () => {
    const reception = { ...clinic.reception, phone: '+914440001001', open: false, days: [1, 2, 3, 4, 5] };
    const closed = answer(menu, '0', {
      clinic: { ...clinic, reception: { ...reception, opens: '09:00:00', closes: '18:30:00' } }
    });
    expect(heard(closed)).toContain(
      "It is open from 9 o'clock in the morning to half past 6 in the evening, Monday to Friday."
    );
    expect(listening(closed).question.name).toBe('menu');
  });

  test('is not promised where there is none', () => {
    const alone = { clinic: { ...clinic, reception: null } };
    expect(heard(answer(start, '', alone))).not.toContain('press 0');
    expect(heard(answer(menu, '0', alone))).toContain('no reception');
  });
});

describe('silence and wrong keys', () => {
  test.each(['', '7', '?'])('%j is asked again in fewer words twice, and then ends with goodbye', (keys) => {
    const full = heard(answer(menu, '9'));
    const first = answer(menu, keys);
    const second = answer(listening(first), keys);
    for (const said of [first, second]) {
      expect(heard(said).replace('Sorry, that is not one of the choices. ', '').length).toBeLessThan(
        full.length
      );
    }
    expect(taskOf(listening(second), keys)).toEqual({ kind: 'goodbye' });
    const end = answer(listening(second), keys, { texted: true });
    expect(heard(end)).toBe('We did not hear a choice. We have texted you a link to book online. Goodbye.');
    expect(end.then).toBe('hangup');
    expect(heard(answer(listening(second), keys, { texted: false }))).not.toContain('texted');
  });

  test('a key that is understood forgives the misses before it', () => {
    const missed = listening(answer(menu, ''));
    expect(missed.misses).toBe(1);
    expect(listening(answer(missed, '1', { slot })).misses).toBe(0);
  });

  test('9 says all of it again and is no mistake', () => {
    const again = answer(menu, '9');
    expect(listening(again)).toMatchObject({ misses: 0, turn: menu.turn + 1 });
  });
});

describe('a call that has become too long', () => {
  const late = { turn: lastTurn };

  test('ends with a way to go on', () => {
    expect(taskOf({ ...menu, ...late }, '1')).toEqual({ kind: 'goodbye' });
    expect(heard(answer({ ...menu, ...late }, '1', { texted: true }))).toContain('texted you a link');
  });

  test('still books what was confirmed last', () => {
    expect(taskOf({ ...confirm, ...late }, '1').kind).toBe('book');
    expect(heard(answer({ ...confirm, ...late }, '1', { appointment }))).toContain('is booked');
    const taken = answer({ ...confirm, ...late }, '1', { error: 'slot_taken', slot });
    expect(heard(taken)).toBe(
      'Sorry, that appointment was just taken. This call has become too long. Please call again. Goodbye.'
    );
  });
});

describe('positions in the URL', () => {
  test('survive encoding', () => {
    for (const position of [start, menu, confirm]) {
      expect(decodePosition(encodePosition(position))).toEqual(position);
    }
  });

  test('are short enough for any server, however long the list', () => {
    const choices = Array.from({ length: 9 }, () => slot.practitioner_id);
    const position = at({
      name: 'doctor',
      on: '2026-12-05',
      choices,
      page: 3,
      preference: { specialty: slot.specialty }
    });
    expect(encodePosition(position).length).toBeLessThan(1000);
  });

  test.each([
    '',
    'x',
    '%%%',
    btoa('{"turn":1}'),
    btoa('[]'),
    btoa('{"turn":-1,"misses":0,"question":{"name":"menu"}}'),
    btoa('{"turn":1,"misses":0,"question":{"name":"change","appointment_id":"1"}}')
  ])('unreadable %j is told apart from a call that begins', (text) => {
    expect(decodePosition(text)).toBeUndefined();
  });
});
