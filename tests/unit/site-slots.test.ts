import { describe, expect, test } from 'vitest';
import { expectedAt } from '../../src/lib/appointments/queue.ts';
import {
  byPartOfDay,
  offersOf,
  parseSlotNews,
  without,
  type FreeSlot
} from '../../src/lib/appointments/slots.ts';
import { addDays, dayInWords, dayParts } from '../../src/lib/appointments/when.ts';

const zone = 'Asia/Kolkata';
const slot = (time: string, practitionerId = 'a'): FreeSlot => ({
  practitionerId,
  startsAt: `2026-11-25T${time}:00+05:30`,
  endsAt: new Date(Date.parse(`2026-11-25T${time}:00+05:30`) + 15 * 60_000).toISOString()
});

describe('times on offer', () => {
  test('are each offered once, by the first who is free, in order', () => {
    const offers = offersOf([slot('10:00', 'b'), slot('09:00', 'a'), slot('10:00', 'c')]);
    expect(offers.map(({ slot: offered }) => offered?.practitionerId)).toEqual(['a', 'b']);
  });

  test('stay where they were when they go', () => {
    const before = offersOf([slot('09:00'), slot('09:15')]);
    const after = offersOf(
      [slot('09:15')],
      before.map(({ startsAt }) => startsAt)
    );
    expect(after.map(({ slot: offered }) => offered !== null)).toEqual([false, true]);
  });

  test('go when they overlap what was taken, of that doctor alone', () => {
    const news = { startsAt: '2026-11-25T03:40:00Z', endsAt: '2026-11-25T03:50:00Z', taken: true };
    const left = without([slot('09:00'), slot('09:15'), slot('09:30'), slot('09:00', 'b')], 'a', news);
    expect(left).toEqual([slot('09:30'), slot('09:00', 'b')]);
  });

  test("are grouped by the part of the clinic's day", () => {
    const offers = offersOf(['09:00', '11:45', '12:00', '16:45', '17:00'].map((time) => slot(time)));
    expect(byPartOfDay(offers, zone).map(({ part, offers: some }) => [part, some.length])).toEqual([
      ['morning', 2],
      ['afternoon', 2],
      ['evening', 1]
    ]);
  });
});

test.each([
  null,
  'x',
  {},
  { starts_at: 'soon', ends_at: 'later', taken: true },
  { starts_at: '2026-11-25T03:30:00Z', ends_at: '2026-11-25T03:45:00Z', taken: 'yes' }
])('%j is no news of a slot', (payload) => {
  expect(parseSlotNews(payload)).toBeNull();
});

describe('when somebody in the queue is seen', () => {
  const appointment = {
    id: 'x',
    practitioner_id: 'd',
    clinic_id: 'c',
    dependent_id: null,
    starts_at: '2026-11-25T05:00:00Z',
    ends_at: '2026-11-25T05:15:00Z',
    status: 'booked' as const,
    channel: 'web' as const,
    token_number: 7,
    reference: '4711',
    confirmed: false,
    version: 1
  };
  const expected = (ahead: number, now: string) =>
    expectedAt(appointment, ahead, new Date(now)).toISOString();

  test('never before their time', () => {
    expect(expected(2, '2026-11-25T03:00:00Z')).toBe('2026-11-25T05:00:00.000Z');
    expect(expected(0, '2026-11-25T03:00:00Z')).toBe('2026-11-25T05:00:00.000Z');
  });

  test('after everybody before them, rounded up to five minutes', () => {
    expect(expected(3, '2026-11-25T04:52:00Z')).toBe('2026-11-25T05:40:00.000Z');
    expect(expected(0, '2026-11-25T05:20:00Z')).toBe('2026-11-25T05:20:00.000Z');
  });
});

describe('days in the strip', () => {
  test('have a short weekday, a number and a month', () => {
    expect(dayParts('2026-11-25')).toEqual({ weekday: 'Wed', day: '25', month: 'November' });
  });

  test('are counted over the ends of months and years', () => {
    expect(addDays('2026-12-31', 1)).toBe('2027-01-01');
    expect(addDays('2028-03-01', -1)).toBe('2028-02-29');
  });

  test('are today and tomorrow where they are', () => {
    expect(dayInWords('2026-11-25', '2026-11-25')).toBe('Today');
    expect(dayInWords('2026-11-26', '2026-11-25')).toBe('Tomorrow');
    expect(dayInWords('2027-01-02', '2026-11-25')).toBe('Saturday 2 January 2027');
  });
});
