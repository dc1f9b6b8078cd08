import { dateIn, timeWords } from '#lib/appointments/when.ts';
import { nameOf, stateWords, wayWords } from '#lib/desk/words.ts';
import { m } from '#lib/paraglide/messages.js';
import { csvResponse } from '#lib/server/desk/csv.ts';
import { loadDay } from '#lib/server/desk/day.ts';
import { openDesk } from '#lib/server/desk/desk.ts';
import type { RequestHandler } from './$types';

/** The list of a day as the desk prints it, and who has cancelled. */
export const GET: RequestHandler = async (event) => {
  const { desk } = await openDesk(event);
  const wanted = dateIn(event.url.searchParams.get('day')) ?? null;
  const { day, timeZone, doctors, visits } = await loadDay(event.locals.supabase, desk, wanted);
  const names = new Map(doctors.map(({ id, name }) => [id, name]));
  // A program for tables knows a time only by a plain blank.
  const time = (instant: string) => timeWords(new Date(instant), timeZone).replaceAll('\u00A0', ' ');
  const head = [
    m.desk_walk_in_doctor(),
    m.appointment_token(),
    m.desk_print_time(),
    m.desk_walk_in_name(),
    m.desk_print_phone(),
    m.desk_print_how(),
    m.desk_csv_state(),
    m.desk_csv_since(),
    m.desk_patient_note(),
    m.desk_csv_family(),
    m.who_birth_year()
  ];
  const rows = visits
    .toSorted((a, b) => Date.parse(a.starts_at) - Date.parse(b.starts_at))
    .map((visit) => [
      names.get(visit.practitioner_id) ?? '',
      visit.token_number,
      time(visit.starts_at),
      nameOf(visit),
      // With dots a program for tables takes it for no number, and leaves its zeros.
      visit.phone_end === null ? m.desk_no_phone() : `…${visit.phone_end}`,
      wayWords(visit.way),
      stateWords(visit.state),
      visit.since && time(visit.since),
      visit.note,
      visit.holder?.name ?? null,
      visit.birth_year
    ]);
  return csvResponse(`day-${day}`, [head, ...rows]);
};
