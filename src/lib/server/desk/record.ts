import { error } from '@sveltejs/kit';
import { z } from 'zod';
import { STATUSES } from '#lib/appointments/model.ts';
import { m } from '#lib/paraglide/messages.js';
import { namesAt } from '#lib/server/booking/names.ts';
import { anyMistake, invalid, refused, type Result } from '#lib/server/request/refusal.ts';
import type { Supabase } from '#lib/server/request/supabase.ts';
import { asciiDigits } from '#lib/text.ts';
import type { Desk } from './desk.ts';
import { memberNamed, type WalkIn } from './booking.ts';
import { findPatients, memberRow, type Found } from './find.ts';
import { canBePhone, clinicPhone } from './phone.ts';
import { deskRefusal } from './refusal.ts';

const at = z.string();

const entry = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('appointment'),
    at,
    id: z.uuid(),
    practitioner: z.string(),
    /** Who comes of the family; null: the patient. */
    dependent_id: z.uuid().nullable(),
    dependent_name: z.string().nullable(),
    starts_at: z.string(),
    status: z.enum(STATUSES),
    channel: z.enum(['ivr', 'web', 'desk']),
    token_number: z.number().nullable(),
    reference: z.string().nullable(),
    note: z.string().nullable()
  }),
  z.object({ kind: z.literal('call'), at, id: z.string() }),
  z.object({
    kind: z.literal('sms'),
    at,
    id: z.string(),
    /** Null: it held a code or a password. */
    text: z.string().nullable(),
    status: z.enum(['queued', 'sending', 'sent', 'delivered', 'failed', 'cancelled']),
    can_be_resent: z.boolean()
  }),
  z.object({
    kind: z.literal('change'),
    at,
    id: z.union([z.string(), z.number()]),
    action: z.enum(['insert', 'update', 'delete']),
    /** By the name of the column. */
    changes: z.record(z.string(), z.unknown()).nullish(),
    actor: z.string().nullable()
  })
]);

const record = z.object({
  patient_id: z.uuid(),
  name: z.string().nullable(),
  phone: z.string().nullable(),
  age: z.number().nullable(),
  has_account: z.boolean(),
  /** Whom they book for, and whom they did. */
  dependents: z.array(memberRow.extend({ removed: z.boolean() })),
  /** Records that were found to be the same person's: each leads here, and until some moment can be had back. */
  merged: z.array(
    z.object({
      merge_id: z.uuid(),
      patient_id: z.uuid(),
      name: z.string().nullable(),
      phone_end: z.string().nullable(),
      merged_at: z.string(),
      undo_until: z.string()
    })
  ),
  timeline: z.array(entry)
});

export type PatientRecord = z.infer<typeof record>;
export type Entry = z.infer<typeof entry>;
export type AppointmentEntry = Extract<Entry, { kind: 'appointment' }>;

/** The record of a patient of a desk that is open; that it was read is written down. Answers 404 to what is none. */
export async function readRecord(
  supabase: Supabase,
  { clinicId }: Pick<Desk, 'clinicId'>,
  id: string
): Promise<PatientRecord> {
  const { data, error: failure } = await supabase.rpc('desk_patient', { patient_id: id });
  if (failure) {
    const { status, message } = deskRefusal(failure);
    error(status, message);
  }
  const { timeline, ...person } = record.parse(data);
  const doctors = timeline.flatMap((one) => (one.kind === 'appointment' ? one.practitioner : []));
  const called = await namesAt(supabase, clinicId, doctors);
  return {
    ...person,
    timeline: timeline.map((one) =>
      one.kind === 'appointment' ? { ...one, practitioner: called(one.practitioner) } : one
    )
  };
}

interface Asked {
  /** '': somebody new. */
  patient: string;
  /** Who of the family: an id, `new`, or '' for the patient. */
  member: string;
  doctor: string;
  day: string;
  /** The appointment that is to be given another time; '' for a new one. */
  instead: string;
}

/** Times of a day that somebody can have with a doctor, as ISO instants; none on a day that cannot be booked. */
export async function freeTimes(
  supabase: Supabase,
  { patient, member, doctor, day, instead }: Asked
): Promise<string[]> {
  // Who is new has no other appointments.
  const person =
    member === 'new'
      ? {}
      : { ...(patient && { patient_id: patient }), ...(member && { dependent_id: member }) };
  const { data, error: failure } = await supabase.rpc('desk_slots', {
    practitioner_id: doctor,
    on_date: day,
    ...person,
    ...(instead && { instead_of: instead })
  });
  if (failure) {
    deskRefusal(failure);
    return [];
  }
  return data.map(({ starts_at }) => starts_at);
}

export interface Given {
  starts_at: string;
  token_number: number | null;
}

interface Wanted {
  patient: string;
  practitioner: string;
  /** An ISO instant. */
  at: string;
}

/**
 * Books for a patient of the clinic, or somebody of their family. Throws the Data API's error unless it is a refusal.
 */
export async function bookFor(
  supabase: Supabase,
  { patient, practitioner, at, ...who }: Wanted & Pick<WalkIn, 'member' | 'name' | 'birth_year'>
): Promise<Result<Given>> {
  const { args, problems } = memberNamed(who);
  if (anyMistake(invalid(problems).fields)) return refused(invalid(problems));
  const { data, error: failure } = await supabase.rpc('desk_book', {
    practitioner_id: practitioner,
    starts_at: at,
    patient_id: patient,
    ...args
  });
  return failure ? refused(deskRefusal(failure)) : { ok: true, ...data };
}

/** Gives an appointment another time or doctor. Throws the Data API's error unless it is a refusal. */
export async function moveTo(
  supabase: Supabase,
  id: string,
  { practitioner, at }: Pick<Wanted, 'practitioner' | 'at'>
): Promise<Result<Given>> {
  const { data, error: failure } = await supabase.rpc('desk_move', {
    appointment_id: id,
    practitioner_id: practitioner,
    starts_at: at
  });
  return failure ? refused(deskRefusal(failure)) : { ok: true, ...data };
}

/** Cancels an appointment for the clinic. Throws the Data API's error unless it is a refusal. */
export async function cancelAtDesk(supabase: Supabase, id: string, reason: string): Promise<Result> {
  const { error: failure } = await supabase.rpc('desk_cancel', { appointment_id: id, reason });
  return failure ? refused(deskRefusal(failure)) : { ok: true };
}

/**
 * Notes something with an appointment, whose note said `was`; '' is none. Refuses to replace another note than that. Throws the
 * Data API's error unless it is a refusal.
 */
export async function noteWith(
  supabase: Supabase,
  { appointment, note, was }: Record<'appointment' | 'note' | 'was', string>
): Promise<Result> {
  const { error: failure } = await supabase.rpc('desk_note', { appointment_id: appointment, note, was });
  return failure ? refused(deskRefusal(failure)) : { ok: true };
}

/** Sends an SMS again that failed. Throws the Data API's error unless it is a refusal. */
export async function resend(supabase: Supabase, id: string): Promise<Result> {
  const { error: failure } = await supabase.rpc('desk_resend', { sms_id: id });
  return failure ? refused(deskRefusal(failure)) : { ok: true };
}

/** Gives a patient another phone, or their first, in any notation. Throws the Data API's error unless it is a refusal. */
export async function correctPhone(
  supabase: Supabase,
  desk: Desk,
  { patient, phone }: { patient: string; phone: string }
): Promise<Result> {
  if (!canBePhone(phone, await clinicPhone(supabase, desk))) {
    return refused(invalid({ phone: m.desk_record_no_phone() }));
  }
  const { error: failure } = await supabase.rpc('change_patient_phone', {
    patient_id: patient,
    phone: asciiDigits(phone)
  });
  if (!failure) return { ok: true };
  const refusal = deskRefusal(failure);
  return refused({ ...refusal, fields: { phone: refusal.message } });
}

/** Who of the clinic has a phone that a patient could not be given, because it is theirs; null: nobody of this clinic. */
export async function holderOf(supabase: Supabase, desk: Desk, phone: string): Promise<Found | null> {
  const found = await findPatients(supabase, desk, asciiDigits(phone));
  return found.find(({ mergedInto }) => mergedInto === null) ?? null;
}
