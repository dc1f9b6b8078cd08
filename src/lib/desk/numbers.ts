import { addDays } from '#lib/appointments/when.ts';

/** How many days are looked at together. */
export const SPANS = ['day', 'week', 'month'] as const;
export type Span = (typeof SPANS)[number];

/** Calendar days, both of them included. */
export interface Range {
  from: string;
  until: string;
}

/** What came of a day of a clinic, or of several together. */
export interface Numbers {
  /** How many were booked, also those cancelled later, by how. */
  booked: { ivr: number; web: number; desk: number };
  cancelled: number;
  came: number;
  noshow: number;
  /** Of how many patients it is known how long they waited, and their minutes together. */
  waited: number;
  waitMinutes: number;
  /** Times that can still be booked; null: on a day that is over, or too far away. */
  free: number | null;
  smsParts: number;
  /** What they cost; null: no price is known. */
  smsCost: number | null;
}

export interface DayNumbers extends Numbers {
  day: string;
}

/** What the database tells of a day and a way of booking. */
export interface Counted {
  day: string;
  channel: keyof Numbers['booked'];
  booked: number;
  cancelled: number;
  came: number;
  noshow: number;
  waited: number;
  /** On average; null: nobody waited. */
  wait_minutes: number | null;
  sms_parts: number;
  sms_cost: number | null;
}

/** The day, the week from Monday to Sunday, or the month that a calendar day is in. */
export function rangeOf(span: Span, day: string): Range {
  if (span === 'day') return { from: day, until: day };
  if (span === 'week') {
    const from = addDays(day, -((new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7));
    return { from, until: addDays(from, 6) };
  }
  const from = `${day.slice(0, 8)}01`;
  // There is a next month so many days later, whichever it is.
  return { from, until: addDays(`${addDays(from, 31).slice(0, 8)}01`, -1) };
}

const nothing = (): Numbers => ({
  booked: { ivr: 0, web: 0, desk: 0 },
  cancelled: 0,
  came: 0,
  noshow: 0,
  waited: 0,
  waitMinutes: 0,
  free: null,
  smsParts: 0,
  smsCost: null
});

/** The sum where at least one is known. */
const sum = (a: number | null, b: number | null) => (a === null && b === null ? null : (a ?? 0) + (b ?? 0));

function plus(a: Numbers, b: Numbers): Numbers {
  return {
    booked: {
      ivr: a.booked.ivr + b.booked.ivr,
      web: a.booked.web + b.booked.web,
      desk: a.booked.desk + b.booked.desk
    },
    cancelled: a.cancelled + b.cancelled,
    came: a.came + b.came,
    noshow: a.noshow + b.noshow,
    waited: a.waited + b.waited,
    waitMinutes: a.waitMinutes + b.waitMinutes,
    free: sum(a.free, b.free),
    smsParts: a.smsParts + b.smsParts,
    smsCost: sum(a.smsCost, b.smsCost)
  };
}

const counted = (row: Counted): Numbers => ({
  booked: { ...nothing().booked, [row.channel]: row.booked },
  cancelled: row.cancelled,
  came: row.came,
  noshow: row.noshow,
  waited: row.waited,
  waitMinutes: row.waited * (row.wait_minutes ?? 0),
  free: null,
  smsParts: row.sms_parts,
  smsCost: row.sms_cost
});

/** Each day of a range, also those of which nothing was counted. `free` has the days on which something can be booked. */
export function dayByDay(
  { from, until }: Range,
  rows: readonly Counted[],
  free: ReadonlyMap<string, number>
): DayNumbers[] {
  const days: DayNumbers[] = [];
  for (let day = from; day <= until; day = addDays(day, 1)) {
    const numbers = together(rows.filter((row) => row.day === day).map(counted));
    days.push({ ...numbers, day, free: free.get(day) ?? null });
  }
  return days;
}

export const together = (numbers: readonly Numbers[]): Numbers => numbers.reduce(plus, nothing());

export const bookedInAll = ({ booked: { ivr, web, desk } }: Numbers): number => ivr + web + desk;

/** Minutes from arrived to seen, on average of all who were seen; null: nobody was. */
export const averageWait = ({ waited, waitMinutes }: Numbers): number | null =>
  waited === 0 ? null : Math.round(waitMinutes / waited);

/** How many of a hundred did not come, of those who were expected and of whom it is known; null: of nobody. */
export const noshowPercent = ({ came, noshow }: Numbers): number | null =>
  came + noshow === 0 ? null : Math.round((100 * noshow) / (came + noshow));
