import { listClinics } from '#lib/server/booking/clinics.ts';
import { logFailure } from '#lib/server/request/log.ts';
import type { PageServerLoad } from './$types';

export const load: PageServerLoad = async ({ locals }) => {
  try {
    return { clinics: await listClinics(locals.supabase) };
  } catch (cause) {
    // The page is still of use without the numbers, and says so.
    logFailure('clinics_unavailable', locals.requestId, cause);
    return { clinics: null };
  }
};
