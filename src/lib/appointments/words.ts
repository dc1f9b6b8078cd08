import { m } from '#lib/paraglide/messages.js';
import type { Difference } from './merge.ts';
import type { Appointment, Channel, Directory, Status } from './model.ts';
import { whenInSentence } from './when.ts';

// Used until the clinic of an appointment is known. Most clinics are in India.
export const DEFAULT_TIME_ZONE = 'Asia/Kolkata';

const STATUSES: Record<Status, () => string> = {
  booked: m.status_booked,
  arrived: m.status_arrived,
  fulfilled: m.status_fulfilled,
  cancelled: m.status_cancelled,
  noshow: m.status_noshow
};

const CHANNELS: Record<Channel, () => string> = {
  ivr: m.channel_ivr,
  web: m.channel_web,
  desk: m.channel_desk
};

export const statusWords = (status: Status): string => STATUSES[status]();

/** Which way an appointment was made. */
export const channelWords = (channel: Channel): string => CHANNELS[channel]();

export function timeZoneOf(appointment: Appointment, directory: Directory): string {
  return directory.clinics[appointment.clinic_id]?.timeZone ?? DEFAULT_TIME_ZONE;
}

/**
 * Who comes, to be read after the time, as two of a family may come at the same: " · Meera Menon". '' where it can be
 * nobody but the patient.
 */
export function forWhom({ dependent_id }: Appointment, { people }: Pick<Directory, 'people'>): string {
  const who = people[dependent_id ?? ''];
  return who ? ` · ${who}` : '';
}

/** Which appointment, in a sentence: "tomorrow, 10:30 am with Dr. Rao". */
export function appointmentInSentence(appointment: Appointment, directory: Directory, now: Date): string {
  const when = whenInSentence(appointment.starts_at, timeZoneOf(appointment, directory), now);
  const doctor = directory.practitioners[appointment.practitioner_id]?.name;
  return (doctor ? m.news_with({ when, doctor }) : when) + forWhom(appointment, directory);
}

/** What happened to an appointment, as a sentence to show and to read out. Null: nothing worth saying. */
export function describeChange(
  difference: Difference<Appointment>,
  directory: Directory,
  now: Date
): string | null {
  const { before, after } = difference;
  const subject = after ?? before;
  if (!subject) return null;
  const what = appointmentInSentence(subject, directory, now);
  if (!after) return isActive(subject) ? `${m.news_removed()} ${what}.` : null;
  const token = after.token_number === null ? '' : ` ${m.appointment_token()} ${after.token_number}.`;
  if (before?.status !== after.status) {
    if (after.status !== 'booked') return `${statusWords(after.status)}: ${what}.`;
    return `${before ? m.news_booked_again() : m.news_new()} ${what}.${token}`;
  }
  if (!isActive(after)) return null;
  if (Date.parse(before.starts_at) !== Date.parse(after.starts_at))
    return `${m.news_moved()} ${what}.${token}`;
  if (before.practitioner_id !== after.practitioner_id) return `${m.news_other_doctor()} ${what}.${token}`;
  if (before.token_number !== after.token_number) return `${m.news_other_token()} ${what}.${token}`;
  return null;
}

function isActive(appointment: Appointment): boolean {
  return appointment.status === 'booked' || appointment.status === 'arrived';
}
