// How the numbers of days are put together, and written as a table to download.
import { expect, test } from 'vitest';
import { csvOf } from '../../src/lib/csv.ts';
import {
  averageWait,
  bookedInAll,
  dayByDay,
  noshowPercent,
  rangeOf,
  together,
  type Counted
} from '../../src/lib/desk/numbers.ts';

test.each([
  ['day', '2026-11-26', '2026-11-26', '2026-11-26'],
  ['week', '2026-11-26', '2026-11-23', '2026-11-29'],
  ['week', '2026-11-29', '2026-11-23', '2026-11-29'],
  ['week', '2027-01-01', '2026-12-28', '2027-01-03'],
  ['month', '2026-11-26', '2026-11-01', '2026-11-30'],
  ['month', '2026-12-31', '2026-12-01', '2026-12-31'],
  ['month', '2028-02-10', '2028-02-01', '2028-02-29']
] as const)('the %s of %s', (span, day, from, until) => {
  expect(rangeOf(span, day)).toEqual({ from, until });
});

const row = (change: Partial<Counted>): Counted => ({
  day: '2026-11-26',
  channel: 'ivr',
  booked: 0,
  cancelled: 0,
  came: 0,
  noshow: 0,
  waited: 0,
  wait_minutes: null,
  sms_parts: 0,
  sms_cost: null,
  ...change
});

test('days together: who waited counts, not the days or the ways of booking', () => {
  const days = dayByDay(
    { from: '2026-11-26', until: '2026-11-28' },
    [
      row({ booked: 9, came: 9, waited: 9, wait_minutes: 10, sms_cost: 1.5 }),
      row({ channel: 'web', booked: 2, came: 1, noshow: 1, waited: 1, wait_minutes: 60, sms_cost: 0.5 }),
      row({ day: '2026-11-28', channel: 'desk', booked: 1 })
    ],
    new Map([['2026-11-28', 7]])
  );
  expect(days.map(({ day, free }) => [day, free])).toEqual([
    ['2026-11-26', null],
    ['2026-11-27', null],
    ['2026-11-28', 7]
  ]);
  expect(days.map(bookedInAll)).toEqual([11, 0, 1]);
  expect(days.map(averageWait)).toEqual([15, null, null]);
  const total = together(days);
  expect(total).toMatchObject({ booked: { ivr: 9, web: 2, desk: 1 }, free: 7, smsCost: 2 });
  expect([averageWait(total), noshowPercent(total)]).toEqual([15, 9]);
  expect(together([])).toMatchObject({ free: null, smsCost: null });
  expect(noshowPercent(together([]))).toBeNull();
});

test('a table for Excel: its mark, commas, quotes where they are needed', () => {
  expect(
    csvOf([
      ['Name', 'Token'],
      ['Rao, "Asha"', 4],
      ['மீனா', null]
    ])
  ).toBe('\uFEFFName,Token\r\n"Rao, ""Asha""",4\r\nமீனா,\r\n');
});

test.each([
  ['=1+1', "'=1+1"],
  ['+91', "'+91"],
  ['-1', "'-1"],
  ['@SUM(A1)', "'@SUM(A1)"],
  [' =1', "' =1"],
  ['\t=1', '"\'\t\'=1"'],
  ['＝1', "'＝1"],
  // Where the semicolon parts cells, quotes in the middle of a line do not hold.
  ['fever;=1', '"fever;\'=1"'],
  ['a\n=1', '"a\n\'=1"'],
  ['"=1', '"""\'=1"'],
  // And nothing else is touched.
  ['Asha Menon-Rao', 'Asha Menon-Rao'],
  ['…0042', '…0042'],
  ['a = b', 'a = b']
])('%j is no formula', (typed, written) => {
  expect(csvOf([[typed]])).toBe(`\uFEFF${written}\r\n`);
});
