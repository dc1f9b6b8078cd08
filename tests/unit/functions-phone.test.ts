import fc from 'fast-check';
import examples from 'libphonenumber-js/examples.mobile.json' with { type: 'json' };
import {
  getCountries,
  getCountryCallingCode,
  getExampleNumber,
  Metadata,
  type CountryCode
} from 'libphonenumber-js/max';
import { describe, expect, test } from 'vitest';
import {
  authPhone,
  judgeCaller,
  judgePhone,
  maskPhone,
  maskPhonesIn,
  zeroBelongs
} from '../../supabase/functions/_shared/phone.ts';

describe('a number that a person types', () => {
  // Which texts are phones in India is in shared-rules.ts.
  test('a country code wins over the default region', () => {
    expect(judgePhone('+44 7911 123456', 'IN')).toEqual({ phone: '+447911123456' });
    expect(judgePhone('07911 123456', 'GB')).toEqual({ phone: '+447911123456' });
  });

  test('is the same however often it is read, and by whatever way', () => {
    fc.assert(
      fc.property(fc.integer({ min: 9_000_000_000, max: 9_999_999_999 }), (digits) => {
        const verdict = { phone: `+91${digits}` };
        expect(judgePhone(String(digits), 'IN')).toEqual(verdict);
        expect(judgePhone(verdict.phone, 'US')).toEqual(verdict);
        expect(judgeCaller(authPhone(verdict.phone))).toEqual(verdict);
      })
    );
  });

  test('whatever comes in, what comes out is +E.164 or nothing', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^\+?\d{1,20}$/)), (input) => {
        expect(judgePhone(input, 'IN').phone ?? '+10000000').toMatch(/^\+[1-9]\d{6,14}$/);
        expect(judgeCaller(input).phone ?? '+10000000').toMatch(/^\+[1-9]\d{6,14}$/);
      })
    );
  });

  test.each(getCountries())('a mobile number of %s can be texted', (country) => {
    const phone = getExampleNumber(country, examples)?.number ?? '';
    expect(judgePhone(phone, 'IN')).toEqual({ phone });
    expect(judgeCaller(phone.slice(1))).toEqual({ phone });
  });

  test('a region that does not exist is a mistake in the settings, not in the number', () => {
    expect(() => judgePhone('9999999999', 'XX')).toThrow(/DEFAULT_REGION is XX/);
  });
});

describe('the caller of a call', () => {
  test('a number without plus is an international one, whatever the default region', () => {
    expect(judgeCaller('919876543210')).toEqual({ phone: '+919876543210' });
    expect(judgeCaller('447911123456')).toEqual({ phone: '+447911123456' });
    expect(judgeCaller('+919876543210')).toEqual({ phone: '+919876543210' });
  });

  test.each(['446123456789', '15551234567', '915012345678', '551187654321'])(
    '%s is not in the tables, and books',
    (source) => expect(judgeCaller(source)).toEqual({ phone: `+${source}` })
  );

  test.each([
    null,
    '',
    ' ',
    'anonymous',
    'unknown',
    'restricted',
    '0',
    '9'.repeat(16),
    // UNAVAILABLE, ANONYMOUS, RESTRICTED, PRIVATE, UNKNOWN, BLOCKED and WITHHELD on the keys of a phone.
    '86282452253',
    '266696687',
    '7378742833',
    '7748283',
    '8656696',
    '2562533',
    '94844353',
    '10000000000',
    '11111111111',
    '15555555555',
    '910000000000',
    '911111111111',
    '+10000000000'
  ])('%j is hidden', (source) => {
    expect(judgeCaller(source)).toEqual({ problem: 'hidden' });
  });

  test.each(['919999999999', '917777777777', '447777777777', '33666666666'])(
    '%s is one digit over and over, and somebody’s',
    (source) => expect(judgeCaller(source)).toEqual({ phone: `+${source}` })
  );

  test.each(['914440001234', '911234567890', '912222222222', '390612345678'])('%s is a landline', (source) =>
    expect(judgeCaller(source)).toEqual({ phone: `+${source}`, problem: 'landline' })
  );

  test.each(['9118001234567', '449098790000', '979123456789', '870776123456', '15005551234'])(
    '%s gets no SMS, and is not called a landline',
    (source) => expect(judgeCaller(source)).toEqual({ phone: `+${source}`, problem: 'no_sms' })
  );

  test('from Argentina may be a mobile one without its 9, and is not called a landline', () => {
    expect(judgeCaller('541112345678')).toEqual({ phone: '+541112345678', problem: 'no_sms' });
    expect(judgeCaller('5491112345678')).toEqual({ phone: '+5491112345678' });
  });

  test('from Mexico is the same with the 1 of former times', () => {
    expect(judgeCaller('5215512345678')).toEqual(judgeCaller('525512345678'));
    expect(judgeCaller('5215512345678')).toEqual({ phone: '+525512345678' });
  });

  test.each(['1234567', '0919999999999', '91987654321', '431234', '4921234567890123', 'sip:100@pbx'])(
    '%s is no number that can be texted, and not called hidden',
    (source) => expect(judgeCaller(source)).toEqual({ problem: 'not_a_number' })
  );
});

test('the countries where a 0 follows the country code are those of the numbering tables', () => {
  const codes = getCountries()
    .filter(hasNumbersThatBeginWithZero)
    .map((country) => getCountryCallingCode(country));
  expect([...new Set(codes)].sort()).toEqual([...zeroBelongs].sort());
});

/** Whether a landline or a mobile phone of the country can have such a number. */
function hasNumbersThatBeginWithZero(country: CountryCode): boolean {
  const metadata = new Metadata();
  metadata.selectNumberingPlan(country);
  // The library's types leave this out.
  const plan = metadata.numberingPlan as unknown as {
    type(kind: string): { pattern(): string } | undefined;
  };
  return ['FIXED_LINE', 'MOBILE'].some((kind) => canBeginWithZero(plan.type(kind)?.pattern() ?? ''));
}

/** Whether a regular expression of digits, sets and groups matches a text that begins with 0. */
function canBeginWithZero(pattern: string): boolean {
  let depth = 0;
  let start = 0;
  const alternatives: string[] = [];
  for (const [at, character] of [...pattern, '|'].entries()) {
    if (character === '(') depth += 1;
    if (character === ')') depth -= 1;
    if (character !== '|' || depth > 0) continue;
    alternatives.push(pattern.slice(start, at));
    start = at + 1;
  }
  return alternatives.some((one) => {
    if (!one.startsWith('(?:')) return /^(0|\\d|\[[^\]]*0[^\]]*\])/.test(one);
    let open = 0;
    const end = [...one].findIndex((character) => {
      if (character === '(') open += 1;
      if (character === ')') open -= 1;
      return open === 0;
    });
    return canBeginWithZero(one.slice(3, end));
  });
}

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
