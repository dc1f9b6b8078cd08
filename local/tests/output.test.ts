// What is logged again and again, such as a database that stays away, fills no disk and no screen.
import { expect, test } from 'vitest';
import { logWithBackOff } from '../output.ts';

/** What is written when the same line is logged every 100 ms until `seconds` have passed, and when. */
function written(seconds: number): { at: number; line: string }[] {
  let now = 0;
  const lines: { at: number; line: string }[] = [];
  const log = logWithBackOff(
    (line) => lines.push({ at: now, line }),
    () => now
  );
  for (; now < seconds * 1000; now += 100) log('lost');
  return lines;
}

test('the first line is written at once, the next after 1, 2, 4 ... and at last 60 seconds', () => {
  expect(written(250).map(({ at }) => at / 1000)).toEqual([0, 1, 3, 7, 15, 31, 63, 123, 183, 243]);
});

test('a line says how many were left out before it', () => {
  expect(written(4).map(({ line }) => line)).toEqual([
    'lost',
    'lost (9 such lines were left out)',
    'lost (19 such lines were left out)'
  ]);
});

test('after a minute of silence it is written at once again', () => {
  let now = 0;
  const lines: number[] = [];
  const log = logWithBackOff(
    () => lines.push(now),
    () => now
  );
  for (const at of [0, 500, 1_000, 65_000, 65_500, 66_000]) {
    now = at;
    log('lost');
  }
  expect(lines).toEqual([0, 1_000, 65_000, 66_000]);
});
