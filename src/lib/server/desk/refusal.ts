import { m } from '#lib/paraglide/messages.js';
import { stateWords } from '#lib/desk/words.ts';
import type { State } from '#lib/desk/model.ts';
import { refusalFrom, type Messages, type Refusal } from '#lib/server/request/refusal.ts';
import { WORDS_REFUSALS } from './words-refusals.ts';

// How the database says what became of an appointment (private.what_happened).
const STATES: Record<string, State> = {
  booked: 'booked',
  arrived: 'arrived',
  called: 'called',
  seen: 'seen',
  'not there': 'noshow',
  cancelled: 'cancelled'
};

/** What happened to an appointment meanwhile, of "…: arrived (Priya Nair, 10:02)." */
function changedMeanwhile(hint: string): string {
  const [, words = '', who, time = ''] = /: ([a-z ]+) \((?:(.+), )?(\d\d:\d\d)\)\.$/.exec(hint) ?? [];
  const state = STATES[words];
  if (!state) return m.desk_changed();
  return who === undefined
    ? m.desk_changed_at({ state: stateWords(state), time })
    : m.desk_changed_by({ state: stateWords(state), who, time });
}

// What is refused at the desk alone, or is said there in other words than to patients (docs/errors.md).
const MESSAGES: Messages = {
  not_staff: m.desk_not_staff,
  already_staff: m.desk_staff_phone_there,
  last_manager: m.desk_staff_last_manager,
  desk_proof_required: m.desk_code_first,
  too_many_codes: m.desk_code_wait,
  changed_meanwhile: ({ hint }) => changedMeanwhile(hint),
  note_changed: ({ hint }) => m.desk_note_changed({ note: /"(.*)"/s.exec(hint)?.[1] || '–' }),
  before_its_day: m.desk_before_its_day,
  impossible_status: m.desk_changed,
  day_changed: m.desk_away_changed,
  day_is_over: m.desk_away_day_is_over,
  wrong_dates: m.desk_away_wrong_dates,
  wrong_minutes: m.desk_away_wrong_minutes,
  past_midnight: m.desk_away_past_midnight,
  does_not_fit: m.desk_away_does_not_fit,
  same_practitioner: m.desk_away_same_doctor,
  colleague_without_hours: m.desk_no_hours,
  outside_hours: m.desk_no_hours,
  doctor_inactive: m.desk_no_hours,
  day_is_full: m.desk_day_is_full,
  invalid_phone: m.desk_phone_problem,
  invalid_name: m.desk_name_problem,
  untypable_name: m.name_untypable,
  own_appointment: m.desk_has_appointment,
  note_too_long: m.desk_patient_note_too_long,
  unknown_patient: m.desk_record_unknown,
  unknown_dependent: m.desk_record_unknown,
  unknown_sms: m.desk_record_sms_is_old,
  phone_of_staff: m.desk_record_phone_of_staff,
  phone_of_others: m.desk_record_phone_of_others,
  other_patient_has_phone: m.desk_record_phone_of_other,
  other_account_has_phone: m.desk_record_phone_of_other,
  has_other_phone: m.desk_record_other_phone,
  phone_of_holder: m.desk_own_phone_of_holder,
  dormant_phone: m.desk_own_dormant,
  same_patient: m.desk_merge_same,
  both_have_accounts: m.desk_merge_both_accounts,
  gone_has_account: m.desk_merge_account_stays,
  patient_of_others: m.desk_merge_of_others,
  family_too_large: m.desk_merge_family_too_large,
  appointments_clash: m.desk_merge_clash,
  too_late_to_undo: m.desk_merge_too_late,
  manager_only: m.desk_manager_only,
  invalid_hours: m.desk_hours_wrong,
  hours_backwards: m.desk_hours_wrong,
  hours_off_grid: m.desk_hours_wrong,
  hours_overlap: m.desk_hours_wrong,
  ...WORDS_REFUSALS
};

/** The database's refusal in the words of the desk. Any other error of the Data API is thrown on. */
export const deskRefusal = (error: unknown): Refusal => refusalFrom(error, MESSAGES);
