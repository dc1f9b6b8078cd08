import { PUBLIC_SUPABASE_ANON_KEY, PUBLIC_SUPABASE_URL } from '$app/env/public';
import { fail, redirect } from '@sveltejs/kit';
import type { Appointment } from '#lib/appointments/model.ts';
import { loadAppointment } from '#lib/server/booking/appointments.ts';
import { checkSlot, loadScope, nearestSlots, refusalFrom, type Scope } from '#lib/server/booking/booking.ts';
import { leaveNote } from '#lib/server/request/note.ts';
import { accountOf } from '#lib/server/request/session.ts';
import type { Supabase } from '#lib/server/request/supabase.ts';
import type { Actions, PageServerLoad } from './$types';

interface Asked {
  scope: Scope;
  at: string;
  /** The appointment that is to be moved. */
  moving: Appointment | null;
}

/** What the address asks for: a doctor or an appointment to move, and a time. Leaves if it asks for nothing. */
async function askedFor(supabase: Supabase, url: URL): Promise<Asked> {
  const query = url.searchParams;
  const at = query.get('at') ?? '';
  const moveId = query.get('move');
  const moving = moveId ? await loadAppointment(supabase, moveId) : null;
  if (moveId && moving?.status !== 'booked') redirect(303, '/appointments');
  const doctorId = moving ? moving.practitioner_id : query.get('doctor');
  const scope = await loadScope(supabase, doctorId, query.has('any'));
  if (!scope || Number.isNaN(Date.parse(at))) redirect(303, '/book');
  return { scope, at: new Date(at).toISOString(), moving };
}

export const load: PageServerLoad = async ({ depends, locals, url }) => {
  depends('medq:slots');
  await accountOf(locals);
  const asked = await askedFor(locals.supabase, url);
  const { free, nearest } = await checkSlot(locals.supabase, asked.scope, asked.at);
  return {
    ...asked,
    free: free !== null,
    nearest,
    now: new Date().toISOString(),
    source: { url: PUBLIC_SUPABASE_URL, key: PUBLIC_SUPABASE_ANON_KEY }
  };
};

export const actions: Actions = {
  default: async ({ cookies, locals, url }) => {
    await accountOf(locals);
    const { supabase } = locals;
    const { scope, at, moving } = await askedFor(supabase, url);
    const doctorId = scope.doctor.id;
    const { error } = moving
      ? await supabase.rpc('reschedule_appointment', { appointment_id: moving.id, starts_at: at })
      : await supabase.rpc('book_appointment', { practitioner_id: doctorId, starts_at: at });
    if (!error || (!moving && (await isTheirs(supabase, doctorId, at)))) {
      leaveNote(cookies, moving ? 'moved' : 'booked');
      redirect(303, '/appointments');
    }
    const { word, sentence, status } = refusalFrom(error);
    const otherTime = word === 'slot_taken' || word === 'slot_unavailable' || word === 'slot_in_past';
    return fail(status, {
      word,
      sentence,
      nearest: otherTime ? await nearestSlots(supabase, doctorId, at) : []
    });
  }
};

/** Sent twice, as impatient fingers do: the first has booked what the second is refused. */
async function isTheirs(supabase: Supabase, doctorId: string, at: string): Promise<boolean> {
  const { count, error } = await supabase
    .from('appointments')
    .select('id', { count: 'exact', head: true })
    .match({ practitioner_id: doctorId, starts_at: at, status: 'booked' });
  if (error) throw error;
  return (count ?? 0) > 0;
}
