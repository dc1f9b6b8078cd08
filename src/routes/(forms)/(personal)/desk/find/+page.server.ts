import { findPatients } from '#lib/server/desk/find.ts';
import { openDesk } from '#lib/server/desk/desk.ts';
import type { PageServerLoad } from './$types';

export const load: PageServerLoad = async (event) => {
  const { desk, query } = await openDesk(event);
  const words = (event.url.searchParams.get('words') ?? '').trim().slice(0, 100);
  return {
    query,
    clinicId: desk.clinicId,
    timeZone: desk.timeZone,
    now: new Date().toISOString(),
    words,
    found: words === '' ? null : await findPatients(event.locals.supabase, desk, words)
  };
};
