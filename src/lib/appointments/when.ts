// Dates in words, in the clinic's time zone and the language of the page, wherever the reader is. The parts come from
// Intl and are put together by the catalogue, so that the server and every browser write the same.
import { m } from '#lib/paraglide/messages.js';
import { getLocale, type Locale } from '#lib/paraglide/runtime.js';

export interface When {
  /** "Today", "Tomorrow" or "Tuesday 25 November", with the year if it is another. */
  day: string;
  /** "10:30 am"; where the clock shows that twice, also which of them. */
  time: string;
}

/** When something starts, for a person who reads it at `now`. */
export function whenOf(instant: string, timeZone: string, now: Date): When {
  const date = new Date(instant);
  return { day: dayWords(date, timeZone, now), time: timeWords(date, timeZone) };
}

/** One line of it: "Tuesday 25 November, 10:30 am"; "today, 10:30 am" inside a sentence. */
export function whenInSentence(instant: string, timeZone: string, now: Date): string {
  const { day, time } = whenOf(instant, timeZone, now);
  const near = day === m.when_today() || day === m.when_tomorrow();
  return `${near ? day.toLowerCase() : day}, ${time}`;
}

/** Whether its patient can say that they will come: from the day before on, until it begins, as confirm_appointment has it. */
export function isConfirmable(startsAt: string, timeZone: string, now: Date): boolean {
  const starts = new Date(startsAt);
  return starts > now && localDate(starts, timeZone) <= addDays(localDate(now, timeZone), 1);
}

/** A calendar day for the strip of days: "Wed", "25", "November". */
export function dayParts(localDay: string): { weekday: string; day: string; month: string } {
  const { weekday, day, month } = parts(new Date(`${localDay}T00:00:00Z`), 'UTC', {
    weekday: 'short',
    day: 'numeric',
    month: 'long'
  });
  return { weekday, day, month };
}

/** A calendar day in words, as whenOf has it. `today` is the calendar day it is now. */
export function dayInWords(localDay: string, today: string): string {
  return dayWords(new Date(`${localDay}T12:00:00Z`), 'UTC', new Date(`${today}T12:00:00Z`));
}

export type PartOfDay = 'morning' | 'afternoon' | 'evening' | 'night';

/** The hour at which each part begins, as calls and SMS say it in that language. The night lasts until the morning. */
const BEGINS: Record<Locale, Record<PartOfDay, number>> = {
  'en-IN': { morning: 4, afternoon: 12, evening: 17, night: 21 },
  'ta-IN': { morning: 4, afternoon: 12, evening: 16, night: 19 },
  'hi-IN': { morning: 4, afternoon: 12, evening: 16, night: 20 }
};

export function partOfDay(date: Date, timeZone: string): PartOfDay {
  return partAt(clockOf(date, timeZone).hours);
}

function partAt(hours: number, locale: Locale = getLocale()): PartOfDay {
  const { morning, afternoon, evening, night } = BEGINS[locale];
  if (hours < morning || hours >= night) return 'night';
  if (hours < afternoon) return 'morning';
  return hours < evening ? 'afternoon' : 'evening';
}

/** The calendar day so many days later: 2026-11-30 and 2 is 2026-12-02. */
export function addDays(localDay: string, days: number): string {
  const date = new Date(`${localDay}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() + days);
  return date.toISOString().slice(0, 10);
}

/** The calendar day of an instant in a time zone: 2026-11-25. */
export function localDate(date: Date, timeZone: string): string {
  const { year, month, day } = parts(date, timeZone, { year: 'numeric', month: '2-digit', day: '2-digit' });
  return `${year}-${month}-${day}`;
}

function dayWords(date: Date, timeZone: string, now: Date): string {
  const today = localDate(now, timeZone);
  const on = localDate(date, timeZone);
  if (on === today) return m.when_today();
  if (on === addDays(today, 1)) return m.when_tomorrow();
  const { weekday, day, month, year } = parts(date, timeZone, {
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    year: 'numeric'
  });
  const thisYear = on.slice(0, 4) === today.slice(0, 4);
  return m.when_date({ weekday, date: `${day} ${month}${thisYear ? '' : ` ${year}`}` });
}

/** "10:30 am", as SMS tell it (private.sms_time); in the language of the page, or another. */
export function timeWords(date: Date, timeZone: string, locale: Locale = getLocale()): string {
  const { hours, minute } = clockOf(date, timeZone);
  const clock = `${hours % 12 === 0 ? 12 : hours % 12}:${minute}`;
  const time = m.when_time(
    { half: hours < 12 ? 'am' : 'pm', part: partAt(hours, locale), clock },
    { locale }
  );
  const turn = turnOf(date, timeZone);
  if (turn === undefined) return time;
  return turn === 'first'
    ? m.when_before_clocks_change({ time }, { locale })
    : m.when_after_clocks_change({ time }, { locale });
}

const DAY_MS = 24 * 60 * 60_000;

/**
 * Which of the two it is, where the clock shows a time twice: before or after it is set back. Undefined for a time that
 * comes once, as they nearly all do. The database decides the same: private.clock_turn.
 */
export function turnOf(date: Date, timeZone: string): 'first' | 'second' | undefined {
  const time = date.getTime();
  const shownAt = (ms: number) => {
    const { hours, minute } = clockOf(new Date(ms), timeZone);
    return Date.parse(localDate(new Date(ms), timeZone)) + (hours * 60 + Number(minute)) * 60_000;
  };
  const shown = shownAt(time);
  const setBackAfter = shown + DAY_MS - shownAt(time + DAY_MS);
  if (setBackAfter > 0 && shownAt(time + setBackAfter) === shown) return 'first';
  const setBackBefore = shownAt(time - DAY_MS) + DAY_MS - shown;
  return setBackBefore > 0 && shownAt(time - setBackBefore) === shown ? 'second' : undefined;
}

function clockOf(date: Date, timeZone: string): { hours: number; minute: string } {
  const { hour, minute } = parts(date, timeZone, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  return { hours: Number(hour), minute };
}

type Parts = Record<Intl.DateTimeFormatPartTypes, string>;

/** Making a formatter takes longer than formatting with it, and a page has many times. */
const formatters = new Map<string, Intl.DateTimeFormat>();

export function parts(date: Date, timeZone: string, options: Intl.DateTimeFormatOptions): Parts {
  const key = JSON.stringify([getLocale(), timeZone, options]);
  let formatter = formatters.get(key);
  if (!formatter) {
    formatter = new Intl.DateTimeFormat(getLocale(), { ...options, timeZone, numberingSystem: 'latn' });
    formatters.set(key, formatter);
  }
  return Object.fromEntries(formatter.formatToParts(date).map(({ type, value }) => [type, value])) as Parts;
}

/** Whether an instant is one that the database takes, too: it does not know all years, and an address can say anything. */
export function isOfOurTime(instant: Date): boolean {
  const year = instant.getUTCFullYear();
  return year >= 2000 && year < 3000;
}

/** A date of the calendar (2026-11-25) that stands in an address. */
export function dateIn(text: string | null): string | undefined {
  const date = new Date(/^\d{4}-\d{2}-\d{2}$/.test(text ?? '') ? `${text}T00:00:00Z` : NaN);
  // Of the 31st of February JavaScript makes one in March.
  return text !== null && isOfOurTime(date) && date.toISOString().startsWith(text) ? text : undefined;
}
