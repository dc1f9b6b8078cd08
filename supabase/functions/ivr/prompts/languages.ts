import { english } from './en-IN.ts';
import type { Language } from './prompts.ts';

const languages: Record<string, Language> = { 'en-IN': english };

/** The language of a locale; English where there is none. */
export function languageOf(locale: string | undefined): Language {
  return languages[locale ?? ''] ?? english;
}
