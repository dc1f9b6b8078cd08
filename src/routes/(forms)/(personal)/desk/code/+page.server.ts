import { redirect, type RequestEvent } from '@sveltejs/kit';
import { codeIn } from '#lib/code.ts';
import { m } from '#lib/paraglide/messages.js';
import { loadProfile } from '#lib/server/account/profile.ts';
import { chosenDesk } from '#lib/server/desk/desk.ts';
import { proveDeskCode, sendDeskCode } from '#lib/server/desk/proof.ts';
import { ownPath } from '#lib/server/request/addresses.ts';
import { readForm, refuseForm } from '#lib/server/request/forms.ts';
import { invalid } from '#lib/server/request/refusal.ts';
import type { Actions, PageServerLoad } from './$types';

/** The page of the desk that was wanted. */
const afterwards = ({ url }: Pick<RequestEvent, 'url'>) => ownPath(url.searchParams.get('next'), '/desk');

export const load: PageServerLoad = async (event) => {
  const { desk, desks } = await chosenDesk(event);
  if (desk.open) redirect(303, afterwards(event));
  const { phone } = await loadProfile(event.locals.supabase);
  const next = event.url.searchParams.get('next');
  return {
    clinics: desks.map(({ clinic }) => clinic),
    phoneEnd: phone.slice(-4),
    /** How many digits the code has that was sent; 0: none was. In the address, so that reloading sends no other. */
    sent: Number(event.url.searchParams.get('sent')) || 0,
    unsent: event.url.searchParams.has('unsent'),
    next: next === null ? '' : `&next=${encodeURIComponent(next)}`
  };
};

export const actions: Actions = {
  start: async (event) => {
    const sent = await sendDeskCode(event.locals.supabase);
    if (!sent.ok) return refuseForm(sent.refusal, {});
    const to = new URL(event.url);
    to.search = '';
    to.searchParams.set('sent', String(sent.length));
    const next = event.url.searchParams.get('next');
    if (next !== null) to.searchParams.set('next', next);
    redirect(303, to.pathname + to.search);
  },

  prove: async (event) => {
    const { code: typed } = await readForm(event.request, 'code');
    const code = codeIn(typed);
    if (code === undefined) return refuseForm(invalid({ code: m.verify_code_problem() }), {});
    const proven = await proveDeskCode(event.locals.supabase, code);
    if (!proven.ok) return refuseForm(proven.refusal, {});
    redirect(303, afterwards(event));
  }
};
