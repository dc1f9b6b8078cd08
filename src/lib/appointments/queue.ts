import type { Appointment, QueuePlace } from './model.ts';

const STEP_MS = 5 * 60_000;

/**
 * When somebody will be seen, as well as can be known: not before their time, and after everybody ahead has had the
 * time that is theirs. Rounded up to five minutes, as nobody can say better.
 */
export function expectedAt({ starts_at, ends_at }: Appointment, { ahead }: QueuePlace, now: Date): Date {
  const starts = Date.parse(starts_at);
  const each = Date.parse(ends_at) - starts;
  const expected = Math.ceil((now.getTime() + ahead * each) / STEP_MS) * STEP_MS;
  return new Date(Math.max(starts, expected));
}
