import { error } from '@sveltejs/kit';
import { addDays, dateIn, isOfOurTime, localDate, whenInSentence } from '#lib/appointments/when.ts';
import { m } from '#lib/paraglide/messages.js';
import { isId } from '#lib/server/booking/appointments.ts';
import { listDoctors } from '#lib/server/desk/booking.ts';
import { idOf, openDesk } from '#lib/server/desk/desk.ts';
import { findPatients } from '#lib/server/desk/find.ts';
import { undoMerge } from '#lib/server/desk/merge.ts';
import {
  bookFor,
  cancelAtDesk,
  correctPhone,
  freeTimes,
  holderOf,
  moveTo,
  noteWith,
  readRecord,
  resend
} from '#lib/server/desk/record.ts';
import { readForm, refuseForm } from '#lib/server/request/forms.ts';
import type { Actions, PageServerLoad } from './$types';

/** Who of a family, as an address or form names them; '' is the one whose record it is. */
const memberIn = (text: string | null) => (text === 'new' || isId(text) ? text : '');

export const load: PageServerLoad = async (event) => {
  const { desk, query } = await openDesk(event);
  const { supabase } = event.locals;
  const { searchParams } = event.url;
  const patient = idOf(event.params.id);
  const today = localDate(new Date(), desk.timeZone);
  const [doctor, instead] = [searchParams.get('doctor'), searchParams.get('instead')];
  const member = memberIn(searchParams.get('member'));
  const day = dateIn(searchParams.get('day')) ?? null;
  const wanted = { day: day ?? addDays(today, 1), instead: isId(instead) ? instead : '', member };
  const own = searchParams.get('own');
  const [record, doctors, times, became] = await Promise.all([
    readRecord(supabase, desk, patient),
    listDoctors(supabase, desk),
    isId(doctor) && day ? freeTimes(supabase, { patient, doctor, ...wanted }) : null,
    isId(own) ? findPatients(supabase, desk, own) : null
  ]);
  return {
    query,
    clinicId: desk.clinicId,
    timeZone: desk.timeZone,
    now: new Date().toISOString(),
    record,
    /** The record that was asked for, where it was merged into this one. */
    ledHere: record.merged.find(({ patient_id }) => patient_id === patient) ?? null,
    justMerged: record.merged.some(({ merge_id }) => merge_id === searchParams.get('merged')),
    /** Who of the family has just got a record of their own; empty: one that this clinic does not see. */
    became: became?.slice(0, 1) ?? null,
    doctors,
    wanted: { ...wanted, doctor: isId(doctor) ? doctor : null },
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
    const form = await readForm(event.request, 'at', 'doctor', 'instead', 'member', 'name', 'birth_year');
    const { at, doctor, instead } = form;
    const who = { member: memberIn(form.member), name: form.name.trim(), birth_year: form.birth_year.trim() };
    const instant = new Date(at);
    if (Number.isNaN(instant.getTime()) || !isOfOurTime(instant)) error(400, m.form_unknown());
    const wanted = { practitioner: idOf(doctor), at: instant.toISOString() };
    const given = instead
      ? await moveTo(supabase, idOf(instead), wanted)
      : await bookFor(supabase, { ...wanted, ...who, patient: idOf(event.params.id) });
    if (!given.ok) return refuseForm(given.refusal, { who });
    const when = whenInSentence(given.starts_at, desk.timeZone, new Date());
    const token = given.token_number ?? '–';
    return { done: instead ? m.desk_patient_moved({ when, token }) : m.desk_patient_booked({ when, token }) };
  },

  note: async (event) => {
    await openDesk(event);
    const typed = await readForm(event.request, 'appointment', 'note', 'was');
    const noted = await noteWith(event.locals.supabase, {
      ...typed,
      appointment: idOf(typed.appointment),
      // Browsers send the ends of its lines in another way than they are kept.
      was: typed.was.replaceAll('\r\n', '\n')
    });
    return noted.ok ? { done: m.desk_patient_noted() } : refuseForm(noted.refusal, { noted: typed });
  },

  resend: async (event) => {
    await openDesk(event);
    const { sms } = await readForm(event.request, 'sms');
    const resent = await resend(event.locals.supabase, idOf(sms));
    return resent.ok ? { done: m.desk_patient_resent() } : refuseForm(resent.refusal, {});
  },

  phone: async (event) => {
    const { desk } = await openDesk(event);
    const { supabase } = event.locals;
    const patient = idOf(event.params.id);
    const { phone, first } = await readForm(event.request, 'phone', 'first');
    const corrected = await correctPhone(supabase, desk, { patient, phone });
    if (corrected.ok) return { done: first ? m.desk_record_added() : m.desk_record_corrected() };
    const holder =
      corrected.refusal.code === 'other_patient_has_phone' ? await holderOf(supabase, desk, phone) : null;
    return refuseForm(corrected.refusal, { phone: { typed: phone, holder } });
  },

  undo: async (event) => {
    await openDesk(event);
    const { merge } = await readForm(event.request, 'merge');
    const undone = await undoMerge(event.locals.supabase, idOf(merge));
    return undone.ok ? { done: m.desk_merge_undone() } : refuseForm(undone.refusal, {});
  }
};
