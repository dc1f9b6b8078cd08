import { z } from 'zod';
import { m } from '#lib/paraglide/messages.js';
import { invalid, refusalFrom, refused, type Result } from '#lib/server/request/refusal.ts';
import type { Supabase } from '#lib/server/request/supabase.ts';
import { asciiDigits, withoutInvisible } from '#lib/text.ts';
import { readName } from './names.ts';

// Whom the signed-in patient books for (public.dependents). All of these throw the Data API's error unless it is a refusal.

/** So many at most, as the database has it. */
export const MOST_PEOPLE = 8;

export interface Person {
  id: string;
  name: string;
  /** Null: not told. */
  birthYear: number | null;
  /** The name; with the year of birth where another has the same. */
  label: string;
}

/** What is typed of somebody, as the fields of a form. */
export interface TypedPerson {
  name: string;
  birth_year: string;
}

interface Row {
  id: string;
  /** Null: it was deleted with an account that the phone had before. */
  name: string | null;
  birth_year: number | null;
}

/** How people are called, by id. Of two with one name the years of birth tell who is who. */
export function labelsOf(rows: readonly Row[]): Record<string, string> {
  const people = [...new Map(rows.map((row) => [row.id, row])).values()];
  return Object.fromEntries(
    people.map(({ id, name, birth_year }) => {
      const isAlone = people.filter((other) => other.name === name).length === 1;
      const label = name ?? m.who_somebody_else();
      return [id, isAlone || birth_year === null ? label : `${label} (${birth_year})`];
    })
  );
}

/** How the patient and the others are called where all of them are listed; none, where there are no others. */
export function peopleIn(rows: readonly Row[]): Record<string, string> {
  return rows.length === 0 ? {} : { '': m.who_you(), ...labelsOf(rows) };
}

/** What `labelsOf` needs of a row. */
export const PERSON_COLUMNS = 'id, name, birth_year';

/** Also those who were removed: the past has their names. */
export async function loadPeople(supabase: Supabase): Promise<(Row & { removed_at: string | null })[]> {
  const { data, error } = await supabase
    .from('dependents')
    .select(`${PERSON_COLUMNS}, removed_at`)
    .order('created_at')
    .order('id');
  if (error) throw error;
  return data;
}

/** In the order in which they were added. */
export async function listFamily(supabase: Supabase): Promise<Person[]> {
  const people = (await loadPeople(supabase)).filter(({ removed_at }) => removed_at === null);
  const labels = labelsOf(people);
  return people.map(({ id, name, birth_year }) => ({
    id,
    name: name ?? '',
    birthYear: birth_year,
    label: labels[id] ?? ''
  }));
}

/** Somebody as they are kept, of what was typed. */
function readPerson({ name, birth_year }: TypedPerson): Result<{ name: string; birth_year: number }> {
  const read = readName(name);
  const digits = asciiDigits(withoutInvisible(birth_year)).trim();
  const year = /^\d{4}$/.test(digits) ? Number(digits) : NaN;
  const possible = year >= 1880 && year <= new Date().getFullYear() + 1;
  if ('name' in read && possible) return { ok: true, name: read.name, birth_year: year };
  const nameProblem =
    'name' in read ? undefined : read.problem === 'invalid' ? m.who_name_problem() : m.name_untypable();
  return refused(invalid({ name: nameProblem, birth_year: possible ? undefined : m.refusal_birth_year() }));
}

// Which field the database's word is about.
const FIELDS: Partial<Record<string, keyof TypedPerson>> = {
  invalid_name: 'name',
  untypable_name: 'name',
  invalid_birth_year: 'birth_year'
};

function byFields(error: unknown) {
  const refusal = refusalFrom(error);
  const field = FIELDS[refusal.code];
  return refused({ ...refusal, ...(field && { fields: { [field]: refusal.message } }) });
}

const added = z.object({ id: z.uuid() });

/** Adds somebody. Who is there already is not added again, as a form may be sent twice. */
export async function addPerson(supabase: Supabase, typed: TypedPerson): Promise<Result<{ id: string }>> {
  const read = readPerson(typed);
  if (!read.ok) return read;
  const { name, birth_year } = read;
  const same = (await listFamily(supabase)).find(
    (one) => one.name.toLowerCase() === name.toLowerCase() && (one.birthYear ?? birth_year) === birth_year
  );
  if (same) return { ok: true, id: same.id };
  const { data, error } = await supabase
    .from('dependents')
    .insert({ name, birth_year })
    .select('id')
    .single();
  return error ? byFields(error) : { ok: true, ...added.parse(data) };
}

/** Corrects what is kept of somebody. */
export async function correctPerson(supabase: Supabase, id: string, typed: TypedPerson): Promise<Result> {
  const read = readPerson(typed);
  if (!read.ok) return read;
  const { name, birth_year } = read;
  const { error } = await supabase.from('dependents').update({ name, birth_year }).eq('id', id);
  return error ? byFields(error) : { ok: true };
}

/** Removes somebody who has no appointment to come. */
export async function removePerson(supabase: Supabase, id: string): Promise<Result> {
  const { error } = await supabase.from('dependents').delete().eq('id', id);
  return error ? byFields(error) : { ok: true };
}

/** For whom was booked last: their id, null for the patient, or for whoever has booked nothing yet. */
export async function loadLastChoice(supabase: Supabase): Promise<string | null> {
  const { data, error } = await supabase
    .from('appointments')
    .select('dependent_id')
    .order('created_at', { ascending: false })
    .limit(1)
    .maybeSingle();
  if (error) throw error;
  return data?.dependent_id ?? null;
}
