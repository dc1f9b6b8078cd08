import { redirect } from '@sveltejs/kit';
import { agreeOnLanguage } from '#lib/server/account/language.ts';
import { changePassword, problemsOf, SHORTEST_PASSWORD } from '#lib/server/account/password.ts';
import { pathAfterSignIn } from '#lib/server/request/addresses.ts';
import { readForm, refuseForm } from '#lib/server/request/forms.ts';
import { anyMistake, invalid } from '#lib/server/request/refusal.ts';
import { accountOf } from '#lib/server/request/session.ts';
import type { Actions, PageServerLoad } from './$types';

/** Where they were going when they signed in. */
const afterwards = (url: URL) => pathAfterSignIn(url.searchParams.get('next'), '/appointments');

export const load: PageServerLoad = async ({ locals, url }) => {
  const { mustChangePassword, username } = await accountOf(locals);
  if (!mustChangePassword) redirect(303, afterwards(url));
  return { username, shortest: SHORTEST_PASSWORD };
};

export const actions: Actions = {
  default: async (event) => {
    const { locals, request, url } = event;
    const { mustChangePassword } = await accountOf(locals);
    if (!mustChangePassword) redirect(303, afterwards(url));

    const { password, password2 } = await readForm(request, 'password', 'password2');
    const problems = problemsOf(password, password2);
    if (anyMistake(problems)) return refuseForm(invalid(problems), {});
    const changed = await changePassword(locals.supabase, password);
    if (!changed.ok) return refuseForm(changed.refusal, {});
    // With the texted password the account could not be read.
    await agreeOnLanguage(event);
    redirect(303, afterwards(url));
  }
};
