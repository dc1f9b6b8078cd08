import type { RequestEvent } from '@sveltejs/kit';
import { baseLocale, isLocale, locales, type Locale } from '#lib/paraglide/runtime.js';
import { isLoopback } from './addresses.ts';
import { logFailure } from './log.ts';

// Read by scripts too, for the page without a network: that one is kept in a single language.
const COOKIE = 'medq-language';
const YEAR_SECONDS = 365 * 24 * 60 * 60;

/** The language this browser's user chose here. */
export function chosenLanguage({ cookies }: Pick<RequestEvent, 'cookies'>): Locale | undefined {
  const chosen = cookies.get(COOKIE);
  return isLocale(chosen) ? chosen : undefined;
}

/** The language of a page: the chosen one, else the first of the browser's that we write. */
export function languageOf(event: Pick<RequestEvent, 'cookies' | 'request'>): Locale {
  return chosenLanguage(event) ?? preferredLanguage(event.request.headers.get('accept-language'));
}

/** The first language of an Accept-Language header (RFC 9110) that we write, in whichever country. */
export function preferredLanguage(header: string | null): Locale {
  const wanted = (header ?? '')
    .split(',')
    .map((range) => {
      const [tag = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
      const quality = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
      return { language: tag.split('-')[0], quality: quality === undefined ? 1 : Number(quality) };
    })
    .filter(({ quality }) => quality > 0)
    .toSorted((a, b) => b.quality - a.quality);
  for (const { language } of wanted) {
    const known = locales.find((locale) => locale.split('-')[0] === language);
    if (known) return known;
  }
  return baseLocale;
}

/** Keeps the choice in this browser. */
export function rememberLanguage(
  { cookies, url }: Pick<RequestEvent, 'cookies' | 'url'>,
  locale: Locale
): void {
  cookies.set(COOKIE, locale, {
    path: '/',
    httpOnly: false,
    sameSite: 'lax',
    secure: !isLoopback(url.hostname),
    maxAge: YEAR_SECONDS
  });
}

/** Makes the language of an account, and so of its texts, the one chosen here. Not worth an error page. */
export async function saveLanguage({ locals }: Pick<RequestEvent, 'locals'>, locale: Locale): Promise<void> {
  const { error } = await locals.supabase.rpc('update_profile', { locale });
  if (error) logFailure('language_not_saved', { request_id: locals.requestId }, error);
}

/**
 * At the beginning of a session: the language of the account becomes that of this browser; an account that has none
 * gets the one chosen here.
 */
export async function agreeOnLanguage(
  event: Pick<RequestEvent, 'cookies' | 'url' | 'locals'>
): Promise<void> {
  const { locals } = event;
  const { data, error } = await locals.supabase.from('patients').select('locale').maybeSingle();
  if (error) return logFailure('language_unknown', { request_id: locals.requestId }, error);
  if (isLocale(data?.locale)) return rememberLanguage(event, data.locale);
  const chosen = chosenLanguage(event);
  if (data && chosen) await saveLanguage(event, chosen);
}
