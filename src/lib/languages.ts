import type { Locale } from '#lib/paraglide/runtime.js';

/** The languages of the site, each by its own name. */
export const LANGUAGES: readonly { locale: Locale; name: string }[] = [
  { locale: 'en-IN', name: 'English' },
  { locale: 'ta-IN', name: 'தமிழ்' }
];
