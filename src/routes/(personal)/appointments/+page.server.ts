import { PUBLIC_SUPABASE_ANON_KEY, PUBLIC_SUPABASE_URL } from '$app/env/public';
import { loadAppointments } from '#lib/server/booking/appointments.ts';
import { takeNote } from '#lib/server/request/note.ts';
import { accountOf } from '#lib/server/request/session.ts';
import type { PageServerLoad } from './$types';

export const load: PageServerLoad = async ({ cookies, locals }) => {
  const { patientId } = await accountOf(locals);
  return {
    snapshot: await loadAppointments(locals.supabase),
    note: takeNote(cookies),
    source: patientId ? { url: PUBLIC_SUPABASE_URL, key: PUBLIC_SUPABASE_ANON_KEY, patientId } : null
  };
};
