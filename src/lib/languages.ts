import { locales, type Locale } from '#lib/paraglide/runtime.js';

/** Each language of the site by its own name. */
const NAMES: Record<Locale, string> = {
  'en-IN': 'English',
  'ta-IN': 'தமிழ்',
  'hi-IN': 'हिन्दी'
};

/** The languages of the site, in the order in which they are offered. */
export const LANGUAGES: readonly { locale: Locale; name: string }[] = locales.map((locale) => ({
  locale,
  name: NAMES[locale]
}));
