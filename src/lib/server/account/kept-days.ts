import { z } from 'zod';
import type { Supabase } from '#lib/server/request/supabase.ts';

const keptDays = z.object({
  sms_days: z.number(),
  calls_days: z.number(),
  events_days: z.number(),
  session_idle_days: z.number()
});

/** For how many days what is kept, as the settings of the database have it. Throws the Data API's error. */
export async function loadKeptDays(supabase: Supabase): Promise<z.output<typeof keptDays>> {
  const { data, error } = await supabase.rpc('kept_days').single();
  if (error) throw error;
  return keptDays.parse(data);
}
