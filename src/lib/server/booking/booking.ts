import { z } from 'zod';
import { localDate } from '#lib/appointments/when.ts';
import type { Directory, Place } from '#lib/appointments/model.ts';
import type { FreeDay, FreeSlot } from '#lib/appointments/slots.ts';
import { m } from '#lib/paraglide/messages.js';
import { baseLocale } from '#lib/paraglide/runtime.js';
import { phoneNumber } from '../account/phone.ts';
import type { Supabase } from '../request/supabase.ts';

/** Somebody who can be booked. */
export interface Bookable {
  id: string;
  name: string;
  specialty: string;
  /** The first time they are free; null when they are not for as long as can be booked. */
  nextAt: string | null;
}

export interface BookableClinic extends Place {
  id: string;
}

/** Whose free times are looked at: one doctor's, or those of everybody with the same specialty. */
export interface Scope {
  clinic: BookableClinic;
  doctor: { id: string; name: string; specialty: string };
  anyDoctor: boolean;
}

const uuid = z.uuid();

/** Whether what came with an address can be an id at all; the database would refuse to compare it. */
export function isId(text: string | null): text is string {
  return uuid.safeParse(text).success;
}

const refusal = z.object({ code: z.string().regex(/^PT4\d\d$/), message: z.string(), hint: z.string() });

/** Why the database refused, as its stable word and a sentence for people. */
export interface Refusal {
  word: string;
  sentence: string;
  status: number;
}

// What the database says in English, by its stable word: first what the word means, then what it can mean besides.
const SENTENCES: Partial<Record<string, (typeof m.refusal_slot_taken)[]>> = {
  slot_taken: [m.refusal_slot_taken, m.refusal_own_appointment],
  slot_unavailable: [m.refusal_slot_unavailable, m.refusal_own_appointment],
  slot_in_past: [m.refusal_slot_in_past],
  too_many_bookings: [m.refusal_too_many_bookings],
  not_cancellable: [m.refusal_not_cancellable],
  not_found: [m.refusal_not_found, m.refusal_appointment_not_found, m.refusal_unknown_doctor],
  not_signed_in: [m.session_missing]
};

/** A refusal of the contract, in the language of the page. Anything else the Data API failed with is thrown on. */
export function refusalFrom(error: unknown): Refusal {
  const known = refusal.safeParse(error);
  if (!known.success) throw error;
  const { code, message: word, hint } = known.data;
  const [usual, ...others] = SENTENCES[word] ?? [];
  const meant = others.find((sentence) => sentence({}, { locale: baseLocale }) === hint) ?? usual;
  return { word, sentence: meant?.() ?? hint, status: Number(code.slice(2)) };
}

/** Clinics that take bookings, by name. */
export async function listBookableClinics(supabase: Supabase): Promise<BookableClinic[]> {
  const { data, error } = await supabase
    .from('clinics')
    .select('id, name, address, time_zone, phone, practitioners!inner(id)')
    .eq('practitioners.active', true)
    .order('name');
  if (error) throw error;
  return data.map(placeOf);
}

export async function listBookable(supabase: Supabase, clinicId: string): Promise<Bookable[]> {
  const { data, error } = await supabase.rpc('bookable_practitioners', { clinic_id: clinicId });
  if (error) throw error;
  return data.map((row) => ({
    id: row.practitioner_id,
    name: row.practitioner_name,
    specialty: row.specialty,
    nextAt: row.next_starts_at
  }));
}

/** The doctor with this id and their clinic; null if there is none or they take no bookings. */
export async function loadScope(
  supabase: Supabase,
  doctorId: string | null,
  anyDoctor: boolean
): Promise<Scope | null> {
  if (!isId(doctorId)) return null;
  const { data, error } = await supabase
    .from('practitioners')
    .select('id, name, specialty, active, clinics!inner(id, name, address, time_zone, phone)')
    .eq('id', doctorId)
    .maybeSingle();
  if (error) throw error;
  if (!data?.active) return null;
  const { id, name, specialty, clinics } = data;
  return { clinic: placeOf(clinics), doctor: { id, name, specialty }, anyDoctor };
}

export async function loadDays(
  supabase: Supabase,
  { clinic, doctor, anyDoctor }: Scope,
  from: string | undefined,
  days: number
): Promise<FreeDay[]> {
  const { data, error } = await supabase.rpc('available_days', {
    clinic_id: clinic.id,
    ...(anyDoctor ? { specialty: doctor.specialty } : { practitioner_id: doctor.id }),
    ...(from ? { from_date: from } : {}),
    days
  });
  if (error) throw error;
  return data.map(({ on_date, free, open }) => ({ date: on_date, free, open }));
}

export async function loadSlots(
  supabase: Supabase,
  { clinic, doctor, anyDoctor }: Scope,
  date: string
): Promise<FreeSlot[]> {
  const { data, error } = await supabase.rpc('available_slots_of_day', {
    clinic_id: clinic.id,
    on_date: date,
    ...(anyDoctor ? { specialty: doctor.specialty } : { practitioner_id: doctor.id })
  });
  if (error) throw error;
  return data.flatMap(slotOf);
}

/** Whether a doctor has a free slot then that the patient can book; if not, the three nearest that are. */
export async function checkSlot(
  supabase: Supabase,
  scope: Scope,
  at: string
): Promise<{ free: FreeSlot | null; nearest: FreeSlot[] }> {
  const date = localDate(new Date(at), scope.clinic.timeZone);
  const slots = await loadSlots(supabase, { ...scope, anyDoctor: false }, date);
  const free = slots.find(({ startsAt }) => Date.parse(startsAt) === Date.parse(at)) ?? null;
  return { free, nearest: free ? [] : await nearestSlots(supabase, scope.doctor.id, at) };
}

export async function nearestSlots(supabase: Supabase, doctorId: string, at: string): Promise<FreeSlot[]> {
  const { data, error } = await supabase.rpc('nearest_slots', { practitioner_id: doctorId, starts_at: at });
  if (error) throw error;
  return data.flatMap(slotOf).sort((a, b) => Date.parse(a.startsAt) - Date.parse(b.startsAt));
}

/** Names for the ids in one appointment. */
export async function loadDirectory(
  supabase: Supabase,
  { practitioner_id, clinic_id }: { practitioner_id: string; clinic_id: string }
): Promise<Directory> {
  const [practitioner, clinic] = await Promise.all([
    supabase.from('practitioners').select('name, specialty').eq('id', practitioner_id).maybeSingle(),
    supabase.from('clinics').select('id, name, address, time_zone, phone').eq('id', clinic_id).maybeSingle()
  ]);
  if (practitioner.error) throw practitioner.error;
  if (clinic.error) throw clinic.error;
  return {
    practitioners: practitioner.data ? { [practitioner_id]: practitioner.data } : {},
    clinics: clinic.data ? { [clinic_id]: placeOf(clinic.data) } : {}
  };
}

function placeOf(row: { id: string; name: string; address: string; time_zone: string; phone: string }) {
  const { id, name, address, time_zone, phone } = row;
  return { id, name, address, timeZone: time_zone, phone: phoneNumber(phone) };
}

// Every part of a composite type may be null, says its type; none is.
function slotOf(row: {
  practitioner_id: string | null;
  practitioner_name: string | null;
  starts_at: string | null;
  ends_at: string | null;
}): FreeSlot[] {
  const { practitioner_id, practitioner_name, starts_at, ends_at } = row;
  if (!practitioner_id || !practitioner_name || !starts_at || !ends_at) return [];
  return [{ doctorId: practitioner_id, doctor: practitioner_name, startsAt: starts_at, endsAt: ends_at }];
}
