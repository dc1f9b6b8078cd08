/** English for dates, times and numbers. */
import type { Reception } from '../facts.ts';
import { clockTime, dayOf, localTime, runsOf, turnOf } from './times.ts';

const weekdays = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'] as const;
const months = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December'
] as const;

/** Such as "tomorrow, Tuesday the 24th, at half past 10 in the morning". */
export function dayAndTime(instant: Date, now: Date, timeZone: string): string {
  const local = localTime(instant, timeZone);
  const spoken = day(local.date, localTime(now, timeZone).date);
  const turn = turnOf(instant, timeZone);
  return `${/^to(day|morrow)/.test(spoken) ? '' : 'on '}${spoken}, at ${clock(local)}${
    turn ? turns[turn] : ''
  }`;
}

/** As SMS and pages tell them apart. */
const turns = { first: ', before the clocks go back', second: ', after the clocks go back' } as const;

/** "tomorrow, Tuesday the 24th"; the month is said from a week ahead on. */
export function day(date: string, today: string): string {
  const { ahead, weekday, day: number, month } = dayOf(date, today);
  const near = ahead === 0 ? 'today, ' : ahead === 1 ? 'tomorrow, ' : '';
  const far = ahead >= 7 || ahead < 0 ? ` of ${months[month]}` : '';
  return `${near}${weekdays[weekday]} the ${ordinal(number)}${far}`;
}

/** "half past 10 in the morning". */
export function clock({ hour, minute }: { hour: number; minute: number }): string {
  if (minute === 0 && hour === 0) return 'midnight';
  if (minute === 0 && hour === 12) return '12 noon';
  const twelve = hour % 12 === 0 ? 12 : hour % 12;
  const spoken = minute === 0
    ? `${twelve} o'clock`
    : minute === 30
    ? `half past ${twelve}`
    : `${twelve} ${twoDigits(minute)}`;
  return `${spoken} ${partOfDay(hour)}`;
}

/** As the pages divide the day. */
function partOfDay(hour: number): string {
  if (hour < 4 || hour >= 21) return 'at night';
  if (hour < 12) return 'in the morning';
  return hour < 17 ? 'in the afternoon' : 'in the evening';
}

/** "oh 5" for five past, so that 10:05 is not heard as 15. */
function twoDigits(minute: number): string {
  return minute < 10 ? `oh ${minute}` : String(minute);
}

export function ordinal(number: number): string {
  const suffix = { one: 'st', two: 'nd', few: 'rd', other: 'th', zero: 'th', many: 'th' };
  return `${number}${suffix[ordinals.select(number)]}`;
}
const ordinals = new Intl.PluralRules('en', { type: 'ordinal' });

/** "from 9 o'clock in the morning to 6 o'clock in the evening, Monday to Saturday". */
export function openingHours({ opens, closes, days }: Pick<Reception, 'opens' | 'closes' | 'days'>): string {
  const hours = opens === null || closes === null
    ? 'all day'
    : `from ${clock(clockTime(opens))} to ${clock(clockTime(closes))}`;
  return `${hours}, ${openDays(days)}`;
}

function openDays(days: number[]): string {
  const runs = runsOf(days);
  if (runs[0]?.[0] === 1 && runs[0][1] === 7) return 'every day';
  return and(runs.flatMap(([first, last]) => {
    const from = weekdays[first % 7] ?? '';
    const to = weekdays[last % 7] ?? '';
    if (first === last) return [from];
    return last === first + 1 ? [from, to] : [`${from} to ${to}`];
  }));
}

function and(parts: string[]): string {
  const last = parts.at(-1) ?? '';
  return parts.length < 2 ? last : `${parts.slice(0, -1).join(', ')} and ${last}`;
}

/** Digit by digit: 12 is spoken "1 2". */
export function digits(number: number): string {
  return [...String(number)].join(' ');
}

/** A key of the phone. */
export function key(number: number): string {
  return String(number);
}
