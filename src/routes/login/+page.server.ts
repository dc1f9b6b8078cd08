import { fail, redirect } from '@sveltejs/kit';
import { ownPath } from '#lib/server/addresses.ts';
import { readForm } from '#lib/server/forms.ts';
import { signIn } from '#lib/server/sign-in.ts';
import type { Actions, PageServerLoad } from './$types';

const AFTERWARDS = '/appointments';

const SENTENCES = {
  mismatch: { status: 401, message: "That username and password don't match." },
  too_many: { status: 429, message: 'Too many attempts. Please wait a few minutes and try again.' },
  outage: { status: 503, message: "We can't sign you in right now. Please try again in a minute." }
};

export const load: PageServerLoad = async ({ locals, url }) => {
  const session = await locals.session();
  if (session.state === 'signed-in') redirect(303, ownPath(url.searchParams.get('next'), AFTERWARDS));
};

export const actions: Actions = {
  default: async ({ locals, request, url }) => {
    const form = await readForm(request, 'username', 'password');
    const username = form.username.trim();

    const result = await signIn(locals.supabase, { username, password: form.password });
    if (!result.ok) {
      const { status, message } = SENTENCES[result.because];
      return fail(status, { username, message });
    }
    redirect(303, ownPath(url.searchParams.get('next'), AFTERWARDS));
  }
};
