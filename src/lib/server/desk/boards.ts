import { z } from 'zod';
import { m } from '#lib/paraglide/messages.js';
import { invalid, refused, type Result } from '#lib/server/request/refusal.ts';
import type { Supabase } from '#lib/server/request/supabase.ts';
import type { Desk } from './desk.ts';
import { deskRefusal } from './refusal.ts';

/** A television of the clinic that works. Times are ISO instants. */
export interface Board {
  id: string;
  /** Where it hangs. */
  name: string;
  madeAt: string;
  /** When it was last looked at, to a minute; null: never. */
  seenAt: string | null;
}

const rows = z.array(
  z.object({ id: z.uuid(), name: z.string(), created_at: z.string(), seen_at: z.string().nullable() })
);

/** The boards of a clinic that were not revoked, as its manager sees them. Throws the Data API's error. */
export async function listBoards(supabase: Supabase, { clinicId }: Pick<Desk, 'clinicId'>): Promise<Board[]> {
  const { data, error } = await supabase
    .from('boards')
    .select('id, name, created_at, seen_at')
    .eq('clinic_id', clinicId)
    .is('revoked_at', null)
    .order('created_at');
  if (error) throw error;
  return rows
    .parse(data)
    .map(({ id, name, created_at, seen_at }) => ({ id, name, madeAt: created_at, seenAt: seen_at }));
}

/** Makes a board; answers with what opens it, which is told this once. Throws the Data API's error unless it is a refusal. */
export async function makeBoard(
  supabase: Supabase,
  { clinicId }: Pick<Desk, 'clinicId'>,
  name: string
): Promise<Result<{ token: string }>> {
  const { data, error } = await supabase.rpc('make_board', { clinic_id: clinicId, name }).single();
  if (!error) return { ok: true, token: data.token };
  const refusal = deskRefusal(error);
  const named = refusal.code === 'invalid_name' || refusal.code === 'untypable_name';
  return refused(named ? invalid({ name: m.desk_board_name_problem() }) : refusal);
}

/** Throws the Data API's error unless it is a refusal. */
export async function revokeBoard(supabase: Supabase, id: string): Promise<Result> {
  const { error } = await supabase.rpc('revoke_board', { board_id: id });
  return error ? refused(deskRefusal(error)) : { ok: true };
}
