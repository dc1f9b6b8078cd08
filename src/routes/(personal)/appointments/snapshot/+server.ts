import { loadAppointments } from '#lib/server/booking/appointments.ts';
import { accountOf } from '#lib/server/request/session.ts';
import type { RequestHandler } from './$types';

/** The list again, for the page that is open. */
export const GET: RequestHandler = async ({ locals }) => {
  const [snapshot] = await Promise.all([loadAppointments(locals.supabase), accountOf(locals)]);
  return Response.json(snapshot);
};
