import type { Appointment } from './model.ts';

const STEP_MS = 5 * 60_000;

/**
 * An estimate of when somebody will be seen: not before their time, and after everybody ahead was seen for as long as
 * their own appointment takes. Rounded up to five minutes, as it is no better than that.
 */
export function expectedAt({ starts_at, ends_at }: Appointment, ahead: number, now: Date): Date {
  const starts = Date.parse(starts_at);
  const each = Date.parse(ends_at) - starts;
  const expected = Math.ceil((now.getTime() + ahead * each) / STEP_MS) * STEP_MS;
  return new Date(Math.max(starts, expected));
}
