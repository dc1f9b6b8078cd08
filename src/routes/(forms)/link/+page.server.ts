import { fail, redirect } from '@sveltejs/kit';
import { m } from '#lib/paraglide/messages.js';
import { askForCode } from '#lib/server/account/ask-for-code.ts';
import { readForm } from '#lib/server/request/forms.ts';
import { phoneEnd } from '#lib/server/account/phone-words.ts';
import { keepDraft, wishAt } from '#lib/server/account/wish.ts';
import type { Actions, PageServerLoad } from './$types';

// What /register asks in a dialog, as a page: for browsers without scripts, and for whoever reloads.

export const load: PageServerLoad = async (event) => {
  event.setHeaders({ 'cache-control': 'private, no-store' });
  const wish = await wishAt(event, '/link');
  return { phoneEnd: wish ? phoneEnd(wish.phone_number) : null };
};

export const actions: Actions = {
  yes: async (event) => {
    const wish = await wishAt(event, '/link');
    if (wish?.purpose !== 'link') {
      return fail(409, {
        error: 'too_late',
        message: m.link_too_late(),
        fields: {},
        phone: ''
      });
    }
    const { username } = await readForm(event.request, 'username');
    const wanted = { ...wish, username: username.trim() || wish.username };
    const { status, ...refusal } = await askForCode(event, wanted);
    return fail(status, { ...refusal, phone: wish.phone_number });
  },

  no: async (event) => {
    const wish = await wishAt(event, '/link');
    if (wish?.purpose === 'link') await keepDraft(event, { ...wish, phone_number: '' });
    redirect(303, '/register');
  }
};
