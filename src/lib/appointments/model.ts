import type { PhoneNumber } from '#lib/phone.ts';

export const STATUSES = ['booked', 'arrived', 'fulfilled', 'cancelled', 'noshow'] as const;
export type Status = (typeof STATUSES)[number];

export const CHANNELS = ['web', 'ivr', 'desk'] as const;
export type Channel = (typeof CHANNELS)[number];

/** An appointment as its table has it. Times are ISO instants. */
export interface Appointment {
  id: string;
  practitioner_id: string;
  clinic_id: string;
  /** Who comes: somebody the patient books for. Null: the patient. */
  dependent_id: string | null;
  starts_at: string;
  ends_at: string;
  status: Status;
  channel: Channel;
  token_number: number | null;
  reference: string | null;
  /** The patient has said that they will come. */
  confirmed: boolean;
  /** Grows with every change of the row. */
  version: number;
}

export interface Practitioner {
  name: string;
  specialty: string;
}

export interface Place {
  name: string;
  address: string;
  /** IANA name of the time zone in which times are shown. */
  timeZone: string;
  phone: PhoneNumber;
}

/** Who, with whom and where, for the ids in appointments. */
export interface Directory {
  practitioners: Record<string, Practitioner>;
  clinics: Record<string, Place>;
  /** How those are called who come, no two alike: by `dependent_id`, and the patient ('') where others come as well. */
  people: Record<string, string>;
}

/** Where somebody stands in a practitioner's queue of the day. */
export interface QueuePlace {
  /** How many are to be seen before; null where the clinic has marked nobody today, and nothing is known of the queue. */
  ahead: number | null;
  /** The token number called or seen last; null while nobody was. */
  now_serving: number | null;
  /** The channel on which the queue's progress is told. */
  topic: string;
}

/** By appointment; only today's have one. */
export type QueuePlaces = Record<string, QueuePlace>;

/** A patient's appointments at one moment, with all that is needed to show them. */
export interface Snapshot extends Directory {
  appointments: Appointment[];
  queue: QueuePlaces;
  /** There are earlier ones than these. */
  hasEarlier: boolean;
  /** When this was so, by the server's clock: an ISO instant. */
  now: string;
}

/** An appointment from a row of the table, whoever sent it. Null when it is not one. */
export function parseAppointment(row: unknown): Appointment | null {
  if (typeof row !== 'object' || row === null) return null;
  const r = row as Record<string, unknown>;
  const { id, practitioner_id, clinic_id, starts_at, ends_at, version } = r;
  const status = STATUSES.find((known) => known === r.status);
  const channel = CHANNELS.find((known) => known === r.channel);
  if (
    typeof id !== 'string' ||
    typeof practitioner_id !== 'string' ||
    typeof clinic_id !== 'string' ||
    !isInstant(starts_at) ||
    !isInstant(ends_at) ||
    typeof version !== 'number' ||
    !status ||
    !channel
  ) {
    return null;
  }
  const token_number = typeof r.token_number === 'number' ? r.token_number : null;
  const reference = typeof r.reference === 'string' ? r.reference : null;
  const dependent_id = typeof r.dependent_id === 'string' ? r.dependent_id : null;
  return {
    id,
    practitioner_id,
    clinic_id,
    dependent_id,
    starts_at,
    ends_at,
    status,
    channel,
    token_number,
    reference,
    confirmed: typeof r.confirmed_at === 'string',
    version
  };
}

function isInstant(value: unknown): value is string {
  return typeof value === 'string' && !Number.isNaN(Date.parse(value));
}
