import { redirect, type RequestEvent } from '@sveltejs/kit';
import { codeIn } from '#lib/code.ts';
import { m } from '#lib/paraglide/messages.js';
import { passwordFirst, takeAfterwards } from '#lib/server/account/afterwards.ts';
import { verifyPhone } from '#lib/server/account/functions.ts';
import { SHORTEST_PASSWORD, problemsOf } from '#lib/server/account/password.ts';
import {
  forgetPendingCode,
  keepPendingCode,
  pendingCodeOf,
  secondsUntilResend,
  stateOf,
  type PendingCode
} from '#lib/server/account/pending-code.ts';
import { keepTextedPassword } from '#lib/server/account/own-password.ts';
import { phoneText } from '#lib/server/account/phone.ts';
import { requestCode } from '#lib/server/account/request-code.ts';
import { keepDraft, keepForLinking, keptForm } from '#lib/server/account/sent-form.ts';
import { beginSession } from '#lib/server/account/sign-in.ts';
import { leaveFlash } from '#lib/server/request/flash.ts';
import { readForm, refuseForm } from '#lib/server/request/forms.ts';
import { anyMistake, invalid, type Refusal } from '#lib/server/request/refusal.ts';
import type { Actions, PageServerLoad } from './$types';

export const load: PageServerLoad = (event) => {
  event.setHeaders({ 'cache-control': 'private, no-store' });
  const pending = pendingCodeOf(event);
  if (!pending) return { code: null, shortest: SHORTEST_PASSWORD };
  const { purpose, phoneEnd, username, count, length } = pending;
  return {
    code: {
      purpose,
      phoneEnd,
      username,
      count,
      length,
      state: stateOf(pending),
      resendAfter: secondsUntilResend(pending)
    },
    shortest: SHORTEST_PASSWORD
  };
};

const noCode = (): Refusal => ({ code: 'no_code', message: m.verify_none(), status: 409 });

/** What is wrong with the code, as far as the page can tell. */
const codeProblem = (typed: string) => (codeIn(typed) === undefined ? m.verify_code_problem() : undefined);

/** What a refused code means for what the browser keeps, and for the fields of the page. */
async function afterRefusal(event: RequestEvent, pending: PendingCode, refusal: Refusal): Promise<Refusal> {
  switch (refusal.code) {
    case 'code_invalid':
      keepPendingCode(event, { ...pending, wrongGuesses: pending.wrongGuesses + 1 });
      return { ...refusal, fields: { code: refusal.message } };
    case 'validation_failed': {
      const { new_password: password, ...fields } = refusal.fields ?? {};
      return { ...refusal, fields: { ...fields, ...(password && { password }) } };
    }
    case 'ivr_account_exists':
    case 'no_ivr_bookings':
    case 'phone_already_registered':
    case 'username_taken':
      return await beginAgain(event, refusal);
    default:
      return refusal;
  }
}

/** The code was right, but what it was for is not possible any more: the form is to be sent again. */
async function beginAgain(event: RequestEvent, refusal: Refusal): Promise<Refusal> {
  const form = await keptForm(event, '/verify');
  forgetPendingCode(event);
  if (form?.purpose === 'register' && refusal.code === 'ivr_account_exists') {
    await keepForLinking(event, form);
    redirect(303, '/link');
  }
  if (form?.purpose === 'register' || form?.purpose === 'link') await keepDraft(event, form);
  return { ...refusal, fields: {} };
}

export const actions: Actions = {
  check: async (event) => {
    const refuse = (refusal: Refusal) => refuseForm(refusal, { from: 'check' as const });
    const pending = pendingCodeOf(event);
    if (!pending) return refuse(noCode());
    const { code, password } = await readForm(event.request, 'code', 'password');
    if (pending.purpose === 'reset') {
      // Found here, a mistake in the password does not use up a guess.
      const problems = problemsOf(password);
      if (anyMistake(problems)) return refuse(invalid({ code: codeProblem(code), ...problems }));
    }
    const answer = await verifyPhone(event, {
      verification_id: pending.id,
      code,
      new_password: pending.purpose === 'reset' ? password : undefined
    });
    if (!answer.ok) return refuse(await afterRefusal(event, pending, answer.refusal));

    forgetPendingCode(event);
    const { token, refresh_token, user } = answer;
    if (!token || !refresh_token) return { done: phoneText(user.phone_number) };
    await beginSession(event, { token, refresh_token });
    if (answer.must_change_password) {
      await keepTextedPassword(event, '');
      redirect(303, passwordFirst(event));
    }
    if (pending.purpose === 'register' || pending.purpose === 'link') {
      leaveFlash(event, '/appointments', 'registered');
    }
    redirect(303, takeAfterwards(event));
  },

  resend: async (event) => {
    const refuse = (refusal: Refusal) => refuseForm(refusal, { from: 'resend' as const });
    const pending = pendingCodeOf(event);
    const form = await keptForm(event, '/verify');
    if (!pending || !form) return refuse(noCode());
    const seconds = secondsUntilResend(pending);
    if (seconds > 0) {
      return refuse({ code: 'too_soon', message: m.verify_too_soon({ seconds }), status: 429 });
    }
    return refuse(await requestCode(event, form, pending.count + 1));
  },

  /** Back to what was typed, most of all to a mistyped number. */
  back: async (event) => {
    const form = await keptForm(event, '/verify');
    const purpose = form?.purpose ?? pendingCodeOf(event)?.purpose;
    forgetPendingCode(event);
    if (purpose === 'change_phone') redirect(303, '/account');
    if (purpose === 'reset') redirect(303, '/forgot');
    if (purpose === 'sign_in') redirect(303, '/login');
    if (form?.purpose === 'register' || form?.purpose === 'link') await keepDraft(event, form);
    redirect(303, '/register');
  }
};
