import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { chosenDay } from '../../supabase/functions/ivr/dialogue/days.ts';
import { clock, dayAndTime, openingHours } from '../../supabase/functions/ivr/prompts/en-IN.times.ts';
import { languages } from '../../supabase/functions/ivr/prompts/languages.ts';
import * as tamil from '../../supabase/functions/ivr/prompts/ta-IN.times.ts';
import { localTime, spokenName } from '../../supabase/functions/ivr/prompts/times.ts';
import { endedCalls } from '../../supabase/functions/ivr/status.ts';
import { now, slot } from './ivr-world.ts';

const zone = 'Asia/Kolkata';

describe('English times', () => {
  test.each([
    ['2026-11-23T12:30:00Z', "today, Monday the 23rd, at 6 o'clock in the evening"],
    ['2026-11-24T06:30:00Z', 'tomorrow, Tuesday the 24th, at 12 noon'],
    ['2026-11-27T18:30:00Z', 'on Saturday the 28th, at midnight'],
    ['2026-12-01T03:35:00Z', 'on Tuesday the 1st of December, at 9 oh 5 in the morning'],
    ['2026-12-02T09:15:00Z', 'on Wednesday the 2nd of December, at 2 45 in the afternoon'],
    ['2026-11-23T17:00:00Z', 'today, Monday the 23rd, at half past 10 at night']
  ])('%s is "%s" in Chennai', (instant, words) => {
    expect(dayAndTime(new Date(instant), now, zone)).toBe(words);
  });

  test('are those of the clinic on both sides of a clock change', () => {
    const before = new Date('2026-10-30T10:00:00Z');
    const at = (instant: string) => dayAndTime(new Date(instant), before, 'America/New_York');
    expect(at('2026-10-31T13:00:00Z')).toBe("tomorrow, Saturday the 31st, at 9 o'clock in the morning");
    expect(at('2026-11-01T14:00:00Z')).toBe("on Sunday the 1st, at 9 o'clock in the morning");
  });

  test.each([
    [[1, 2, 3, 4, 5, 6], 'Monday to Saturday'],
    [[1, 2, 3, 4, 5, 6, 7], 'every day'],
    [[7], 'Sunday'],
    [[3, 1, 5], 'Monday, Wednesday and Friday'],
    [[1, 2, 6, 7], 'Monday, Tuesday, Saturday and Sunday'],
    [[1, 2, 3, 5, 6, 7], 'Monday to Wednesday and Friday to Sunday']
  ])('open on %j is "%s"', (days, words) => {
    expect(openingHours({ opens: null, closes: null, days })).toBe(`all day, ${words}`);
  });

  test('no two times of a day sound the same', () => {
    const day = Array.from({ length: 24 * 60 }, (_, n) =>
      clock({ hour: Math.floor(n / 60), minute: n % 60 })
    );
    expect(new Set(day).size).toBe(day.length);
  });
});

describe('Tamil times', () => {
  test.each([
    ['2026-11-24T05:00:00Z', 'நாளை, செவ்வாய்க்கிழமை, இருபத்து நான்காம் தேதி, காலை பத்தரை மணிக்கு'],
    ['2026-11-23T12:30:00Z', 'இன்று, திங்கட்கிழமை, இருபத்து மூன்றாம் தேதி, மாலை ஆறு மணிக்கு'],
    ['2026-11-24T06:30:00Z', 'நாளை, செவ்வாய்க்கிழமை, இருபத்து நான்காம் தேதி, மதியம் பன்னிரண்டு மணிக்கு'],
    ['2026-12-02T09:15:00Z', 'புதன்கிழமை, டிசம்பர் இரண்டாம் தேதி, மதியம் இரண்டே முக்கால் மணிக்கு'],
    ['2026-12-01T03:50:00Z', 'செவ்வாய்க்கிழமை, டிசம்பர் ஒன்றாம் தேதி, காலை ஒன்பது மணி இருபது நிமிடத்திற்கு'],
    ['2026-11-26T07:45:00Z', 'வியாழக்கிழமை, இருபத்தாறாம் தேதி, மதியம் ஒன்றேகால் மணிக்கு']
  ])('%s is "%s" in Chennai', (instant, words) => {
    expect(tamil.dayAndTime(new Date(instant), now, zone)).toBe(words);
  });

  test.each([
    [0, 'பூஜ்ஜியம்'],
    [11, 'பதினொன்று'],
    [21, 'இருபத்தொன்று'],
    [32, 'முப்பத்திரண்டு'],
    [44, 'நாற்பத்து நான்கு'],
    [50, 'ஐம்பது'],
    [59, 'ஐம்பத்தொன்பது']
  ])('%i is "%s"', (value, words) => {
    expect(tamil.number(value)).toBe(words);
  });

  test('no two times of a day sound the same', () => {
    const day = Array.from({ length: 24 * 60 }, (_, n) =>
      tamil.clock({ hour: Math.floor(n / 60), minute: n % 60 })
    );
    expect(new Set(day).size).toBe(day.length);
  });
});

describe.each(languages)('the prompts in $code', ({ at }) => {
  const prompts = at(now);
  const spoken = { ...slot, timeZone: zone };

  test('ask again in fewer words', () => {
    const options = ['Lakeside Clinic', 'Hill Clinic'];
    const pairs = [
      (brief: boolean) => prompts.menu({ reception: true, books: true, brief }),
      (brief: boolean) => prompts.menu({ reception: true, books: false, brief }),
      (brief: boolean) => prompts.askCode({ reception: true, brief }),
      (brief: boolean) => prompts.askWhich({ options: [spoken, spoken], more: true, brief }),
      (brief: boolean) => prompts.choose({ options, more: true, back: true, brief }),
      (brief: boolean) => prompts.askDays({ days: ['2026-11-24'], today: '2026-11-23', brief }),
      (brief: boolean) => prompts.askDay({ brief }),
      (brief: boolean) => prompts.offer({ ...spoken, moving: false, brief }),
      (brief: boolean) => prompts.offer({ ...spoken, moving: true, brief }),
      (brief: boolean) => prompts.askAppointments({ more: true, moves: true, brief }),
      (brief: boolean) => prompts.askReference({ reception: true, brief }),
      (brief: boolean) => prompts.askChange({ moves: true, brief }),
      (brief: boolean) => prompts.askChange({ moves: false, brief })
    ];
    for (const prompt of pairs) expect(prompt(true).length).toBeLessThan(prompt(false).length);
  });

  test('say a token number digit by digit', () => {
    const one = prompts.details({ ...spoken, token_number: 1 });
    const twelve = prompts.details({ ...spoken, token_number: 11 });
    expect(twelve.split(' ').length).toBe(one.split(' ').length + 1);
  });

  test('say names as they were respelt, in one line of bearable length', () => {
    expect(prompts.greeting({ clinic: 'Lake\nside\u0000  Clinic' })).toContain('Lake side Clinic');
    expect(prompts.greeting({ clinic: 'x'.repeat(10_000) }).length).toBeLessThan(150);
  });
});

test('a name is cut between words and never inside a character', () => {
  expect(spokenName(`${'Doctor '.repeat(20)}`)).toBe(
    'Doctor Doctor Doctor Doctor Doctor Doctor Doctor Doctor'
  );
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (name) => spokenName(name).isWellFormed()),
    { numRuns: 1000 }
  );
});

test('a local time is what a clock on the wall shows', () => {
  expect(localTime(new Date('2026-11-23T18:29:59Z'), zone)).toEqual({
    date: '2026-11-23',
    hour: 23,
    minute: 59
  });
  expect(localTime(new Date('2026-11-23T18:30:00Z'), zone)).toEqual({
    date: '2026-11-24',
    hour: 0,
    minute: 0
  });
});

describe('a day by two keys', () => {
  test.each([
    ['0', { on: '2026-11-23' }],
    ['1', { on: '2026-11-24' }],
    ['7', { on: '2026-11-30' }],
    ['23', { on: '2026-11-23' }],
    ['24', { on: '2026-11-24' }],
    ['05', { on: '2026-12-05' }],
    ['22', { on: '2026-12-22' }],
    // December is the next month that has one.
    ['31', { tooFar: '2026-12-31' }],
    ['8', undefined],
    ['00', undefined],
    ['32', undefined],
    ['1*', undefined],
    ['?', undefined],
    ['', undefined]
  ])('%j on the 23rd of November', (keys, day) => {
    expect(chosenDay(keys, '2026-11-23', 30)).toEqual(day);
  });

  test('any day of the month is the next there is', () => {
    const date = fc.date({ min: new Date('2026-01-01'), max: new Date('2032-12-31'), noInvalidDate: true });
    fc.assert(
      fc.property(date, fc.integer({ min: 1, max: 31 }), (from, day) => {
        const today = from.toISOString().slice(0, 10);
        const chosen = chosenDay(String(day).padStart(2, '0'), today, 400);
        const on = chosen && 'on' in chosen ? chosen.on : '';
        expect(Number(on.slice(8))).toBe(day);
        expect(on >= today).toBe(true);
      })
    );
  });
});

describe('reports of calls', () => {
  const body = (value: unknown) =>
    new TextEncoder().encode(typeof value === 'string' ? value : JSON.stringify(value));
  const item = (payload: unknown) => ({ type: 'callUpdated', payload });

  test('tell which calls have ended', () => {
    const items = [
      item({ id: 'one', status: 'ended', endedAt: '2026-11-23T04:00:00Z' }),
      item({ id: 'two', status: 'ongoing' }),
      item({ id: 'three', status: 'ended', endedAt: 'yesterday' }),
      item({ status: 'hangup' }),
      { type: 'other' }
    ];
    expect(endedCalls(body({ timestamp: 'x', items }))).toEqual([
      { callId: 'one', endedAt: '2026-11-23T04:00:00Z' },
      { callId: 'three', endedAt: null }
    ]);
  });

  test.each([
    '',
    '{',
    'null',
    '[]',
    '{"items":1}',
    { items: [null] },
    { items: [{ payload: { id: 1, status: 'ended' } }] }
  ])('of another shape tell nothing: %j', (given) => {
    expect(endedCalls(body(given))).toEqual([]);
  });
});
