import { expect, test } from 'vitest';
import { allRows } from '../../src/lib/server/request/all-rows.ts';

test.each([0, 1, 999, 1000, 1001, 2500])('of %d rows all are there, in order', async (count) => {
  const there = Array.from({ length: count }, (_, n) => n);
  const { data } = await allRows((from, to) =>
    // Never more than a thousand, whatever is asked for.
    Promise.resolve({ data: there.slice(from, Math.min(to + 1, from + 1000)), error: null })
  );
  expect(data).toEqual(there);
});

test('a part that fails fails all', async () => {
  const thousand = Array.from({ length: 1000 }, (_, n) => n);
  const error = new Error('gone');
  const answer = await allRows((from) =>
    Promise.resolve(from === 0 ? { data: thousand, error: null } : { data: null, error })
  );
  expect(answer).toEqual({ data: null, error });
});
