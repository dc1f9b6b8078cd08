import { redirect } from '@sveltejs/kit';
import { passwordFirst, takeAfterwards } from '#lib/server/account/afterwards.ts';
import { keepTextedPassword } from '#lib/server/account/own-password.ts';
import { signIn } from '#lib/server/account/sign-in.ts';
import { readFlash } from '#lib/server/request/flash.ts';
import { readForm, refuseForm } from '#lib/server/request/forms.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = async (event) => {
  event.setHeaders({ 'cache-control': 'private, no-store' });
  const { locals, url } = event;
  const session = await locals.session();
  if (session.state === 'signed-in') redirect(303, takeAfterwards(event));
  return { flash: readFlash(event, '/login'), unsent: url.searchParams.has('unsent') };
};

export const actions: Actions = {
  default: async (event) => {
    const { username, password } = await readForm(event.request, 'username', 'password');
    const signedIn = await signIn(event, { username: username.trim(), password });
    if (!signedIn.ok) return refuseForm(signedIn.refusal, { username });
    if (!signedIn.mustChangePassword) redirect(303, takeAfterwards(event));
    await keepTextedPassword(event, password);
    redirect(303, passwordFirst(event));
  }
};
