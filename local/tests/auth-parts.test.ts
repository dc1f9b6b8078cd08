import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mergeMetadata } from '../auth/metadata.ts';
import { validPhone } from '../auth/phone.ts';

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
