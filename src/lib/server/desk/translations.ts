import { z } from 'zod';
import { LANGUAGES } from '#lib/languages.ts';
import type { Locale } from '#lib/paraglide/runtime.js';
import { m } from '#lib/paraglide/messages.js';
import { anyMistake, invalid, refused, type Result } from '#lib/server/request/refusal.ts';
import type { Supabase } from '#lib/server/request/supabase.ts';
import type { Desk } from './desk.ts';
import { nameProblem } from './names.ts';
import { deskRefusal } from './refusal.ts';
import { seenAs } from '#lib/server/request/seen.ts';

/** What a name is called at a clinic in another language. */
export interface Translated {
  name: string;
  /** The clinic's own words; empty: it has none. */
  translation: string;
  /** What it is called where a clinic has no words of its own; empty: as it is. */
  usual: string;
  /** Where to go, in that language; only of the clinic itself. */
  address?: string;
}

/** The names at a clinic in one language other than its usual one. */
export interface NamesOfLanguage {
  locale: Locale;
  /** The language by its own name. */
  language: string;
  names: Translated[];
  /** What the form is filled from (seen.ts). */
  seen: string;
}

/** Names without those that differ from one before them in capitals only: the database calls them the same. */
export function distinctNames(names: string[]): string[] {
  const seen = new Map<string, string>();
  for (const name of names) if (!seen.has(name.toLowerCase())) seen.set(name.toLowerCase(), name);
  return [...seen.values()];
}

/**
 * The names of a clinic in every language but the one that it writes in: its own, of its doctors and of what they are
 * booked for. Throws the Data API's error.
 */
export async function readTranslations(
  supabase: Supabase,
  { clinicId }: Pick<Desk, 'clinicId'>,
  practitioners: { name: string; specialty: string }[]
): Promise<NamesOfLanguage[]> {
  const [clinic, translations] = await Promise.all([
    supabase.from('clinics').select('name, locale').eq('id', clinicId).single(),
    supabase.from('translations').select('name, locale, translation, address').eq('clinic_id', clinicId)
  ]);
  for (const { error } of [clinic, translations]) if (error) throw error;
  const { name: own, locale: usual } = z.object({ name: z.string(), locale: z.string() }).parse(clinic.data);
  const names = distinctNames([
    own,
    ...practitioners.map(({ name }) => name),
    ...practitioners.map((one) => one.specialty)
  ]);
  return Promise.all(
    LANGUAGES.filter(({ locale }) => locale !== usual).map(async ({ locale, name: language }) => {
      const everybodys = await supabase.rpc('names_in', { locale, names });
      if (everybodys.error) throw everybodys.error;
      const find = (name: string) =>
        translations.data?.find(
          (row) => row.locale === locale && row.name.toLowerCase() === name.toLowerCase()
        );
      const translated = names.map((name) => ({
        name,
        translation: find(name)?.translation ?? '',
        usual: everybodys.data.find((row) => row.name === name)?.translation ?? '',
        ...(name === own && { address: find(name)?.address ?? '' })
      }));
      const ownWords = translated.map(({ name, translation, address }) => [name, translation, address]);
      return { locale, language, names: translated, seen: seenAs(ownWords) };
    })
  );
}

/** What was typed into the form of one language. */
export function translationsIn(form: FormData): Pick<NamesOfLanguage, 'seen' | 'names'> & { locale: string } {
  const texts = (name: string) =>
    form.getAll(name).map((value) => (typeof value === 'string' ? value.trim() : ''));
  const translations = texts('translation');
  // Of the clinic, which is the first.
  const [address] = texts('address');
  return {
    locale: texts('locale')[0] ?? '',
    seen: texts('seen')[0] ?? '',
    names: texts('name').map((name, n) => ({
      name,
      translation: translations[n] ?? '',
      usual: '',
      ...(n === 0 && { address: address ?? '' })
    }))
  };
}

/** Saves the names of the clinic of a desk in a language. Throws the Data API's error unless it is a refusal. */
export async function saveTranslations(
  supabase: Supabase,
  { clinicId }: Pick<Desk, 'clinicId'>,
  { locale, names }: Pick<ReturnType<typeof translationsIn>, 'locale' | 'names'>
): Promise<Result> {
  const mistakes = invalid({
    ...Object.fromEntries(
      names.map(({ translation }, n) => [
        `translation-${n}`,
        translation === '' ? undefined : nameProblem(translation)
      ])
    ),
    address: (names[0]?.address ?? '').length > 300 ? m.desk_clinic_address_long() : undefined
  });
  if (anyMistake(mistakes.fields)) return refused(mistakes);
  const { error } = await supabase.rpc('set_translations', {
    clinic_id: clinicId,
    locale,
    names: names.map(({ name, translation, address = '' }) => ({ name, translation, address }))
  });
  return error ? refused(deskRefusal(error)) : { ok: true };
}
