import { addDays } from '#lib/appointments/when.ts';
import type { Exception, Period } from '#lib/desk/hours.ts';

/** What a day of the calendar is: without patients in every week, as in every week, other hours, closed, or the clinic is. */
export type DayKind = 'off' | 'usual' | 'other' | 'closed' | 'clinic';

export interface CalendarDay {
  /** 2026-12-25. */
  day: string;
  kind: DayKind;
  hours: readonly Period[];
}

/** Monday is 1. */
export const weekdayOf = (day: string): number => new Date(`${day}T00:00:00Z`).getUTCDay() || 7;

/** The first days of the month before and the one after that of a day. */
export function aroundMonth(day: string): { before: string; first: string; after: string } {
  const first = `${day.slice(0, 7)}-01`;
  const month = (date: string) => `${date.slice(0, 7)}-01`;
  return { before: month(addDays(first, -1)), first, after: month(addDays(first, 31)) };
}

/** The weeks of the month that begins on `first`, from Monday on; null: a day of another month. */
export function weeksOf(
  first: string,
  week: readonly Period[],
  exceptions: readonly Exception[],
  closures: readonly { from: string; until: string }[]
): (CalendarDay | null)[][] {
  const { after } = aroundMonth(first);
  const within = (day: string) => (range: { from: string; until: string }) =>
    range.from <= day && day <= range.until;
  const weeks: (CalendarDay | null)[][] = [];
  for (let day = first; day < after; day = addDays(day, 1)) {
    const weekday = weekdayOf(day);
    if (weekday === 1 || day === first) weeks.push(Array.from({ length: 7 }, () => null));
    const usual = week.filter((period) => period.weekday === weekday);
    const exception = exceptions.find(within(day));
    const hours = exception?.hours ?? usual;
    const kind = closures.some(within(day))
      ? 'clinic'
      : !exception
        ? usual.length > 0
          ? 'usual'
          : 'off'
        : hours.length > 0
          ? 'other'
          : 'closed';
    weeks.at(-1)?.splice(weekday - 1, 1, { day, kind, hours });
  }
  return weeks;
}
