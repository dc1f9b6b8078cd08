import { redirect, type RequestEvent } from '@sveltejs/kit';
import { chosenLanguage } from '#lib/server/request/language.ts';
import type { Refusal, Result } from '#lib/server/request/refusal.ts';
import { takeAfterwards } from './afterwards.ts';
import {
  changePhone,
  forgotPassword,
  linkIvrAccount,
  registerPatient,
  type CodeRequested
} from './functions.ts';
import { keepPendingCode } from './pending-code.ts';
import { phoneEnd } from './phone-hints.ts';
import { beginSession } from './sign-in.ts';
import { sessionToken } from './sessions.ts';
import { forgetForms, keepForLinking, keepForm, type SentForm } from './sent-form.ts';

/**
 * Asks for what needs a code, and goes on (by a redirect, which it throws) to where the code is typed in, or where
 * bookings made by phone are linked first. Comes back only with a refusal.
 * @param count 1 for the first code that this form asks for, 2 for the next
 */
export async function requestCode(event: RequestEvent, form: SentForm, count = 1): Promise<Refusal> {
  const answer = await send(event, form);
  if (!answer.ok) {
    if (answer.refusal.code !== 'ivr_account_exists' || form.purpose !== 'register') return answer.refusal;
    await keepForLinking(event, form);
    redirect(303, '/link');
  }
  if (answer.token && answer.refresh_token) {
    // A deployment that asks for no code.
    const { token, refresh_token } = answer;
    await beginSession(event, { token, refresh_token });
    forgetForms(event, '/link', '/register');
    redirect(303, takeAfterwards(event));
  }
  keepPendingCode(event, {
    id: answer.verification_id ?? '',
    purpose: form.purpose,
    phoneEnd: phoneEnd(form.phone_number),
    sentAt: Date.now(),
    expiresAt: Date.now() + (answer.expires_in ?? 0) * 1000,
    length: answer.code_length,
    wrongGuesses: 0,
    count
  });
  await keepForm(event, '/verify', form);
  forgetForms(event, '/link');
  redirect(303, '/verify');
}

async function send(event: RequestEvent, { purpose, ...typed }: SentForm): Promise<Result<CodeRequested>> {
  const locale = chosenLanguage(event);
  switch (purpose) {
    case 'register':
      return registerPatient(event, { ...typed, ...(locale && { locale }) });
    case 'link':
      return linkIvrAccount(event, { ...typed, ...(locale && { locale }) });
    case 'reset':
      return forgotPassword(event, typed);
    case 'change_phone':
      return changePhone(event, typed, await sessionToken(event.locals.supabase));
  }
}
