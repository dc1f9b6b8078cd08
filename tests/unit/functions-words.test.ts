import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseFields, requests } from '../../supabase/functions/_shared/account/fields.ts';
import { RefusedError } from '../../supabase/functions/_shared/errors.ts';
import { english } from '../../supabase/functions/_shared/words/en-IN.ts';
import { hindi } from '../../supabase/functions/_shared/words/hi-IN.ts';
import { locales, preferredLocale, wordsIn } from '../../supabase/functions/_shared/words/languages.ts';
import { tamil } from '../../supabase/functions/_shared/words/ta-IN.ts';
import type { Words } from '../../supabase/functions/_shared/words/words.ts';

describe('the language of a request', () => {
  test.each([
    ['ta', 'ta-IN'],
    ['ta-IN', 'ta-IN'],
    ['TA-in', 'ta-IN'],
    ['ta-LK', 'ta-IN'],
    ['ta-Taml-IN', 'ta-IN'],
    ['en', 'en-IN'],
    ['en-US,en;q=0.9,ta;q=0.8', 'en-IN'],
    ['ta-IN,ta;q=0.9,en-US;q=0.8,en;q=0.7', 'ta-IN'],
    ['en;q=0.5, ta', 'ta-IN'],
    ['en ; q=0.5 ,\tta\t;\tq=0.501', 'ta-IN'],
    ['en;Q=0.1,ta;Q=0.2', 'ta-IN'],
    ['hi-IN,ta;q=0.3', 'hi-IN'],
    ['bn-IN,ta;q=0.3', 'ta-IN'],
    // Named alike: the first.
    ['ta,en', 'ta-IN'],
    ['en,ta', 'en-IN'],
    ['ta;q=1.000,en;q=1', 'ta-IN'],
    // Anything.
    ['*', 'en-IN'],
    ['ta,*;q=0.5', 'ta-IN'],
    ['ta;q=0.2,*;q=0.5', 'en-IN'],
    ['en;q=0,*;q=0.1', 'ta-IN'],
    // None of ours.
    [null, 'en-IN'],
    ['', 'en-IN'],
    ['fr-FR,de;q=0.5', 'en-IN'],
    ['tam', 'en-IN'],
    ['ta;q=0', 'en-IN'],
    ['ta;q=0.000,fr', 'en-IN'],
    // Not what RFC 9110 allows: as if it were not there.
    ['ta;q=2', 'en-IN'],
    ['ta;q=1.001', 'en-IN'],
    ['ta;q=0.1234', 'en-IN'],
    ['ta;q=-1', 'en-IN'],
    ['ta;q=', 'en-IN'],
    ['ta;q= 0.5', 'en-IN'],
    ['ta;level=1', 'en-IN'],
    ['ta_IN', 'en-IN'],
    ['ta-', 'en-IN'],
    ['*-IN;q=x', 'en-IN'],
    ['<script>', 'en-IN'],
    [',,;q=1,', 'en-IN'],
    ['ta;q=x, , ta ;q=0.1, en;;', 'ta-IN']
  ])('%j is %s', (header, locale) => {
    expect(preferredLocale(header)).toBe(locale);
  });

  const quality = fc.integer({ min: 0, max: 1000 });

  test('is the one with the higher quality, whatever else is named', () => {
    const others = fc.array(fc.stringMatching(/^(fr|de|bn-IN|x y|;|q=1)?$/));
    fc.assert(
      fc.property(quality, quality, others, (en, ta, more) => {
        const q = (thousandths: number) => (thousandths / 1000).toFixed(3);
        const header = [`en-GB;q=${q(en)}`, ...more, `ta-IN;q=${q(ta)}`].join(',');
        expect(preferredLocale(header)).toBe(ta > en ? 'ta-IN' : 'en-IN');
      })
    );
  });

  test('is one of ours, whatever is sent, and found in no time', () => {
    fc.assert(fc.property(fc.string(), (header) => locales.includes(preferredLocale(header))));
    const started = performance.now();
    for (const text of ['a-', 'ta,', 'ta;q=0.', ' ', 'en;q=0,ta;q=0,*,', 'a1-'])
      preferredLocale(text.repeat(20_000));
    expect(performance.now() - started).toBeLessThan(2000);
  });
});

/** Every sentence of a catalogue by its name, with values in. */
function sentences({ fields, ...words }: Words): [string, string][] {
  const said = Object.entries(words).map(([name, sentence]): [string, string] => [
    name,
    typeof sentence === 'string' ? sentence : sentence({ seconds: 300, allowed: 'POST' })
  ]);
  return [...said, ...Object.entries(fields)];
}

describe('the sentences', () => {
  const inEnglish = Object.fromEntries(sentences(english));

  const translated = [
    // Tamil digits, and what looks like Tamil but is not, are not typed by anybody.
    ...sentences(tamil).map(
      ([name, text]) => ['Tamil', name, text, /^[\u0b82-\u0bcd\x20-\x7e]+[.?]$/] as const
    ),
    ...sentences(hindi).map(
      ([name, text]) => ['Hindi', name, text, /^[\u0901-\u094d\u0964\x20-\x7e]+[।?]$/] as const
    )
  ];

  test.each(translated)(
    'in %s: %s has the numbers and examples of the English one',
    (_, name, text, typed) => {
      expect(text).toMatch(/[\u0900-\u097f\u0b80-\u0bff]/);
      expect(text).toMatch(typed);
      const fixed = (sentence = '') =>
        sentence.match(/\d[\d ]*\d|\d|SMS|JSON|POST|application\/json/g)?.toSorted();
      for (const part of fixed(inEnglish[name]) ?? []) expect(text).toContain(part);
      expect(text).toBe(text.normalize('NFC').trim());
    }
  );

  test('are all there, and each says something else', () => {
    for (const words of Object.values(wordsIn)) {
      expect(sentences(words).map(([name]) => name)).toEqual(sentences(english).map(([name]) => name));
      const all = sentences(words).map(([, text]) => text);
      expect(new Set(all).size).toBe(all.length);
    }
  });

  test.each([
    [0, 'ஒரு நிமிடம் கழித்து'],
    [60, 'ஒரு நிமிடம் கழித்து'],
    [61, '2 நிமிடங்கள் கழித்து'],
    [5400, '90 நிமிடங்கள் கழித்து'],
    [5401, '2 மணி நேரம் கழித்து']
  ])('after %d seconds one may try again %s', (seconds, words) => {
    expect(tamil.rateLimited({ seconds })).toContain(` ${words} `);
  });

  test('there is one for every mistake in every field, whatever is sent', () => {
    const shapes = Object.values({ ...requests('IN'), abroad: requests('GB').phone });
    const names = ['name', 'age', 'phone_number', 'username', 'password', 'password2', 'locale'];
    const fields = [...names, 'verification_id', 'code', 'new_password'];
    const body = fc.record(Object.fromEntries(fields.map((name) => [name, fc.anything()])), {
      requiredKeys: []
    });
    fc.assert(
      fc.property(fc.constantFrom(...shapes), body, (shape, sent) => {
        try {
          parseFields(shape, sent);
        } catch (error) {
          if (!(error instanceof RefusedError)) throw error;
          for (const sentence of Object.values(error.refusal.fields ?? {})) {
            for (const locale of locales) expect(sentence(wordsIn[locale])).toMatch(/[.।]$/);
          }
          expect(error.refusal.fields).not.toHaveProperty('locale');
        }
      }),
      { numRuns: 1000 }
    );
  });
});

describe('the language of a new account', () => {
  const typed = { name: 'Asha', age: 34, phone_number: '9876543210', password: 'a long secret' };
  const localeOf = (locale: unknown) => parseFields(requests('IN').link, { ...typed, locale }).locale;

  test.each(locales)('may be %s', (locale) => {
    expect(localeOf(locale)).toBe(locale);
  });

  test.each(['fr-FR', 'ta', 'TA-IN', '', ' ta-IN', null, 7, {}, ['ta-IN'], undefined])(
    '%j is as if none was chosen',
    (locale) => {
      expect(localeOf(locale)).toBeUndefined();
    }
  );
});
