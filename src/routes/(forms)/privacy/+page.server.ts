import { z } from 'zod';
import type { PageServerLoad } from './$types';

const kept = z.object({
  sms_days: z.number(),
  calls_days: z.number(),
  events_days: z.number(),
  session_idle_days: z.number()
});

/** For how many days what is kept, as the settings of the database have it. Throws the Data API's error. */
export const load: PageServerLoad = async ({ locals }) => {
  const { data, error } = await locals.supabase.rpc('kept_days').single();
  if (error) throw error;
  return { kept: kept.parse(data) };
};
