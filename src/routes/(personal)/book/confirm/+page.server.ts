import { redirect } from '@sveltejs/kit';
import type { Appointment } from '#lib/appointments/model.ts';
import { isOfOurTime } from '#lib/appointments/when.ts';
import { m } from '#lib/paraglide/messages.js';
import { loadAppointmentsAt } from '#lib/server/booking/appointments.ts';
import { begins, bookAppointment, moveAppointment } from '#lib/server/booking/booking.ts';
import { loadForWhom, readWho, withWho, type ForWhom } from '#lib/server/booking/for-whom.ts';
import { checkSlot, loadSelection, nearestSlots, type Scope } from '#lib/server/booking/free-times.ts';
import { leaveFlash } from '#lib/server/request/flash.ts';
import { readForm, refuseForm } from '#lib/server/request/forms.ts';
import { accountOf, refuseOther } from '#lib/server/request/session.ts';
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

/** Why the patient, or the one whose appointment is moved, cannot come then. Who else can is told with the choice. */
function clashOf({ people }: ForWhom, busy: readonly string[], moving: Appointment | null): string | null {
  const person = moving?.dependent_id ?? '';
  if (!busy.includes(person) || (!moving && people.length > 0)) return null;
  const who = people.find(({ id }) => id === person)?.label;
  return who === undefined ? m.refusal_own_appointment() : m.who_has_appointment({ who });
}

export const load: PageServerLoad = async ({ depends, locals, url }) => {
  depends('medq:slots');
  const { userId } = await accountOf(locals);
  const { supabase } = locals;
  const proposal = await loadProposal(supabase, url);
  const { scope, at, moving } = proposal;
  const { practitioner } = scope;
  const [slot, own, who] = await Promise.all([
    checkSlot(supabase, scope, at),
    loadAppointmentsAt(supabase, at),
    loadForWhom(supabase, url.searchParams.get('for'))
  ]);
  const yours = own.find((one) => begins(one, practitioner.id, at));
  /** Who has another appointment then; '': the patient. */
  const busy = own.flatMap(({ id, dependent_id }) => (id === moving?.id ? [] : [dependent_id ?? '']));
  const clash = clashOf(who, busy, moving);
  return {
    ...proposal,
    /** In whose name it would be. */
    account: userId,
    free: slot.free && clash === null,
    nearest: slot.free && clash !== null ? await nearestSlots(supabase, practitioner.id, at) : slot.nearest,
    clash,
    /** It was booked, or moved to, already: the page is loaded anew, or gone back to. */
    yours: yours !== undefined,
    who,
    busy,
    /** Who comes, where that is settled; null: it is not, or nobody would ask. */
    comes: nameOf(who, yours ?? moving),
    now: new Date().toISOString(),
    source: liveSource
  };
};

function nameOf({ people }: ForWhom, appointment: Appointment | null): string | null {
  if (!appointment || people.length === 0) return null;
  return people.find(({ id }) => id === appointment.dependent_id)?.label ?? m.who_you();
}

// The refusals that another time can help.
const ANOTHER_TIME_HELPS = new Set([
  'slot_taken',
  'own_slot',
  'dependent_slot',
  'slot_unavailable',
  'outside_hours',
  'beyond_horizon',
  'doctor_inactive',
  'own_appointment',
  'dependent_appointment',
  'slot_in_past'
]);

// The doctor is free, but not who is meant.
const WHO_IS_ELSEWHERE = ['own_appointment', 'dependent_appointment'];

export const actions: Actions = {
  default: async (event) => {
    const { locals, url } = event;
    const { supabase } = locals;
    const account = await accountOf(locals);
    const { scope, at, moving } = await loadProposal(supabase, url);
    const { practitioner } = scope;
    const { account: openedBy, ...typed } = await readForm(
      event.request,
      'account',
      'for',
      'name',
      'birth_year'
    );
    const other = refuseOther(openedBy, account);
    if (other) return refuseForm(other, { typed: undefined, nearest: [], elsewhere: false });
    const who = moving
      ? ({ ok: true, person: moving.dependent_id } as const)
      : await readWho(supabase, typed);
    if (!who.ok) return refuseForm(who.refusal, { typed, nearest: [], elsewhere: false });
    const { person } = who;
    const result = moving
      ? await moveAppointment(supabase, moving.id, at)
      : await bookAppointment(supabase, practitioner.id, at, person);
    if (!result.ok) {
      const refusal = await withWho(supabase, result.refusal, person);
      const nearest = ANOTHER_TIME_HELPS.has(refusal.code)
        ? await nearestSlots(supabase, practitioner.id, at)
        : [];
      // Who was new is in the list by now.
      const elsewhere = WHO_IS_ELSEWHERE.includes(refusal.code) && !moving;
      return refuseForm(refusal, { typed: { ...typed, for: person ?? '' }, nearest, elsewhere });
    }
    leaveFlash(event, '/appointments', moving ? 'moved' : 'booked');
    redirect(303, '/appointments');
  }
};
