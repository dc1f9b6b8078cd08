import { redirect } from '@sveltejs/kit';
import {
  changePassword,
  forgetTextedPassword,
  keptTextedPassword
} from '#lib/server/account/own-password.ts';
import { problemsOf, SHORTEST_PASSWORD } from '#lib/server/account/password.ts';
import { pathAfterSignIn } from '#lib/server/request/addresses.ts';
import { readForm, refuseForm } from '#lib/server/request/forms.ts';
import { anyMistake, invalid } from '#lib/server/request/refusal.ts';
import { accountOf } from '#lib/server/request/session.ts';
import type { Actions, PageServerLoad } from './$types';

/** Where they were going when they signed in. */
const afterwards = (url: URL) => pathAfterSignIn(url.searchParams.get('next'), '/appointments');

export const load: PageServerLoad = async (event) => {
  const { mustChangePassword, username } = await accountOf(event.locals);
  if (!mustChangePassword) redirect(303, afterwards(event.url));
  const asksForTexted = (await keptTextedPassword(event)) === undefined;
  return { username, shortest: SHORTEST_PASSWORD, asksForTexted };
};

export const actions: Actions = {
  default: async (event) => {
    const { locals, request, url } = event;
    const { mustChangePassword } = await accountOf(locals);
    if (!mustChangePassword) redirect(303, afterwards(url));

    const { current, password } = await readForm(request, 'current', 'password');
    const problems = problemsOf(password);
    if (anyMistake(problems)) return refuseForm(invalid(problems), {});
    const texted = await keptTextedPassword(event);
    const changed = await changePassword(event, { current: texted ?? current, password });
    if (!changed.ok) {
      // Another account's, perhaps: it is asked for.
      if (changed.refusal.code === 'invalid_credentials') forgetTextedPassword(event);
      return refuseForm(changed.refusal, {});
    }
    forgetTextedPassword(event);
    redirect(303, afterwards(url));
  }
};
