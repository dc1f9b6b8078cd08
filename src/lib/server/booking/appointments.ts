import { z } from 'zod';
import {
  parseAppointment,
  type Appointment,
  type Directory,
  type QueuePlaces,
  type Snapshot
} from '#lib/appointments/model.ts';
import { loadPeople, peopleIn, PERSON_COLUMNS } from '#lib/server/account/family.ts';
import { localDate } from '#lib/appointments/when.ts';
import type { Supabase } from '#lib/server/request/supabase.ts';
import { namesOf, practitionerNames } from './names.ts';
import { clinicOf, CLINIC_COLUMNS, type Clinic } from './clinics.ts';

// So many stand on one page.
const MOST = 100;

const COLUMNS =
  'id, practitioner_id, clinic_id, dependent_id, starts_at, ends_at, status, channel, token_number, reference, confirmed_at, version';

const uuid = z.uuid();

/** Whether the text from an address can be an id. The database fails if it has to compare anything else with one. */
export function isId(text: string | null): text is string {
  return uuid.safeParse(text).success;
}

/**
 * A page of the signed-in patient's own appointments, latest first, with who and where; the pages are counted from 1.
 * Throws the Data API's error.
 */
export async function loadAppointments(supabase: Supabase, page = 1): Promise<Snapshot> {
  const now = new Date();
  const { data, error } = await supabase
    .from('appointments')
    .select(
      `${COLUMNS}, practitioners(name, specialty), clinics(${CLINIC_COLUMNS}), dependents(${PERSON_COLUMNS})`
    )
    .order('starts_at', { ascending: false })
    .order('id')
    // One more tells whether there are more.
    .range((page - 1) * MOST, page * MOST);
  if (error) throw error;

  const rows = data.slice(0, MOST).flatMap((row) => parseAppointment(row) ?? []);
  const clinics = new Map(data.map(({ clinics: clinic }) => [clinic.id, clinic]));
  const [names, queue] = await Promise.all([
    namesOf(supabase, [
      ...[...clinics.values()].map(({ name, id }) => [name, id] as const),
      ...data.flatMap(({ practitioners, clinic_id }) => practitionerNames(clinic_id, practitioners))
    ]),
    queuePlaces(supabase, rows, clinics, now)
  ]);
  return {
    appointments: rows,
    practitioners: Object.fromEntries(
      data.map(({ practitioner_id, practitioners, clinic_id }) => [
        practitioner_id,
        names.practitioner(practitioners, clinic_id)
      ])
    ),
    clinics: byId([...clinics.values()].map((row) => names.clinic(clinicOf(row)))),
    people: peopleIn(data.flatMap(({ dependents }) => dependents ?? [])),
    queue,
    hasEarlier: data.length > MOST,
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

/**
 * The signed-in patient's appointments that are going on at `at` (an ISO instant): their own, and those of whom they book
 * for. Throws the Data API's error.
 */
export async function loadAppointmentsAt(supabase: Supabase, at: string): Promise<Appointment[]> {
  const { data, error } = await supabase
    .from('appointments')
    .select(COLUMNS)
    .in('status', ['booked', 'arrived', 'fulfilled'])
    .lte('starts_at', at)
    .gt('ends_at', at);
  if (error) throw error;
  return data.flatMap((row) => parseAppointment(row) ?? []);
}

/** Names for the ids in one appointment. Throws the Data API's error. */
export async function loadDirectory(
  supabase: Supabase,
  { practitioner_id, clinic_id }: Pick<Appointment, 'practitioner_id' | 'clinic_id'>
): Promise<Directory> {
  const [practitioner, clinic, people] = await Promise.all([
    supabase.from('practitioners').select('name, specialty').eq('id', practitioner_id).maybeSingle(),
    supabase.from('clinics').select(CLINIC_COLUMNS).eq('id', clinic_id).maybeSingle(),
    loadPeople(supabase)
  ]);
  if (practitioner.error) throw practitioner.error;
  if (clinic.error) throw clinic.error;
  const names = await namesOf(supabase, [
    ...(practitioner.data ? practitionerNames(clinic_id, practitioner.data) : []),
    ...(clinic.data ? [[clinic.data.name, clinic_id] as const] : [])
  ]);
  return {
    practitioners: practitioner.data
      ? { [practitioner_id]: names.practitioner(practitioner.data, clinic_id) }
      : {},
    clinics: byId(clinic.data ? [names.clinic(clinicOf(clinic.data))] : []),
    people: peopleIn(people)
  };
}

/** Clinics as a page looks them up. */
export function byId(clinics: Clinic[]): Directory['clinics'] {
  return Object.fromEntries(clinics.map(({ id, ...place }) => [id, place]));
}

async function queuePlaces(
  supabase: Supabase,
  appointments: Appointment[],
  clinics: Map<string, { time_zone: string }>,
  now: Date
): Promise<QueuePlaces> {
  const waiting = appointments.flatMap((appointment) => {
    const { status, starts_at, clinic_id } = appointment;
    const zone = clinics.get(clinic_id)?.time_zone;
    if (!zone || (status !== 'booked' && status !== 'arrived')) return [];
    const date = localDate(now, zone);
    return localDate(new Date(starts_at), zone) === date ? [{ appointment, date }] : [];
  });
  const places = await Promise.all(
    waiting.map(async ({ appointment: { id, practitioner_id }, date }) => {
      const { data, error } = await supabase.rpc('queue_position', { appointment_id: id }).maybeSingle();
      // It was deleted a moment ago.
      if (error?.message === 'not_found') return [];
      if (error) throw error;
      if (!data) return [];
      const topic = `queue:${practitioner_id}:${date}`;
      return [[id, { ahead: data.ahead, now_serving: data.now_serving, topic }]] as const;
    })
  );
  return Object.fromEntries(places.flat());
}
