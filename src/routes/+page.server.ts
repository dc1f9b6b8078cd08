import type { RequestEvent } from '@sveltejs/kit';
import { setTimeout as sleep } from 'node:timers/promises';
import { clinicsLike } from '#lib/clinics.ts';
import { listBookableClinics, listClinics, type Clinic } from '#lib/server/booking/clinics.ts';
import { listBookablePractitioners, type BookablePractitioner } from '#lib/server/booking/free-times.ts';
import {
  askHours,
  asVisitor,
  letCachesKeep,
  MOST_CLINICS,
  type HoursRow
} from '#lib/server/booking/looker.ts';
import { logFailure } from '#lib/server/request/log.ts';
import { forNobody } from '#lib/server/request/supabase.ts';
import type { PageServerLoad } from './$types';

/** The same for everybody, whoever is signed in. */
export const load: PageServerLoad = async (event) => {
  const place = event.url.searchParams.get('place') ?? '';
  const clinics = await unlessItFails(event, 'clinics_unavailable', clinicsOf(event));
  // The page is of use without the numbers too, and says that they are missing.
  if (!clinics) return { clinics: null, clinicCount: 0, place, hours: [], doctors: null, now: '' };
  const shown = clinicsLike(clinics, place);
  const [only] = shown.length === 1 ? shown : [];
  const [hours, doctors] = await Promise.all([
    hoursOf(event, shown),
    only ? doctorsOf(event, only.id) : null
  ]);
  letCachesKeep(event);
  return {
    clinics: shown,
    clinicCount: clinics.length,
    place,
    hours,
    /** Of the only clinic that is shown, who is free first first; null where there is another number of them, or nobody can tell. */
    doctors,
    now: new Date().toISOString()
  };
};

/** All clinics by name, and whether they take bookings here. */
async function clinicsOf(event: RequestEvent): Promise<(Clinic & { takesBookings: boolean })[]> {
  const supabase = forNobody(event);
  const [clinics, bookable] = await Promise.all([listClinics(supabase), listBookableClinics(supabase)]);
  const ids = new Set(bookable.map(({ id }) => id));
  return clinics.map((clinic) => ({ ...clinic, takesBookings: ids.has(clinic.id) }));
}

async function hoursOf(event: RequestEvent, clinics: readonly { id: string }[]): Promise<HoursRow[]> {
  if (clinics.length === 0 || clinics.length > MOST_CLINICS) return [];
  const ids = clinics.map(({ id }) => id);
  return (await unlessItFails(event, 'hours_unavailable', askHours(event, ids))) ?? [];
}

const doctorsOf = (event: RequestEvent, clinicId: string): Promise<BookablePractitioner[] | null> =>
  unlessItFails(event, 'doctors_unavailable', listBookablePractitioners(asVisitor(event), clinicId));

// A first look waits no longer for anything: the page is of use without it.
const PATIENCE_MS = 3000;

async function unlessItFails<T>(event: RequestEvent, what: string, answer: Promise<T>): Promise<T | null> {
  try {
    const tooLate = sleep(PATIENCE_MS, undefined, { ref: false }).then(() => {
      throw new Error(`No answer within ${PATIENCE_MS} ms.`);
    });
    return await Promise.race([answer, tooLate]);
  } catch (cause) {
    logFailure(what, event.locals.requestId, cause);
    return null;
  }
}
