/** What the account API refuses, in the words of its contract; which sentence goes with it is said in `words`. */
import { type Refusal, RefusedError } from '../errors.ts';
import type { Sentence } from '../words/words.ts';

export function validationFailed(
  fields: NonNullable<Refusal['fields']>,
  message: Sentence = (words) => words.checkFields
): RefusedError {
  return new RefusedError({ code: 'validation_failed', status: 400, message, fields });
}

/** The same whether the code is wrong, expired, used or was never sent. */
export function codeInvalid(): RefusedError {
  return new RefusedError({ code: 'code_invalid', status: 401, message: (words) => words.codeInvalid });
}

/** The same whether the name is unknown or the password wrong. */
export function invalidCredentials(): RefusedError {
  const message: Sentence = (words) => words.invalidCredentials;
  return new RefusedError({ code: 'invalid_credentials', status: 401, message });
}

/** To who is signed in, and is asked for the password once more. */
export function notYourPassword(): RefusedError {
  const message: Sentence = (words) => words.notYourPassword;
  return new RefusedError({ code: 'invalid_credentials', status: 401, message });
}

/** Only to who is signed in with it: others cannot tell it from a wrong one. */
export function textedPasswordExpired(): RefusedError {
  const message: Sentence = (words) => words.textedPasswordExpired;
  return new RefusedError({ code: 'invalid_credentials', status: 401, message });
}

export function notSignedIn(): RefusedError {
  return new RefusedError({ code: 'not_signed_in', status: 401, message: (words) => words.notSignedIn });
}

export function passwordChangeRequired(): RefusedError {
  const message: Sentence = (words) => words.passwordChangeRequired;
  return new RefusedError({ code: 'password_change_required', status: 403, message });
}

/** The code was right, but whoever has the phone now may be somebody else. */
export function phoneIsDormant(): RefusedError {
  const message: Sentence = (words) => words.phoneIsDormant;
  return new RefusedError({ code: 'phone_is_dormant', status: 409, message });
}

/** @param seconds until it is worth trying again */
export function rateLimited(seconds: number): RefusedError {
  const message: Sentence = (words) => words.rateLimited({ seconds });
  return new RefusedError({ code: 'rate_limited', status: 429, message, retry_after: seconds });
}

/** @param seconds until SMS are sent again to whoever this is */
export function noSmsNow(seconds: number): RefusedError {
  const message: Sentence = (words) => words.noSmsNow({ seconds });
  return new RefusedError({ code: 'rate_limited', status: 429, message, retry_after: seconds });
}

/**
 * Why a phone cannot register or link, from the word the database gives (private.registration_verdict).
 * @param phone +E.164
 * @throws Error when the database gives a word that is not known here
 */
export function registrationRefused(code: string, phone: string): RefusedError {
  switch (code) {
    case 'ivr_account_exists': {
      const message: Sentence = (words) => words.ivrAccountExists;
      return new RefusedError({ code, status: 409, message, phone_number: phone });
    }
    case 'phone_already_registered':
      return new RefusedError({ code, status: 409, message: (words) => words.phoneAlreadyRegistered });
    case 'phone_is_dormant':
      return phoneIsDormant();
    case 'username_taken': {
      const message: Sentence = (words) => words.usernameTaken;
      return new RefusedError({ code, status: 409, message, fields: { username: message } });
    }
    case 'no_ivr_bookings':
      return new RefusedError({ code, status: 404, message: (words) => words.noIvrBookings });
    default:
      throw new Error(`The database refused a registration with an unknown word: ${code}`);
  }
}
