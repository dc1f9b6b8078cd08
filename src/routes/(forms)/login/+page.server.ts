import { fail, redirect } from '@sveltejs/kit';
import { m } from '#lib/paraglide/messages.js';
import { pathAfterSignIn } from '#lib/server/request/addresses.ts';
import { refusalOf } from '#lib/server/account/ask-for-code.ts';
import { farewellOf } from '#lib/server/request/farewell.ts';
import { readForm } from '#lib/server/request/forms.ts';
import { signIn } from '#lib/server/account/sign-in.ts';
import type { Actions, PageServerLoad } from './$types';

const AFTERWARDS = '/appointments';

export const load: PageServerLoad = async (event) => {
  event.setHeaders({ 'cache-control': 'private, no-store' });
  const { locals, url } = event;
  const session = await locals.session();
  if (session.state === 'signed-in') redirect(303, pathAfterSignIn(url.searchParams.get('next'), AFTERWARDS));
  return { farewell: farewellOf(event) };
};

export const actions: Actions = {
  default: async (event) => {
    const { username, password } = await readForm(event.request, 'username', 'password');
    const result = await signIn(event, { username: username.trim(), password });
    if (result.ok) {
      const next = pathAfterSignIn(event.url.searchParams.get('next'), AFTERWARDS);
      redirect(303, result.mustChangePassword ? '/password' : next);
    }
    const { status, error, message } = refusalOf(result);
    // What is left empty matches nothing either.
    const mismatch = error === 'invalid_credentials' || error === 'validation_failed';
    return fail(mismatch ? 401 : status, { username, message: mismatch ? m.login_mismatch() : message });
  }
};
