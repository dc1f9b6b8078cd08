import { redirect } from '@sveltejs/kit';
import { resolve } from '$app/paths';
import { askForCopy } from '#lib/server/account/functions.ts';
import { sessionToken } from '#lib/server/account/sessions.ts';
import { leaveFlash } from '#lib/server/request/flash.ts';
import { readForm } from '#lib/server/request/forms.ts';
import { accountOf } from '#lib/server/request/session.ts';
import type { RequestHandler } from './$types';

const BACK = `${resolve('/(forms)/(personal)/account')}#export`;

/** Somebody came by address, or had to sign in first. */
export const GET: RequestHandler = () => redirect(303, BACK);

/** A copy of all that is kept about whoever is signed in and knows the password, as a file. */
export const POST: RequestHandler = async (event) => {
  await accountOf(event.locals);
  const { current } = await readForm(event.request, 'current');
  const back = (why: Parameters<typeof leaveFlash<'/account'>>[2]) => {
    leaveFlash(event, '/account', why);
    redirect(303, BACK);
  };
  if (current === '') return back('export_without');
  const copy = await askForCopy(event, { password: current }, await sessionToken(event.locals.supabase));
  if (!copy.ok) {
    const { code } = copy.refusal;
    if (code === 'invalid_credentials') return back('export_wrong');
    return back(code === 'rate_limited' ? 'export_often' : 'export_not_now');
  }
  const { ok: _, ...kept } = copy;
  return new Response(JSON.stringify(kept, null, 2), {
    headers: {
      'content-type': 'application/json',
      'content-disposition': `attachment; filename="medq-${new Date().toISOString().slice(0, 10)}.json"`,
      'cache-control': 'private, no-store'
    }
  });
};
