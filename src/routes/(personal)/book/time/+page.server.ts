import { error, redirect } from '@sveltejs/kit';
import { addDays, dateIn, localDate } from '#lib/appointments/when.ts';
import { m } from '#lib/paraglide/messages.js';
import {
  listBookablePractitioners,
  loadDays,
  loadSelection,
  loadSlots
} from '#lib/server/booking/free-times.ts';
import { accountOf } from '#lib/server/request/session.ts';
import { liveSource } from '#lib/server/request/supabase.ts';
import type { PageServerLoad } from './$types';

// So many days are in the strip at once.
const STRIP = 14;

export const load: PageServerLoad = async ({ depends, locals, url }) => {
  depends('medq:slots');
  await accountOf(locals);
  const { supabase } = locals;
  const query = url.searchParams;

  const { scope, moving } = await loadSelection(supabase, query);
  if (!scope) {
    if (moving) error(409, m.refusal_doctor_away());
    redirect(303, '/book');
  }

  const today = localDate(new Date(), scope.clinic.timeZone);
  const chosen = dateIn(query.get('day'));
  const from =
    dateIn(query.get('from')) ?? (chosen && chosen < addDays(today, STRIP) ? today : (chosen ?? today));
  const [days, colleagues] = await Promise.all([
    loadDays(supabase, scope, from, STRIP + 1),
    listBookablePractitioners(supabase, scope.clinic.id)
  ]);
  const strip = days.slice(0, STRIP);
  const firstFree = strip.find(({ free }) => free > 0)?.date;
  const day = strip.some(({ date }) => date === chosen) ? chosen : (firstFree ?? strip[0]?.date);
  const inScope = colleagues.filter(({ id, bookedFor }) =>
    scope.anyPractitioner ? bookedFor === scope.practitioner.bookedFor : id === scope.practitioner.id
  );

  return {
    scope,
    moving,
    days: strip,
    /** The day whose times are shown; null if none can be booked from here on. */
    day: day ?? null,
    slots: day ? await loadSlots(supabase, scope, day) : [],
    earlier: from > today ? maxDate(addDays(from, -STRIP), today) : null,
    later: days[STRIP]?.date ?? null,
    /** The next free time after this strip, if the strip has none. */
    nextAt: firstFree ? null : (inScope.map(({ nextAt }) => nextAt).sort()[0] ?? null),
    /** Whose channels tell of slots that are taken or become free. */
    practitionerIds: inScope.map(({ id }) => id),
    today,
    now: new Date().toISOString(),
    source: liveSource
  };
};

function maxDate(a: string, b: string): string {
  return a > b ? a : b;
}
