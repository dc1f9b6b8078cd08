import { redirect } from '@sveltejs/kit';
import { m } from '#lib/paraglide/messages.js';
import { phoneEnd } from '#lib/server/account/phone-hints.ts';
import { requestCode } from '#lib/server/account/request-code.ts';
import { keepDraft, keptForm } from '#lib/server/account/sent-form.ts';
import { readForm, refuseForm } from '#lib/server/request/forms.ts';
import type { Actions, PageServerLoad } from './$types';

// What /register asks in a dialog, as a page: for browsers without scripts, and for whoever reloads.

export const load: PageServerLoad = async (event) => {
  event.setHeaders({ 'cache-control': 'private, no-store' });
  const form = await keptForm(event, '/link');
  return { phoneEnd: form ? phoneEnd(form.phone_number) : null };
};

export const actions: Actions = {
  yes: async (event) => {
    const form = await keptForm(event, '/link');
    if (form?.purpose !== 'link') {
      return refuseForm({ code: 'too_late', message: m.link_too_late(), status: 409 }, { phone: '' });
    }
    const { username } = await readForm(event.request, 'username');
    const refusal = await requestCode(event, { ...form, username: username.trim() || form.username });
    return refuseForm(refusal, { phone: form.phone_number });
  },

  no: async (event) => {
    const form = await keptForm(event, '/link');
    if (form?.purpose === 'link') await keepDraft(event, { ...form, phone_number: '' });
    redirect(303, '/register');
  }
};
