import {
  parseAppointment,
  type Appointment,
  type QueuePlaces,
  type Snapshot
} from '#lib/appointments/model.ts';
import { localDate } from '#lib/appointments/when.ts';
import { isId } from './booking.ts';
import { phoneNumber } from '../account/phone.ts';
import type { Supabase } from '../request/supabase.ts';

// More than anybody looks through on a phone; the clinic has the rest.
const MOST = 100;

const COLUMNS =
  'id, practitioner_id, clinic_id, starts_at, ends_at, status, channel, token_number, reference, version';

/** The signed-in patient's own appointments, latest first, with who and where. Throws the Data API's error. */
export async function loadAppointments(supabase: Supabase): Promise<Snapshot> {
  const now = new Date();
  const [appointments, clinics] = await Promise.all([
    supabase.from('appointments').select(COLUMNS).order('starts_at', { ascending: false }).limit(MOST),
    supabase.from('clinics').select('id, name, address, time_zone, phone')
  ]);
  if (appointments.error) throw appointments.error;
  if (clinics.error) throw clinics.error;

  const rows = appointments.data.flatMap((row) => parseAppointment(row) ?? []);
  const zones = new Map(clinics.data.map(({ id, time_zone }) => [id, time_zone]));
  const ids = [...new Set(rows.map((row) => row.practitioner_id))];
  const [practitioners, queue] = await Promise.all([
    supabase.from('practitioners').select('id, name, specialty').in('id', ids),
    queuePlaces(supabase, rows, zones, now)
  ]);
  if (practitioners.error) throw practitioners.error;

  return {
    appointments: rows,
    practitioners: Object.fromEntries(
      practitioners.data.map(({ id, name, specialty }) => [id, { name, specialty }])
    ),
    clinics: Object.fromEntries(
      clinics.data.map(({ id, name, address, time_zone, phone }) => [
        id,
        { name, address, timeZone: time_zone, phone: phoneNumber(phone) }
      ])
    ),
    queue,
    now: now.toISOString()
  };
}

/** One of the signed-in patient's own appointments; null if there is no such. Throws the Data API's error. */
export async function loadAppointment(supabase: Supabase, id: string | null): Promise<Appointment | null> {
  if (!isId(id)) return null;
  const { data, error } = await supabase.from('appointments').select(COLUMNS).eq('id', id).maybeSingle();
  if (error) throw error;
  return parseAppointment(data);
}

async function queuePlaces(
  supabase: Supabase,
  appointments: Appointment[],
  zones: Map<string, string>,
  now: Date
): Promise<QueuePlaces> {
  const waiting = appointments.flatMap((appointment) => {
    const { status, starts_at, clinic_id } = appointment;
    const zone = zones.get(clinic_id);
    if (!zone || (status !== 'booked' && status !== 'arrived')) return [];
    const date = localDate(now, zone);
    return localDate(new Date(starts_at), zone) === date ? [{ appointment, date }] : [];
  });
  const places = await Promise.all(
    waiting.map(async ({ appointment: { id, practitioner_id }, date }) => {
      const { data, error } = await supabase.rpc('queue_position', { appointment_id: id }).maybeSingle();
      // Deleted a moment ago.
      if (error?.message === 'not_found') return [];
      if (error) throw error;
      if (!data) return [];
      const topic = `queue:${practitioner_id}:${date}`;
      return [[id, { ahead: data.ahead, now_serving: data.now_serving, topic }]] as const;
    })
  );
  return Object.fromEntries(places.flat());
}
