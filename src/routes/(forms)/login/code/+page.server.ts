import { redirect } from '@sveltejs/kit';
import { DEFAULT_REGION } from '$app/env/private';
import { takeAfterwards } from '#lib/server/account/afterwards.ts';
import { phoneExample } from '#lib/server/account/phone-hints.ts';
import { requestCode } from '#lib/server/account/request-code.ts';
import { readForm, refuseForm } from '#lib/server/request/forms.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = async (event) => {
  event.setHeaders({ 'cache-control': 'private, no-store' });
  const session = await event.locals.session();
  if (session.state === 'signed-in') redirect(303, takeAfterwards(event));
  return { example: phoneExample(DEFAULT_REGION) };
};

export const actions: Actions = {
  /** Sent from here, or by the second button of /login with what stands there. */
  default: async (event) => {
    const typed = await readForm(event.request, 'phone_number', 'username');
    const phone_number = typed.phone_number || typed.username;
    const form = { purpose: 'sign_in', phone_number } as const;
    return refuseForm(await requestCode(event, form), { phone_number });
  }
};
