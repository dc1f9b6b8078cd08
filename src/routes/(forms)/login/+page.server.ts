import { redirect } from '@sveltejs/kit';
import { keepTextedPassword } from '#lib/server/account/own-password.ts';
import { signIn } from '#lib/server/account/sign-in.ts';
import { pathAfterSignIn } from '#lib/server/request/addresses.ts';
import { readFlash } from '#lib/server/request/flash.ts';
import { readForm, refuseForm } from '#lib/server/request/forms.ts';
import type { Actions, PageServerLoad } from './$types';

const AFTERWARDS = '/appointments';

export const load: PageServerLoad = async (event) => {
  event.setHeaders({ 'cache-control': 'private, no-store' });
  const { locals, url } = event;
  const session = await locals.session();
  const next = url.searchParams.get('next');
  if (session.state === 'signed-in') redirect(303, pathAfterSignIn(next, AFTERWARDS));
  return {
    flash: readFlash(event, '/login'),
    unsent: url.searchParams.has('unsent'),
    next: next === null ? '' : `?next=${encodeURIComponent(next)}`
  };
};

export const actions: Actions = {
  default: async (event) => {
    const { username, password } = await readForm(event.request, 'username', 'password');
    const signedIn = await signIn(event, { username: username.trim(), password });
    if (!signedIn.ok) return refuseForm(signedIn.refusal, { username });
    const next = pathAfterSignIn(event.url.searchParams.get('next'), AFTERWARDS);
    if (!signedIn.mustChangePassword) redirect(303, next);
    await keepTextedPassword(event, password);
    redirect(303, next === AFTERWARDS ? '/password' : `/password?next=${encodeURIComponent(next)}`);
  }
};
