import { redirect } from '@sveltejs/kit';
import { isId } from '#lib/server/booking/appointments.ts';
import { bookWalkIn, listDoctors } from '#lib/server/desk/booking.ts';
import { loadDay } from '#lib/server/desk/day.ts';
import { openDesk } from '#lib/server/desk/desk.ts';
import { readForm, refuseForm } from '#lib/server/request/forms.ts';
import { accountOf } from '#lib/server/request/session.ts';
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
    timeZone: desk.timeZone,
    /** The one that was just booked. */
    visit: day?.visits.find(({ id }) => id === booked) ?? null
  };
};

export const actions: Actions = {
  default: async ({ locals, request, url }) => {
    await accountOf(locals);
    const form = await readForm(request, 'practitioner', 'name', 'phone');
    const typed = {
      practitioner: isId(form.practitioner) ? form.practitioner : '',
      name: form.name.trim(),
      phone: form.phone.trim()
    };
    const booked = await bookWalkIn(locals.supabase, typed);
    if (!booked.ok) return refuseForm(booked.refusal, { typed });
    const shown = new URL(url);
    // In the address, so that loading the page again books nobody.
    shown.searchParams.set('booked', booked.id);
    redirect(303, shown.pathname + shown.search);
  }
};
