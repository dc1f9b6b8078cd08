import { z } from 'zod';
import { m } from '#lib/paraglide/messages.js';

/** Why something was not done, whoever refused it: the database, the account functions or the site itself. */
export interface Refusal {
  /** The stable word to switch on, such as `slot_taken`. */
  code: string;
  /** A sentence to show, in the language of the page. */
  message: string;
  /** A sentence for each field that has a mistake, by the field's name. */
  fields?: Record<string, string>;
  /** The HTTP status that says the same. */
  status: number;
}

/** What came of something that can be refused. */
export type Result<T extends object = object> = ({ ok: true } & T) | { ok: false; refusal: Refusal };

export const refused = (refusal: Refusal): { ok: false; refusal: Refusal } => ({ ok: false, refusal });

/** Whether a field has a mistake. */
export const anyMistake = (fields: object): boolean => Object.keys(fields).length > 0;

/** Something that was typed cannot be taken. Fields without a sentence are right. */
export function invalid(
  fields: Record<string, string | undefined>
): Refusal & { fields: Record<string, string> } {
  const mistakes = Object.entries(fields).filter(
    (entry): entry is [string, string] => entry[1] !== undefined
  );
  return {
    code: 'validation_failed',
    message: m.form_check(),
    fields: Object.fromEntries(mistakes),
    status: 400
  };
}

/** Something we need cannot be reached at the moment. */
export const unavailable = (): Refusal => ({ code: 'unavailable', message: m.form_not_now(), status: 503 });

/** A refusal for programs, in the shape of the account API. */
export function refusalResponse(
  { code, message, fields, status }: Refusal,
  headers?: Record<string, string>
): Response {
  return Response.json(
    { error: code, message, ...(fields && { fields }) },
    { status, ...(headers && { headers }) }
  );
}

/** Sentences for the words of the database. `hint` is its own, in English; `minutes` is the number in it. */
export type Messages = Partial<Record<string, (told: { minutes: string; hint: string }) => string>>;

// What the database can refuse a patient, by its words (docs/errors.md).
const MESSAGES: Messages = {
  slot_taken: m.refusal_slot_taken,
  own_slot: m.refusal_own_appointment,
  slot_unavailable: m.refusal_slot_unavailable,
  outside_hours: m.refusal_slot_unavailable,
  beyond_horizon: m.refusal_slot_unavailable,
  doctor_inactive: m.refusal_slot_unavailable,
  own_appointment: m.refusal_own_appointment,
  dependent_slot: m.refusal_dependent_appointment,
  dependent_appointment: m.refusal_dependent_appointment,
  slot_in_past: m.refusal_slot_in_past,
  too_many_bookings: m.refusal_too_many_bookings,
  too_many_changes: m.refusal_too_many_changes,
  not_found: m.refusal_not_found,
  unknown_doctor: m.refusal_unknown_doctor,
  unknown_clinic: m.refusal_not_found,
  unknown_appointment: m.refusal_unknown_appointment,
  unknown_board: m.board_gone,
  unknown_dependent: m.refusal_unknown_dependent,
  too_many_dependents: m.refusal_too_many_dependents,
  dependent_has_appointments: m.refusal_dependent_has_appointments,
  invalid_birth_year: m.refusal_birth_year,
  not_cancellable: m.refusal_not_cancellable,
  already_begun: m.refusal_not_cancellable,
  already_cancelled: m.refusal_not_cancellable,
  already_seen: m.refusal_not_cancellable,
  too_early_to_confirm: m.refusal_too_early_to_confirm,
  password_change_required: m.session_own_password,
  not_signed_in: m.session_missing,
  username_taken: m.username_taken,
  validation_failed: m.form_check,
  invalid_name: m.name_problem,
  untypable_name: m.name_untypable,
  invalid_age: m.age_problem,
  invalid_username: m.username_problem,
  unknown_language: m.form_check
};

// An error of the Data API that the database raised on purpose: `details` is the finer word, if there is one.
const raised = z.object({
  code: z.string().regex(/^PT4\d\d$/),
  message: z.string(),
  details: z.string().nullish(),
  hint: z.string()
});

/**
 * The database's refusal, by the finest of its words that we know. Any other error of the Data API is thrown on.
 * @param own sentences that come before those for patients
 */
export function refusalFrom(error: unknown, own: Messages = {}): Refusal {
  const messages = { ...MESSAGES, ...own };
  const known = raised.safeParse(error);
  if (!known.success) throw error;
  const { code: sqlState, message: word, details, hint } = known.data;
  const code = details && messages[details] ? details : word;
  // The only number that a hint tells.
  const minutes = /\d+/.exec(hint)?.[0] ?? '';
  return { code, message: messages[code]?.({ minutes, hint }) ?? hint, status: Number(sqlState.slice(2)) };
}
