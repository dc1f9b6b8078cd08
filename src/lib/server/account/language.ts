import type { RequestEvent } from '@sveltejs/kit';
import { isLocale, type Locale } from '#lib/paraglide/runtime.js';
import { chosenLanguage, rememberLanguage } from '#lib/server/request/language.ts';
import { logFailure } from '#lib/server/request/log.ts';

type Event = Pick<RequestEvent, 'cookies' | 'url' | 'locals'>;

/** Makes a language that of this browser and, for whoever is signed in, of their texts. */
export async function chooseLanguage(event: Event, locale: Locale): Promise<void> {
  rememberLanguage(event, locale);
  const session = await event.locals.session();
  if (session.state === 'signed-in' && !session.account.mustChangePassword) await saveLanguage(event, locale);
}

/**
 * At the beginning of a session: the language of the account becomes that of this browser; an account that has none
 * gets the one chosen here.
 */
export async function agreeOnLanguage(event: Event): Promise<void> {
  const { requestId, supabase } = event.locals;
  const { data, error } = await supabase.from('patients').select('locale').maybeSingle();
  if (error) return logFailure('language_unknown', requestId, error);
  if (isLocale(data?.locale)) return rememberLanguage(event, data.locale);
  const chosen = chosenLanguage(event);
  if (data && chosen) await saveLanguage(event, chosen);
}

// A failure is only logged: it is not worth an error page.
async function saveLanguage({ locals: { requestId, supabase } }: Event, locale: Locale): Promise<void> {
  const { error } = await supabase.rpc('update_profile', { locale });
  if (error) logFailure('language_not_saved', requestId, error);
}
