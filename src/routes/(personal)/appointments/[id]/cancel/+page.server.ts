import { fail, redirect } from '@sveltejs/kit';
import { loadAppointment } from '#lib/server/booking/appointments.ts';
import { loadDirectory, refusalFrom } from '#lib/server/booking/booking.ts';
import { leaveNote } from '#lib/server/request/note.ts';
import { accountOf } from '#lib/server/request/session.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = async ({ locals, params }) => {
  await accountOf(locals);
  const appointment = await loadAppointment(locals.supabase, params.id);
  // Not theirs, or cancelled meanwhile: the list shows how it is.
  if (appointment?.status !== 'booked') redirect(303, '/appointments');
  return {
    appointment,
    directory: await loadDirectory(locals.supabase, appointment),
    now: new Date().toISOString()
  };
};

export const actions: Actions = {
  default: async ({ cookies, locals, params }) => {
    await accountOf(locals);
    const { error } = await locals.supabase.rpc('cancel_appointment', { appointment_id: params.id });
    if (error) {
      const { sentence, status } = refusalFrom(error);
      return fail(status, { sentence });
    }
    leaveNote(cookies, 'cancelled');
    redirect(303, '/appointments');
  }
};
