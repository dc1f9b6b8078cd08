import { redirect, type RequestEvent } from '@sveltejs/kit';
import { DEFAULT_REGION } from '$app/env/private';
import {
  changePhone,
  forgotPassword,
  linkIvrAccount,
  registerPatient,
  type Answer,
  type Refused,
  type Registered
} from './functions.ts';
import { chosenLanguage } from '../request/language.ts';
import { keepPendingCode } from './pending-code.ts';
import { phoneEnd } from './phone-words.ts';
import { toE164 } from './phone.ts';
import { beginSession } from './sign-in.ts';
import { forgetWishes, keepWish, type Wish } from './wish.ts';

/** Why no code was sent, with the HTTP status that says the same. */
export interface Refusal extends Omit<Refused, 'ok'> {
  status: number;
}

const STATUS: Record<string, number> = {
  validation_failed: 400,
  code_invalid: 401,
  invalid_credentials: 401,
  not_signed_in: 401,
  password_change_required: 403,
  no_ivr_bookings: 404,
  rate_limited: 429,
  unavailable: 503
};

/** What the account API refused, for a page. */
export function refusalOf({ ok: _, ...refused }: Refused): Refusal {
  return { ...refused, status: STATUS[refused.error] ?? 409 };
}

/**
 * Asks for what needs a code, and goes on (by a redirect, which it throws) to where the code is typed in, or where
 * bookings made by phone are linked first. Comes back only with a refusal.
 * @param count which code of this errand it is
 */
export async function askForCode(event: RequestEvent, wish: Wish, count = 1): Promise<Refusal> {
  const answer = await ask(event, wish);
  if (!answer.ok) {
    if (answer.error !== 'ivr_account_exists' || wish.purpose !== 'register') return refusalOf(answer);
    const { password2: _, ...typed } = wish;
    await keepWish(event, '/link', { ...typed, purpose: 'link' });
    redirect(303, '/link');
  }
  if (answer.token && answer.refresh_token) {
    // A deployment that asks for no code.
    const { token, refresh_token } = answer;
    await beginSession(event, { token, refresh_token });
    forgetWishes(event, '/link', '/register');
    redirect(303, '/appointments');
  }
  keepPendingCode(event, {
    id: answer.verification_id ?? '',
    purpose: wish.purpose,
    phoneEnd: phoneEnd(toE164(wish.phone_number, DEFAULT_REGION) ?? wish.phone_number),
    sentAt: Date.now(),
    expiresAt: Date.now() + (answer.expires_in ?? 0) * 1000,
    wrongGuesses: 0,
    count
  });
  await keepWish(event, '/verify', wish);
  forgetWishes(event, '/link');
  redirect(303, '/verify');
}

async function ask(event: RequestEvent, { purpose, ...typed }: Wish): Promise<Answer<Registered>> {
  const locale = chosenLanguage(event);
  switch (purpose) {
    case 'register':
      return registerPatient(event, { ...typed, ...(locale && { locale }) });
    case 'link':
      return linkIvrAccount(event, { ...typed, ...(locale && { locale }) });
    case 'reset':
      return forgotPassword(event, typed);
    case 'change_phone': {
      const { data } = await event.locals.supabase.auth.getSession();
      return changePhone(event, typed, data.session?.access_token ?? '');
    }
  }
}
