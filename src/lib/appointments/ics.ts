import { m } from '#lib/paraglide/messages.js';
import type { Appointment, Place, Practitioner } from './model.ts';

export interface CalendarEntry {
  appointment: Appointment;
  practitioner: Practitioner | undefined;
  clinic: Place | undefined;
  /** The name of who comes; null: whose calendar it is. */
  who: string | null;
  /** How many hours before it the clinic reminds of an appointment. */
  remindersBefore: number[];
  /** When the file is made. */
  now: Date;
}

/**
 * An appointment as an iCalendar file (RFC 5545). Times are in UTC, so that no time zone needs describing. The UID is
 * the appointment's own and SEQUENCE grows with it: importing the file again replaces what was imported before. The
 * reference is left out, as calendars are shared with others and it opens the appointment on the phone.
 */
export function icsOf({
  appointment,
  practitioner,
  clinic,
  who,
  remindersBefore,
  now
}: CalendarEntry): string {
  const { id, starts_at, ends_at, status, token_number, version } = appointment;
  const description = [
    practitioner && `${practitioner.name}, ${practitioner.specialty}`,
    token_number !== null && `${m.appointment_token()} ${token_number}`,
    clinic && m.calendar_change({ phone: clinic.phone.text })
  ].filter(Boolean);
  const cancelled = status === 'cancelled' || status === 'noshow';
  const what = practitioner ? m.calendar_summary_with({ doctor: practitioner.name }) : m.calendar_summary();
  const summary = who === null ? what : m.calendar_summary_for({ who, what });
  const place = clinic && [clinic.name, clinic.address].filter(Boolean).join(', ');
  const lines = [
    'BEGIN:VCALENDAR',
    'VERSION:2.0',
    'PRODID:-//MedQ//Appointments//EN',
    'CALSCALE:GREGORIAN',
    'METHOD:PUBLISH',
    'BEGIN:VEVENT',
    `UID:${id}@medq`,
    `SEQUENCE:${version}`,
    `DTSTAMP:${utc(now)}`,
    `DTSTART:${utc(new Date(starts_at))}`,
    `DTEND:${utc(new Date(ends_at))}`,
    `SUMMARY:${text(summary)}`,
    ...(place ? [`LOCATION:${text(place)}`] : []),
    ...(description.length > 0 ? [`DESCRIPTION:${text(description.join('\n'))}`] : []),
    `STATUS:${cancelled ? 'CANCELLED' : 'CONFIRMED'}`,
    ...(cancelled ? [] : remindersBefore.flatMap((hours) => alarm(hours, summary))),
    'END:VEVENT',
    'END:VCALENDAR'
  ];
  return lines.map((line) => `${fold(line)}\r\n`).join('');
}

function alarm(hoursBefore: number, summary: string): string[] {
  return [
    'BEGIN:VALARM',
    'ACTION:DISPLAY',
    `TRIGGER:-${hoursBefore % 24 === 0 ? `P${hoursBefore / 24}D` : `PT${hoursBefore}H`}`,
    `DESCRIPTION:${text(summary)}`,
    'END:VALARM'
  ];
}

function utc(date: Date): string {
  return date.toISOString().replace(/[-:]|\.\d{3}/g, '');
}

// Line breaks, of whatever kind, have a spelling; other control characters may not stand in a file at all.
function text(value: string): string {
  return value
    .replace(/[\\;,]/g, '\\$&')
    .replace(/\r\n|[\n\v\f\r\u0085\u2028\u2029]/g, '\\n')
    .replace(/\p{Cc}/gu, '');
}

// A line has at most 75 bytes; longer ones go on after a line break and a space. No character is cut in two.
function fold(line: string): string {
  const encoder = new TextEncoder();
  const pieces: string[] = [];
  let piece = '';
  let bytes = 0;
  for (const character of line) {
    const size = encoder.encode(character).length;
    if (bytes + size > (pieces.length === 0 ? 75 : 74)) {
      pieces.push(piece);
      piece = '';
      bytes = 0;
    }
    piece += character;
    bytes += size;
  }
  return [...pieces, piece].join('\r\n ');
}
