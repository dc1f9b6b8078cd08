import { error, redirect } from '@sveltejs/kit';
import { appointmentInSentence } from '#lib/appointments/words.ts';
import { m } from '#lib/paraglide/messages.js';
import { byId, isId, loadAppointments } from '#lib/server/booking/appointments.ts';
import { confirmAppointment } from '#lib/server/booking/booking.ts';
import { listClinics } from '#lib/server/booking/clinics.ts';
import { leaveFlash, takeFlash } from '#lib/server/request/flash.ts';
import { readForm, refuseForm } from '#lib/server/request/forms.ts';
import { accountOf } from '#lib/server/request/session.ts';
import { liveSource } from '#lib/server/request/supabase.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = async (event) => {
  const { patientId, username } = await accountOf(event.locals);
  const { supabase } = event.locals;
  const [snapshot, clinics] = await Promise.all([loadAppointments(supabase), listClinics(supabase)]);
  // What was just cancelled is not among those to come: it is named where that is told.
  const nameOf = (id: string) => {
    const appointment = snapshot.appointments.find((one) => one.id === id);
    return appointment ? appointmentInSentence(appointment, snapshot, new Date(snapshot.now)) : null;
  };
  return {
    // All clinics, as somebody without appointments needs a number to call too.
    snapshot: { ...snapshot, clinics: byId(clinics) },
    flash: takeFlash(event, '/appointments', (id) => {
      const what = id === '' ? '' : nameOf(id);
      return what === null ? null : { username, what };
    }),
    source: patientId ? { ...liveSource, patientId } : null
  };
};

export const actions: Actions = {
  confirm: async (event) => {
    await accountOf(event.locals);
    const { appointment } = await readForm(event.request, 'appointment');
    if (!isId(appointment)) error(400, m.form_unknown());
    const confirmed = await confirmAppointment(event.locals.supabase, appointment);
    if (!confirmed.ok) return refuseForm(confirmed.refusal, {});
    leaveFlash(event, '/appointments', 'confirmed');
    redirect(303, '/appointments');
  }
};
