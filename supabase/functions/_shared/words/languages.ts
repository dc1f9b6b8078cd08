/** The languages of the account API, and which of them somebody reads. */
import { english } from './en-IN.ts';
import { hindi } from './hi-IN.ts';
import { tamil } from './ta-IN.ts';
import type { Words } from './words.ts';

/** The first is for whoever reads none of them. */
export const locales = ['en-IN', 'ta-IN', 'hi-IN'] as const;
export type Locale = (typeof locales)[number];
export const wordsIn: Record<Locale, Words> = {
  'en-IN': english,
  'ta-IN': tamil,
  'hi-IN': hindi
};

/**
 * The language to answer in, of an Accept-Language header (RFC 9110): the most wanted of ours, in whichever country it
 * is read; of two wanted alike, the one named first. What is not a language range is ignored.
 */
export function preferredLocale(header: string | null): Locale {
  const ranges = (header ?? '').split(',').flatMap(rangeOf).sort((a, b) => b.quality - a.quality);
  const named = new Set(ranges.map(({ language }) => language));
  for (const { language, quality } of ranges) {
    if (quality === 0) break;
    const wanted = locales.find((locale) =>
      language === '*' ? !named.has(languageOf(locale)) : language === languageOf(locale)
    );
    if (wanted) return wanted;
  }
  return locales[0];
}

function languageOf(tag: string): string {
  return (tag.split('-')[0] ?? '').toLowerCase();
}

function rangeOf(text: string): { language: string; quality: number }[] {
  const [, tag, quality = '1'] =
    /^(\*|[a-z]{1,8}(?:-[a-z\d]{1,8})*)(?:[ \t]*;[ \t]*q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?))?$/i
      .exec(text.trim()) ?? [];
  return tag === undefined ? [] : [{ language: languageOf(tag), quality: Number(quality) }];
}
