/** What the database knows and does for one turn of a call: the shapes of `private.ivr_turn`. */
import { z } from 'zod';
import { codeLength, type Preference, type Wanted } from './dialogue/position.ts';

const instant = z.iso.datetime({ offset: true }).transform((text) => new Date(text));

const slot = z.object({
  practitioner_id: z.uuid(),
  spoken_name: z.string(),
  /** The key of the practitioner's specialty. */
  specialty: z.string(),
  starts_at: instant
});

const appointment = z.object({
  id: z.uuid(),
  practitioner_id: z.uuid(),
  status: z.string(),
  spoken_name: z.string(),
  starts_at: instant,
  token_number: z.number().int(),
  /** What the dependent is called who comes, where this call may tell; null where the caller comes. */
  who: z.string().nullish(),
  /** The token that is being seen, on the day of an appointment that the caller has opened. */
  now_serving: z.number().int().nullish()
});

const reception = z.object({
  phone: z.string(),
  open: z.boolean(),
  /** Local times such as 09:00:00; null when it is open all day. */
  opens: z.string().nullable(),
  closes: z.string().nullable(),
  /** ISO weekdays, Monday is 1. */
  days: z.array(z.number().int().min(1).max(7))
});

/** Why something could not be done as the caller asked: mostly the finer word of a refusal. Mostly an offer goes with it. */
export const refusal = z.enum([
  'slot_taken',
  'own_slot',
  'slot_in_past',
  'outside_hours',
  'beyond_horizon',
  'own_appointment',
  'dependent_slot',
  'dependent_appointment',
  'unknown_dependent',
  'unknown_doctor',
  'doctor_inactive',
  'too_many_bookings',
  // Not refusals of a booking: what was searched for is not there, and something else is offered.
  'none_later',
  'day_full',
  'day_over',
  'day_closed'
]);

const clinic = z.object({
  id: z.uuid(),
  name: z.string(),
  time_zone: z.string(),
  /** The date it is there. */
  today: z.iso.date(),
  horizon: z.number().int(),
  /** Whether anything can be booked by phone here. */
  takes_bookings: z.boolean(),
  reception: reception.nullable()
});

export const factsSchema = z.object({
  /** Null when no clinic has the dialled number, or several have and none is chosen yet. */
  clinic: clinic.nullable(),
  /** The clinics to choose from, where several share the number and none is chosen. */
  clinics: z.array(z.object({ id: z.uuid(), name: z.string() })).default([]),
  /** The locales of the clinic, or of all clinics of the number, the usual one first. */
  locales: z.array(z.string()).nullish().transform((locales) => locales ?? []),
  /** The language that the patient chose in an earlier call. */
  language: z.string().nullish(),
  /** When the caller's upcoming appointments begin. No more is known of a caller who gave no reference. */
  upcoming: z.array(instant).default([]),
  /** For whom the caller books too, in the order of the site's list; with names only where the number is proven. */
  others: z.array(z.object({ id: z.uuid(), name: z.string().nullable() })).default([]),
  specialties: z.array(z.object({ key: z.string(), name: z.string() })).optional(),
  /** The next days on which something is free, at most three. */
  days: z.array(z.iso.date()).optional(),
  /** Who is free on the chosen day. */
  practitioners: z
    .array(z.object({ id: z.uuid(), spoken_name: z.string(), specialty: z.string() }))
    .optional(),
  /** The slot to offer: absent when none was asked for, null when none is free. */
  slot: slot.nullish(),
  error: refusal.optional(),
  /** The appointment that was booked, moved, cancelled, or shown by its reference. */
  appointment: appointment.optional(),
  /** The caller's upcoming appointments, for one who has proved the number in this call. */
  appointments: z.array(appointment).optional(),
  /** The number has to be proven: a code was texted, the wrong one was keyed in, or there is no further one. */
  proof: z.enum(['asked', 'wrong', 'refused']).optional(),
  /** How many digits that code has. */
  code_length: codeLength.optional(),
  /** Whether no more references are taken from this caller for now. */
  no_more_tries: z.boolean().optional(),
  /** Whether this phone gets no SMS about appointments: its owner answered STOP, or told the clinic. */
  wants_no_sms: z.boolean().optional(),
  /** Whether the caller was texted the address of the site. */
  texted: z.boolean().optional()
});

export type Facts = z.output<typeof factsSchema>;
export type ClinicFacts = z.output<typeof clinic>;
export type Slot = z.output<typeof slot>;
export type Appointment = z.output<typeof appointment>;
export type Reception = z.output<typeof reception>;
export type Refusal = z.output<typeof refusal>;

/** A search for something to offer. */
export interface Search {
  preference: Preference;
  /** Only on this date, YYYY-MM-DD. */
  on?: string;
  /** From this instant on. */
  from?: string;
  /** Whoever is free; otherwise the caller is asked which practitioner on that day. */
  any_practitioner?: boolean;
}

/** What the database does for a turn, beside telling the facts that every turn gets; and who is to come, if not the caller. */
export type Task =
  & { dependent_id?: string }
  & (
    | { kind: 'welcome' }
    /** The caller is told what they wanted to know, and nothing is booked: appointments, or how to book otherwise. */
    | { kind: 'inform' }
    | { kind: 'reception' }
    /** The call ends without a booking: texts the address of the site. */
    | { kind: 'goodbye' }
    /** The next days on which something is free. */
    | { kind: 'days'; preference: Preference }
    /** A slot; or the specialties or practitioners to choose from first. */
    | ({ kind: 'offer' } & Search)
    /** A later slot on the same day. */
    | { kind: 'later'; starts_at: string; preference: Preference }
    | ({ kind: 'book' } & Wanted)
    /** Takes the code that was keyed in, and goes on with what it was asked for: a booking, or the appointments. */
    | ({ kind: 'prove'; code: string } & Partial<Wanted>)
    /** Whether this caller has a try left to give a reference. */
    | { kind: 'count_tries' }
    /** Which of the caller's appointments has this reference. */
    | { kind: 'check_reference'; reference: string }
    /** The appointment once more; its reference was given before. */
    | { kind: 'details'; appointment_id: string }
    | { kind: 'cancel'; appointment_id: string }
    | { kind: 'move'; appointment_id: string; starts_at: string; preference: Preference }
  );
