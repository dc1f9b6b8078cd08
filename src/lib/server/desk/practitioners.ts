import { z } from 'zod';
import { m } from '#lib/paraglide/messages.js';
import { languageNames } from '#lib/server/booking/practitioners.ts';
import { anyMistake, invalid, refused, type Result } from '#lib/server/request/refusal.ts';
import type { Supabase } from '#lib/server/request/supabase.ts';
import { asciiDigits } from '#lib/text.ts';
import type { Desk } from './desk.ts';
import { nameProblem } from './names.ts';
import { deskRefusal } from './refusal.ts';
import { seenAs } from '#lib/server/request/seen.ts';

/** A practitioner as the form has them. */
export interface TypedPractitioner {
  name: string;
  /** How a caller should hear the name; empty: as it is written. */
  spoken_name: string;
  specialty: string;
  /** As they are typed; '': none. */
  qualification: string;
  photo_url: string;
  fee_amount: string;
  fee_currency: string;
  /** Codes: `ta`. */
  languages: string[];
  active: boolean;
}

export interface SetUpPractitioner extends TypedPractitioner {
  id: string;
  /** Appointments to come, and the calendar days of the next and the last; null: none. */
  upcoming: number;
  next: string | null;
  last: string | null;
  /** What the form is filled from (seen.ts). */
  seen: string;
}

const rows = z.array(
  z.object({
    practitioner_id: z.uuid(),
    name: z.string(),
    spoken_name: z.string().nullable(),
    specialty: z.string(),
    qualification: z.string().nullable(),
    photo_url: z.string().nullable(),
    fee_amount: z.coerce.number().nullable(),
    fee_currency: z.string(),
    languages: z.array(z.string()),
    active: z.boolean(),
    upcoming: z.number(),
    next_on: z.string().nullable(),
    last_on: z.string().nullable()
  })
);

/** Who sees patients at the clinic of a desk, or did. Throws the Data API's error. */
export async function readPractitioners(
  supabase: Supabase,
  { clinicId }: Pick<Desk, 'clinicId'>
): Promise<SetUpPractitioner[]> {
  const { data, error } = await supabase.rpc('desk_practitioners', { clinic_id: clinicId });
  if (error) throw error;
  return rows.parse(data).map(({ practitioner_id, upcoming, next_on, last_on, ...row }) => {
    const typed = {
      ...row,
      spoken_name: row.spoken_name ?? '',
      qualification: row.qualification ?? '',
      photo_url: row.photo_url ?? '',
      fee_amount: row.fee_amount === null ? '' : String(row.fee_amount)
    };
    return { ...typed, id: practitioner_id, upcoming, next: next_on, last: last_on, seen: seenAs(typed) };
  });
}

// The same rules as of their columns.
const PHOTO = /^(?:https:\/\/[a-z0-9.-]+(?::\d+)?\/\S+|\/[^/\\\s]\S*)$/i;
const AMOUNT = /^\d{1,8}(?:\.\d{1,2})?$/;
const CURRENCY = /^[A-Z]{3}$/;

/**
 * Saves a practitioner of the clinic of a desk; without an id a new one. Throws the Data API's error unless it is a
 * refusal.
 */
export async function savePractitioner(
  supabase: Supabase,
  { clinicId }: Pick<Desk, 'clinicId'>,
  id: string | null,
  typed: TypedPractitioner
): Promise<Result> {
  const { name, specialty, active, languages } = typed;
  const spoken_name = typed.spoken_name || null;
  const qualification = typed.qualification.trim() || null;
  const photo_url = typed.photo_url.trim() || null;
  const amount = asciiDigits(typed.fee_amount).replaceAll(/[\s,]/g, '');
  const fee_currency = typed.fee_currency.trim().toUpperCase() || 'INR';
  const mistakes = invalid({
    name: nameProblem(name),
    spoken_name: spoken_name === null ? undefined : nameProblem(spoken_name),
    specialty: nameProblem(specialty),
    qualification: qualification === null ? undefined : nameProblem(qualification),
    photo_url:
      photo_url === null || (PHOTO.test(photo_url) && photo_url.length <= 500)
        ? undefined
        : m.desk_clinic_photo_problem(),
    fee_amount: amount === '' || AMOUNT.test(amount) ? undefined : m.desk_clinic_fee_problem(),
    fee_currency: CURRENCY.test(fee_currency) ? undefined : m.desk_clinic_currency_problem()
  });
  if (anyMistake(mistakes.fields)) return refused(mistakes);
  const fee_amount = amount === '' ? null : Number(amount);
  const row = {
    ...{ name, spoken_name, specialty, active },
    ...{ qualification, photo_url, languages, fee_amount, fee_currency }
  };
  const table = supabase.from('practitioners');
  const { error } = await (id === null
    ? table.insert({ clinic_id: clinicId, ...row })
    : table.update(row).eq('id', id).eq('clinic_id', clinicId).select('id').single());
  return error ? refused(deskRefusal(error)) : { ok: true };
}

// Those of India by how many speak them, and those that its clinics are asked for.
const USUAL = ['en', 'hi', 'bn', 'mr', 'te', 'ta', 'gu', 'ur', 'kn', 'or', 'ml', 'pa', 'as', 'ar'];

/** The languages to choose from, those that somebody has already among them, by their names. */
export function languageChoices(practitioners: readonly { languages: string[] }[]): Record<string, string> {
  const codes = [...new Set([...USUAL, ...practitioners.flatMap(({ languages }) => languages)])];
  const names = languageNames(codes);
  return Object.fromEntries(codes.map((code, i) => [code, names[i] ?? code]));
}
