import { error, redirect } from '@sveltejs/kit';
import { localDate } from '#lib/appointments/when.ts';
import { m } from '#lib/paraglide/messages.js';
import {
  absenceIn,
  addressOfDone,
  listAllDoctors,
  listColleagues,
  nextOperation,
  previewAway,
  remedyAway,
  remedyIn
} from '#lib/server/desk/away.ts';
import { openDesk } from '#lib/server/desk/desk.ts';
import { isId } from '#lib/server/booking/appointments.ts';
import { readForm, refuseForm } from '#lib/server/request/forms.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = async (event) => {
  const { desk, query } = await openDesk(event);
  const { supabase } = event.locals;
  const { searchParams } = event.url;
  const now = new Date();
  const today = localDate(now, desk.timeZone);
  const doctors = await listAllDoctors(supabase, desk.clinicId);
  const asked = absenceIn(searchParams, today);
  const absence = asked && doctors.some(({ id }) => id === asked.doctor) ? asked : null;
  const page = {
    query,
    clinicId: desk.clinicId,
    timeZone: desk.timeZone,
    now: now.toISOString(),
    today,
    // Who has left may still be booked.
    doctors: doctors.filter(({ id, active }) => active || id === absence?.doctor)
  };
  if (!absence) return { ...page, shown: null, problem: null };

  const operation = await nextOperation(supabase, { clinicId: desk.clinicId, doctor: absence.doctor });
  const wanted = remedyIn(searchParams);
  const preview = wanted && (await previewAway(supabase, desk.clinicId, absence, wanted));
  if (preview?.ok) {
    const shown = { operation, lines: preview.lines, colleagues: [] };
    return { ...page, absence, remedy: wanted, shown, problem: null };
  }
  // What is refused leaves the choice.
  const problem = preview?.refusal.message ?? null;
  const hit = await previewAway(supabase, desk.clinicId, absence, null);
  if (!hit.ok) return { ...page, absence, shown: null, problem: hit.refusal.message };
  const colleagues = await listColleagues(supabase, desk.clinicId, absence, doctors);
  const minutes = searchParams.get('minutes') ?? '30';
  return { ...page, absence, minutes, shown: { operation, lines: hit.lines, colleagues }, problem };
};

export const actions: Actions = {
  default: async (event) => {
    const { desk } = await openDesk(event);
    const { searchParams } = event.url;
    const absence = absenceIn(searchParams, localDate(new Date(), desk.timeZone));
    const remedy = remedyIn(searchParams);
    const { operation, seen, reason } = await readForm(event.request, 'operation', 'seen', 'reason');
    if (!absence || !remedy || !isId(operation)) error(400, m.form_unknown());
    const done = await remedyAway(event.locals.supabase, absence, remedy, { operation, reason });
    if (!done.ok) return refuseForm(done.refusal, { operation, reason });
    redirect(303, addressOfDone(event.url, operation, seen, done.ids));
  }
};
