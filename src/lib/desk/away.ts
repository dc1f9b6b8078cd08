import { dayInWords, localDate, timeWords, whenInSentence } from '#lib/appointments/when.ts';
import { m } from '#lib/paraglide/messages.js';

/** What can be done for the patients of a doctor who is late or away. */
export const KINDS = ['shift', 'hand_over', 'move', 'cancel'] as const;
export type Kind = (typeof KINDS)[number];

/** Why somebody stays where they are: words of the database (docs/errors.md). */
export const WHY_NOT = [
  'past_midnight',
  'slot_taken',
  'own_appointment',
  'outside_hours',
  'day_is_full'
] as const;
export type WhyNot = (typeof WHY_NOT)[number];

/** What becomes of somebody's appointment. Times are ISO instants. */
export interface Line {
  id: string;
  patientId: string;
  token_number: number | null;
  name: string | null;
  /** The last four digits; null: no phone. */
  phoneEnd: string | null;
  canBeTexted: boolean;
  wasAt: string;
  /** With whom they are then. */
  doctor: string;
  /** Null: there is no such time. */
  startsAt: string | null;
  /** Null: it can be done. */
  whyNot: WhyNot | null;
}

/** Some days, of the first one perhaps only from a time on. */
export interface Span {
  day: string;
  until: string;
  /** "10:30" by the clock of the clinic; null: all day. */
  from: string | null;
}

/** Whose patients it is about, and when. */
export interface Absence extends Span {
  doctor: string;
  /** Only those who are booked outside the hours. */
  onlyStranded: boolean;
}

/** What is to be done for them. */
export interface Remedy {
  kind: Kind;
  /** Later by so many (shift). */
  minutes: number;
  /** Who takes over (hand_over). */
  colleague: string;
}

/** What an address says of them. `clinic` is '' where there is only one. */
export function addressWords(
  { doctor, day, until, from, onlyStranded }: Absence,
  remedy: Partial<Remedy> | null,
  clinic: string
): string {
  const query = {
    ...(clinic !== '' && { clinic }),
    doctor,
    day,
    ...(until !== day && { until }),
    ...(from !== null && { from }),
    ...(onlyStranded && { only: 'stranded' }),
    ...(remedy?.kind && { what: remedy.kind }),
    ...(remedy?.kind === 'shift' && { minutes: String(remedy.minutes) }),
    ...(remedy?.kind === 'hand_over' && { colleague: remedy.colleague })
  };
  return new URLSearchParams(query).toString();
}

const WHY: Record<WhyNot, () => string> = {
  past_midnight: m.desk_away_why_past_midnight,
  slot_taken: m.desk_away_why_slot_taken,
  own_appointment: m.desk_away_why_own_appointment,
  outside_hours: m.desk_away_why_outside_hours,
  day_is_full: m.desk_away_why_day_is_full
};

export const whyWords = (why: WhyNot): string => WHY[why]();

/** "Today, from 10:30 am", "Friday 27 November – Monday 30 November". `today` is the calendar day at the clinic. */
export function spanWords({ day, until, from }: Span, today: string): string {
  const first = dayInWords(day, today);
  // A clock time is the same in every time zone.
  const start =
    from === null
      ? first
      : m.desk_away_from_time({ day: first, time: timeWords(new Date(`${day}T${from}Z`), 'UTC') });
  return until === day ? start : m.desk_away_until_day({ start, end: dayInWords(until, today) });
}

/** A time of `day`, or with its own day if that is another. */
export function timeFrom(day: string, instant: string, timeZone: string, now: Date): string {
  const date = new Date(instant);
  return localDate(date, timeZone) === day
    ? timeWords(date, timeZone)
    : whenInSentence(instant, timeZone, now);
}

/** How many patients there are in some lines: one may have several appointments. */
export const patientsIn = (lines: readonly Line[]): number =>
  new Set(lines.map(({ patientId }) => patientId)).size;

/** Whom an SMS tells of it, and who has to be called. */
export const isTexted = ({ whyNot, canBeTexted }: Line): boolean => whyNot === null && canBeTexted;
export const mustBeCalled = ({ whyNot, canBeTexted }: Line): boolean => whyNot === null && !canBeTexted;
