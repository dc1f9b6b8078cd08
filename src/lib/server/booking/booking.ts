import { refusalFrom, refused, type Result } from '#lib/server/request/refusal.ts';
import type { Supabase } from '#lib/server/request/supabase.ts';

// All of these throw the Data API's error unless it is a refusal.

/** Books a time of a practitioner for the signed-in patient. `at` is an ISO instant. */
export async function bookAppointment(
  supabase: Supabase,
  practitionerId: string,
  at: string
): Promise<Result> {
  const { error } = await supabase.rpc('book_appointment', {
    practitioner_id: practitionerId,
    starts_at: at
  });
  // A form that was sent twice: the first sending has booked what the second is refused.
  if (!error || (await isBooked(supabase, practitionerId, at))) return { ok: true };
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

/** Whether the signed-in patient holds that time of that practitioner. */
async function isBooked(supabase: Supabase, practitionerId: string, at: string): Promise<boolean> {
  const { count, error } = await supabase
    .from('appointments')
    .select('id', { count: 'exact', head: true })
    .match({ practitioner_id: practitionerId, starts_at: at, status: 'booked' });
  if (error) throw error;
  return (count ?? 0) > 0;
}
