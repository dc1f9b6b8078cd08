import { listBookable, listBookableClinics } from '#lib/server/booking/booking.ts';
import { accountOf } from '#lib/server/request/session.ts';
import type { PageServerLoad } from './$types';

// Which clinic was chosen last. Says nothing about a person.
const COOKIE = 'medq-clinic';

export const load: PageServerLoad = async ({ cookies, locals, url }) => {
  await accountOf(locals);
  const clinics = await listBookableClinics(locals.supabase);
  const [only] = clinics;
  const asked = url.searchParams.get('clinic');
  const wanted = asked ?? cookies.get(COOKIE);
  const clinic = clinics.length === 1 ? only : clinics.find(({ id }) => id === wanted);
  if (clinic && asked === clinic.id) {
    cookies.set(COOKIE, clinic.id, { path: '/book', httpOnly: true, sameSite: 'lax', maxAge: 31_536_000 });
  }
  return {
    clinics: clinic ? [] : clinics,
    clinic: clinic ?? null,
    /** Whether there is another clinic to change to. */
    choice: clinics.length > 1,
    doctors: clinic ? await listBookable(locals.supabase, clinic.id) : [],
    now: new Date().toISOString()
  };
};
