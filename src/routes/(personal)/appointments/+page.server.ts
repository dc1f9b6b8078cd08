import { loadAppointments } from '#lib/server/booking/appointments.ts';
import { takeFlash } from '#lib/server/request/flash.ts';
import { accountOf } from '#lib/server/request/session.ts';
import { liveSource } from '#lib/server/request/supabase.ts';
import type { PageServerLoad } from './$types';

export const load: PageServerLoad = async (event) => {
  const { patientId } = await accountOf(event.locals);
  return {
    snapshot: await loadAppointments(event.locals.supabase),
    flash: takeFlash(event, '/appointments'),
    source: patientId ? { ...liveSource, patientId } : null
  };
};
