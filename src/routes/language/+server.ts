import { redirect } from '@sveltejs/kit';
import { isLocale } from '#lib/paraglide/runtime.js';
import { chooseLanguage } from '#lib/server/account/language.ts';
import { ownPath } from '#lib/server/request/addresses.ts';
import { readForm } from '#lib/server/request/forms.ts';
import type { RequestHandler } from './$types';

/** Chooses the language of the site, and of the texts to whoever is signed in. */
export const POST: RequestHandler = async (event) => {
  const { locale, back } = await readForm(event.request, 'locale', 'back');
  if (isLocale(locale)) await chooseLanguage(event, locale);
  redirect(303, ownPath(back, '/'));
};

/** Somebody came by address: nothing is chosen by following a link. */
export const GET: RequestHandler = () => redirect(303, '/');
