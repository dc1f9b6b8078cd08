import { fail, redirect, type RequestEvent } from '@sveltejs/kit';
import { m } from '#lib/paraglide/messages.js';
import { verifyPhone } from '#lib/server/account/functions.ts';
import { askForCode, refusalOf, type Refusal } from '#lib/server/account/ask-for-code.ts';
import { readForm } from '#lib/server/request/forms.ts';
import { SHORTEST_PASSWORD, problemsOf, type PasswordProblems } from '#lib/server/account/password.ts';
import {
  forgetPendingCode,
  keepPendingCode,
  patienceFor,
  pendingCodeOf,
  stateOf,
  type PendingCode
} from '#lib/server/account/pending-code.ts';
import { phoneText } from '#lib/server/account/phone-words.ts';
import { beginSession } from '#lib/server/account/sign-in.ts';
import { keepDraft, keepWish, wishAt } from '#lib/server/account/wish.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = (event) => {
  event.setHeaders({ 'cache-control': 'private, no-store' });
  const pending = pendingCodeOf(event);
  if (!pending) return { code: null, shortest: SHORTEST_PASSWORD };
  const { purpose, phoneEnd, count } = pending;
  return {
    code: { purpose, phoneEnd, count, state: stateOf(pending), patience: patienceFor(pending) },
    shortest: SHORTEST_PASSWORD
  };
};

const none = (): Refusal => ({ status: 409, error: 'no_code', message: m.verify_none(), fields: {} });

/** A password that cannot be taken costs no guess; a mistake in the code is told beside it. */
function unusable(code: string, { password, password2 }: PasswordProblems): Refusal {
  const fields: Record<string, string> = {};
  if (!/^\d{6}$/.test(code.replace(/[\s-]/g, ''))) fields.code = m.verify_code_problem();
  if (password) fields.password = password;
  if (password2) fields.password2 = password2;
  return { status: 400, error: 'validation_failed', message: m.form_check(), fields };
}

/** What a refused code means for the errand, and for the fields of the page. */
async function afterRefusal(event: RequestEvent, pending: PendingCode, refusal: Refusal): Promise<Refusal> {
  const { new_password: password, ...fields } = refusal.fields;
  switch (refusal.error) {
    case 'code_invalid':
      keepPendingCode(event, { ...pending, wrongGuesses: pending.wrongGuesses + 1 });
      return { ...refusal, fields: { code: refusal.message } };
    case 'validation_failed':
      return { ...refusal, fields: { ...fields, ...(password && { password }) } };
    case 'ivr_account_exists':
    case 'no_ivr_bookings':
    case 'phone_already_registered':
    case 'username_taken':
      return await beginAgain(event, refusal);
    default:
      return refusal;
  }
}

/** The code was right, but the world is not what it was when it was sent. */
async function beginAgain(event: RequestEvent, refusal: Refusal): Promise<Refusal> {
  const wish = await wishAt(event, '/verify');
  forgetPendingCode(event);
  if (wish?.purpose === 'register' && refusal.error === 'ivr_account_exists') {
    const { password2: _, ...typed } = wish;
    await keepWish(event, '/link', { ...typed, purpose: 'link' });
    redirect(303, '/link');
  }
  if (wish?.purpose === 'register' || wish?.purpose === 'link') await keepDraft(event, wish);
  return { ...refusal, fields: {} };
}

/** A form that came to nothing; `from` says which of the page's. */
function refuse(from: 'check' | 'resend', { status, ...refusal }: Refusal) {
  return fail(status, { ...refusal, from });
}

export const actions: Actions = {
  check: async (event) => {
    const pending = pendingCodeOf(event);
    if (!pending) return refuse('check', none());
    const typed = await readForm(event.request, 'code', 'password', 'password2');
    if (pending.purpose === 'reset') {
      const problems = problemsOf(typed.password, typed.password2);
      if (problems) return refuse('check', unusable(typed.code, problems));
    }
    const answer = await verifyPhone(event, {
      verification_id: pending.id,
      code: typed.code,
      new_password: pending.purpose === 'reset' ? typed.password : undefined
    });
    if (!answer.ok) return refuse('check', await afterRefusal(event, pending, refusalOf(answer)));

    forgetPendingCode(event);
    const { token, refresh_token, user } = answer;
    if (!token || !refresh_token) return { done: phoneText(user.phone_number) };
    await beginSession(event, { token, refresh_token });
    redirect(303, '/appointments');
  },

  resend: async (event) => {
    const pending = pendingCodeOf(event);
    const wish = await wishAt(event, '/verify');
    if (!pending || !wish) return refuse('resend', none());
    const patience = patienceFor(pending);
    if (patience > 0) {
      return refuse('resend', {
        status: 429,
        error: 'too_soon',
        message: m.verify_too_soon({ patience }),
        fields: {}
      });
    }
    return refuse('resend', await askForCode(event, wish, pending.count + 1));
  },

  /** Back to what was typed, most of all to a mistyped number. */
  back: async (event) => {
    const wish = await wishAt(event, '/verify');
    const purpose = wish?.purpose ?? pendingCodeOf(event)?.purpose;
    forgetPendingCode(event);
    if (purpose === 'change_phone') redirect(303, '/account');
    if (purpose === 'reset') redirect(303, '/forgot');
    if (wish?.purpose === 'register' || wish?.purpose === 'link') await keepDraft(event, wish);
    redirect(303, '/register');
  }
};
