import { z } from 'zod';
import { anyMistake, invalid, refused, type Result } from '#lib/server/request/refusal.ts';
import type { Supabase } from '#lib/server/request/supabase.ts';
import type { Desk } from './desk.ts';
import { nameProblem } from './names.ts';
import { deskRefusal } from './refusal.ts';

/** A practitioner as the form has them. */
export interface TypedPractitioner {
  name: string;
  /** How a caller should hear the name; empty: as it is written. */
  spoken_name: string;
  specialty: string;
  active: boolean;
}

export interface SetUpPractitioner extends TypedPractitioner {
  id: string;
  /** Appointments to come, and the calendar days of the next and the last; null: none. */
  upcoming: number;
  next: string | null;
  last: string | null;
}

const rows = z.array(
  z.object({
    practitioner_id: z.uuid(),
    name: z.string(),
    spoken_name: z.string().nullable(),
    specialty: z.string(),
    active: z.boolean(),
    upcoming: z.number(),
    next_on: z.string().nullable(),
    last_on: z.string().nullable()
  })
);

/** Who sees patients at the clinic of a desk, or did. Throws the Data API's error. */
export async function readPractitioners(
  supabase: Supabase,
  { clinicId }: Pick<Desk, 'clinicId'>
): Promise<SetUpPractitioner[]> {
  const { data, error } = await supabase.rpc('desk_practitioners', { clinic_id: clinicId });
  if (error) throw error;
  return rows.parse(data).map(({ practitioner_id, spoken_name, next_on, last_on, ...row }) => ({
    id: practitioner_id,
    spoken_name: spoken_name ?? '',
    next: next_on,
    last: last_on,
    ...row
  }));
}

/**
 * Saves a practitioner of the clinic of a desk; without an id a new one. Throws the Data API's error unless it is a
 * refusal.
 */
export async function savePractitioner(
  supabase: Supabase,
  { clinicId }: Pick<Desk, 'clinicId'>,
  id: string | null,
  { name, spoken_name, specialty, active }: TypedPractitioner
): Promise<Result> {
  const mistakes = invalid({
    name: nameProblem(name),
    spoken_name: spoken_name === '' ? undefined : nameProblem(spoken_name),
    specialty: nameProblem(specialty)
  });
  if (anyMistake(mistakes.fields)) return refused(mistakes);
  const row = { name, spoken_name: spoken_name || null, specialty, active };
  const table = supabase.from('practitioners');
  const { error } = await (id === null
    ? table.insert({ clinic_id: clinicId, ...row })
    : table.update(row).eq('id', id).eq('clinic_id', clinicId).select('id').single());
  return error ? refused(deskRefusal(error)) : { ok: true };
}
