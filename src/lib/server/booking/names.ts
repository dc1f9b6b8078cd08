import { getLocale, type Locale } from '#lib/paraglide/runtime.js';
import type { Supabase } from '#lib/server/request/supabase.ts';

/** What clinics, practitioners and specialties are called in the language of the page, as private.name_in has it. */
export interface Names {
  /** A name at a clinic; as it is if the language has none of its own. */
  of(name: string, clinicId: string): string;
  /** A clinic with name and address. */
  clinic<Row extends { id: string; name: string; address: string }>(row: Row): Row;
  /** A practitioner of a clinic. */
  practitioner<Row extends { name: string; specialty: string }>(row: Row, clinicId: string): Row;
}

const known = new WeakMap<Supabase, Promise<Names>>();

/** The names in the language of the page, asked for once in a request. Throws the Data API's error. */
export function namesOf(supabase: Supabase): Promise<Names> {
  const names = known.get(supabase) ?? namesIn(supabase, getLocale());
  known.set(supabase, names);
  return names;
}

/** The names of a language. Throws the Data API's error. */
export async function namesIn(supabase: Supabase, locale: Locale): Promise<Names> {
  const { data, error } = await supabase
    .from('translations')
    .select('name, translation, address, clinic_id')
    .eq('locale', locale);
  if (error) throw error;
  const key = (name: string, clinicId: string | null) => `${clinicId ?? ''} ${name.toLowerCase()}`;
  const rows = new Map(data.map((row) => [key(row.name, row.clinic_id), row]));
  const find = (name: string, clinicId: string) => rows.get(key(name, clinicId)) ?? rows.get(key(name, null));
  const of = (name: string, clinicId: string) => find(name, clinicId)?.translation ?? name;
  return {
    of,
    clinic: (row) => ({
      ...row,
      name: of(row.name, row.id),
      address: find(row.name, row.id)?.address ?? row.address
    }),
    practitioner: (row, clinicId) => ({
      ...row,
      name: of(row.name, clinicId),
      specialty: of(row.specialty, clinicId)
    })
  };
}
