import { listBookableClinics } from '#lib/server/booking/clinics.ts';
import { listBookablePractitioners } from '#lib/server/booking/free-times.ts';
import { keepCookie, readCookie } from '#lib/server/request/cookies.ts';
import { accountOf } from '#lib/server/request/session.ts';
import type { PageServerLoad } from './$types';

export const load: PageServerLoad = async (event) => {
  const { supabase } = event.locals;
  await accountOf(event.locals);
  const clinics = await listBookableClinics(supabase);
  const [only] = clinics;
  const chosen = event.url.searchParams.get('clinic');
  const wanted = chosen ?? readCookie(event, 'clinic');
  const clinic = clinics.length === 1 ? only : clinics.find(({ id }) => id === wanted);
  if (clinic && chosen === clinic.id) keepCookie(event, 'clinic', clinic.id);
  return {
    clinics: clinic ? [] : clinics,
    clinic: clinic ?? null,
    /** Whether there is another clinic to change to. */
    hasOtherClinics: clinics.length > 1,
    practitioners: clinic ? await listBookablePractitioners(supabase, clinic.id) : [],
    now: new Date().toISOString()
  };
};
