import { describe, expect, test } from 'vitest';
import { weekdayWords } from '../../src/lib/appointments/calendar.ts';
import { asTyped, withAdded, withCopied, type TypedPeriod } from '../../src/lib/desk/hours.ts';
import { overwriteGetLocale } from '../../src/lib/paraglide/runtime.js';
import { periodsIn, readHours } from '../../src/lib/server/desk/typed-hours.ts';
import { aroundMonth, weeksOf } from '../../src/routes/(forms)/(personal)/desk/hours/dates/month.ts';

const typed = (weekday: number, from: string, until: string, minutes = '15'): TypedPeriod => ({
  weekday,
  from,
  until,
  minutes
});
const problems = (...periods: TypedPeriod[]) => {
  const read = readHours(periods);
  return 'problems' in read ? read.problems : {};
};

describe('hours that are typed', () => {
  test('are read, with midnight as the end of a day and digits of any script; empty ones are none', () => {
    const hours = readHours([typed(1, '09:00', '13:00'), typed(1, '', ''), typed(1, '9.30', '00:00', '30')]);
    expect(hours).toEqual({
      problems: { 'from-2': 'This overlaps with the hours from 9:00\u00a0am to 1:00\u00a0pm.' }
    });
    const form = new FormData();
    const fields = { weekday: '7', from: '20:00', until: '00:00', minutes: '௨௦' };
    for (const [name, value] of Object.entries(fields)) form.append(name, value);
    expect(readHours(periodsIn(form))).toEqual({
      hours: [{ weekday: 7, start_time: '20:00', end_time: '24:00', slot_minutes: 20 }]
    });
    expect(asTyped([{ weekday: 7, start_time: '20:00:00', end_time: '24:00:00', slot_minutes: 20 }])).toEqual(
      [typed(7, '20:00', '00:00', '20')]
    );
  });

  test('are wrong at a field, and say why', () => {
    expect(problems(typed(1, '9', '10:00'))).toEqual({ 'from-0': 'Please enter a time, such as 09:00.' });
    expect(problems(typed(1, '09:00', ''))).toEqual({ 'until-0': 'Please enter a time, such as 09:00.' });
    expect(problems(typed(1, '10:00', '10:00'))).toEqual({
      'until-0': 'The end has to be after the beginning.'
    });
    for (const minutes of ['', '4', '481', '-15', '1e1']) {
      expect(problems(typed(1, '09:00', '10:00', minutes))).toEqual({
        'minutes-0': 'Please enter between 5 and 480 minutes.'
      });
    }
    expect(problems(typed(1, '09:00', '09:10'))).toEqual({
      'minutes-0': 'An appointment of 15 minutes does not fit into these hours.'
    });
    expect(problems(typed(1, '09:00', '10:10'))).toEqual({
      'until-0':
        'With 15 minutes each, the last appointment ends at 10:00\u00a0am. Please end there, or change the minutes.'
    });
    // The same hours of two days do not overlap, nor do those that follow each other.
    expect(
      problems(typed(1, '09:00', '10:00'), typed(2, '09:00', '10:00'), typed(1, '10:00', '11:00'))
    ).toEqual({});
  });

  test('are copied from day to day, and added at the end of a day', () => {
    const week = [typed(1, '09:00', '12:00'), typed(1, '14:00', '17:00', '20'), typed(3, '10:00', '11:00')];
    expect(withCopied(week, 1, [1, 3])).toEqual([
      ...week.slice(0, 2),
      typed(3, '09:00', '12:00'),
      typed(3, '14:00', '17:00', '20')
    ]);
    expect(withCopied(week, 2, [1])).toEqual([week[2]]);
    expect(withAdded(week, 1)).toEqual([...week.slice(0, 2), typed(1, '', '', '20'), week[2]]);
    expect(withAdded([], 4)).toEqual([typed(4, '', '')]);
  });
});

describe('a month', () => {
  test('says of each day what it is', () => {
    const usual = { weekday: 1, start_time: '09:00:00', end_time: '17:00:00', slot_minutes: 15 };
    const other = { ...usual, weekday: 0 };
    const weeks = weeksOf(
      '2026-12-01',
      [usual],
      [
        { from: '2026-12-07', until: '2026-12-08', hours: [], reason: '' },
        { from: '2026-12-09', until: '2026-12-09', hours: [other], reason: '' }
      ],
      [{ from: '2026-12-09', until: '2026-12-10' }]
    );
    expect(weeks.map((week) => week.map((day) => day && Number(day.day.slice(8))))).toEqual([
      [null, 1, 2, 3, 4, 5, 6],
      [7, 8, 9, 10, 11, 12, 13],
      [14, 15, 16, 17, 18, 19, 20],
      [21, 22, 23, 24, 25, 26, 27],
      [28, 29, 30, 31, null, null, null]
    ]);
    expect(weeks[1]?.map((day) => day?.kind)).toEqual([
      'closed',
      'closed',
      'clinic',
      'clinic',
      'off',
      'off',
      'off'
    ]);
    expect(weeks[2]?.[0]).toEqual({ day: '2026-12-14', kind: 'usual', hours: [usual] });
    expect(aroundMonth('2026-12-25')).toEqual({
      before: '2026-11-01',
      first: '2026-12-01',
      after: '2027-01-01'
    });
    expect(aroundMonth('2027-01-31')).toEqual({
      before: '2026-12-01',
      first: '2027-01-01',
      after: '2027-02-01'
    });
  });
});

test('above a month stand whole letters, in every language', () => {
  const letters = (locale: 'en-IN' | 'ta-IN' | 'hi-IN') => {
    overwriteGetLocale(() => locale);
    return [1, 2, 3, 4, 5, 6, 7].map((weekday) => weekdayWords(weekday, 'narrow')).join(' ');
  };
  expect(letters('en-IN')).toBe('M T W T F S S');
  expect(letters('ta-IN')).toBe('தி செ பு வி வெ ச ஞா');
  expect(letters('hi-IN')).toBe('सो मं बु गु शु श र');
});
