import { describe, expect, test } from 'vitest';
import { overwriteGetLocale, type Locale } from '../../src/lib/paraglide/runtime.js';
import { canBePhone } from '../../src/lib/server/desk/phone.ts';
import { deskRefusal } from '../../src/lib/server/desk/refusal.ts';

const speak = (locale: Locale) => overwriteGetLocale(() => locale);

describe('what is typed at a desk in India', () => {
  test.each([
    '9876543210',
    '098765 43210',
    '919876543210',
    '0091 98765 43210',
    '+91 98765-43210',
    '९८७६५४३२१०',
    // Newer than the numbering tables, maybe.
    '1234567890',
    '080 2345 6789',
    '+1 415 555 2671'
  ])('can be a phone: %s', (typed) => {
    expect(canBePhone(typed, '+918012345678')).toBe(true);
  });

  test.each(['', '12', '4321', '987654321', '98765432101', '+91', '+1 415 555 267', 'Lakshmi'])(
    'is none: %s',
    (typed) => {
      expect(canBePhone(typed, '+918012345678')).toBe(false);
    }
  );

  test('is not taken for a number of another country', () => {
    expect(canBePhone('9876543210', '+6561234567')).toBe(false);
    expect(canBePhone('61234567', '+6561234567')).toBe(true);
  });
});

test.each([
  'unknown_patient',
  'unknown_sms',
  'phone_of_staff',
  'other_patient_has_phone',
  'other_account_has_phone',
  'has_other_phone',
  'same_patient',
  'both_have_accounts',
  'gone_has_account',
  'patient_of_others',
  'family_too_large',
  'phone_of_holder',
  'dormant_phone',
  'appointments_clash',
  'too_late_to_undo'
])('%s is told in every language', (word) => {
  const told = () =>
    deskRefusal({ code: 'PT409', message: 'cannot_merge', details: word, hint: 'What the database says.' });
  expect(told().code).toBe(word);
  expect(told().message).toMatch(/^[A-Z][a-z]+ .+\.$/);
  expect(told().message).not.toBe('What the database says.');
  speak('ta-IN');
  expect(told().message).toMatch(/\p{Script=Tamil}/u);
});
