import { expect, test } from 'vitest';
import { atWork, isFresh, lastCall, screensOf, turnOf, type BoardDoctor } from '../../src/lib/board/model.ts';

const NOW = new Date('2026-11-25T05:00:00Z');

const doctor = (id: string, calledAt?: string | null): BoardDoctor => ({
  id,
  name: `Dr. ${id}`,
  specialty: 'General medicine',
  sessions: [],
  queue: calledAt === undefined ? null : { serving: null, called_at: calledAt, next: [] }
});

test('doctors share screens evenly, six at most on one', () => {
  const sizes = (many: number) => screensOf(Array.from({ length: many })).map(({ length }) => length);
  expect([0, 1, 6, 7, 12, 13].map(sizes)).toEqual([[], [1], [6], [4, 3], [6, 6], [5, 5, 3]]);
});

test('languages change every ten seconds, screens once each language had its turn', () => {
  const turns = [0, 9, 10, 19, 20, 30].map((s) => {
    const now = new Date(Math.ceil(NOW.getTime() / 40_000) * 40_000 + s * 1000);
    return [turnOf(2, now), turnOf(2, now, 2)];
  });
  expect(turns).toEqual([
    [0, 0],
    [0, 0],
    [1, 0],
    [1, 0],
    [0, 1],
    [1, 1]
  ]);
  expect(turnOf(0, NOW)).toBe(0);
});

test('the last call is that of any doctor whose queue is under way', () => {
  const doctors = [doctor('a'), doctor('b', null), doctor('c', '2026-11-25T10:29:50+05:30')];
  expect(atWork(doctors).map(({ id }) => id)).toEqual(['b', 'c']);
  expect(lastCall(doctors)).toBe(NOW.getTime() - 10_000);
  expect(lastCall([doctor('a'), doctor('b', null)])).toBe(0);
});

test('a call stands out for twenty seconds, also where the clocks do not agree', () => {
  const seconds = (s: number) => isFresh(NOW.getTime() - s * 1000, NOW);
  expect([-30, -2, 0, 19, 21].map(seconds)).toEqual([false, true, true, true, false]);
});
