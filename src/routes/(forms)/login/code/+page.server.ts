import { redirect } from '@sveltejs/kit';
import { DEFAULT_REGION } from '$app/env/private';
import { phoneExample } from '#lib/server/account/phone-hints.ts';
import { requestCode } from '#lib/server/account/request-code.ts';
import { pathAfterSignIn } from '#lib/server/request/addresses.ts';
import { readForm, refuseForm } from '#lib/server/request/forms.ts';
import type { Actions, PageServerLoad } from './$types';

/** Where they were going when they signed in. */
const afterwards = (url: URL) => pathAfterSignIn(url.searchParams.get('next'), '/appointments');

export const load: PageServerLoad = async ({ locals, setHeaders, url }) => {
  setHeaders({ 'cache-control': 'private, no-store' });
  const session = await locals.session();
  if (session.state === 'signed-in') redirect(303, afterwards(url));
  const next = url.searchParams.get('next');
  return {
    example: phoneExample(DEFAULT_REGION),
    next: next === null ? '' : `?next=${encodeURIComponent(next)}`
  };
};

export const actions: Actions = {
  /** Sent from here, or by the second button of /login with what stands there. */
  default: async (event) => {
    const typed = await readForm(event.request, 'phone_number', 'username');
    const phone_number = typed.phone_number || typed.username;
    const form = { purpose: 'sign_in', phone_number, next: afterwards(event.url) } as const;
    return refuseForm(await requestCode(event, form), { phone_number });
  }
};
