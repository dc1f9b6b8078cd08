import { fail, redirect } from '@sveltejs/kit';
import { DEFAULT_REGION } from '$app/env/private';
import { askForCode } from '#lib/server/account/ask-for-code.ts';
import { readForm } from '#lib/server/request/forms.ts';
import { SHORTEST_PASSWORD } from '#lib/server/account/password.ts';
import { phoneExample } from '#lib/server/account/phone-words.ts';
import { draftOf } from '#lib/server/account/wish.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = async (event) => {
  event.setHeaders({ 'cache-control': 'private, no-store' });
  const session = await event.locals.session();
  if (session.state === 'signed-in') redirect(303, '/appointments');
  return {
    example: phoneExample(DEFAULT_REGION),
    shortest: SHORTEST_PASSWORD,
    draft: await draftOf(event)
  };
};

export const actions: Actions = {
  default: async (event) => {
    const typed = await readForm(
      event.request,
      'name',
      'age',
      'phone_number',
      'username',
      'password',
      'password2'
    );
    const { status, ...refusal } = await askForCode(event, { purpose: 'register', ...typed });
    const { name, age, phone_number, username } = typed;
    return fail(status, { ...refusal, typed: { name, age, phone_number, username } });
  }
};
