import { m } from '#lib/paraglide/messages.js';
import { invalid, refused, type Result } from '#lib/server/request/refusal.ts';
import type { Supabase } from '#lib/server/request/supabase.ts';
import { deskRefusal } from './refusal.ts';

/**
 * Texts a code to the signed-in person, who works at a desk; answers with how many digits it has. Throws the Data API's
 * error unless it is a refusal.
 */
export async function sendDeskCode(supabase: Supabase): Promise<Result<{ length: number }>> {
  const { data, error } = await supabase.rpc('desk_start').single();
  return error ? refused(deskRefusal(error)) : { ok: true, length: data.code_length };
}

/** Opens the desk to this session with the code. Throws the Data API's error unless it is a refusal. */
export async function proveDeskCode(supabase: Supabase, code: string): Promise<Result> {
  const { data, error } = await supabase.rpc('desk_prove', { code });
  if (error) return refused(deskRefusal(error));
  // Null says that it was not the right one, which the generated types do not know.
  return data ? { ok: true } : refused(invalid({ code: m.desk_code_wrong() }));
}
