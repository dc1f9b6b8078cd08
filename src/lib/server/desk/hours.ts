import { z } from 'zod';
import { addDays } from '#lib/appointments/when.ts';
import type { Exception, Period, Stranding } from '#lib/desk/hours.ts';
import { namedAt } from '#lib/server/booking/names.ts';
import { refused, type Refusal } from '#lib/server/request/refusal.ts';
import type { Supabase } from '#lib/server/request/supabase.ts';
import type { Desk } from './desk.ts';
import { deskRefusal } from './refusal.ts';

const strandings = z.array(
  z.object({
    appointment_id: z.uuid(),
    patient_id: z.uuid(),
    name: z.string().nullable(),
    phone_end: z.string().nullable(),
    token_number: z.number().nullable(),
    starts_at: z.string(),
    already: z.boolean()
  })
);

const PERIOD = 'start_time, end_time, slot_minutes';

/** What came of saving hours: with `strands` nothing, as these people would be booked outside them. */
export type Saved =
  { ok: true } | { ok: false; refusal: Refusal; strands?: never } | { ok: false; strands: Stranding[] };

/** A practitioner of a clinic, also one who is not booked with any more. */
export interface Practitioner {
  id: string;
  name: string;
  active: boolean;
}

/** Everybody who sees patients at the clinic of a desk, or did, by name. Throws the Data API's error. */
export async function listPractitioners(
  supabase: Supabase,
  { clinicId }: Pick<Desk, 'clinicId'>
): Promise<Practitioner[]> {
  const { data, error } = await supabase
    .from('practitioners')
    .select('id, name, active')
    .eq('clinic_id', clinicId)
    .order('active', { ascending: false })
    .order('name');
  if (error) throw error;
  return namedAt(supabase, clinicId, data);
}

/** The weekly hours of a practitioner whom one manages, in order. Throws the Data API's error. */
export async function readWeek(supabase: Supabase, practitioner: string): Promise<Period[]> {
  const { data, error } = await supabase
    .from('schedules')
    .select(`weekday, ${PERIOD}`)
    .eq('practitioner_id', practitioner)
    .order('weekday')
    .order('start_time');
  if (error) throw error;
  return data;
}

/** Dates from `from` on, mostly today, on which a practitioner has other hours. Throws the Data API's error. */
export async function readExceptions(
  supabase: Supabase,
  practitioner: string,
  from: string
): Promise<Exception[]> {
  const { data, error } = await supabase
    .from('schedule_exceptions')
    .select(`on_date, reason, start_time, end_time, slot_minutes`)
    .eq('practitioner_id', practitioner)
    .gte('on_date', from)
    .order('on_date')
    .order('start_time');
  if (error) throw error;
  const dates: Exception[] = [];
  for (const { on_date, reason, start_time, end_time, slot_minutes } of data) {
    const hours = start_time && end_time ? [{ weekday: 0, start_time, end_time, slot_minutes }] : [];
    const last = dates.at(-1);
    if (last?.from === on_date) last.hours.push(...hours);
    else dates.push({ from: on_date, until: on_date, hours, reason });
  }
  return inARow(dates);
}

/** Days that follow each other and differ alike, as one. */
function inARow(dates: readonly Exception[]): Exception[] {
  const alike = ({ hours, reason }: Exception) => JSON.stringify([hours, reason]);
  const rows: Exception[] = [];
  for (const date of dates) {
    const last = rows.at(-1);
    if (last && addDays(last.until, 1) === date.from && alike(last) === alike(date)) last.until = date.until;
    else rows.push({ ...date });
  }
  return rows;
}

/** Days from `from` to `until` on which the clinic itself is closed. Throws the Data API's error. */
export async function readClosures(
  supabase: Supabase,
  { clinicId }: Pick<Desk, 'clinicId'>,
  from: string,
  until: string
): Promise<{ from: string; until: string; reason: string }[]> {
  const { data, error } = await supabase
    .from('clinic_closures')
    .select('from_date, until_date, reason')
    .eq('clinic_id', clinicId)
    .lte('from_date', until)
    .gte('until_date', from);
  if (error) throw error;
  return data.map(({ from_date, until_date, reason }) => ({ from: from_date, until: until_date, reason }));
}

/** Whom new hours would strand; not who is outside hours already. */
function newlyStranded(rows: unknown): Stranding[] {
  return strandings
    .parse(rows)
    .flatMap(({ appointment_id, already, ...who }) => (already ? [] : [{ id: appointment_id, ...who }]));
}

/** What came of saving: if somebody would be stranded, who. */
async function cameOf(
  failure: unknown,
  preview: () => PromiseLike<{ data: unknown; error: unknown }>
): Promise<Saved> {
  if (!failure) return { ok: true };
  const refusal = deskRefusal(failure);
  if (refusal.code !== 'would_strand') return refused(refusal);
  const { data, error } = await preview();
  return error ? refused(deskRefusal(error)) : { ok: false, strands: newlyStranded(data) };
}

/**
 * Replaces the weekly hours of a practitioner, unless that strands others than `mayStrand` (appointments). Throws the Data
 * API's error unless it is a refusal.
 */
export async function saveWeek(
  supabase: Supabase,
  practitioner: string,
  week: readonly Period[],
  mayStrand: string[]
): Promise<Saved> {
  const asked = { practitioner_id: practitioner, week: week.map((period) => ({ ...period })) };
  const { error } = await supabase.rpc('set_week', { ...asked, may_strand: mayStrand });
  return cameOf(error, () => supabase.rpc('preview_week', asked));
}

export interface Dates {
  /** Calendar days, both included. */
  from: string;
  until: string;
  /** None: closed. Null: as in every week. */
  hours: readonly Period[] | null;
  reason: string;
}

/** The same for some dates. */
export async function saveDates(
  supabase: Supabase,
  practitioner: string,
  { from, until, hours, reason }: Dates,
  mayStrand: string[]
): Promise<Saved> {
  const asked = {
    practitioner_id: practitioner,
    from_date: from,
    until_date: until,
    hours: hours && hours.map((period) => ({ ...period }))
  };
  const { error } = await supabase.rpc('set_dates', { ...asked, reason, may_strand: mayStrand });
  return cameOf(error, () => supabase.rpc('preview_dates', asked));
}
