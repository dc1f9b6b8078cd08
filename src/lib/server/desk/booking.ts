import { m } from '#lib/paraglide/messages.js';
import { anyMistake, invalid, refused, type Refusal, type Result } from '#lib/server/request/refusal.ts';
import type { Supabase } from '#lib/server/request/supabase.ts';
import { asciiDigits } from '#lib/text.ts';
import type { Desk } from './desk.ts';
import { findPatients, type Found } from './find.ts';
import { canBePhone, clinicPhone } from './phone.ts';
import { deskRefusal } from './refusal.ts';

export interface WalkIn {
  practitioner: string;
  name: string;
  phone: string;
  /** The record of the clinic that they were found to be; '': none. */
  patient: string;
}

// Which field the database's word is about.
const FIELDS: Partial<Record<string, keyof WalkIn>> = {
  invalid_phone: 'phone',
  invalid_name: 'name',
  untypable_name: 'name',
  own_appointment: 'phone',
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
  return data;
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
 * Books somebody who stands at the desk as soon as possible, and notes that they came. Answers with the appointment's id.
 * Throws the Data API's error unless it is a refusal.
 */
export async function bookWalkIn(
  supabase: Supabase,
  desk: Desk,
  { practitioner, name, phone: typed, patient }: WalkIn
): Promise<Result<{ id: string }>> {
  const phone = patient !== '' && isEnd(typed) ? '' : asciiDigits(typed);
  const problems = {
    practitioner: practitioner === '' ? m.desk_walk_in_choose() : undefined,
    name: name === '' && phone === '' && patient === '' ? m.desk_walk_in_nameless() : undefined,
    phone:
      phone === '' || canBePhone(phone, await clinicPhone(supabase, desk))
        ? undefined
        : m.desk_phone_problem()
  };
  if (anyMistake(invalid(problems).fields)) return refused(invalid(problems));
  const booked = await supabase.rpc('desk_book', {
    practitioner_id: practitioner,
    ...(name !== '' && { name }),
    ...(phone !== '' && { phone }),
    ...(patient !== '' && { patient_id: patient })
  });
  if (booked.error) return refused(byFields(deskRefusal(booked.error)));
  const { id } = booked.data;
  const came = await supabase.rpc('desk_mark', { appointment_id: id, step: 'arrived' });
  // Another desk may have noted it already.
  if (came.error) deskRefusal(came.error);
  return { ok: true, id };
}
