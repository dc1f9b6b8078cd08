// Words of a calendar, beside those of appointments in when.ts.
import { parts, timeWords } from './when.ts';

/** "Monday" of 1, "Sunday" of 7; "M" and "S" where there is room for a letter only. */
export function weekdayWords(weekday: number, width: 'long' | 'narrow' = 'long'): string {
  // The first of that month was a Monday.
  return parts(new Date(Date.UTC(2024, 0, weekday)), 'UTC', { weekday: width }).weekday;
}

/** "December 2026" of any day of that month. */
export function monthWords(localDay: string): string {
  const { month, year } = parts(new Date(`${localDay}T00:00:00Z`), 'UTC', { month: 'long', year: 'numeric' });
  return `${month} ${year}`;
}

/** "10:30 am" of what a clock shows: 10:30 or 10:30:00. */
export function clockWords(clock: string): string {
  const [hours = 0, minutes = 0] = clock.split(':').map(Number);
  return timeWords(new Date(Date.UTC(2024, 0, 1, hours, minutes)), 'UTC');
}
