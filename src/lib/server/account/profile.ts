import { m } from '#lib/paraglide/messages.js';
import type { Locale } from '#lib/paraglide/runtime.js';
import { refusalFrom, refused, type Result } from '#lib/server/request/refusal.ts';
import { SessionEnded } from '#lib/server/request/session.ts';
import type { Supabase } from '#lib/server/request/supabase.ts';
import { asciiDigits, withoutInvisible } from '#lib/text.ts';
import { readName } from './names.ts';

/** What patients tell about themselves, as the fields of a form. */
export interface Profile {
  name: string;
  age: string;
  username: string;
}

export type ProfileProblems = Partial<Record<keyof Profile, string>>;

/** The signed-in patient's own row. Throws the Data API's error. */
export async function loadProfile(supabase: Supabase): Promise<Profile & { phone: string }> {
  const { data, error } = await supabase.from('patients').select('name, age, username, phone').maybeSingle();
  if (error) throw error;
  if (!data) throw new SessionEnded();
  const { name, age, username, phone } = data;
  return {
    name: name ?? '',
    age: age === null ? '' : String(age),
    username: username ?? '',
    // Only patients who were made at a desk have none, and those have no account.
    phone: phone ?? ''
  };
}

/**
 * Everything that is wrong with a profile; empty if nothing is. The database tells one mistake at a time. What was never
 * told (an account made by a call has no name) may stay empty.
 */
export function problemsOfProfile(
  { name, age, username }: Profile,
  before: Pick<Profile, 'name' | 'age'>
): ProfileProblems {
  const problems: ProfileProblems = {};
  const read = readName(name);
  if ((name !== '' || before.name !== '') && 'problem' in read) {
    problems.name = read.problem === 'invalid' ? m.name_problem() : m.name_untypable();
  }
  if ((age !== '' || before.age !== '') && yearsIn(age) === undefined) {
    problems.age = m.age_problem();
  }
  if (username !== '' && !/^(?=.*[A-Za-z])[\w.-]{3,32}$/.test(username)) {
    problems.username = m.username_problem();
  }
  return problems;
}

/** An age as it is typed, with digits of any script; undefined: none. */
function yearsIn(age: string): number | undefined {
  const digits = asciiDigits(withoutInvisible(age)).trim();
  return /^\d{1,3}$/.test(digits) && Number(digits) <= 130 ? Number(digits) : undefined;
}

// Which field the database's word is about.
const FIELDS: Partial<Record<string, keyof Profile>> = {
  username_taken: 'username',
  invalid_name: 'name',
  untypable_name: 'name',
  invalid_age: 'age',
  invalid_username: 'username'
};

/** Saves a profile, and in which language to write. Throws the Data API's error unless it is a refusal. */
export async function saveProfile(
  supabase: Supabase,
  { name, age, username }: Profile,
  locale: Locale
): Promise<Result> {
  const { error } = await supabase.rpc('update_profile', {
    ...(name !== '' && { name }),
    ...(age !== '' && { age: yearsIn(age) }),
    username,
    locale
  });
  if (!error) return { ok: true };
  const refusal = refusalFrom(error);
  const field = FIELDS[refusal.code];
  return refused({ ...refusal, ...(field && { fields: { [field]: refusal.message } }) });
}
