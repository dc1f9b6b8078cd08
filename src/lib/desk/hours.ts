/** Hours as they are typed: on a day of the week (1 Monday to 7 Sunday), or on a date (0). */
export interface TypedPeriod {
  weekday: number;
  /** 09:00, or what a browser without fields for times lets pass. */
  from: string;
  until: string;
  minutes: string;
}

/** Hours as they are kept (schedules, schedule_exceptions). */
export interface Period {
  weekday: number;
  start_time: string;
  /** Midnight at the end of the day is 24:00. */
  end_time: string;
  slot_minutes: number;
}

/** Somebody who would be booked outside the hours. */
export interface Stranding {
  id: string;
  patient_id: string;
  name: string | null;
  phone_end: string | null;
  token_number: number | null;
  /** An ISO instant. */
  starts_at: string;
}

/** Dates in a row that differ from the week in the same way. */
export interface Exception {
  /** Calendar days, both included. */
  from: string;
  until: string;
  /** None: closed. */
  hours: Period[];
  reason: string;
}

export const WEEKDAYS = [1, 2, 3, 4, 5, 6, 7] as const;

/** What is proposed where nothing tells how long an appointment is. */
const USUAL_MINUTES = '15';

const byTime = (a: TypedPeriod, b: TypedPeriod) => a.weekday - b.weekday || (a.from < b.from ? -1 : 1);

/** Hours as a form shows them, in the order of the week. */
export function asTyped(hours: readonly Period[]): TypedPeriod[] {
  return hours
    .map(({ weekday, start_time, end_time, slot_minutes }) => ({
      weekday,
      from: start_time.slice(0, 5),
      // Fields for times know no other midnight.
      until: end_time.slice(0, 5).replace('24:00', '00:00'),
      minutes: String(slot_minutes)
    }))
    .toSorted(byTime);
}

/** One more period of a day, at its end and with appointments as long as the others. */
export function withAdded(typed: readonly TypedPeriod[], weekday: number): TypedPeriod[] {
  const minutes = (typed.findLast((period) => period.weekday === weekday) ?? typed[0])?.minutes;
  const place = typed.findLastIndex((period) => period.weekday <= weekday) + 1;
  return typed.toSpliced(place, 0, { weekday, from: '', until: '', minutes: minutes || USUAL_MINUTES });
}

/** The hours of one day on others as well, instead of theirs. */
export function withCopied(
  typed: readonly TypedPeriod[],
  from: number,
  to: readonly number[]
): TypedPeriod[] {
  const others = to.filter((weekday) => weekday !== from);
  const copied = typed.filter(({ weekday }) => weekday === from);
  return [
    ...typed.filter(({ weekday }) => !others.includes(weekday)),
    ...others.flatMap((weekday) => copied.map((period) => ({ ...period, weekday })))
  ].toSorted((a, b) => a.weekday - b.weekday);
}
