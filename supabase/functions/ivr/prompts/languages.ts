/** The languages that calls are answered in. */
import { english } from './en-IN.ts';
import type { Catalogue, Language, Prompts } from './prompts.ts';
import { tamil } from './ta-IN.ts';

export const languages: readonly Language[] = [english, tamil];

/** All prompts as they are spoken at one moment; English for a locale that has none. */
export function catalogueAt(now: Date): Catalogue {
  const spoken = new Map<string, { code: string; prompts: Prompts }>();
  return {
    of(locale) {
      const { code, at } = languages.find((language) => language.code === locale) ?? english;
      const known = spoken.get(code) ?? { code, prompts: at(now) };
      spoken.set(code, known);
      return known;
    },
    locales: spokenLocales
  };
}

/**
 * The locales a caller can choose from: those of the clinics that we have prompts in, the usual one first. English is
 * spoken everywhere.
 */
function spokenLocales(wanted: string[]): string[] {
  const spoken = wanted.filter((locale) => languages.some(({ code }) => code === locale));
  return [...new Set([...spoken, english.code])];
}
