// Dates in words, in the clinic's time zone and the language of the page, wherever the reader is. The parts come from
// Intl and are put together by the catalogue, so that the server and every browser write the same.
import { m } from '#lib/paraglide/messages.js';
import { getLocale } from '#lib/paraglide/runtime.js';

export interface When {
  /** "Today", "Tomorrow" or "Tuesday 25 November", with the year if it is another. */
  day: string;
  /** "10:30 am" */
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

export type PartOfDay = 'morning' | 'afternoon' | 'evening';

export function partOfDay(date: Date, timeZone: string): PartOfDay {
  const { hours } = clockOf(date, timeZone);
  if (hours < 12) return 'morning';
  return hours < 17 ? 'afternoon' : 'evening';
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

/** "10:30 am" */
export function timeWords(date: Date, timeZone: string): string {
  const { hours, minute } = clockOf(date, timeZone);
  // As SMS tell it (private.sms_time).
  const part =
    hours < 4 ? 'early' : hours < 12 ? 'morning' : hours < 16 ? 'afternoon' : hours < 19 ? 'evening' : 'late';
  return m.when_time({ part, clock: `${hours % 12 === 0 ? 12 : hours % 12}:${minute}` });
}

function clockOf(date: Date, timeZone: string): { hours: number; minute: string } {
  const { hour, minute } = parts(date, timeZone, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  return { hours: Number(hour), minute };
}

type Parts = Record<Intl.DateTimeFormatPartTypes, string>;

function parts(date: Date, timeZone: string, options: Intl.DateTimeFormatOptions): Parts {
  const formatted = new Intl.DateTimeFormat(getLocale(), { ...options, timeZone, numberingSystem: 'latn' });
  return Object.fromEntries(formatted.formatToParts(date).map(({ type, value }) => [type, value])) as Parts;
}
