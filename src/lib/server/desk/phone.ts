import examples from 'libphonenumber-js/examples.mobile.json';
import { getExampleNumber, parsePhoneNumberFromString } from 'libphonenumber-js/max';
import type { Supabase } from '#lib/server/request/supabase.ts';
import { asciiDigits } from '#lib/text.ts';
import type { Desk } from './desk.ts';

/**
 * Whether what was typed can be somebody's phone, so that one with a digit missing is not booked for. The database alone
 * makes it +E.164 (private.phone_typed).
 * @param atHome a number of the country of those without a country code, as +E.164
 */
export function canBePhone(typed: string, atHome: string): boolean {
  const country = parsePhoneNumberFromString(atHome)?.country;
  const number = parsePhoneNumberFromString(asciiDigits(typed), country ? { defaultCountry: country } : {});
  if (!number || number.ext) return false;
  // What numbering tables do not know may be newer than they are.
  const usual = number.country ?? country;
  const example = usual && getExampleNumber(usual, examples);
  return number.isValid() || number.nationalNumber.length === example?.nationalNumber.length;
}

/** The number of the clinic of a desk, as +E.164. Throws the Data API's error. */
export async function clinicPhone(supabase: Supabase, { clinicId }: Pick<Desk, 'clinicId'>): Promise<string> {
  const { data, error } = await supabase.from('clinics').select('phone').eq('id', clinicId).single();
  if (error) throw error;
  return data.phone;
}
