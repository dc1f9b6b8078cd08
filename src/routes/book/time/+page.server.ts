import { error, redirect } from '@sveltejs/kit';
import { addDays, dateIn, localDate } from '#lib/appointments/when.ts';
import { m } from '#lib/paraglide/messages.js';
import { loadPeople, peopleIn } from '#lib/server/account/family.ts';
import {
  listBookablePractitioners,
  loadDays,
  loadSelection,
  loadSlots
} from '#lib/server/booking/free-times.ts';
import { signInFirst } from '#lib/server/request/guard.ts';
import { letCachesKeep, lookerOf } from '#lib/server/booking/looker.ts';
import { liveSource } from '#lib/server/request/supabase.ts';
import type { PageServerLoad } from './$types';

// So many days are in the strip at once.
const STRIP = 14;

export const load: PageServerLoad = async (event) => {
  const { depends, url } = event;
  depends('medq:slots');
  const looker = await lookerOf(event);
  const query = url.searchParams;
  if (query.has('move') && !looker.signedIn) redirect(303, signInFirst(url, 'GET').to);

  const { scope, moving } = await loadSelection(looker.supabase, query);
  if (!scope) {
    if (moving) error(409, m.refusal_doctor_away());
    redirect(303, '/book');
  }

  const today = localDate(new Date(), scope.clinic.timeZone);
  const chosen = dateIn(query.get('day'));
  const from =
    dateIn(query.get('from')) ?? (chosen && chosen < addDays(today, STRIP) ? today : (chosen ?? today));
  const [days, colleagues] = await Promise.all([
    loadDays(looker, scope, from, STRIP + 1),
    listBookablePractitioners(looker, scope.clinic.id)
  ]);
  const strip = days.slice(0, STRIP);
  const firstFree = strip.find(({ free }) => free > 0)?.date;
  const day = strip.some(({ date }) => date === chosen) ? chosen : (firstFree ?? strip[0]?.date);
  const inScope = colleagues.filter(({ id, bookedFor }) =>
    scope.anyPractitioner ? bookedFor === scope.practitioner.bookedFor : id === scope.practitioner.id
  );

  const slots = day ? await loadSlots(looker, scope, day) : [];
  const ofSpecialty = colleagues.filter(({ bookedFor }) => bookedFor === scope.practitioner.bookedFor);
  letCachesKeep(event);

  return {
    scope,
    moving,
    /** For whom what is moved was booked. */
    people: moving?.dependent_id ? peopleIn(await loadPeople(looker.supabase)) : {},
    days: strip,
    /** The day whose times are shown; null if none can be booked from here on. */
    day: day ?? null,
    slots,
    earlier: from > today ? maxDate(addDays(from, -STRIP), today) : null,
    later: days[STRIP]?.date ?? null,
    /** The next free time after this strip, if the strip has none. */
    nextAt: firstFree ? null : (inScope[0]?.nextAt ?? null),
    /** Colleagues who have a time, for when this doctor has none at all; whoever moves stays with theirs. */
    others:
      moving || scope.anyPractitioner || inScope[0]?.nextAt ? [] : ofSpecialty.filter(({ nextAt }) => nextAt),
    /** Whose channels tell of slots that are taken or become free. */
    practitionerIds: inScope.map(({ id }) => id),
    today,
    now: new Date().toISOString(),
    /** Visitors hear no news; they load the page anew. */
    source: looker.signedIn ? liveSource : null
  };
};

function maxDate(a: string, b: string): string {
  return a > b ? a : b;
}
