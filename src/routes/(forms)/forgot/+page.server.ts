import { DEFAULT_REGION } from '$app/env/private';
import { phoneExample } from '#lib/server/account/phone-hints.ts';
import { requestCode } from '#lib/server/account/request-code.ts';
import { readForm, refuseForm } from '#lib/server/request/forms.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = ({ setHeaders }) => {
  setHeaders({ 'cache-control': 'private, no-store' });
  return { example: phoneExample(DEFAULT_REGION) };
};

export const actions: Actions = {
  default: async (event) => {
    const { phone_number } = await readForm(event.request, 'phone_number');
    return refuseForm(await requestCode(event, { purpose: 'reset', phone_number }), { phone_number });
  }
};
