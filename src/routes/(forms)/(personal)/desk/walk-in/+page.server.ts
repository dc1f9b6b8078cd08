import { redirect } from '@sveltejs/kit';
import { isId } from '#lib/server/booking/appointments.ts';
import { bookWalkIn, listDoctors, whoMayBe, type WalkIn } from '#lib/server/desk/booking.ts';
import { loadDay } from '#lib/server/desk/day.ts';
import { openDesk } from '#lib/server/desk/desk.ts';
import { readForm, refuseForm } from '#lib/server/request/forms.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = async (event) => {
  const { desk, query } = await openDesk(event);
  const booked = event.url.searchParams.get('booked');
  const [doctors, day] = await Promise.all([
    listDoctors(event.locals.supabase, desk),
    isId(booked) ? loadDay(event.locals.supabase, desk, null) : null
  ]);
  return {
    query,
    doctors,
    clinicId: desk.clinicId,
    timeZone: desk.timeZone,
    now: new Date().toISOString(),
    /** The one that was just booked. */
    visit: day?.visits.find(({ id }) => id === booked) ?? null
  };
};

/** What is known of somebody who came. */
async function readTyped(request: Request): Promise<WalkIn> {
  const form = await readForm(request, 'practitioner', 'name', 'phone', 'patient');
  const id = (text: string) => (isId(text) ? text : '');
  return {
    practitioner: id(form.practitioner),
    patient: id(form.patient),
    name: form.name.trim(),
    phone: form.phone.trim()
  };
}

export const actions: Actions = {
  /** Asked while somebody types (suggest.ts), and without scripts by a button. */
  who: async (event) => {
    const { desk } = await openDesk(event);
    const typed = await readTyped(event.request);
    return { typed, found: await whoMayBe(event.locals.supabase, desk, typed) };
  },

  book: async (event) => {
    const { desk, query } = await openDesk(event);
    const { supabase } = event.locals;
    const typed = await readTyped(event.request);
    const booked = await bookWalkIn(supabase, desk, typed);
    if (!booked.ok) {
      return refuseForm(booked.refusal, { typed, found: await whoMayBe(supabase, desk, typed) });
    }
    // In the address, so that loading the page again books nobody.
    redirect(303, `${event.url.pathname}${query}${query ? '&' : '?'}booked=${booked.id}`);
  }
};
