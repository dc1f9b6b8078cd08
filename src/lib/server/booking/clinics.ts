import type { PhoneNumber } from '#lib/phone.ts';
import { phoneNumber } from '../account/phone.ts';
import type { Supabase } from '../request/supabase.ts';

/** A clinic as visitors see it. */
export interface Clinic {
  id: string;
  name: string;
  address: string;
  /** The number that books. */
  phone: PhoneNumber;
}

/** All clinics by name. Throws the Data API's error. */
export async function listClinics(supabase: Supabase): Promise<Clinic[]> {
  const { data, error } = await supabase.from('clinics').select('id, name, address, phone').order('name');
  if (error) throw error;
  return data.map((clinic) => ({ ...clinic, phone: phoneNumber(clinic.phone) }));
}
