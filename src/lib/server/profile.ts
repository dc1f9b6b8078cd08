import type { PostgrestError } from '@supabase/supabase-js';
import type { Supabase } from './supabase.ts';

/** What patients tell about themselves, as the fields of a form. */
export interface Profile {
  name: string;
  age: string;
  username: string;
  /** Language of texts; '' is the clinic's. */
  locale: string;
}

export type ProfileProblems = Partial<Record<keyof Profile, string>>;

/** The signed-in patient's own row. Throws the Data API's error. */
export async function loadProfile(supabase: Supabase): Promise<Profile & { phone: string }> {
  const { data, error } = await supabase
    .from('patients')
    .select('name, age, username, locale, phone')
    .single();
  if (error) throw error;
  const { name, age, username, locale, phone } = data;
  return {
    name: name ?? '',
    age: age === null ? '' : String(age),
    username: username ?? '',
    locale: locale ?? '',
    phone
  };
}

/**
 * Everything that is wrong with a profile, before the database is asked: it tells one mistake at a time. What was
 * never told (an account made by a call has no name) may stay so.
 */
export function problemsOfProfile(
  { name, age, username }: Profile,
  before: Pick<Profile, 'name' | 'age'>
): ProfileProblems | undefined {
  const problems: ProfileProblems = {};
  if ((name !== '' || before.name !== '') && (!/\p{L}/u.test(name) || [...name].length > 100)) {
    problems.name = 'Please enter your name, up to 100 characters.';
  }
  if ((age !== '' || before.age !== '') && (!/^\d{1,3}$/.test(age) || Number(age) > 130)) {
    problems.age = 'Please enter your age as a whole number between 0 and 130.';
  }
  if (username !== '' && !/^(?=.*[A-Za-z])[\w.-]{3,32}$/.test(username)) {
    problems.username =
      'Please choose 3 to 32 letters, digits, dots, dashes or underscores, with at least one letter.';
  }
  return Object.keys(problems).length > 0 ? problems : undefined;
}

/** Saves a profile. Undefined: it is saved. Throws what is nobody's mistake. */
export async function saveProfile(
  supabase: Supabase,
  { name, age, username, locale }: Profile
): Promise<ProfileProblems | undefined> {
  const { error } = await supabase.rpc('update_profile', {
    ...(name !== '' && { name }),
    ...(age !== '' && { age: Number(age) }),
    username,
    locale
  });
  if (!error) return undefined;
  const problems = refused(error);
  if (!problems) throw error;
  return problems;
}

function refused({ message, hint }: PostgrestError): ProfileProblems | undefined {
  if (message === 'username_taken') {
    return { username: 'Somebody else has that username. Please choose another.' };
  }
  // By now only the language can be at fault: what else can be was looked at here.
  return message === 'validation_failed' ? { locale: hint } : undefined;
}
