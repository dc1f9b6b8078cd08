import { PUBLIC_SUPABASE_ANON_KEY, PUBLIC_SUPABASE_URL } from '$app/env/public';
import { error, redirect } from '@sveltejs/kit';
import { addDays, localDate } from '#lib/appointments/when.ts';
import { m } from '#lib/paraglide/messages.js';
import { loadAppointment } from '#lib/server/booking/appointments.ts';
import { listBookable, loadDays, loadScope, loadSlots } from '#lib/server/booking/booking.ts';
import { accountOf } from '#lib/server/request/session.ts';
import type { PageServerLoad } from './$types';

// So many days are in the strip at once.
const STRIP = 14;

export const load: PageServerLoad = async ({ depends, locals, url }) => {
  depends('medq:slots');
  await accountOf(locals);
  const { supabase } = locals;
  const query = url.searchParams;

  const moveId = query.get('move');
  const moving = moveId ? await loadAppointment(supabase, moveId) : null;
  if (moveId && moving?.status !== 'booked') redirect(303, '/appointments');

  const doctorId = moving ? moving.practitioner_id : query.get('doctor');
  const scope = await loadScope(supabase, doctorId, !moving && query.has('any'));
  if (!scope) {
    if (moving) error(409, m.refusal_doctor_away());
    redirect(303, '/book');
  }

  const today = localDate(new Date(), scope.clinic.timeZone);
  const asked = isDate(query.get('day'));
  const from =
    isDate(query.get('from')) ?? (asked && asked < addDays(today, STRIP) ? today : (asked ?? today));
  const [days, colleagues] = await Promise.all([
    loadDays(supabase, scope, from, STRIP + 1),
    listBookable(supabase, scope.clinic.id)
  ]);
  const strip = days.slice(0, STRIP);
  const firstFree = strip.find(({ free }) => free > 0)?.date;
  const day = strip.some(({ date }) => date === asked) ? asked : (firstFree ?? strip[0]?.date);
  const inScope = colleagues.filter(({ id, specialty }) =>
    scope.anyDoctor ? specialty === scope.doctor.specialty : id === scope.doctor.id
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
    /** Where the next free time is, should this strip have none. */
    nextAt: firstFree ? null : (inScope.map(({ nextAt }) => nextAt).sort()[0] ?? null),
    /** Whose channels tell of slots that go or come back. */
    doctorIds: inScope.map(({ id }) => id),
    today,
    now: new Date().toISOString(),
    source: { url: PUBLIC_SUPABASE_URL, key: PUBLIC_SUPABASE_ANON_KEY }
  };
};

function isDate(text: string | null): string | undefined {
  return text && /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text)) ? text : undefined;
}

function maxDate(a: string, b: string): string {
  return a > b ? a : b;
}
