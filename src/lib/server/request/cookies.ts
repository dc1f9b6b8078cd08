import type { RequestEvent } from '@sveltejs/kit';
import { isLoopback } from './addresses.ts';

interface CookieRule {
  name: string;
  /** The only pages the browser sends it to, and what is below them. */
  paths: readonly [string, ...string[]];
  /** How long the browser keeps it. */
  seconds: number;
  /** Whether scripts in the page may read it. */
  readByScripts?: boolean;
}

const MINUTE = 60;
const DAY = 24 * 60 * MINUTE;

/** Every cookie of the site. The rest of their flags is the same for all: see `flagsOf`. */
export const COOKIES = {
  /**
   * The session. Supabase's client splits it into several cookies whose names begin with this one. It is written anew when
   * the session is renewed, and ends when that was not for as long as security_settings.session_idle_days.
   */
  session: { name: 'medq-session', paths: ['/'], seconds: 30 * DAY },
  /** By which the functions know a browser again that has signed in: it says nothing, and opens nothing. */
  device: { name: 'medq-device', paths: ['/'], seconds: 400 * DAY },
  /** The language chosen at the end of a page. The page without a network (src/hooks.client.ts) reads it. */
  language: { name: 'medq-language', paths: ['/'], seconds: 365 * DAY, readByScripts: true },
  /** The texted password that somebody has just signed in with, sealed: until they choose their own. */
  texted: { name: 'medq-texted', paths: ['/password'], seconds: 10 * MINUTE },
  /** The clinic that was booked at last. */
  clinic: { name: 'medq-clinic', paths: ['/book'], seconds: 365 * DAY },
  /** Where they were going before they signed in, registered or had a code texted. */
  next: { name: 'medq-next', paths: ['/'], seconds: 60 * MINUTE },
  /** What the next page says about what was just done. */
  flash: { name: 'medq-flash', paths: ['/appointments', '/login', '/account'], seconds: MINUTE },
  /** The code that was texted last. It outlives the code, so that the page can say that the code has expired. */
  code: { name: 'medq-code', paths: ['/verify'], seconds: 60 * MINUTE },
  /** A form that was sent and is needed again, sealed. It outlives its code, so that another can be asked for. */
  form: { name: 'medq-form', paths: ['/verify', '/link', '/register', '/account'], seconds: 30 * MINUTE }
} as const satisfies Record<string, CookieRule>;

type Cookie = keyof typeof COOKIES;
type PathOf<C extends Cookie> = (typeof COOKIES)[C]['paths'][number];
type WithCookies = Pick<RequestEvent, 'cookies' | 'url'>;

export function readCookie({ cookies }: Pick<RequestEvent, 'cookies'>, cookie: Cookie): string | undefined {
  return cookies.get(COOKIES[cookie].name);
}

export function keepCookie<C extends Cookie>(
  { cookies, url }: WithCookies,
  cookie: C,
  value: string,
  path: PathOf<C> = COOKIES[cookie].paths[0]
): void {
  cookies.set(COOKIES[cookie].name, value, { ...flagsOf(cookie, url), path });
}

export function forgetCookie<C extends Cookie>(
  { cookies, url }: WithCookies,
  cookie: C,
  path: PathOf<C> = COOKIES[cookie].paths[0]
): void {
  cookies.delete(COOKIES[cookie].name, { ...flagsOf(cookie, url), path, maxAge: 0 });
}

/** The policy: other sites' forms and scripts do not get our cookies along, and nothing but https carries them. */
export function flagsOf(cookie: Cookie, { hostname }: Pick<URL, 'hostname'>) {
  const { seconds, readByScripts = false }: CookieRule = COOKIES[cookie];
  return {
    httpOnly: !readByScripts,
    sameSite: 'lax',
    secure: !isLoopback(hostname),
    maxAge: seconds
  } as const;
}
