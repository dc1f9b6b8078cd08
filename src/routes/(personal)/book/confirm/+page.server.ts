import { redirect } from '@sveltejs/kit';
import type { Appointment } from '#lib/appointments/model.ts';
import { isOfOurTime } from '#lib/appointments/when.ts';
import { loadAppointmentAt } from '#lib/server/booking/appointments.ts';
import { begins, bookAppointment, moveAppointment } from '#lib/server/booking/booking.ts';
import { checkSlot, loadSelection, nearestSlots, type Scope } from '#lib/server/booking/free-times.ts';
import { leaveFlash } from '#lib/server/request/flash.ts';
import { refuseForm } from '#lib/server/request/forms.ts';
import { accountOf } from '#lib/server/request/session.ts';
import { liveSource, type Supabase } from '#lib/server/request/supabase.ts';
import type { Actions, PageServerLoad } from './$types';

/** A time that is to be confirmed, as an ISO instant, and whose it is. */
interface Proposal {
  scope: Scope;
  at: string;
  /** The appointment that is to be moved. */
  moving: Appointment | null;
}

/** What the address proposes. Leads away if it proposes nothing. */
async function loadProposal(supabase: Supabase, { searchParams }: URL): Promise<Proposal> {
  const at = new Date(searchParams.get('at') ?? '');
  const { scope, moving } = await loadSelection(supabase, searchParams);
  if (!scope || !isOfOurTime(at)) redirect(303, '/book');
  return { scope, at: at.toISOString(), moving };
}

export const load: PageServerLoad = async ({ depends, locals, url }) => {
  depends('medq:slots');
  await accountOf(locals);
  const { supabase } = locals;
  const proposal = await loadProposal(supabase, url);
  const { scope, at, moving } = proposal;
  const [slot, own] = await Promise.all([checkSlot(supabase, scope, at), loadAppointmentAt(supabase, at)]);
  return {
    ...proposal,
    ...slot,
    /** It was booked, or moved to, already: the page is loaded anew, or gone back to. */
    yours: begins(own, scope.practitioner.id, at),
    /** The patient has another appointment then. */
    clashes: own !== null && own.id !== moving?.id,
    now: new Date().toISOString(),
    source: liveSource
  };
};

// The refusals that another time can help.
const ANOTHER_TIME_HELPS = new Set([
  'slot_taken',
  'own_slot',
  'slot_unavailable',
  'outside_hours',
  'beyond_horizon',
  'doctor_inactive',
  'own_appointment',
  'slot_in_past'
]);

export const actions: Actions = {
  default: async (event) => {
    const { locals, url } = event;
    const { supabase } = locals;
    await accountOf(locals);
    const { scope, at, moving } = await loadProposal(supabase, url);
    const { practitioner } = scope;
    const result = moving
      ? await moveAppointment(supabase, moving.id, at)
      : await bookAppointment(supabase, practitioner.id, at);
    if (!result.ok) {
      const { refusal } = result;
      const nearest = ANOTHER_TIME_HELPS.has(refusal.code)
        ? await nearestSlots(supabase, practitioner.id, at)
        : [];
      return refuseForm(refusal, { nearest });
    }
    leaveFlash(event, '/appointments', moving ? 'moved' : 'booked');
    redirect(303, '/appointments');
  }
};
