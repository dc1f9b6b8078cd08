import { redirect } from '@sveltejs/kit';
import { DEFAULT_REGION } from '$app/env/private';
import { SHORTEST_PASSWORD } from '#lib/server/account/password.ts';
import { phoneExample } from '#lib/server/account/phone-hints.ts';
import { requestCode } from '#lib/server/account/request-code.ts';
import { keptDraft } from '#lib/server/account/sent-form.ts';
import { readForm, refuseForm } from '#lib/server/request/forms.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = async (event) => {
  event.setHeaders({ 'cache-control': 'private, no-store' });
  const session = await event.locals.session();
  if (session.state === 'signed-in') redirect(303, '/appointments');
  return {
    example: phoneExample(DEFAULT_REGION),
    shortest: SHORTEST_PASSWORD,
    draft: await keptDraft(event)
  };
};

export const actions: Actions = {
  default: async (event) => {
    const typed = await readForm(event.request, 'phone_number', 'name', 'age', 'username', 'password');
    const { password: _, ...shown } = typed;
    const username = typed.username.trim();
    const refusal = await requestCode(event, { purpose: 'register', ...typed, username });
    return refuseForm(refusal, { typed: shown });
  }
};
