import { getLocale } from '#lib/paraglide/runtime.js';
import type { Supabase } from '#lib/server/request/supabase.ts';

/** What clinics, practitioners and specialties are called in the language of the page, as names_in has it. */
export interface Names {
  /** A name at a clinic; as it is if the language has none of its own. */
  of(name: string, clinicId: string): string;
  /** A clinic with name and address. */
  clinic<Row extends { id: string; name: string; address: string }>(row: Row): Row;
  /** A practitioner of a clinic. */
  practitioner<Row extends { name: string; specialty: string }>(row: Row, clinicId: string): Row;
}

/** A name at a clinic, which may have words of its own for it. */
export type NameAt = readonly [name: string, clinicId: string];

interface Translation {
  translation: string;
  address: string | null;
}

// So many does names_in look at.
const MOST = 1_000;
// Pages that are open fetch often, and names hardly ever change. A change is seen after so long at most.
const KEPT_MS = 10_000;

/** What was asked for lately, by anybody: names are no secret. Null: the language has no other. */
let kept = { until: 0, found: new Map<string, Translation | null>() };

/** What `wanted` is called in the language of the page. Throws the Data API's error. */
export async function namesOf(supabase: Supabase, wanted: readonly NameAt[]): Promise<Names> {
  if (Date.now() > kept.until) kept = { until: Date.now() + KEPT_MS, found: new Map() };
  const { found } = kept;
  const locale = getLocale();
  const key = (name: string, clinicId: string) => `${locale} ${clinicId} ${name}`;

  const missing = wanted.filter((one) => !found.has(key(...one)));
  const asked = [...new Map(missing.map((one) => [key(...one), one])).values()];
  for (let from = 0; from < asked.length; from += MOST) {
    const some = asked.slice(from, from + MOST);
    const { data, error } = await supabase.rpc('names_in', {
      locale,
      names: some.map(([name]) => name),
      clinic_ids: some.map(([, id]) => id)
    });
    if (error) throw error;
    for (const [name, id] of some) found.set(key(name, id), null);
    for (const row of data) found.set(key(row.name, row.clinic_id), row);
  }

  const of = (name: string, clinicId: string) => found.get(key(name, clinicId))?.translation ?? name;
  return {
    of,
    clinic: (row) => ({
      ...row,
      name: of(row.name, row.id),
      address: found.get(key(row.name, row.id))?.address ?? row.address
    }),
    practitioner: (row, clinicId) => ({
      ...row,
      name: of(row.name, clinicId),
      specialty: of(row.specialty, clinicId)
    })
  };
}

/** What somebody at a clinic is called in the language of the page, of `wanted`. Throws the Data API's error. */
export async function namesAt(
  supabase: Supabase,
  clinicId: string,
  wanted: readonly string[]
): Promise<(name: string) => string> {
  const names = await namesOf(
    supabase,
    wanted.map((name) => [name, clinicId])
  );
  return (name) => names.of(name, clinicId);
}

/** Rows of one clinic with their names in the language of the page. Throws the Data API's error. */
export async function namedAt<Row extends { name: string }>(
  supabase: Supabase,
  clinicId: string,
  rows: readonly Row[]
): Promise<Row[]> {
  const called = await namesAt(
    supabase,
    clinicId,
    rows.map(({ name }) => name)
  );
  return rows.map((row) => ({ ...row, name: called(row.name) }));
}

/** What of a practitioner of a clinic is a name. */
export function practitionerNames(
  clinicId: string,
  { name, specialty }: { name: string; specialty: string }
): NameAt[] {
  return [
    [name, clinicId],
    [specialty, clinicId]
  ];
}
