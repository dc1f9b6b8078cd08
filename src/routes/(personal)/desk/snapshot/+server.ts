import { dateIn } from '#lib/appointments/when.ts';
import type { DaySnapshot } from '#lib/desk/model.ts';
import { loadDay } from '#lib/server/desk/day.ts';
import { chosenDesk } from '#lib/server/desk/desk.ts';
import type { RequestHandler } from './$types';

/** The day again, for the page that is open; null when the desk is not open any more. */
export const GET: RequestHandler = async (event) => {
  const { desk } = await chosenDesk(event);
  const day = dateIn(event.url.searchParams.get('day')) ?? null;
  const snapshot: DaySnapshot | null = desk.open ? await loadDay(event.locals.supabase, desk, day) : null;
  return Response.json(snapshot);
};
