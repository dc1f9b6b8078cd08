import { describe, expect, test } from 'vitest';
import * as site from '../../src/lib/text.ts';
import * as functions from '../../supabase/functions/_shared/text.ts';

// Deployed apart, so it stands twice.
describe.each([
  ['functions', functions],
  ['site', site]
])('text in the %s', (_, { asciiDigits, withoutInvisible }) => {
  // The scripts of Intl that count with ten digits: one character each.
  const systems = Intl.supportedValuesOf('numberingSystem').filter((system) => {
    const digits = new Intl.NumberFormat('en', { numberingSystem: system, useGrouping: false }).format(
      9876543210
    );
    return [...digits].length === 10 && /^\p{Nd}+$/u.test(digits);
  });

  test('all scripts that matter here are among those tested', () => {
    expect(systems).toEqual(
      expect.arrayContaining(['tamldec', 'deva', 'beng', 'telu', 'arab', 'arabext', 'fullwide'])
    );
    expect(systems.length).toBeGreaterThan(50);
  });

  test.each(systems)('digits of the script %s are read', (system) => {
    const format = new Intl.NumberFormat('en', { numberingSystem: system, useGrouping: false });
    expect(asciiDigits(`+${format.format(9876543210)} x`)).toBe('+9876543210 x');
  });

  test.each(['', '0123456789', 'Asha 2', 'லட்சுமி', '½ ² Ⅷ ௰', '😀'])('%j has nothing to be read', (text) => {
    expect(asciiDigits(text)).toBe(text);
  });

  test.each([
    ['marks of direction', '\u202a+91 98\u200e765\u202c\u2066\u2069\u061c', '+91 98765'],
    ['no width', '\ufeff12\u200b3\u20604\u00ad', '1234'],
    ['fillers', '\u3164\uffa0\u115f', ''],
    ['joiners', '1\u200d2\u200c3', '123']
  ])('%s are dropped', (_, text, plain) => {
    expect(withoutInvisible(text)).toBe(plain);
  });

  test.each(['a b\u00a0c\n', 'லட்சுமி ஶ்ரீ', 'O’Brien', '👩'])('%j can be seen', (text) => {
    expect(withoutInvisible(text)).toBe(text);
  });
});
