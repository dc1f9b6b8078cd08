import type { Appointment } from './model.ts';
import { localDate } from './when.ts';

// Clinics run late: the appointment of somebody who still waits must not be shown among the past ones.
const GRACE_MS = 2 * 60 * 60 * 1000;

export interface Arranged {
  /** The soonest that is not over. */
  next: Appointment | null;
  /** After that, soonest first. */
  later: Appointment[];
  /** Over or cancelled, latest first. */
  past: Appointment[];
}

/** Whether an appointment is still to come, or going on, at `now`. */
export function isAhead(appointment: Appointment, timeZone: string, now: Date): boolean {
  const { status, starts_at, ends_at } = appointment;
  if (status === 'arrived') return localDate(new Date(starts_at), timeZone) >= localDate(now, timeZone);
  return status === 'booked' && Date.parse(ends_at) + GRACE_MS > now.getTime();
}

/** Puts a patient's appointments into the order in which they matter. */
export function arrange(
  appointments: readonly Appointment[],
  timeZoneOf: (appointment: Appointment) => string,
  now: Date
): Arranged {
  const byStart = [...appointments].sort(
    (a, b) => Date.parse(a.starts_at) - Date.parse(b.starts_at) || (a.id < b.id ? -1 : 1)
  );
  const ahead = byStart.filter((appointment) => isAhead(appointment, timeZoneOf(appointment), now));
  const past = byStart.filter((appointment) => !ahead.includes(appointment)).reverse();
  const [next = null, ...later] = ahead;
  return { next, later, past };
}
