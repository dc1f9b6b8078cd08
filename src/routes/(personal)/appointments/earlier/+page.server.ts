import { redirect } from '@sveltejs/kit';
import { loadAppointments } from '#lib/server/booking/appointments.ts';
import { accountOf } from '#lib/server/request/session.ts';
import type { PageServerLoad } from './$types';

/** What does not fit the page of appointments: its second page, and those after. */
export const load: PageServerLoad = async ({ locals, url }) => {
  await accountOf(locals);
  const page = Number(url.searchParams.get('page') ?? '2');
  if (!Number.isInteger(page) || page < 2 || page > 1_000) redirect(303, '/appointments');
  return { page, snapshot: await loadAppointments(locals.supabase, page) };
};
