// Dates in words, in the clinic's time zone and Indian English, wherever the reader is. The parts come from
// Intl and are put together here, so that the server and every browser write the same.

const LOCALE = 'en-IN';

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
  return `${/^To(?:day|morrow)$/.test(day) ? day.toLowerCase() : day}, ${time}`;
}

/** A calendar day for the strip of days: "Wed", "25", "November". */
export function dayParts(localDay: string): { weekday: string; day: string; month: string } {
  const { weekday, day, month } = parts(new Date(`${localDay}T00:00:00Z`), 'UTC', {
    weekday: 'short',
    day: 'numeric',
    month: 'long'
  });
  return { weekday: weekday ?? '', day: day ?? '', month: month ?? '' };
}

/** A calendar day in words, as whenOf has it. `today` is the calendar day it is now. */
export function dayInWords(localDay: string, today: string): string {
  return dayWords(new Date(`${localDay}T12:00:00Z`), 'UTC', new Date(`${today}T12:00:00Z`));
}

export type PartOfDay = 'morning' | 'afternoon' | 'evening';

export function partOfDay(date: Date, timeZone: string): PartOfDay {
  const { hour } = parts(date, timeZone, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  const hours = Number(hour);
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
  if (on === today) return 'Today';
  if (on === addDays(today, 1)) return 'Tomorrow';
  const { weekday, day, month, year } = parts(date, timeZone, {
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    year: 'numeric'
  });
  return `${weekday} ${day} ${month}${on.slice(0, 4) === today.slice(0, 4) ? '' : ` ${year}`}`;
}

/** "10:30 am" */
export function timeWords(date: Date, timeZone: string): string {
  const { hour, minute } = parts(date, timeZone, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  const hours = Number(hour);
  // A no-break space: a time is read in one piece.
  return `${hours % 12 === 0 ? 12 : hours % 12}:${minute}\u00a0${hours < 12 ? 'am' : 'pm'}`;
}

function parts(date: Date, timeZone: string, options: Intl.DateTimeFormatOptions): Record<string, string> {
  const formatted = new Intl.DateTimeFormat(LOCALE, { ...options, timeZone, numberingSystem: 'latn' });
  return Object.fromEntries(formatted.formatToParts(date).map(({ type, value }) => [type, value]));
}
