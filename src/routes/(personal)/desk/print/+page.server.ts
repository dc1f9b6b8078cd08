import { dateIn } from '#lib/appointments/when.ts';
import { loadDay } from '#lib/server/desk/day.ts';
import { openDesk } from '#lib/server/desk/desk.ts';
import type { PageServerLoad } from './$types';

export const load: PageServerLoad = async (event) => {
  const { desk, query } = await openDesk(event);
  const day = dateIn(event.url.searchParams.get('day')) ?? null;
  return { query, clinic: desk.clinic, snapshot: await loadDay(event.locals.supabase, desk, day) };
};
