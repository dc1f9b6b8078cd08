import { fail } from '@sveltejs/kit';
import { DEFAULT_REGION } from '$app/env/private';
import { askForCode } from '#lib/server/account/ask-for-code.ts';
import { readForm } from '#lib/server/request/forms.ts';
import { phoneExample } from '#lib/server/account/phone-words.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = ({ setHeaders }) => {
  setHeaders({ 'cache-control': 'private, no-store' });
  return { example: phoneExample(DEFAULT_REGION) };
};

export const actions: Actions = {
  default: async (event) => {
    const { phone_number } = await readForm(event.request, 'phone_number');
    const { status, ...refusal } = await askForCode(event, { purpose: 'reset', phone_number });
    return fail(status, { ...refusal, phone_number });
  }
};
