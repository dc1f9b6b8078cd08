import { beforeEach, describe, expect, test } from 'vitest';
import { icsOf } from '../../src/lib/appointments/ics.ts';
import type { Appointment } from '../../src/lib/appointments/model.ts';
import {
  dayInWords,
  dayParts,
  localDate,
  timeWords,
  whenInSentence,
  whenOf
} from '../../src/lib/appointments/when.ts';
import { channelWords, describeChange as say, statusWords } from '../../src/lib/appointments/words.ts';
import { overwriteGetLocale, type Locale } from '../../src/lib/paraglide/runtime.js';
import { directory, KOLKATA, NOW, visit } from './site-world.ts';

// The pages in Tamil. Their English is with the rest: site-appointments, site-slots, site-ics.
const speak = (locale: Locale) => overwriteGetLocale(() => locale);
beforeEach(() => speak('ta-IN'));

describe('dates', () => {
  test('are written as the SMS write them', () => {
    expect(whenOf('2026-11-26T05:00:00Z', KOLKATA, NOW)).toEqual({
      day: 'வியாழன், 26 நவம்பர்',
      time: 'காலை\u00a010:30'
    });
    expect(whenOf('2027-01-05T05:00:00Z', KOLKATA, NOW).day).toBe('செவ்வாய், 5 ஜனவரி 2027');
  });

  test('say today and tomorrow, alone and in a sentence', () => {
    expect(whenOf('2026-11-23T12:00:00Z', KOLKATA, NOW).day).toBe('இன்று');
    expect(whenInSentence('2026-11-23T12:00:00Z', KOLKATA, NOW)).toBe('இன்று, மாலை\u00a05:30');
    expect(whenInSentence('2026-11-24T05:00:00Z', KOLKATA, NOW)).toBe('நாளை, காலை\u00a010:30');
    expect(dayInWords('2026-11-26', '2026-11-25')).toBe('நாளை');
  });

  test.each([
    [0, 'இரவு\u00a012:05', '12:05\u00a0am'],
    [3, 'இரவு\u00a03:05', '3:05\u00a0am'],
    [4, 'காலை\u00a04:05', '4:05\u00a0am'],
    [11, 'காலை\u00a011:05', '11:05\u00a0am'],
    [12, 'மதியம்\u00a012:05', '12:05\u00a0pm'],
    [15, 'மதியம்\u00a03:05', '3:05\u00a0pm'],
    [16, 'மாலை\u00a04:05', '4:05\u00a0pm'],
    [18, 'மாலை\u00a06:05', '6:05\u00a0pm'],
    [19, 'இரவு\u00a07:05', '7:05\u00a0pm']
  ])('at %i o’clock have their part of the day', (hour, tamil, english) => {
    const date = new Date(Date.UTC(2026, 10, 25, hour, 5));
    expect(timeWords(date, 'UTC')).toBe(tamil);
    speak('en-IN');
    expect(timeWords(date, 'UTC')).toBe(english);
  });

  test('have the digits of every language of the site', () => {
    expect(dayParts('2026-11-25')).toEqual({ weekday: 'புத.', day: '25', month: 'நவம்பர்' });
    expect(localDate(NOW, KOLKATA)).toBe('2026-11-23');
  });
});

describe('what is said of a change', () => {
  const tell = (before: Appointment | null, after: Appointment | null) =>
    say({ before, after }, directory, NOW);
  const what = 'நாளை, காலை\u00a010:30, Dr. Anjali Rao.';

  test('names time, doctor and token', () => {
    expect(tell(null, visit())).toBe(`புதிய முன்பதிவு: ${what} டோக்கன் 4.`);
    expect(tell(visit({ status: 'cancelled' }), visit())).toBe(`மீண்டும் பதிவு செய்யப்பட்டது: ${what} டோக்கன் 4.`);
    expect(tell(visit(), visit({ starts_at: '2026-11-23T05:00:00+00:00' }))).toBe(
      'மாற்றப்பட்டது: இன்று, காலை\u00a010:30, Dr. Anjali Rao. டோக்கன் 4.'
    );
    expect(tell(visit(), visit({ token_number: 5 }))).toBe(`உங்கள் டோக்கன் மாறியது: ${what} டோக்கன் 5.`);
    expect(tell(visit(), visit({ practitioner_id: 'unknown' }))).toBe(
      'வேறு மருத்துவர்: நாளை, காலை\u00a010:30. டோக்கன் 4.'
    );
  });

  test('says what became of it', () => {
    expect(tell(visit(), visit({ status: 'cancelled' }))).toBe(`ரத்து செய்யப்பட்டது: ${what}`);
    expect(tell(visit(), visit({ status: 'arrived' }))).toBe(`வருகை பதிவானது: ${what}`);
    expect(tell(visit(), null)).toBe(`நீக்கப்பட்டது: ${what}`);
  });

  test('follows the language, one sentence after the other', () => {
    expect([statusWords('noshow'), channelWords('web')]).toEqual(['வரவில்லை', 'இணையதளம் மூலம் முன்பதிவு']);
    speak('en-IN');
    expect([statusWords('noshow'), channelWords('web')]).toEqual(['Missed', 'Booked online']);
  });
});

test('a calendar file is in the language it was asked for in', () => {
  const file = icsOf({
    appointment: visit(),
    practitioner: directory.practitioners.rao,
    clinic: directory.clinics.clinic,
    who: null,
    remindersBefore: [],
    now: NOW
  }).replaceAll('\r\n ', '');
  expect(file).toContain('SUMMARY:முன்பதிவு: Dr. Anjali Rao\r\n');
  expect(file).toContain('\\nடோக்கன் 4\\nமாற்ற\\, MedQ தளத்தைத் திறக்கவும் அல்லது +91 44 எண்ணை அழைக்கவும்.\r\n');
});
