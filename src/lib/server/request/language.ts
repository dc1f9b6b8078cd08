import type { RequestEvent } from '@sveltejs/kit';
import { baseLocale, isLocale, locales, type Locale } from '#lib/paraglide/runtime.js';
import { keepCookie, readCookie } from './cookies.ts';

/** The language this browser's user chose here. */
export function chosenLanguage(event: Pick<RequestEvent, 'cookies'>): Locale | undefined {
  const chosen = readCookie(event, 'language');
  return isLocale(chosen) ? chosen : undefined;
}

/** The language of a page: the chosen one, else the first of the browser's that we write. */
export function languageOf(event: Pick<RequestEvent, 'cookies' | 'request'>): Locale {
  return chosenLanguage(event) ?? preferredLanguage(event.request.headers.get('accept-language'));
}

/** The first language of an Accept-Language header (RFC 9110) that we write, in whichever country. */
function preferredLanguage(header: string | null): Locale {
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

/** The board speaks all languages in turns. The page for the time without a network is stored, and learns its in the browser. */
const SPEAKS_ALL: readonly (string | null)[] = ['/board/[token]', '/offline'];

/** Part of a page, naming the built files (src/words/by-language.ts) of its language only. */
export function inLanguage(html: string, { route, locals }: Pick<RequestEvent, 'route' | 'locals'>): string {
  if (SPEAKS_ALL.includes(route.id)) return html;
  return html.replaceAll('/_app/immutable/', `/_app/immutable/${locals.language}/`);
}

/** Keeps the choice in this browser. */
export function rememberLanguage(event: Pick<RequestEvent, 'cookies' | 'url'>, locale: Locale): void {
  keepCookie(event, 'language', locale);
}
