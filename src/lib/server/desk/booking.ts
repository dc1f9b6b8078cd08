import { m } from '#lib/paraglide/messages.js';
import { anyMistake, invalid, refused, type Refusal, type Result } from '#lib/server/request/refusal.ts';
import type { Supabase } from '#lib/server/request/supabase.ts';
import type { Desk } from './desk.ts';
import { deskRefusal } from './refusal.ts';

export interface WalkIn {
  practitioner: string;
  name: string;
  phone: string;
}

// Which field the database's word is about.
const FIELDS: Partial<Record<string, keyof WalkIn>> = {
  invalid_phone: 'phone',
  invalid_name: 'name',
  untypable_name: 'name',
  own_appointment: 'phone',
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

/**
 * Books somebody who stands at the desk as soon as possible, and notes that they came. Answers with the appointment's id.
 * Throws the Data API's error unless it is a refusal.
 */
export async function bookWalkIn(
  supabase: Supabase,
  { practitioner, name, phone }: WalkIn
): Promise<Result<{ id: string }>> {
  const problems = {
    practitioner: practitioner === '' ? m.desk_walk_in_choose() : undefined,
    name: name === '' && phone === '' ? m.desk_walk_in_nameless() : undefined
  };
  if (anyMistake(invalid(problems).fields)) return refused(invalid(problems));
  const booked = await supabase.rpc('desk_book', {
    practitioner_id: practitioner,
    ...(name !== '' && { name }),
    ...(phone !== '' && { phone })
  });
  if (booked.error) return refused(byFields(deskRefusal(booked.error)));
  const { id } = booked.data;
  const came = await supabase.rpc('desk_mark', { appointment_id: id, step: 'arrived' });
  // Another desk may have noted it already.
  if (came.error) deskRefusal(came.error);
  return { ok: true, id };
}
