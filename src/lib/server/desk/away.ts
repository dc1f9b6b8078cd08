import { createHash } from 'node:crypto';
import { z } from 'zod';
import { dateIn } from '#lib/appointments/when.ts';
import {
  KINDS,
  WHY_NOT,
  type Absence,
  type Kind,
  type Line,
  type Remedy,
  type Span
} from '#lib/desk/away.ts';
import { isId } from '#lib/server/booking/appointments.ts';
import { namedAt, namesAt } from '#lib/server/booking/names.ts';
import { allRows } from '#lib/server/request/all-rows.ts';
import { refused, type Result } from '#lib/server/request/refusal.ts';
import type { Supabase } from '#lib/server/request/supabase.ts';
import { deskRefusal } from './refusal.ts';

const lines = z.array(
  z
    .object({
      appointment_id: z.uuid(),
      patient_id: z.uuid(),
      token_number: z.number().nullable(),
      name: z.string().nullable(),
      phone_end: z.string().nullable(),
      can_be_texted: z.boolean(),
      was_at: z.string(),
      practitioner: z.string(),
      starts_at: z.string().nullable(),
      why_not: z.enum(WHY_NOT).nullable()
    })
    .transform((row): Line => ({
      id: row.appointment_id,
      patientId: row.patient_id,
      token_number: row.token_number,
      name: row.name,
      phoneEnd: row.phone_end,
      canBeTexted: row.can_be_texted,
      wasAt: row.was_at,
      doctor: row.practitioner,
      startsAt: row.starts_at,
      whyNot: row.why_not
    }))
);

/** The lines of an answer of the Data API about a clinic. Throws its error unless it is a refusal. */
export async function linesOf(
  supabase: Supabase,
  clinicId: string,
  { data, error }: { data: unknown; error: unknown }
): Promise<Result<{ lines: Line[] }>> {
  if (error) return refused(deskRefusal(error));
  return { ok: true, lines: await parseLines(supabase, clinicId, data) };
}

async function parseLines(supabase: Supabase, clinicId: string, data: unknown): Promise<Line[]> {
  const parsed = lines.parse(data);
  const called = await namesAt(
    supabase,
    clinicId,
    parsed.map(({ doctor }) => doctor)
  );
  return parsed.map((line) => ({ ...line, doctor: called(line.doctor) }));
}

/** "10:30" of what an address or the database says; null: nothing, or that it begins with the day. */
function timeIn(text: string): string | null {
  const [, time = '00:00'] = /^((?:[01]\d|2[0-3]):[0-5]\d)(?::00)?$/.exec(text) ?? [];
  return time === '00:00' ? null : time;
}

/** What an address says of an absence; a date that is none is today. Null: it names no doctor. */
export function absenceIn(asked: URLSearchParams, today: string): Absence | null {
  const doctor = asked.get('doctor');
  if (!isId(doctor)) return null;
  const day = dateIn(asked.get('day')) ?? today;
  return {
    doctor,
    day,
    until: dateIn(asked.get('until')) ?? day,
    from: timeIn(asked.get('from') ?? ''),
    onlyStranded: asked.get('only') === 'stranded'
  };
}

/** What it says of the remedy; null: nothing yet. */
export function remedyIn(asked: URLSearchParams): Remedy | null {
  const kind = KINDS.find((known) => known === asked.get('what'));
  const colleague = asked.get('colleague');
  if (!kind || (kind === 'hand_over' && !isId(colleague))) return null;
  const minutes = asked.get('minutes') ?? '';
  // What is no number of minutes the database refuses as none.
  return { kind, minutes: /^\d{1,4}$/.test(minutes) ? Number(minutes) : 0, colleague: colleague ?? '' };
}

const spanArguments = ({ doctor, day, from }: Absence) => ({
  practitioner_id: doctor,
  on_date: day,
  ...(from !== null && { from_time: from })
});
const moreArguments = ({ until, onlyStranded }: Absence) => ({
  until_date: until,
  only_stranded: onlyStranded
});

/** Whom an absence hits, and with a remedy what becomes of each. Throws the Data API's error unless it is a refusal. */
export async function previewAway(
  supabase: Supabase,
  clinicId: string,
  absence: Absence,
  remedy: Remedy | null
): Promise<Result<{ lines: Line[] }>> {
  return linesOf(
    supabase,
    clinicId,
    await allRows((from, to) =>
      supabase
        .rpc('preview_day', {
          ...spanArguments(absence),
          ...moreArguments(absence),
          ...(remedy?.kind === 'shift' && { minutes: remedy.minutes }),
          ...(remedy?.kind === 'hand_over' && { to_practitioner_id: remedy.colleague }),
          ...(remedy?.kind === 'move' && { to_next: true })
        })
        .range(from, to)
    )
  );
}

/** Does it. Answers with the ids of the appointments. Throws the Data API's error unless it is a refusal. */
export async function remedyAway(
  supabase: Supabase,
  absence: Absence,
  { kind, minutes, colleague }: Remedy,
  { operation, reason }: { operation: string; reason: string }
): Promise<Result<{ ids: string[] }>> {
  const span = { ...spanArguments(absence), operation_id: operation };
  const more = { ...span, ...moreArguments(absence) };
  const ask = {
    // A time that is missing is all day, which the generated types do not know.
    shift: () => supabase.rpc('shift_day', { ...span, from_time: absence.from ?? '00:00', minutes }),
    hand_over: () => supabase.rpc('hand_over_day', { ...more, to_practitioner_id: colleague }),
    move: () => supabase.rpc('move_day', more),
    cancel: () => supabase.rpc('cancel_day', { ...more, reason })
  };
  return idsOf(await ask[kind]());
}

/** A doctor of the clinic. */
export interface Doctor {
  id: string;
  name: string;
  active: boolean;
}

/** Everybody who sees or saw patients at a clinic, by name: also who has left may still be booked. */
export async function listAllDoctors(supabase: Supabase, clinicId: string): Promise<Doctor[]> {
  const { data, error } = await supabase
    .from('practitioners')
    .select('id, name, active')
    .eq('clinic_id', clinicId)
    .order('name');
  if (error) throw error;
  return namedAt(supabase, clinicId, data);
}

/** How many of some patients a colleague can take; or why none. */
export interface Colleague extends Doctor {
  fits: number;
  problem: string | null;
}

/** Who could take over, each with how many of the patients. Throws the Data API's error. */
export async function listColleagues(
  supabase: Supabase,
  clinicId: string,
  absence: Absence,
  doctors: readonly Doctor[]
): Promise<Colleague[]> {
  const others = doctors.filter(({ id, active }) => active && id !== absence.doctor);
  return Promise.all(
    others.map(async (doctor) => {
      const seen = await previewAway(supabase, clinicId, absence, {
        kind: 'hand_over',
        minutes: 0,
        colleague: doctor.id
      });
      return seen.ok
        ? { ...doctor, fits: seen.lines.filter(({ whyNot }) => whyNot === null).length, problem: null }
        : { ...doctor, fits: 0, problem: seen.refusal.message };
    })
  );
}

const ids = z.array(z.object({ appointment_id: z.uuid() }));

/** Whose appointments an operation was about. Throws the Data API's error unless it is a refusal. */
export function idsOf({ data, error }: { data: unknown; error: unknown }): Result<{ ids: string[] }> {
  if (error) return refused(deskRefusal(error));
  return { ok: true, ids: ids.parse(data).map(({ appointment_id }) => appointment_id) };
}

/**
 * The id of the next operation on the days of a doctor, or of a whole clinic. It follows from the one before, so that of two
 * desks that have seen the same only one can do something. Ask for it before what is shown, never after.
 */
export async function nextOperation(
  supabase: Supabase,
  { clinicId, doctor }: { clinicId: string; doctor: string | null }
): Promise<string> {
  const all = supabase.from('day_operations').select('id').eq('clinic_id', clinicId);
  const own = doctor === null ? all.is('practitioner_id', null) : all.eq('practitioner_id', doctor);
  const { data, error } = await own.order('done_at', { ascending: false }).limit(1).maybeSingle();
  if (error) throw error;
  const hash = createHash('sha256')
    .update(`${clinicId} ${doctor ?? ''} ${data?.id ?? ''}`)
    .digest('hex');
  // As a UUID of version 8: one of somebody's own making.
  return hash.slice(0, 32).replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12})$/, '$1-$2-8$3-8$4-$5');
}

/**
 * Where it is shown what an operation did.
 * @param seen the ids of those whom its preview showed, with spaces between
 */
export function addressOfDone(url: URL, operation: string, seen: string, ids: readonly string[]): string {
  const known = new Set(seen.split(' ').filter(Boolean));
  const added = ids.filter((id) => !known.delete(id)).length;
  const clinic = url.searchParams.get('clinic');
  const query = new URLSearchParams({
    ...(clinic !== null && { clinic }),
    // Between looking and doing somebody was booked, or was cancelled.
    ...(added > 0 && { added: String(added) }),
    ...(known.size > 0 && { gone: String(known.size) })
  });
  return `/desk/away/${operation}${query.size > 0 ? `?${query}` : ''}`;
}

/** An operation on a day that was done. */
export interface Done extends Span {
  kind: Kind | 'close';
  /** Null: everybody's. */
  doctorId: string | null;
  doctor: string | null;
  colleague: string | null;
  minutes: number;
  reason: string;
  /** Who did it; null: it was done in the dashboard, or by somebody who has left. */
  by: string | null;
  /** An ISO instant. */
  at: string;
  lines: Line[];
}

const doneRow = z.object({
  kind: z.enum([...KINDS, 'close']),
  on_date: z.string(),
  until_date: z.string(),
  from_time: z.string().nullable(),
  minutes: z.number().nullable(),
  practitioner_id: z.uuid().nullable(),
  to_practitioner_id: z.uuid().nullable(),
  reason: z.string(),
  actor_id: z.uuid().nullable(),
  done_at: z.string()
});

/** What was done at the desk of a clinic, and for whom; null: there is no such operation. Throws the Data API's error. */
export async function loadDone(
  supabase: Supabase,
  clinicId: string,
  operation: string
): Promise<Done | null> {
  const [row, outcome, doctors, staff] = await Promise.all([
    supabase.from('day_operations').select().eq('id', operation).eq('clinic_id', clinicId).maybeSingle(),
    allRows((from, to) => supabase.rpc('day_outcome', { operation_id: operation }).range(from, to)),
    listAllDoctors(supabase, clinicId),
    supabase.from('clinic_staff').select('user_id, name').eq('clinic_id', clinicId)
  ]);
  for (const { error } of [row, outcome, staff]) if (error) throw error;
  if (!row.data) return null;
  const done = doneRow.parse(row.data);
  const nameOf = (id: string | null) => doctors.find((doctor) => doctor.id === id)?.name ?? null;
  return {
    kind: done.kind,
    day: done.on_date,
    until: done.until_date,
    from: timeIn(done.from_time ?? ''),
    minutes: done.minutes ?? 0,
    doctorId: done.practitioner_id,
    doctor: nameOf(done.practitioner_id),
    colleague: nameOf(done.to_practitioner_id),
    reason: done.reason,
    by: staff.data?.find(({ user_id }) => user_id !== null && user_id === done.actor_id)?.name ?? null,
    at: done.done_at,
    lines: await parseLines(supabase, clinicId, outcome.data)
  };
}
