import { error } from '@sveltejs/kit';
import { addDays, dateIn, isOfOurTime, localDate, whenInSentence } from '#lib/appointments/when.ts';
import { m } from '#lib/paraglide/messages.js';
import { isId } from '#lib/server/booking/appointments.ts';
import { listDoctors } from '#lib/server/desk/booking.ts';
import { openDesk } from '#lib/server/desk/desk.ts';
import {
  bookFor,
  cancelAtDesk,
  freeTimes,
  moveTo,
  noteWith,
  readRecord,
  resend
} from '#lib/server/desk/record.ts';
import { readForm, refuseForm } from '#lib/server/request/forms.ts';
import type { Actions, PageServerLoad } from './$types';

/** An id in an address or a form. Answers 404 to what can be none. */
function idOf(text: string): string {
  if (!isId(text)) error(404, m.refusal_not_found());
  return text;
}

export const load: PageServerLoad = async (event) => {
  const { desk, query } = await openDesk(event);
  const { supabase } = event.locals;
  const { searchParams } = event.url;
  const today = localDate(new Date(), desk.timeZone);
  const doctor = searchParams.get('doctor');
  const day = dateIn(searchParams.get('day')) ?? null;
  const [record, doctors, times] = await Promise.all([
    readRecord(supabase, idOf(event.params.id)),
    listDoctors(supabase, desk),
    isId(doctor) && day ? freeTimes(supabase, doctor, day) : null
  ]);
  return {
    query,
    clinicId: desk.clinicId,
    timeZone: desk.timeZone,
    now: new Date().toISOString(),
    record,
    doctors,
    doctor,
    day: day ?? addDays(today, 1),
    today,
    /** Null: none were asked for. */
    times
  };
};

export const actions: Actions = {
  cancel: async (event) => {
    await openDesk(event);
    const { appointment, reason } = await readForm(event.request, 'appointment', 'reason');
    const cancelled = await cancelAtDesk(event.locals.supabase, idOf(appointment), reason);
    return cancelled.ok ? { done: m.desk_patient_cancelled() } : refuseForm(cancelled.refusal, {});
  },

  book: async (event) => {
    const { desk } = await openDesk(event);
    const { supabase } = event.locals;
    const { at, doctor, instead } = await readForm(event.request, 'at', 'doctor', 'instead');
    const instant = new Date(at);
    if (Number.isNaN(instant.getTime()) || !isOfOurTime(instant)) error(400, m.form_unknown());
    const wanted = { practitioner: idOf(doctor), at: instant.toISOString() };
    const { phone } = await readRecord(supabase, idOf(event.params.id));
    if (!instead && phone === null) error(400, m.desk_patient_unreachable());
    const given = instead
      ? await moveTo(supabase, idOf(instead), wanted)
      : await bookFor(supabase, { ...wanted, phone: phone ?? '' });
    if (!given.ok) return refuseForm(given.refusal, {});
    const when = whenInSentence(given.starts_at, desk.timeZone, new Date());
    const token = given.token_number ?? '–';
    return { done: instead ? m.desk_patient_moved({ when, token }) : m.desk_patient_booked({ when, token }) };
  },

  note: async (event) => {
    await openDesk(event);
    const { appointment, note } = await readForm(event.request, 'appointment', 'note');
    const noted = await noteWith(event.locals.supabase, idOf(appointment), note);
    return noted.ok ? { done: m.desk_patient_noted() } : refuseForm(noted.refusal, {});
  },

  resend: async (event) => {
    await openDesk(event);
    const { sms } = await readForm(event.request, 'sms');
    const resent = await resend(event.locals.supabase, idOf(sms));
    return resent.ok ? { done: m.desk_patient_resent() } : refuseForm(resent.refusal, {});
  }
};
