import { m } from '#lib/paraglide/messages.js';
import {
  addPerson,
  listFamily,
  loadLastChoice,
  MOST_PEOPLE,
  type TypedPerson
} from '#lib/server/account/family.ts';
import { invalid, refused, type Refusal, type Result } from '#lib/server/request/refusal.ts';
import type { Supabase } from '#lib/server/request/supabase.ts';
import { isId } from './appointments.ts';

/** Who can be booked for. A person is named by the id, the patient by ''. */
export interface ForWhom {
  /** Without the patient. Empty: nobody is asked. */
  people: { id: string; label: string }[];
  /** Who is meant unless they say otherwise; `new`: somebody who is not in the list yet. */
  chosen: string;
  canAdd: boolean;
}

/** What the form says of who comes. */
export interface TypedWho extends TypedPerson {
  for: string;
}

/**
 * Who may be meant by a booking of the signed-in patient.
 * @param wanted who the address names; else it is who was booked for last
 */
export async function loadForWhom(supabase: Supabase, wanted: string | null): Promise<ForWhom> {
  const [people, last] = await Promise.all([listFamily(supabase), loadLastChoice(supabase)]);
  const isThere = (person: string | null) => people.some(({ id }) => id === person);
  const canAdd = people.length < MOST_PEOPLE;
  const isMeant = wanted === '' || isThere(wanted) || (wanted === 'new' && canAdd);
  return {
    people: people.map(({ id, label }) => ({ id, label })),
    chosen: (isMeant ? wanted : isThere(last) ? last : null) ?? '',
    canAdd
  };
}

/** Who is meant by a form: an id, or null for the patient. Somebody new is added first. */
export async function readWho(
  supabase: Supabase,
  typed: TypedWho
): Promise<Result<{ person: string | null }>> {
  if (typed.for === '') return { ok: true, person: null };
  if (isId(typed.for)) return { ok: true, person: typed.for };
  if (typed.for !== 'new') return refused(invalid({ for: m.who_unknown() }));
  const added = await addPerson(supabase, typed);
  return added.ok ? { ok: true, person: added.id } : added;
}

const CLASHES = ['dependent_slot', 'dependent_appointment'];

/** A refusal that says who is elsewhere at that time. */
export async function withWho(supabase: Supabase, refusal: Refusal, person: string | null): Promise<Refusal> {
  if (!CLASHES.includes(refusal.code)) return refusal;
  const who = (await listFamily(supabase)).find(({ id }) => id === person)?.label;
  return who === undefined ? refusal : { ...refusal, message: m.who_has_appointment({ who }) };
}
