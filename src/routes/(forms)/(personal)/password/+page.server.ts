import { fail, redirect } from '@sveltejs/kit';
import { readForm } from '#lib/server/request/forms.ts';
import { agreeOnLanguage } from '#lib/server/request/language.ts';
import {
  SHORTEST_PASSWORD,
  problemsOf,
  refusedPassword,
  type PasswordProblems
} from '#lib/server/account/password.ts';
import { accountOf } from '#lib/server/request/session.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = async ({ locals }) => {
  const { mustChangePassword, username } = await accountOf(locals);
  if (!mustChangePassword) redirect(303, '/appointments');
  return { username, shortest: SHORTEST_PASSWORD };
};

export const actions: Actions = {
  default: async (event) => {
    const { locals, request } = event;
    const { mustChangePassword } = await accountOf(locals);
    if (!mustChangePassword) redirect(303, '/appointments');

    const { password, password2 } = await readForm(request, 'password', 'password2');
    const problems = problemsOf(password, password2);
    if (problems) return fail(400, { problems });

    const { error } = await locals.supabase.auth.updateUser({ password });
    if (error) {
      const { message, status } = refusedPassword(error);
      const refused: PasswordProblems = { password: message };
      return fail(status, { problems: refused });
    }
    // Until now nothing of the account could be read.
    await agreeOnLanguage(event);
    redirect(303, '/appointments');
  }
};
