import { error } from '@sveltejs/kit';
import { icsOf } from '#lib/appointments/ics.ts';
import { m } from '#lib/paraglide/messages.js';
import { loadAppointment, loadDirectory } from '#lib/server/booking/appointments.ts';
import { loadReminders } from '#lib/server/booking/clinics.ts';
import { accountOf } from '#lib/server/request/session.ts';
import type { RequestHandler } from './$types';

/** The appointment for the calendar of a phone or computer. */
export const GET: RequestHandler = async ({ locals, params }) => {
  await accountOf(locals);
  const appointment = await loadAppointment(locals.supabase, params.id);
  if (!appointment) error(404, m.refusal_unknown_appointment());
  const [{ practitioners, clinics, people }, remindersBefore] = await Promise.all([
    loadDirectory(locals.supabase, appointment),
    loadReminders(locals.supabase, appointment.clinic_id)
  ]);
  const file = icsOf({
    appointment,
    practitioner: practitioners[appointment.practitioner_id],
    clinic: clinics[appointment.clinic_id],
    who: (appointment.dependent_id && people[appointment.dependent_id]) || null,
    remindersBefore,
    now: new Date()
  });
  return new Response(file, {
    headers: {
      'content-type': 'text/calendar; charset=utf-8',
      'content-disposition': 'attachment; filename="appointment.ics"'
    }
  });
};
