import { listClinics } from '#lib/server/booking/clinics.ts';
import { logFailure } from '#lib/server/request/log.ts';
import type { PageServerLoad } from './$types';

export const load: PageServerLoad = async ({ locals }) => {
  try {
    return { clinics: await listClinics(locals.supabase) };
  } catch (cause) {
    // The page is of use without the numbers too, and says that they are missing.
    logFailure('clinics_unavailable', locals.requestId, cause);
    return { clinics: null };
  }
};
