import { redirect } from '@sveltejs/kit';
import type { Appointment } from '#lib/appointments/model.ts';
import type { FreeDay, FreeSlot } from '#lib/appointments/slots.ts';
import { isOfOurTime, localDate } from '#lib/appointments/when.ts';
import type { Supabase } from '#lib/server/request/supabase.ts';
import { isId, loadAppointment } from './appointments.ts';
import { namesOf, practitionerNames } from './names.ts';
import { clinicOf, CLINIC_COLUMNS, type Clinic } from './clinics.ts';
import { asPatient, type Looker } from './looker.ts';
import { practitionerOf, PRACTITIONER_COLUMNS, type Practitioner } from './practitioners.ts';

// All of these throw the Data API's error.

/** Somebody who can be booked. */
export interface BookablePractitioner extends Practitioner {
  /** The first time they are free; null when they are not for as long as can be booked. */
  nextAt: string | null;
}

/** Whose free times are looked at: one practitioner's, or those of everybody with the same specialty. */
export interface Scope {
  clinic: Clinic;
  practitioner: Practitioner;
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

/** The time that the address of a confirmation proposes (an ISO instant), and whose it is; null if it proposes none. */
export async function proposedAt(
  supabase: Supabase,
  query: URLSearchParams
): Promise<{ scope: Scope; at: string } | null> {
  const at = new Date(query.get('at') ?? '');
  if (!isOfOurTime(at)) return null;
  const scope = await loadScope(supabase, query.get('doctor'), query.has('any'));
  return scope && { scope, at: at.toISOString() };
}

/** Who can be booked at a clinic: who is free first comes first, and who is not at all last. */
export async function listBookablePractitioners(
  looker: Looker,
  clinicId: string
): Promise<BookablePractitioner[]> {
  const rows = await looker.practitioners({ clinic_id: clinicId });
  const names = await namesOf(
    looker.supabase,
    rows.flatMap(({ practitioner_name: name, specialty }) => practitionerNames(clinicId, { name, specialty }))
  );
  const found = rows.map(({ practitioner_id: id, practitioner_name: name, next_starts_at, ...row }) => ({
    ...names.practitioner(practitionerOf({ ...row, id, name }), clinicId),
    nextAt: next_starts_at
  }));
  const first = ({ nextAt }: BookablePractitioner) => (nextAt === null ? Infinity : Date.parse(nextAt));
  // Those who are free at the same time stay as they are, by specialty and name. Infinity less itself is no number.
  return found.toSorted((a, b) => (first(a) === first(b) ? 0 : first(a) - first(b)));
}

export async function loadDays(
  looker: Looker,
  scope: Scope,
  from: string | undefined,
  days: number
): Promise<FreeDay[]> {
  const rows = await looker.days({ ...inScope(scope), ...(from ? { from_date: from } : {}), days });
  return rows.map(({ on_date, free, open, over }) => ({ date: on_date, free, open, over }));
}

export async function loadSlots(looker: Looker, scope: Scope, date: string): Promise<FreeSlot[]> {
  const rows = await looker.slots({ ...inScope(scope), on_date: date });
  return rows.flatMap(slotOf);
}

function inScope({ clinic, practitioner, anyPractitioner }: Scope) {
  return {
    clinic_id: clinic.id,
    ...(anyPractitioner ? { specialty: practitioner.bookedFor } : { practitioner_id: practitioner.id })
  };
}

/** Whether the practitioner has a free slot then that the patient can book; if not, the three nearest that are. */
export async function checkSlot(
  supabase: Supabase,
  scope: Scope,
  at: string
): Promise<{ free: boolean; nearest: FreeSlot[] }> {
  const date = localDate(new Date(at), scope.clinic.timeZone);
  const slots = await loadSlots(asPatient(supabase), { ...scope, anyPractitioner: false }, date);
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
  const { data, error } = await supabase
    .from('practitioners')
    .select(`${PRACTITIONER_COLUMNS}, active, clinics!practitioners_clinic_id_fkey!inner(${CLINIC_COLUMNS})`)
    .eq('id', practitionerId)
    .maybeSingle();
  if (error) throw error;
  if (!data?.active) return null;
  const { clinics } = data;
  const names = await namesOf(supabase, [[clinics.name, clinics.id], ...practitionerNames(clinics.id, data)]);
  const practitioner = names.practitioner(practitionerOf(data), clinics.id);
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
