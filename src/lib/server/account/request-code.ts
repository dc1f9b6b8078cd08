import { redirect, type RequestEvent } from '@sveltejs/kit';
import { chosenLanguage } from '#lib/server/request/language.ts';
import type { Refusal, Result } from '#lib/server/request/refusal.ts';
import { takeAfterwards } from './afterwards.ts';
import {
  askForSignInCode,
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
import { proposedUsernames } from './username.ts';
import { leaveFlash } from '#lib/server/request/flash.ts';

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
    leaveFlash(event, '/appointments', 'registered');
    redirect(303, takeAfterwards(event));
  }
  const username = answer.user?.username;
  keepPendingCode(event, {
    id: answer.verification_id ?? '',
    purpose: form.purpose,
    phoneEnd: phoneEnd(form.phone_number),
    ...(username && { username }),
    sentAt: Date.now(),
    expiresAt: Date.now() + (answer.expires_in ?? 0) * 1000,
    length: answer.code_length,
    wrongGuesses: 0,
    count
  });
  // Another code is for the same account, also where its username was proposed.
  await keepForm(event, '/verify', username && 'username' in form ? { ...form, username } : form);
  forgetForms(event, '/link');
  redirect(303, '/verify');
}

async function send(event: RequestEvent, form: SentForm): Promise<Result<CodeRequested>> {
  switch (form.purpose) {
    case 'register':
      return register(event, form, (body) => registerPatient(event, { ...body, password2: form.password }));
    case 'link':
      return register(event, form, (body) => linkIvrAccount(event, body));
    case 'reset':
      return forgotPassword(event, { phone_number: form.phone_number });
    case 'sign_in':
      return askForSignInCode(event, { phone_number: form.phone_number });
    case 'change_phone': {
      const { phone_number, password } = form;
      return changePhone(event, { phone_number, password }, await sessionToken(event.locals.supabase));
    }
  }
}

/** Asks for an account, where no username was typed with the first proposed one that is free. */
async function register(
  event: RequestEvent,
  { purpose: _, ...typed }: SentForm & { purpose: 'register' | 'link' },
  ask: (body: Record<string, string>) => Promise<Result<CodeRequested>>
): Promise<Result<CodeRequested>> {
  const locale = chosenLanguage(event);
  const [first = '', ...others] = typed.username ? [typed.username] : proposedUsernames(typed.name);
  const askWith = (username: string) => ask({ ...typed, username, ...(locale && { locale }) });
  let answer = await askWith(first);
  for (const username of others) {
    if (answer.ok || answer.refusal.code !== 'username_taken') break;
    answer = await askWith(username);
  }
  return answer;
}
