import type { Appointment } from '#lib/appointments/model.ts';
import { refusalFrom, refused, type Result } from '#lib/server/request/refusal.ts';
import type { Supabase } from '#lib/server/request/supabase.ts';
import { loadAppointmentsAt } from './appointments.ts';

// All of these throw the Data API's error unless it is a refusal.

/**
 * Books a time of a practitioner for the signed-in patient, or for somebody they book for (`person`, the id; null: the
 * patient). `at` is an ISO instant.
 */
export async function bookAppointment(
  supabase: Supabase,
  practitionerId: string,
  at: string,
  person: string | null
): Promise<Result> {
  const { error } = await supabase.rpc('book_appointment', {
    practitioner_id: practitionerId,
    starts_at: at,
    ...(person !== null && { dependent_id: person })
  });
  if (!error) return { ok: true };
  // A form that was sent twice: the first sending has booked what the second is refused.
  const own = await loadAppointmentsAt(supabase, at);
  if (own.some((one) => begins(one, practitionerId, at) && one.dependent_id === person)) return { ok: true };
  return refused(refusalFrom(error));
}

/** Moves an appointment of the signed-in patient to another time of its practitioner. */
export async function moveAppointment(supabase: Supabase, id: string, at: string): Promise<Result> {
  const { error } = await supabase.rpc('reschedule_appointment', { appointment_id: id, starts_at: at });
  return error ? refused(refusalFrom(error)) : { ok: true };
}

/** Cancels an appointment of the signed-in patient. */
export async function cancelAppointment(supabase: Supabase, id: string): Promise<Result> {
  const { error } = await supabase.rpc('cancel_appointment', { appointment_id: id });
  return error ? refused(refusalFrom(error)) : { ok: true };
}

/** Says for the signed-in patient that they will come. */
export async function confirmAppointment(supabase: Supabase, id: string): Promise<Result> {
  const { error } = await supabase.rpc('confirm_appointment', { appointment_id: id });
  return error ? refused(refusalFrom(error)) : { ok: true };
}

/** Whether an appointment is the one that begins at that time of that practitioner. */
export function begins(
  { practitioner_id, starts_at }: Appointment,
  practitionerId: string,
  at: string
): boolean {
  return practitioner_id === practitionerId && Date.parse(starts_at) === Date.parse(at);
}
