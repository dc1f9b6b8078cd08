import { error, redirect } from '@sveltejs/kit';
import { dateIn, localDate } from '#lib/appointments/when.ts';
import { m } from '#lib/paraglide/messages.js';
import { isId } from '#lib/server/booking/appointments.ts';
import { addressOfDone, nextOperation } from '#lib/server/desk/away.ts';
import { closeClinic, listClosures, openAgain, previewClosure } from '#lib/server/desk/closures.ts';
import { openDesk } from '#lib/server/desk/desk.ts';
import { readForm, refuseForm } from '#lib/server/request/forms.ts';
import type { Actions, PageServerLoad } from './$types';

/** The days that an address names; without a last one the first; null: none. */
function daysIn(asked: URLSearchParams): { from: string; until: string } | null {
  const from = dateIn(asked.get('from'));
  return from === undefined ? null : { from, until: dateIn(asked.get('until')) ?? from };
}

export const load: PageServerLoad = async (event) => {
  const { desk, query } = await openDesk(event);
  const { supabase } = event.locals;
  const { clinicId, timeZone } = desk;
  const now = new Date();
  const today = localDate(now, timeZone);
  const days = daysIn(event.url.searchParams);
  const operation = await nextOperation(supabase, { clinicId, doctor: null });
  const [closures, preview] = await Promise.all([
    listClosures(supabase, clinicId, today),
    days && previewClosure(supabase, clinicId, days)
  ]);
  return {
    query,
    clinicId,
    timeZone,
    now: now.toISOString(),
    today,
    manages: desk.role === 'manager',
    closures,
    days,
    operation,
    lines: preview?.ok ? preview.lines : null,
    problem: preview && !preview.ok ? preview.refusal.message : null
  };
};

export const actions: Actions = {
  close: async (event) => {
    const { desk } = await openDesk(event);
    const days = daysIn(event.url.searchParams);
    const { operation, seen, reason } = await readForm(event.request, 'operation', 'seen', 'reason');
    if (!days || !isId(operation)) error(400, m.form_unknown());
    const wanted = { ...days, reason };
    const closed = await closeClinic(event.locals.supabase, desk.clinicId, wanted, operation);
    if (!closed.ok) return refuseForm(closed.refusal, { operation, reason });
    redirect(303, addressOfDone(event.url, operation, seen, closed.ids));
  },

  open: async (event) => {
    const { desk } = await openDesk(event);
    const { closure } = await readForm(event.request, 'closure');
    if (!isId(closure)) error(400, m.form_unknown());
    if (desk.role !== 'manager') {
      const refusal = { code: 'manager_only', message: m.desk_closures_manager(), status: 403 };
      return refuseForm(refusal, { operation: '', reason: '' });
    }
    await openAgain(event.locals.supabase, desk.clinicId, closure);
    return { opened: true };
  }
};
