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

/** The calendar day of an instant in a time zone: 2026-11-25. */
export function localDate(date: Date, timeZone: string): string {
  const { year, month, day } = parts(date, timeZone, { year: 'numeric', month: '2-digit', day: '2-digit' });
  return `${year}-${month}-${day}`;
}

function dayWords(date: Date, timeZone: string, now: Date): string {
  const today = localDate(now, timeZone);
  const on = localDate(date, timeZone);
  if (on === today) return 'Today';
  if (on === dayAfter(today)) return 'Tomorrow';
  const { weekday, day, month, year } = parts(date, timeZone, {
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    year: 'numeric'
  });
  return `${weekday} ${day} ${month}${on.slice(0, 4) === today.slice(0, 4) ? '' : ` ${year}`}`;
}

function timeWords(date: Date, timeZone: string): string {
  const { hour, minute } = parts(date, timeZone, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  const hours = Number(hour);
  // A no-break space: a time is read in one piece.
  return `${hours % 12 === 0 ? 12 : hours % 12}:${minute}\u00a0${hours < 12 ? 'am' : 'pm'}`;
}

function dayAfter(localDay: string): string {
  const date = new Date(`${localDay}T00:00:00Z`);
  date.setUTCDate(date.getUTCDate() + 1);
  return date.toISOString().slice(0, 10);
}

function parts(date: Date, timeZone: string, options: Intl.DateTimeFormatOptions): Record<string, string> {
  const formatted = new Intl.DateTimeFormat(LOCALE, { ...options, timeZone, numberingSystem: 'latn' });
  return Object.fromEntries(formatted.formatToParts(date).map(({ type, value }) => [type, value]));
}
