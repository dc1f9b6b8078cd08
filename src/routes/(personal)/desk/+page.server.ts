import { error } from '@sveltejs/kit';
import { dateIn } from '#lib/appointments/when.ts';
import { STEPS } from '#lib/desk/model.ts';
import { m } from '#lib/paraglide/messages.js';
import { isId } from '#lib/server/booking/appointments.ts';
import { confirmVisit, loadDay, markVisit } from '#lib/server/desk/day.ts';
import { openDesk } from '#lib/server/desk/desk.ts';
import { readForm, refuseForm } from '#lib/server/request/forms.ts';
import { accountOf } from '#lib/server/request/session.ts';
import { liveSource } from '#lib/server/request/supabase.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = async (event) => {
  const { desk, desks, query } = await openDesk(event);
  const day = dateIn(event.url.searchParams.get('day')) ?? null;
  return {
    snapshot: await loadDay(event.locals.supabase, desk, day),
    clinics: desks.map(({ clinicId, clinic }) => ({ id: clinicId, name: clinic })),
    query,
    source: liveSource
  };
};

export const actions: Actions = {
  mark: async ({ locals, request }) => {
    await accountOf(locals);
    const [id = '', wanted] = (await readForm(request, 'mark')).mark.split(' ');
    const step = STEPS.find((known) => known === wanted);
    if (!isId(id) || !step) error(400, m.form_unknown());
    const marked = await markVisit(locals.supabase, id, step);
    if (!marked.ok) return refuseForm(marked.refusal, { about: id });
    return { step, marked: marked.marked };
  },
  confirm: async ({ locals, request }) => {
    await accountOf(locals);
    const [id = '', wanted] = (await readForm(request, 'mark')).mark.split(' ');
    if (!isId(id) || (wanted !== 'yes' && wanted !== 'no')) error(400, m.form_unknown());
    const confirmed = await confirmVisit(locals.supabase, id, wanted === 'yes');
    if (!confirmed.ok) return refuseForm(confirmed.refusal, { about: id });
    return { step: null, marked: confirmed.marked };
  }
};
