import type { Place } from '#lib/appointments/model.ts';
import { phoneNumber } from '#lib/server/account/phone.ts';
import { namesOf } from '#lib/server/booking/names.ts';
import type { Supabase } from '#lib/server/request/supabase.ts';

/** A clinic as visitors see it; its phone is the number that books. */
export interface Clinic extends Place {
  id: string;
}

/** What `clinicOf` needs of a row. */
export const CLINIC_COLUMNS = 'id, name, address, time_zone, phone';

/** All clinics by name. Throws the Data API's error. */
export async function listClinics(supabase: Supabase): Promise<Clinic[]> {
  const { data, error } = await supabase.from('clinics').select(CLINIC_COLUMNS).order('name');
  if (error) throw error;
  return inOurWords(supabase, data);
}

/** Clinics that take bookings, by name. Throws the Data API's error. */
export async function listBookableClinics(supabase: Supabase): Promise<Clinic[]> {
  const { data, error } = await supabase
    .from('clinics')
    .select(`${CLINIC_COLUMNS}, practitioners!practitioners_clinic_id_fkey!inner(id)`)
    .eq('practitioners.active', true)
    .order('name');
  if (error) throw error;
  return inOurWords(supabase, data);
}

async function inOurWords(supabase: Supabase, rows: Parameters<typeof clinicOf>[0][]): Promise<Clinic[]> {
  const names = await namesOf(
    supabase,
    rows.map(({ name, id }) => [name, id])
  );
  return rows.map((row) => names.clinic(clinicOf(row)));
}

/** How many hours before an appointment a clinic reminds of it. Throws the Data API's error. */
export async function loadReminders(supabase: Supabase, clinicId: string): Promise<number[]> {
  const { data, error } = await supabase
    .from('clinics')
    .select('reminder_day_before, reminder_hours_before')
    .eq('id', clinicId)
    .maybeSingle();
  if (error) throw error;
  const { reminder_day_before: dayBefore = false, reminder_hours_before: hours = null } = data ?? {};
  // 24 hours before and the day before are the same.
  return [...new Set([...(dayBefore ? [24] : []), ...(hours === null ? [] : [hours])])];
}

export function clinicOf(row: {
  id: string;
  name: string;
  address: string;
  time_zone: string;
  phone: string;
}): Clinic {
  const { id, name, address, time_zone, phone } = row;
  return { id, name, address, timeZone: time_zone, phone: phoneNumber(phone) };
}
