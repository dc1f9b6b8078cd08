import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseDuration } from '../auth/duration.ts';
import { mergeMetadata } from '../auth/metadata.ts';
import { validPhone } from '../auth/phone.ts';
import { RateLimiter } from '../auth/rate-limit.ts';

describe('durations', () => {
  test.each([
    ['24h', 86_400_000],
    ['1h30m', 5_400_000],
    ['1.5h', 5_400_000],
    ['.5s', 500],
    ['300ms', 300],
    ['2us', 0.002],
    ['0', 0],
    ['-1h', -3_600_000],
    ['+10s', 10_000]
  ])('%s', (text, milliseconds) => {
    expect(parseDuration(text)).toBeCloseTo(milliseconds, 6);
  });

  test.each(['', 'h', '24', '1d', '24 h', '1h 30m', 'none', '--1h', '1h-30m', '.h', '1h\n'])(
    'not %j',
    (text) => {
      expect(parseDuration(text)).toBeUndefined();
    }
  );
});

describe('phones', () => {
  test.each([
    ['+919999999999', '919999999999'],
    ['919999999999', '919999999999'],
    ['+91 99999 99999', '919999999999'],
    [' 91 9', '919']
  ])('%j is stored as %s', (given, stored) => {
    expect(validPhone(given)).toBe(stored);
  });

  test.each([
    '',
    '+',
    '0999999999',
    '++919999999999',
    '+91-99999',
    '(91)9999',
    '1',
    '1234567890123456',
    '९१९९'
  ])('%j is none', (given) => {
    expect(() => validPhone(given)).toThrow('Invalid phone number format (E.164 required)');
  });
});

test('metadata keeps what is not mentioned and loses what is null', () => {
  const object = fc.dictionary(fc.string(), fc.oneof(fc.integer(), fc.constant(null)));
  fc.assert(
    fc.property(object, object, (current, updates) => {
      const merged = mergeMetadata(current, updates);
      for (const key of new Set([...Object.keys(current), ...Object.keys(updates)])) {
        const expected = Object.hasOwn(updates, key) ? (updates[key] ?? undefined) : current[key];
        expect(Object.hasOwn(merged, key) ? merged[key] : undefined).toEqual(expected);
      }
    })
  );
});

describe('the limit of requests', () => {
  test('lets a burst through, then as many as time allows', () => {
    const limiter = new RateLimiter(150, 30);
    const passed = Array.from({ length: 40 }, () => limiter.take('a', 0)).filter(Boolean);
    expect(passed).toHaveLength(30);
    expect(limiter.take('a', 1_999)).toBe(false);
    expect(limiter.take('a', 2_000)).toBe(true);
    expect(limiter.take('a', 2_000)).toBe(false);
    expect(limiter.take('b', 0)).toBe(true);
  });

  test('never lets more through than its rate and burst', () => {
    const waits = fc.array(fc.nat({ max: 5_000 }), { maxLength: 200 });
    fc.assert(
      fc.property(
        waits,
        fc.integer({ min: 1, max: 300 }),
        fc.integer({ min: 1, max: 10 }),
        (steps, rate, burst) => {
          const limiter = new RateLimiter(rate, burst);
          let now = 0;
          let passed = 0;
          for (const step of steps) {
            now += step;
            if (limiter.take('a', now)) passed++;
          }
          expect(passed).toBeLessThanOrEqual(burst + (now * rate) / 300_000 + 1e-6);
        }
      )
    );
  });

  test('forgets keys that have come to rest, not those that are limited', () => {
    const limiter = new RateLimiter(1, 1);
    for (let key = 0; key < 10_001; key++) limiter.take(String(key), 0);
    expect(limiter.take('0', 0)).toBe(false);
    limiter.take('later', 300_000);
    expect(limiter.take('later', 300_000)).toBe(false);
    expect(limiter.take('0', 300_000)).toBe(true);
  });
});
