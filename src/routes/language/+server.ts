import { redirect } from '@sveltejs/kit';
import { isLocale } from '#lib/paraglide/runtime.js';
import { ownPath } from '#lib/server/request/addresses.ts';
import { readForm } from '#lib/server/request/forms.ts';
import { rememberLanguage, saveLanguage } from '#lib/server/request/language.ts';
import type { RequestHandler } from './$types';

/** Chooses the language of the site, and of the texts to whoever is signed in. */
export const POST: RequestHandler = async (event) => {
  const { locale, back } = await readForm(event.request, 'locale', 'back');
  if (isLocale(locale)) {
    rememberLanguage(event, locale);
    const session = await event.locals.session();
    if (session.state === 'signed-in' && !session.account.mustChangePassword)
      await saveLanguage(event, locale);
  }
  redirect(303, ownPath(back, '/'));
};

/** Somebody came by address: nothing is chosen by following a link. */
export const GET: RequestHandler = () => redirect(303, '/');
