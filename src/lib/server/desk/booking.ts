import { dateIn, isOfOurTime } from '#lib/appointments/when.ts';
import { m } from '#lib/paraglide/messages.js';
import { namedAt } from '#lib/server/booking/names.ts';
import { anyMistake, invalid, refused, type Refusal, type Result } from '#lib/server/request/refusal.ts';
import type { Supabase } from '#lib/server/request/supabase.ts';
import { asciiDigits } from '#lib/text.ts';
import type { Desk } from './desk.ts';
import { findPatients, type Found } from './find.ts';
import { nameProblem } from './names.ts';
import { canBePhone, clinicPhone } from './phone.ts';
import { deskRefusal } from './refusal.ts';

export interface WalkIn {
  practitioner: string;
  name: string;
  phone: string;
  /** Why they come, for the desk's note; '': nothing was said. */
  reason: string;
  /** The record of the clinic that they were found to be; '': none. */
  patient: string;
  /** Who of the family of that record: an id, `new`, or '' for the one whose record it is. */
  member: string;
  /** Of somebody new in a family; '': not told. */
  birth_year: string;
  /** When, as PostgreSQL reads it; null: as soon as possible, and they are here. */
  at: string | null;
}

/** As private.tg_clean_notes has it. */
const longestNote = 1000;

interface Wish {
  practitioner: string;
  /** `chosen`, or as soon as possible. */
  when: string;
  /** A calendar day, and a time of it; without a time the free ones are looked for. */
  day: string;
  time: string;
  /** One of those, as an ISO instant. */
  at: string;
}

// Which field the database's word is about.
const FIELDS: Partial<Record<string, keyof WalkIn>> = {
  invalid_phone: 'phone',
  invalid_name: 'name',
  untypable_name: 'name',
  own_appointment: 'phone',
  invalid_birth_year: 'birth_year',
  has_other_phone: 'phone',
  phone_of_staff: 'phone',
  other_patient_has_phone: 'phone',
  other_account_has_phone: 'phone',
  unknown_doctor: 'practitioner',
  outside_hours: 'practitioner',
  doctor_inactive: 'practitioner',
  day_is_full: 'practitioner'
};

function byFields(refusal: Refusal): Refusal {
  const field = FIELDS[refusal.code];
  return field ? { ...refusal, fields: { [field]: refusal.message } } : refusal;
}

/** Who sees patients at the clinic of a desk, by name. Throws the Data API's error. */
export async function listDoctors(
  supabase: Supabase,
  { clinicId }: Pick<Desk, 'clinicId'>
): Promise<{ id: string; name: string }[]> {
  const { data, error } = await supabase
    .from('practitioners')
    .select('id, name')
    .eq('clinic_id', clinicId)
    .eq('active', true)
    .order('name');
  if (error) throw error;
  return namedAt(supabase, clinicId, data);
}

/** When somebody is to come, of what was typed. Undefined: the free times of the day are wanted first. */
export function readWish(
  { practitioner, when, day, time, at }: Wish,
  { timeZone }: Pick<Desk, 'timeZone'>
): Result<{ at: string | null | undefined }> {
  if (when !== 'chosen') return { ok: true, at: null };
  const problems = {
    practitioner: practitioner === '' ? m.desk_walk_in_choose() : undefined,
    day: dateIn(day) ? undefined : m.desk_when_no_day(),
    time: time === '' || /^([01]\d|2[0-3]):[0-5]\d$/.test(time) ? undefined : m.desk_when_no_time()
  };
  if (anyMistake(invalid(problems).fields)) return refused(invalid(problems));
  const picked = new Date(at);
  if (isOfOurTime(picked)) return { ok: true, at: picked.toISOString() };
  return { ok: true, at: time === '' ? undefined : `${day} ${time} ${timeZone}` };
}

// So few digits are the end of a phone, and found the record.
const isEnd = (phone: string) => asciiDigits(phone).replace(/\D/g, '').length < 7;

/** Who somebody may be of whom a name or phone is known, or their beginnings: a few patients of the clinic. */
export async function whoMayBe(
  supabase: Supabase,
  desk: Pick<Desk, 'clinicId'>,
  { name, phone, patient }: Pick<WalkIn, 'name' | 'phone' | 'patient'>
): Promise<Found[]> {
  // Who was chosen stays in the list, whatever is typed by now.
  const found = await Promise.all(
    [patient, asciiDigits(phone), name].map((words) =>
      words === '' ? [] : findPatients(supabase, desk, words)
    )
  );
  return [...new Map(found.flat().map((one) => [one.id, one])).values()].slice(0, 5);
}

/**
 * Who of a family comes, as desk_book wants it: by id, or with the name that was typed, if they are new. No args: the one
 * whose record it is.
 */
export function memberNamed({ member, name, birth_year }: Pick<WalkIn, 'member' | 'name' | 'birth_year'>): {
  args?: { dependent_id: string } | { dependent_name: string; birth_year?: number };
  problems: { name?: string | undefined; birth_year?: string | undefined };
} {
  if (member === '') return { problems: {} };
  if (member !== 'new') return { args: { dependent_id: member }, problems: {} };
  const year = asciiDigits(birth_year).trim();
  return {
    args: { dependent_name: name, ...(year !== '' && { birth_year: Number(year) }) },
    problems: {
      name: nameProblem(name),
      birth_year: year === '' || /^\d{4}$/.test(year) ? undefined : m.refusal_birth_year()
    }
  };
}

/**
 * Books somebody who stands at the desk as soon as possible, and notes that they came; or for another time whoever calls.
 * Answers with the appointment's id and when it is. Throws the Data API's error unless it is a refusal.
 */
export async function bookWalkIn(
  supabase: Supabase,
  desk: Desk,
  { practitioner, name, phone: typed, reason, patient, at, ...who }: WalkIn
): Promise<Result<{ id: string; starts_at: string }>> {
  const phone = patient !== '' && isEnd(typed) ? '' : asciiDigits(typed);
  const member = memberNamed({ ...who, name });
  const problems = {
    practitioner: practitioner === '' ? m.desk_walk_in_choose() : undefined,
    name: name === '' && phone === '' && patient === '' ? m.desk_walk_in_nameless() : undefined,
    ...member.problems,
    phone:
      phone === '' || canBePhone(phone, await clinicPhone(supabase, desk))
        ? undefined
        : m.desk_phone_problem(),
    reason: reason.length > longestNote ? m.desk_patient_note_too_long() : undefined
  };
  if (anyMistake(invalid(problems).fields)) return refused(invalid(problems));
  const booked = await supabase.rpc('desk_book', {
    practitioner_id: practitioner,
    ...(at !== null && { starts_at: at }),
    ...(member.args ?? (name !== '' && { name })),
    ...(phone !== '' && { phone }),
    ...(patient !== '' && { patient_id: patient })
  });
  if (booked.error) return refused(byFields(deskRefusal(booked.error)));
  const { id, starts_at } = booked.data;
  if (reason !== '') {
    const noted = await supabase.rpc('desk_note', { appointment_id: id, note: reason });
    // The booking stands; the note can be written in the record.
    if (noted.error) deskRefusal(noted.error);
  }
  if (at !== null) return { ok: true, id, starts_at };
  const came = await supabase.rpc('desk_mark', { appointment_id: id, step: 'arrived' });
  // Another desk may have noted it already.
  if (came.error) deskRefusal(came.error);
  return { ok: true, id, starts_at };
}
