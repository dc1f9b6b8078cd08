import { z } from 'zod';
import { localDate } from '#lib/appointments/when.ts';
import type { DaySnapshot, Marked, State, Step } from '#lib/desk/model.ts';
import { namesOf } from '#lib/server/booking/names.ts';
import { allRows } from '#lib/server/request/all-rows.ts';
import { refused, type Result } from '#lib/server/request/refusal.ts';
import type { Supabase } from '#lib/server/request/supabase.ts';
import type { Desk } from './desk.ts';
import { deskRefusal } from './refusal.ts';

const moment = z.string().nullable();

// How an appointment stands, in a row of whichever function.
const standing = z.object({
  version: z.number(),
  starts_at: z.string(),
  waits_from: moment,
  confirmed_at: moment,
  status: z.enum(['booked', 'arrived', 'fulfilled', 'cancelled', 'noshow']),
  arrived_at: moment,
  called_at: moment,
  seen_at: moment
});
type Standing = z.infer<typeof standing>;

const dayRows = z.array(
  standing.extend({
    appointment_id: z.uuid(),
    practitioner_id: z.uuid(),
    practitioner_name: z.string(),
    patient_id: z.uuid(),
    token_number: z.number().nullable(),
    name: z.string().nullable(),
    dependent_id: z.uuid().nullable(),
    holder_name: z.string().nullable(),
    birth_year: z.number().nullable(),
    phone_end: z.string().nullable(),
    channel: z.enum(['ivr', 'web', 'desk']),
    walk_in: z.boolean(),
    note: z.string().nullable()
  })
);

const strandedRows = z.array(
  z.object({
    appointment_id: z.uuid(),
    on_date: z.string(),
    starts_at: z.string(),
    practitioner_id: z.uuid(),
    practitioner: z.string(),
    patient_id: z.uuid(),
    patient: z.string().nullable(),
    phone_end: z.string().nullable(),
    token_number: z.number().nullable()
  })
);

function stateOf({ status, called_at }: Standing): State {
  if (status === 'fulfilled') return 'seen';
  return status === 'arrived' && called_at !== null ? 'called' : status;
}

function sinceOf(state: State, { arrived_at, called_at, seen_at }: Standing): string | null {
  if (state === 'arrived') return arrived_at;
  if (state === 'called') return called_at;
  return state === 'seen' ? seen_at : null;
}

function standingOf(row: Standing): Omit<Marked, 'id'> {
  const state = stateOf(row);
  return {
    version: row.version,
    waits_from: row.waits_from ?? row.starts_at,
    confirmed: row.confirmed_at !== null,
    state,
    since: sinceOf(state, row)
  };
}

/** A day at a desk that is open: `day` is a calendar day at the clinic, null the one it is. Throws the Data API's error. */
export async function loadDay(
  supabase: Supabase,
  { clinicId, timeZone }: Desk,
  day: string | null
): Promise<DaySnapshot> {
  const today = localDate(new Date(), timeZone);
  const [visits, doctors, stranded] = await Promise.all([
    allRows((from, to) =>
      supabase.rpc('desk_day', { clinic_id: clinicId, on_date: day ?? today }).range(from, to)
    ),
    supabase.from('practitioners').select('id, name').eq('clinic_id', clinicId).eq('active', true),
    supabase.from('stranded_appointments').select().eq('clinic_id', clinicId).order('starts_at').limit(100)
  ]);
  if (visits.error) throw visits.error;
  if (doctors.error) throw doctors.error;
  if (stranded.error) throw stranded.error;

  const rows = dayRows.parse(visits.data);
  // Who has left the clinic may still have appointments.
  const seeing = new Map([
    ...doctors.data.map(({ id, name }) => [id, name] as const),
    ...rows.map(({ practitioner_id, practitioner_name }) => [practitioner_id, practitioner_name] as const)
  ]);
  const left = strandedRows.parse(stranded.data);
  const names = await namesOf(
    supabase,
    [...seeing.values(), ...left.map(({ practitioner }) => practitioner)].map((name) => [name, clinicId])
  );
  return {
    clinicId,
    timeZone,
    day: day ?? today,
    today,
    doctors: [...seeing]
      .map(([id, name]) => ({ id, name: names.of(name, clinicId) }))
      .toSorted((a, b) => a.name.localeCompare(b.name) || a.id.localeCompare(b.id)),
    visits: rows.map((row) => ({
      id: row.appointment_id,
      practitioner_id: row.practitioner_id,
      patient_id: row.patient_id,
      starts_at: row.starts_at,
      token_number: row.token_number,
      name: row.name,
      holder: row.dependent_id === null ? null : { name: row.holder_name },
      birth_year: row.birth_year,
      phone_end: row.phone_end,
      way: row.walk_in ? 'walk_in' : row.channel,
      note: row.note,
      ...standingOf(row)
    })),
    stranded: left.map((row) => ({
      id: row.appointment_id,
      day: row.on_date,
      starts_at: row.starts_at,
      practitioner_id: row.practitioner_id,
      doctor: names.of(row.practitioner, clinicId),
      patient_id: row.patient_id,
      name: row.patient,
      phone_end: row.phone_end,
      token_number: row.token_number
    }))
  };
}

/** Marks a step of a visit. Throws the Data API's error unless it is a refusal. */
export async function markVisit(
  supabase: Supabase,
  id: string,
  step: Step
): Promise<Result<{ marked: Marked }>> {
  const { data, error } = await supabase.rpc('desk_mark', { appointment_id: id, step });
  if (error) return refused(deskRefusal(error));
  return { ok: true, marked: { id, ...standingOf(standing.parse(data)) } };
}

/** Notes that a patient will come, or not that they said so. Throws the Data API's error unless it is a refusal. */
export async function confirmVisit(
  supabase: Supabase,
  id: string,
  confirmed: boolean
): Promise<Result<{ marked: Marked }>> {
  const { data, error } = await supabase.rpc('desk_confirm', { appointment_id: id, confirmed });
  if (error) return refused(deskRefusal(error));
  return { ok: true, marked: { id, ...standingOf(standing.parse(data)) } };
}
