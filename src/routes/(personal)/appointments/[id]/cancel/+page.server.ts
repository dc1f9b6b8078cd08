import { redirect } from '@sveltejs/kit';
import { loadAppointment, loadDirectory } from '#lib/server/booking/appointments.ts';
import { cancelAppointment } from '#lib/server/booking/booking.ts';
import { leaveFlash } from '#lib/server/request/flash.ts';
import { refuseForm } from '#lib/server/request/forms.ts';
import { accountOf } from '#lib/server/request/session.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = async ({ locals, params }) => {
  await accountOf(locals);
  const appointment = await loadAppointment(locals.supabase, params.id);
  // Not theirs, or cancelled meanwhile, which the list shows.
  if (appointment?.status !== 'booked') redirect(303, '/appointments');
  return {
    appointment,
    directory: await loadDirectory(locals.supabase, appointment),
    now: new Date().toISOString()
  };
};

export const actions: Actions = {
  default: async (event) => {
    const { locals, params } = event;
    await accountOf(locals);
    const cancelled = await cancelAppointment(locals.supabase, params.id);
    if (!cancelled.ok) return refuseForm(cancelled.refusal, {});
    leaveFlash(event, '/appointments', 'cancelled', params.id);
    redirect(303, '/appointments');
  }
};
