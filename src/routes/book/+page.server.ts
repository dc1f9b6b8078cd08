import { clinicsLike } from '#lib/clinics.ts';
import { listBookableClinics } from '#lib/server/booking/clinics.ts';
import { listBookablePractitioners } from '#lib/server/booking/free-times.ts';
import { letCachesKeep, lookerOf } from '#lib/server/booking/looker.ts';
import { keepCookie, readCookie } from '#lib/server/request/cookies.ts';
import type { PageServerLoad } from './$types';

export const load: PageServerLoad = async (event) => {
  const looker = await lookerOf(event);
  const query = event.url.searchParams;
  const clinics = await listBookableClinics(looker.supabase);
  const [only] = clinics;
  const chosen = query.get('clinic');
  // What a cache keeps must not depend on what one visitor chose before, nor tell others.
  const wanted = chosen ?? (looker.signedIn ? readCookie(event, 'clinic') : undefined);
  const clinic = clinics.length === 1 ? only : clinics.find(({ id }) => id === wanted);
  if (clinic && chosen === clinic.id && looker.signedIn) keepCookie(event, 'clinic', clinic.id);
  const practitioners = clinic ? await listBookablePractitioners(looker, clinic.id) : [];
  const place = query.get('place') ?? '';
  letCachesKeep(event);
  return {
    clinics: clinic ? [] : clinicsLike(clinics, place),
    clinic: clinic ?? null,
    /** How many clinics take bookings at all. */
    clinicCount: clinics.length,
    /** The words that a clinic's name or address has to have. */
    place,
    practitioners,
    /** The specialty that is looked at alone, as the database has it. */
    specialty: practitioners.find(({ bookedFor }) => bookedFor === query.get('specialty'))?.bookedFor ?? null,
    now: new Date().toISOString()
  };
};
