import { clockWords } from '#lib/appointments/calendar.ts';
import type { Period, TypedPeriod } from '#lib/desk/hours.ts';
import { m } from '#lib/paraglide/messages.js';
import { asciiDigits } from '#lib/text.ts';

const MIDNIGHT = 24 * 60;

/** The hours in a form, where each field is there once for every period. A name that is missing or no text is ''. */
export function periodsIn(form: FormData): TypedPeriod[] {
  const texts = (name: string) =>
    form.getAll(name).map((value) => (typeof value === 'string' ? value.trim() : ''));
  const [weekdays, from, until, minutes] = ['weekday', 'from', 'until', 'minutes'].map(texts);
  return (weekdays ?? []).map((weekday, place) => ({
    weekday: /^[1-7]$/.test(weekday) ? Number(weekday) : 0,
    from: from?.[place] ?? '',
    until: until?.[place] ?? '',
    minutes: asciiDigits(minutes?.[place] ?? '')
  }));
}

/** Minutes since midnight of 09:00; undefined: it is no time. */
function minutesOf(clock: string): number | undefined {
  const [, hours, minutes] = /^([01]?\d|2[0-3])[:.]([0-5]\d)(?::00)?$/.exec(clock) ?? [];
  return hours === undefined ? undefined : Number(hours) * 60 + Number(minutes);
}

const clockOf = (minutes: number) =>
  [Math.floor(minutes / 60), minutes % 60].map((part) => String(part).padStart(2, '0')).join(':');

interface Read {
  weekday: number;
  start: number;
  end: number;
  length: number;
}

/** One period; or which of its fields is wrong, and why, as a sentence. The database has the same rules (private.check_hours). */
function readPeriod({ weekday, from, until, minutes }: TypedPeriod): Read | [keyof TypedPeriod, string] {
  const start = minutesOf(from);
  // A day ends at midnight.
  const end = minutesOf(until) || (minutesOf(until) === 0 ? MIDNIGHT : undefined);
  const length = /^\d{1,3}$/.test(minutes) ? Number(minutes) : 0;
  if (start === undefined) return ['from', m.desk_hours_no_time()];
  if (end === undefined) return ['until', m.desk_hours_no_time()];
  if (end <= start) return ['until', m.desk_hours_backwards()];
  if (length < 5 || length > 480) return ['minutes', m.desk_hours_minutes_wrong()];
  const rest = (end - start) % length;
  if (rest === 0) return { weekday, start, end, length };
  return rest === end - start
    ? ['minutes', m.desk_hours_too_short({ minutes })]
    : ['until', m.desk_hours_off_grid({ minutes, end: clockWords(clockOf(end - rest)) })];
}

/**
 * The hours that were typed, or what is wrong with them: sentences by `<field>-<place>`, where the place is that in the
 * list. A period in which nothing is typed is none.
 */
export function readHours(
  typed: readonly TypedPeriod[]
): { hours: Period[] } | { problems: Record<string, string> } {
  const problems: Record<string, string> = {};
  const read: Read[] = [];
  for (const [place, period] of typed.entries()) {
    if (period.from === '' && period.until === '') continue;
    const one = readPeriod(period);
    if (Array.isArray(one)) {
      problems[`${one[0]}-${place}`] = one[1];
      continue;
    }
    const clash = read.find(
      (other) => other.weekday === one.weekday && other.start < one.end && other.end > one.start
    );
    if (clash) {
      problems[`from-${place}`] = m.desk_hours_overlap({
        from: clockWords(clockOf(clash.start)),
        until: clockWords(clockOf(clash.end))
      });
    }
    read.push(one);
  }
  if (Object.keys(problems).length > 0) return { problems };
  return {
    hours: read.map(({ weekday, start, end, length }) => ({
      weekday,
      start_time: clockOf(start),
      end_time: clockOf(end),
      slot_minutes: length
    }))
  };
}
