// The functions and the site agree; that the database does too is in tests/database/clock-changes.test.ts.
import { describe, expect, test } from 'vitest';
import {
  partOfDay,
  timeWords,
  turnOf as turnOnSite,
  whenInSentence
} from '../../src/lib/appointments/when.ts';
import { m } from '../../src/lib/paraglide/messages.js';
import { overwriteGetLocale, type Locale } from '../../src/lib/paraglide/runtime.js';
import * as english from '../../supabase/functions/ivr/prompts/en-IN.times.ts';
import * as tamil from '../../supabase/functions/ivr/prompts/ta-IN.times.ts';
import { turnOf as turnInCalls } from '../../supabase/functions/ivr/prompts/times.ts';
import { clockTurns, hindiParts, hoursOf, tamilParts } from './clock-rules.ts';

const speak = (locale: Locale) => overwriteGetLocale(() => locale);

describe('the hour that comes twice', () => {
  test.each(clockTurns)('in $zone at $instant: $turn', ({ zone, instant, turn }) => {
    expect(turnInCalls(new Date(instant), zone) ?? null).toBe(turn);
    expect(turnOnSite(new Date(instant), zone) ?? null).toBe(turn);
  });

  const [first, second, now] = ['2027-10-31T00:00:00Z', '2027-10-31T01:00:00Z', '2027-10-20T12:00:00Z'].map(
    (instant) => new Date(instant)
  ) as [Date, Date, Date];
  const london = 'Europe/London';

  test('is told apart on the pages', () => {
    expect(timeWords(first, london)).toBe('1:00\u00a0am before the clocks go back');
    expect(timeWords(second, london)).toBe('1:00\u00a0am after the clocks go back');
    expect(whenInSentence(second.toISOString(), london, now)).toBe(
      'Sunday 31 October, 1:00\u00a0am after the clocks go back'
    );
    speak('ta-IN');
    expect(timeWords(first, london)).toBe('கடிகாரம் மாறுவதற்கு முன் இரவு\u00a01:00');
    expect(timeWords(second, london)).toBe('கடிகாரம் மாறிய பின் இரவு\u00a01:00');
  });

  test('is told apart in calls', () => {
    expect(english.dayAndTime(first, now, london)).toBe(
      "on Sunday the 31st of October, at 1 o'clock at night, before the clocks go back"
    );
    expect(english.dayAndTime(second, now, london)).toBe(
      "on Sunday the 31st of October, at 1 o'clock at night, after the clocks go back"
    );
    expect(tamil.dayAndTime(first, now, london)).toMatch(/, கடிகாரம் மாறுவதற்கு முன் இரவு ஒரு மணிக்கு$/);
    expect(tamil.dayAndTime(second, now, london)).toMatch(/, கடிகாரம் மாறிய பின் இரவு ஒரு மணிக்கு$/);
  });
});

describe('one split of the day in each language', () => {
  const at = (hour: number) => new Date(Date.UTC(2027, 5, 9, hour, 5));
  const headings = {
    morning: m.time_morning,
    afternoon: m.time_afternoon,
    evening: m.time_evening,
    night: m.time_night
  };

  test.each(hoursOf('ta-IN'))('in Tamil at $hour o’clock it is $part', ({ hour, part }) => {
    speak('ta-IN');
    const word = tamilParts[part];
    expect(partOfDay(at(hour), 'UTC')).toBe(part);
    // The heading over times has their word, but for the early afternoon, which has two.
    expect(headings[part]()).toBe(part === 'afternoon' ? 'பிற்பகல்' : word);
    expect(timeWords(at(hour), 'UTC')).toMatch(new RegExp(`^${word}\u00a0`));
    expect(tamil.clock({ hour, minute: 5 })).toMatch(new RegExp(`^${word} `));
  });

  test.each(hoursOf('hi-IN'))('in Hindi at $hour o’clock it is $part', ({ hour, part }) => {
    speak('hi-IN');
    expect(partOfDay(at(hour), 'UTC')).toBe(part);
    expect(headings[part]()).toBe(hindiParts[part]);
    expect(timeWords(at(hour), 'UTC')).toMatch(new RegExp(`^${hindiParts[part]}\u00a0`));
  });

  test.each(hoursOf('en-IN'))('in English at $hour o’clock it is $part', ({ hour, part }) => {
    expect(partOfDay(at(hour), 'UTC')).toBe(part);
    expect(english.clock({ hour, minute: 5 })).toMatch(new RegExp(` (?:in the|at) ${part}$`));
  });
});
