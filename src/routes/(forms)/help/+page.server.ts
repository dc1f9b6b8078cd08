import { listClinics } from '#lib/server/booking/clinics.ts';
import { logFailure } from '#lib/server/request/log.ts';
import type { PageServerLoad } from './$types';

export const load: PageServerLoad = async ({ locals }) => {
  try {
    return { clinics: await listClinics(locals.supabase) };
  } catch (cause) {
    // The rest of the page helps too.
    logFailure('clinics_unavailable', locals.requestId, cause);
    return { clinics: [] };
  }
};
