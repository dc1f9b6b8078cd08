import { z } from 'zod';
import type { Line } from '#lib/desk/away.ts';
import type { Result } from '#lib/server/request/refusal.ts';
import { allRows } from '#lib/server/request/all-rows.ts';
import type { Supabase } from '#lib/server/request/supabase.ts';
import { idsOf, linesOf } from './away.ts';

/** Days on which a clinic is closed: calendar days, the first and the last. */
export interface Closure {
  id: string;
  from: string;
  until: string;
  reason: string;
}

const rows = z.array(
  z.object({ id: z.uuid(), from_date: z.string(), until_date: z.string(), reason: z.string() })
);

/** The closures of a clinic that are not over on a day, the first first. Throws the Data API's error. */
export async function listClosures(supabase: Supabase, clinicId: string, today: string): Promise<Closure[]> {
  const { data, error } = await supabase
    .from('clinic_closures')
    .select('id, from_date, until_date, reason')
    .eq('clinic_id', clinicId)
    .gte('until_date', today)
    .order('from_date');
  if (error) throw error;
  return rows
    .parse(data)
    .map(({ id, from_date, until_date, reason }) => ({ id, from: from_date, until: until_date, reason }));
}

type Days = Pick<Closure, 'from' | 'until'>;

/** Whom closing a clinic would cancel. Throws the Data API's error unless it is a refusal. */
export async function previewClosure(
  supabase: Supabase,
  clinicId: string,
  { from, until }: Days
): Promise<Result<{ lines: Line[] }>> {
  return linesOf(
    supabase,
    clinicId,
    await allRows((first, last) =>
      supabase
        .rpc('preview_closure', { clinic_id: clinicId, from_date: from, until_date: until })
        .range(first, last)
    )
  );
}

/** Closes a clinic; answers with whose appointments were cancelled. Throws the Data API's error unless it is a refusal. */
export async function closeClinic(
  supabase: Supabase,
  clinicId: string,
  { from, until, reason }: Omit<Closure, 'id'>,
  operation: string
): Promise<Result<{ ids: string[] }>> {
  return idsOf(
    await supabase.rpc('close_clinic', {
      clinic_id: clinicId,
      from_date: from,
      until_date: until,
      reason,
      operation_id: operation
    })
  );
}

/** Opens a clinic again, which only managers can. Throws the Data API's error. */
export async function openAgain(supabase: Supabase, clinicId: string, id: string): Promise<void> {
  const { error } = await supabase.from('clinic_closures').delete().eq('clinic_id', clinicId).eq('id', id);
  if (error) throw error;
}
