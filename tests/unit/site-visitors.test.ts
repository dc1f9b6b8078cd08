import type { RequestEvent } from '@sveltejs/kit';
import { describe, expect, test } from 'vitest';
import { clinicsLike } from '../../src/lib/clinics.ts';
import { practitionerOf } from '../../src/lib/server/booking/practitioners.ts';
import { afterwards, keepAfterwards, takeAfterwards } from '../../src/lib/server/account/afterwards.ts';

/** A request to `path`, with what its browser keeps. */
function aRequest(path: string, kept: Record<string, string> = {}) {
  const cookies = {
    get: (name: string) => kept[name],
    set: (name: string, value: string) => (kept[name] = value),
    delete: (name: string) => delete kept[name]
  };
  return { event: { url: new URL(path, 'https://medq.example'), cookies } as unknown as RequestEvent, kept };
}

describe('where somebody was going who has to sign in first', () => {
  test('is kept on the way in, and led to once', () => {
    const { event, kept } = aRequest('/login?next=%2Fbook%2Fconfirm%3Fdoctor%3D1%26at%3D2');
    keepAfterwards(event);
    const { event: later } = aRequest('/verify', kept);
    expect(afterwards(later)).toBe('/book/confirm?doctor=1&at=2');
    expect(takeAfterwards(later)).toBe('/book/confirm?doctor=1&at=2');
    expect(takeAfterwards(later)).toBe('/appointments');
  });

  test.each(['https://elsewhere.example', '//elsewhere.example', '/\\elsewhere.example', '/logout'])(
    'is a page of ours, not %s',
    (wanted) => {
      expect(afterwards(aRequest('/login', { 'medq-next': wanted }).event)).toBe('/appointments');
      const { event, kept } = aRequest(`/login?next=${encodeURIComponent(wanted)}`);
      keepAfterwards(event);
      expect(kept['medq-next']).toBe('/appointments');
    }
  );

  test('stays as it is on a page whose address says nothing of it', () => {
    const { event, kept } = aRequest('/register', { 'medq-next': '/book/confirm?doctor=1' });
    keepAfterwards(event);
    expect(kept['medq-next']).toBe('/book/confirm?doctor=1');
  });
});

test('a clinic is found by any words of its name and address', () => {
  const lake = { name: 'Lakeside Clinic', address: '12 Lake View Road, Nungambakkam, Chennai' };
  const hill = { name: 'மலைக் கிளினிக்', address: 'Ooty' };
  const found = (words: string) => clinicsLike([lake, hill], words);
  expect(found('')).toEqual([lake, hill]);
  expect(found(' CHENNAI,  lakeside ')).toEqual([lake]);
  expect(found('மலைக்')).toEqual([hill]);
  expect(found('Chennai Ooty')).toEqual([]);
});

test('what is told of a doctor is in words, and nothing where nothing is known', () => {
  const row = { id: '1', name: 'Dr. Rao', specialty: 'Dentistry', photo_url: null, qualification: null };
  const bare = { ...row, languages: [], fee_amount: null, fee_currency: 'INR' };
  expect(practitionerOf(bare)).toMatchObject({
    photo: null,
    qualification: null,
    languages: null,
    fee: null
  });
  const told = (fee_amount: number, fee_currency = 'INR') =>
    practitionerOf({ ...bare, languages: ['en', 'ta', 'xyz'], fee_amount, fee_currency });
  expect(told(500)).toMatchObject({ languages: 'English, Tamil, xyz', fee: '₹500' });
  expect(told(450.5).fee).toBe('₹450.50');
  expect(told(0).fee).toBe('₹0');
  expect(told(200, 'AED').fee).toMatch(/^AED\s200$/);
});
