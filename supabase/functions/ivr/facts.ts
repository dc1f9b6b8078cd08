/** What the database knows and does for one step of a call: the shapes of `private.ivr_turn`. */
import { z } from 'zod';

const slot = z.object({
  practitioner_id: z.uuid(),
  spoken_name: z.string(),
  specialty: z.string(),
  starts_at: z.iso.datetime({ offset: true }).transform((text) => new Date(text))
});

const appointment = z.object({
  status: z.string(),
  spoken_name: z.string(),
  starts_at: z.iso.datetime({ offset: true }).transform((text) => new Date(text)),
  token_number: z.number().int()
});

export const factsSchema = z.object({
  /** Null when no clinic has the dialled number. */
  clinic: z
    .object({
      id: z.uuid(),
      name: z.string(),
      time_zone: z.string(),
      locale: z.string(),
      reception_phone: z.string().nullable()
    })
    .nullable(),
  /** What can be booked at the clinic, sorted. */
  specialties: z.array(z.string()).default([]),
  /** The slot to offer: absent when none was asked for, null when none is free. */
  slot: slot.nullish(),
  /** The booking that was asked for. */
  appointment: appointment.optional(),
  /** Why the booking was refused: a word of the contract, such as `slot_taken`. */
  error: z.string().optional()
});

export type Facts = z.output<typeof factsSchema>;
export type Slot = z.output<typeof slot>;
export type Appointment = z.output<typeof appointment>;

/** What a step asks of the database, beside the facts that every step gets. */
export type Ask =
  /** The earliest free slot; without a specialty only where the clinic has no more than one. */
  | { kind: 'offer'; specialty?: string }
  | { kind: 'book'; practitioner_id: string; starts_at: string; specialty: string };
