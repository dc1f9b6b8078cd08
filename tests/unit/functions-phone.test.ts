import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  authPhone,
  maskPhone,
  maskPhonesIn,
  normalisePhone,
  phoneOfCaller
} from '../../supabase/functions/_shared/phone.ts';

describe('a number that a person types', () => {
  // Which texts are phones in India is in shared-rules.ts.
  test('a country code wins over the default region', () => {
    expect(normalisePhone('+44 7911 123456', 'IN')).toBe('+447911123456');
    expect(normalisePhone('07911 123456', 'GB')).toBe('+447911123456');
  });

  test('normalising twice changes nothing', () => {
    fc.assert(
      fc.property(fc.integer({ min: 6_000_000_000, max: 9_999_999_999 }), (digits) => {
        const phone = normalisePhone(String(digits), 'IN');
        expect(phone).toBe(`+91${digits}`);
        expect(normalisePhone(phone ?? '', 'US')).toBe(phone);
        expect(phoneOfCaller(authPhone(phone ?? ''))).toBe(phone);
      })
    );
  });

  test('whatever comes in, what comes out is +E.164 or nothing', () => {
    fc.assert(
      fc.property(fc.string(), (input) => {
        expect(normalisePhone(input, 'IN') ?? '+10000000').toMatch(/^\+[1-9]\d{6,14}$/);
      })
    );
  });

  test('a region that does not exist is a mistake in the settings, not in the number', () => {
    expect(() => normalisePhone('9999999999', 'XX')).toThrow(/DEFAULT_REGION is XX/);
  });
});

describe('the caller of a call', () => {
  test('a number without plus is an international one, whatever the default region', () => {
    expect(phoneOfCaller('919876543210')).toBe('+919876543210');
    expect(phoneOfCaller('447911123456')).toBe('+447911123456');
    expect(phoneOfCaller('15551234567')).toBe('+15551234567');
    expect(phoneOfCaller('+919876543210')).toBe('+919876543210');
  });

  test.each([
    null,
    undefined,
    '',
    ' ',
    'anonymous',
    'unknown',
    'restricted',
    '0',
    '1234567',
    '0919999999999',
    '9'.repeat(16),
    'sip:a@b'
  ])('%j is a withheld number', (source) => {
    expect(phoneOfCaller(source)).toBeUndefined();
  });
});

describe('phones in logs', () => {
  test('country and last two digits stay', () => {
    expect(maskPhone('+919999999912')).toBe('+91********12');
  });

  test.each([
    ['no account for +919876543210.', 'no account for +91********10.'],
    ['GET /messages?recipient=919876543210&limit=1', 'GET /messages?recipient=919*******10&limit=1'],
    ['recipient=%2B919876543210', 'recipient=%2B**********10']
  ])('%j is written as %j', (text, masked) => {
    expect(maskPhonesIn(text)).toBe(masked);
  });

  test.each([
    'b1946ac9-2492-4d23-8e6c-123456789012',
    '2026-11-22T10:00:00.000Z',
    'e8077d803532c0b5937c639b60216938',
    'attempt 3 of 10'
  ])('%j stays as it is', (text) => {
    expect(maskPhonesIn(text)).toBe(text);
  });
});
