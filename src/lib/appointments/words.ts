import type { Difference } from './merge.ts';
import type { Appointment, Channel, Directory, Status } from './model.ts';
import { whenInSentence } from './when.ts';

// Used until the clinic of an appointment is known; most clinics are there.
export const DEFAULT_TIME_ZONE = 'Asia/Kolkata';

export const STATUS_WORDS: Record<Status, string> = {
  booked: 'Booked',
  arrived: 'Checked in',
  fulfilled: 'Seen',
  cancelled: 'Cancelled',
  noshow: 'Missed'
};

export const CHANNEL_WORDS: Record<Channel, string> = {
  ivr: 'Booked by phone call',
  web: 'Booked online',
  desk: 'Booked at the clinic'
};

export function timeZoneOf(appointment: Appointment, directory: Directory): string {
  return directory.clinics[appointment.clinic_id]?.timeZone ?? DEFAULT_TIME_ZONE;
}

/** What happened to an appointment, as a sentence to show and to read out. Null: nothing worth saying. */
export function describe(
  difference: Difference<Appointment>,
  directory: Directory,
  now: Date
): string | null {
  const { before, after } = difference;
  const subject = after ?? before;
  if (!subject) return null;
  const when = whenInSentence(subject.starts_at, timeZoneOf(subject, directory), now);
  const doctor = directory.practitioners[subject.practitioner_id]?.name;
  const what = doctor ? `${when} with ${doctor}` : when;

  if (!after) return isActive(subject) ? `Removed: ${what}.` : null;
  const token = after.token_number === null ? '' : ` Token ${after.token_number}.`;
  if (!before) {
    return after.status === 'booked'
      ? `New appointment: ${what}.${token}`
      : `${STATUS_WORDS[after.status]}: ${what}.`;
  }
  if (before.status !== after.status) {
    return after.status === 'booked'
      ? `Booked again: ${what}.${token}`
      : `${STATUS_WORDS[after.status]}: ${what}.`;
  }
  if (!isActive(after)) return null;
  if (Date.parse(before.starts_at) !== Date.parse(after.starts_at)) return `Moved: now ${what}.${token}`;
  if (before.practitioner_id !== after.practitioner_id) return `Another doctor: ${what}.${token}`;
  if (before.token_number !== after.token_number) return `Your token changed: ${what}.${token}`;
  return null;
}

function isActive(appointment: Appointment): boolean {
  return appointment.status === 'booked' || appointment.status === 'arrived';
}
