import { byId, loadAppointments } from '#lib/server/booking/appointments.ts';
import { listClinics } from '#lib/server/booking/clinics.ts';
import { takeFlash } from '#lib/server/request/flash.ts';
import { accountOf } from '#lib/server/request/session.ts';
import { liveSource } from '#lib/server/request/supabase.ts';
import type { PageServerLoad } from './$types';

export const load: PageServerLoad = async (event) => {
  const { patientId } = await accountOf(event.locals);
  const { supabase } = event.locals;
  const [snapshot, clinics] = await Promise.all([loadAppointments(supabase), listClinics(supabase)]);
  return {
    // All clinics, as somebody without appointments needs a number to call too.
    snapshot: { ...snapshot, clinics: byId(clinics) },
    flash: takeFlash(event, '/appointments'),
    source: patientId ? { ...liveSource, patientId } : null
  };
};
