import { parseAppointment, type Snapshot } from '#lib/appointments/model.ts';
import { phoneNumber } from './phone.ts';
import type { Supabase } from './supabase.ts';

// More than anybody looks through on a phone; the clinic has the rest.
const MOST = 100;

/** The signed-in patient's own appointments, latest first, with who and where. Throws the Data API's error. */
export async function loadAppointments(supabase: Supabase): Promise<Snapshot> {
  const [appointments, clinics] = await Promise.all([
    supabase
      .from('appointments')
      .select(
        'id, practitioner_id, clinic_id, starts_at, ends_at, status, channel, token_number, reference, version'
      )
      .order('starts_at', { ascending: false })
      .limit(MOST),
    supabase.from('clinics').select('id, name, address, time_zone, phone')
  ]);
  if (appointments.error) throw appointments.error;
  if (clinics.error) throw clinics.error;

  const ids = [...new Set(appointments.data.map((row) => row.practitioner_id))];
  const practitioners = await supabase.from('practitioners').select('id, name, specialty').in('id', ids);
  if (practitioners.error) throw practitioners.error;

  return {
    appointments: appointments.data.flatMap((row) => parseAppointment(row) ?? []),
    practitioners: Object.fromEntries(
      practitioners.data.map(({ id, name, specialty }) => [id, { name, specialty }])
    ),
    clinics: Object.fromEntries(
      clinics.data.map(({ id, name, address, time_zone, phone }) => [
        id,
        { name, address, timeZone: time_zone, phone: phoneNumber(phone) }
      ])
    )
  };
}
