/** What every language needs to speak of times and names. */

/** An instant as a clock on the clinic's wall shows it. */
export interface LocalTime {
  /** YYYY-MM-DD */
  date: string;
  hour: number;
  minute: number;
}

/** Making a formatter takes longer than everything else about a prompt. */
const formatters = new Map<string, Intl.DateTimeFormat>();

export function localTime(instant: Date, timeZone: string): LocalTime {
  let formatter = formatters.get(timeZone);
  if (!formatter) {
    formatter = new Intl.DateTimeFormat('en-CA', {
      timeZone,
      year: 'numeric',
      month: '2-digit',
      day: '2-digit',
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23'
    });
    formatters.set(timeZone, formatter);
  }
  const [year = '', month = '', day = '', hour, minute] = formatter.format(instant).match(/\d+/g) ?? [];
  return { date: `${year}-${month}-${day}`, hour: Number(hour), minute: Number(minute) };
}

/** Which of the two it is, where the clock shows a time twice: before or after it is set back. */
export type Turn = 'first' | 'second';

const dayInMs = 86_400_000;

/** Undefined for a time that comes once, as they nearly all do. The database decides the same: private.clock_turn. */
export function turnOf(instant: Date, timeZone: string): Turn | undefined {
  const time = instant.getTime();
  const shownAt = (ms: number) => {
    const { date, hour, minute } = localTime(new Date(ms), timeZone);
    return Date.parse(`${date}T00:00:00Z`) + (hour * 60 + minute) * 60_000;
  };
  const shown = shownAt(time);
  const setBackAfter = shown + dayInMs - shownAt(time + dayInMs);
  if (setBackAfter > 0 && shownAt(time + setBackAfter) === shown) return 'first';
  const setBackBefore = shownAt(time - dayInMs) + dayInMs - shown;
  return setBackBefore > 0 && shownAt(time - setBackBefore) === shown ? 'second' : undefined;
}

/** A time of day such as 09:30:00. */
export function clockTime(text: string): { hour: number; minute: number } {
  const [hour = 0, minute = 0] = text.split(':').map(Number);
  // A day may end at 24:00.
  return { hour: hour % 24, minute };
}

/** The parts of a date, and how many days after today it is. Weekday and month count from 0: Sunday, January. */
export function dayOf(date: string, today: string) {
  const start = Date.parse(`${date}T00:00:00Z`);
  const utc = new Date(start);
  return {
    ahead: Math.round((start - Date.parse(`${today}T00:00:00Z`)) / dayInMs),
    weekday: utc.getUTCDay(),
    day: utc.getUTCDate(),
    month: utc.getUTCMonth()
  };
}

/** A name as it may be spoken: whatever was typed into it, one line of bearable length. */
export function spokenName(name: string): string {
  const line = name.replace(/[\p{C}\s]+/gu, ' ').trim();
  const longest = 60;
  if (line.length <= longest) return line;
  const cut = line.slice(0, longest);
  return cut.slice(0, Math.max(cut.lastIndexOf(' '), longest / 2)).replace(/[\ud800-\udbff]$/, '');
}

/** Weekdays (ISO, Monday is 1) as runs of days that follow each other: [1, 2, 3, 6] is [[1, 3], [6, 6]]. */
export function runsOf(days: number[]): [number, number][] {
  const runs: [number, number][] = [];
  for (const day of [...new Set(days)].sort((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last && last[1] === day - 1) last[1] = day;
    else runs.push([day, day]);
  }
  return runs;
}
