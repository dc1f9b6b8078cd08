import { redirect } from '@sveltejs/kit';
import { dateIn, localDate } from '#lib/appointments/when.ts';
import { isId } from '#lib/server/booking/appointments.ts';
import { bookWalkIn, listDoctors, readWish, whoMayBe } from '#lib/server/desk/booking.ts';
import { loadDay } from '#lib/server/desk/day.ts';
import { openDesk } from '#lib/server/desk/desk.ts';
import { freeTimes } from '#lib/server/desk/record.ts';
import { readForm, refuseForm } from '#lib/server/request/forms.ts';
import type { Refusal } from '#lib/server/request/refusal.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = async (event) => {
  const { desk, query } = await openDesk(event);
  const { searchParams } = event.url;
  const booked = searchParams.get('booked');
  const [doctors, day] = await Promise.all([
    listDoctors(event.locals.supabase, desk),
    isId(booked) ? loadDay(event.locals.supabase, desk, dateIn(searchParams.get('day')) ?? null) : null
  ]);
  return {
    query,
    doctors,
    clinicId: desk.clinicId,
    timeZone: desk.timeZone,
    now: new Date().toISOString(),
    today: localDate(new Date(), desk.timeZone),
    /** The one that was just booked. */
    visit: day?.visits.find(({ id }) => id === booked) ?? null
  };
};

/** What is known of somebody who came or called. */
async function readTyped(request: Request) {
  const form = await readForm(
    request,
    'practitioner',
    'name',
    'phone',
    'reason',
    'patient',
    'birth_year',
    'when',
    'day',
    'time',
    'at'
  );
  const id = (text = '') => (isId(text) ? text : '');
  // A record, and who of its family.
  const [patient, member] = form.patient.split(' ');
  return {
    ...form,
    practitioner: id(form.practitioner),
    patient: id(patient),
    member: member === 'new' ? member : id(member),
    name: form.name.trim(),
    phone: form.phone.trim(),
    reason: form.reason.trim()
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
    const refuse = async (refusal: Refusal) =>
      refuseForm(refusal, { typed, found: await whoMayBe(supabase, desk, typed) });
    const wish = readWish(typed, desk);
    if (!wish.ok) return refuse(wish.refusal);
    if (wish.at === undefined) {
      const [times, found] = await Promise.all([
        freeTimes(supabase, {
          patient: typed.patient,
          member: typed.member,
          doctor: typed.practitioner,
          day: typed.day,
          instead: ''
        }),
        whoMayBe(supabase, desk, typed)
      ]);
      return { typed, found, times };
    }
    const booked = await bookWalkIn(supabase, desk, { ...typed, at: wish.at });
    if (!booked.ok) return refuse(booked.refusal);
    // In the address, so that loading the page again books nobody.
    const day = localDate(new Date(booked.starts_at), desk.timeZone);
    redirect(303, `${event.url.pathname}${query}${query ? '&' : '?'}booked=${booked.id}&day=${day}`);
  }
};
