import { redirect } from '@sveltejs/kit';
import type { Appointment } from '#lib/appointments/model.ts';
import type { FreeDay, FreeSlot } from '#lib/appointments/slots.ts';
import { localDate } from '#lib/appointments/when.ts';
import type { Supabase } from '#lib/server/request/supabase.ts';
import { isId, loadAppointment } from './appointments.ts';
import { namesOf } from './names.ts';
import { clinicOf, CLINIC_COLUMNS, type Clinic } from './clinics.ts';

// All of these throw the Data API's error.

/** Somebody who can be booked. */
export interface BookablePractitioner {
  id: string;
  name: string;
  specialty: string;
  /** The specialty as the database has it, in whatever language the page is. */
  bookedFor: string;
  /** The first time they are free; null when they are not for as long as can be booked. */
  nextAt: string | null;
}

/** Whose free times are looked at: one practitioner's, or those of everybody with the same specialty. */
export interface Scope {
  clinic: Clinic;
  practitioner: Pick<BookablePractitioner, 'id' | 'name' | 'specialty' | 'bookedFor'>;
  anyPractitioner: boolean;
}

/** What the address of a booking page names. */
export interface Selection {
  /** Null if there is no such practitioner, or they take no bookings. */
  scope: Scope | null;
  /** The appointment that is to be moved. */
  moving: Appointment | null;
}

/** What `?move=<appointment>` or `?doctor=<id>&any` names. Leads away from the page if it cannot be moved any more. */
export async function loadSelection(supabase: Supabase, query: URLSearchParams): Promise<Selection> {
  const moveId = query.get('move');
  const moving = moveId ? await loadAppointment(supabase, moveId) : null;
  if (moveId && moving?.status !== 'booked') redirect(303, '/appointments');
  const practitionerId = moving ? moving.practitioner_id : query.get('doctor');
  return { scope: await loadScope(supabase, practitionerId, !moving && query.has('any')), moving };
}

export async function listBookablePractitioners(
  supabase: Supabase,
  clinicId: string
): Promise<BookablePractitioner[]> {
  const [{ data, error }, names] = await Promise.all([
    supabase.rpc('bookable_practitioners', { clinic_id: clinicId }),
    namesOf(supabase)
  ]);
  if (error) throw error;
  return data.map((row) => ({
    id: row.practitioner_id,
    name: names.of(row.practitioner_name, clinicId),
    specialty: names.of(row.specialty, clinicId),
    bookedFor: row.specialty,
    nextAt: row.next_starts_at
  }));
}

export async function loadDays(
  supabase: Supabase,
  { clinic, practitioner, anyPractitioner }: Scope,
  from: string | undefined,
  days: number
): Promise<FreeDay[]> {
  const { data, error } = await supabase.rpc('available_days', {
    clinic_id: clinic.id,
    ...(anyPractitioner ? { specialty: practitioner.bookedFor } : { practitioner_id: practitioner.id }),
    ...(from ? { from_date: from } : {}),
    days
  });
  if (error) throw error;
  return data.map(({ on_date, free, open, over }) => ({ date: on_date, free, open, over }));
}

export async function loadSlots(
  supabase: Supabase,
  { clinic, practitioner, anyPractitioner }: Scope,
  date: string
): Promise<FreeSlot[]> {
  const { data, error } = await supabase.rpc('available_slots_of_day', {
    clinic_id: clinic.id,
    on_date: date,
    ...(anyPractitioner ? { specialty: practitioner.bookedFor } : { practitioner_id: practitioner.id })
  });
  if (error) throw error;
  return data.flatMap(slotOf);
}

/** Whether the practitioner has a free slot then that the patient can book; if not, the three nearest that are. */
export async function checkSlot(
  supabase: Supabase,
  scope: Scope,
  at: string
): Promise<{ free: boolean; nearest: FreeSlot[] }> {
  const date = localDate(new Date(at), scope.clinic.timeZone);
  const slots = await loadSlots(supabase, { ...scope, anyPractitioner: false }, date);
  const free = slots.some(({ startsAt }) => Date.parse(startsAt) === Date.parse(at));
  return { free, nearest: free ? [] : await nearestSlots(supabase, scope.practitioner.id, at) };
}

export async function nearestSlots(
  supabase: Supabase,
  practitionerId: string,
  at: string
): Promise<FreeSlot[]> {
  const { data, error } = await supabase.rpc('nearest_slots', {
    practitioner_id: practitionerId,
    starts_at: at
  });
  if (error) throw error;
  return data.flatMap(slotOf).sort((a, b) => Date.parse(a.startsAt) - Date.parse(b.startsAt));
}

async function loadScope(
  supabase: Supabase,
  practitionerId: string | null,
  anyPractitioner: boolean
): Promise<Scope | null> {
  if (!isId(practitionerId)) return null;
  const [{ data, error }, names] = await Promise.all([
    supabase
      .from('practitioners')
      .select(`id, name, specialty, active, clinics!practitioners_clinic_id_fkey!inner(${CLINIC_COLUMNS})`)
      .eq('id', practitionerId)
      .maybeSingle(),
    namesOf(supabase)
  ]);
  if (error) throw error;
  if (!data?.active) return null;
  const { id, name, specialty, clinics } = data;
  const practitioner = { ...names.practitioner({ id, name, specialty }, clinics.id), bookedFor: specialty };
  return { clinic: names.clinic(clinicOf(clinics)), practitioner, anyPractitioner };
}

// The generated types say that every part of a composite type may be null. None is.
function slotOf(row: {
  practitioner_id: string | null;
  starts_at: string | null;
  ends_at: string | null;
}): FreeSlot[] {
  const { practitioner_id, starts_at, ends_at } = row;
  if (!practitioner_id || !starts_at || !ends_at) return [];
  return [{ practitionerId: practitioner_id, startsAt: starts_at, endsAt: ends_at }];
}
