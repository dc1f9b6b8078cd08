/** What the account API refuses, in the words of its contract and in sentences for people. */
import { DomainError } from './errors.ts';

/** One sentence for each field that cannot be taken as it is. */
export type FieldErrors = Record<string, string>;

export function validationFailed(
  fields: FieldErrors,
  message = 'Please check what you entered.'
): DomainError {
  return new DomainError('validation_failed', 400, message, { fields });
}

/** The same whether the code is wrong, expired, used or was never sent. */
export function codeInvalid(): DomainError {
  return new DomainError(
    'code_invalid',
    401,
    'That code is not right, or no longer works. Check it, or ask for a new one.'
  );
}

/** The same whether the name is unknown or the password wrong. */
export function invalidCredentials(): DomainError {
  return new DomainError('invalid_credentials', 401, 'That username and password do not match.');
}

export function notSignedIn(): DomainError {
  return new DomainError('not_signed_in', 401, 'Please sign in first.');
}

export function passwordChangeRequired(): DomainError {
  return new DomainError('password_change_required', 403, 'Please choose a new password first.');
}

/** @param seconds until it is worth trying again */
export function rateLimited(seconds: number): DomainError {
  return new DomainError('rate_limited', 429, `Too many tries. Please try again ${inAWhile(seconds)}.`, {
    retry_after: seconds
  });
}

/**
 * Why a phone cannot register or link, from the word the database gives (private.registration_refusal).
 * @throws Error when the database gives a word that is not known here
 */
export function refusal(word: string, phone: string): DomainError {
  switch (word) {
    case 'ivr_account_exists':
      return new DomainError(
        word,
        409,
        'This phone number already has bookings made by phone. Would you like to link your existing bookings?',
        { phone_number: phone }
      );
    case 'phone_already_registered':
      return new DomainError(
        word,
        409,
        'This phone number already has an account. Sign in, or have a code texted if you forgot the password.'
      );
    case 'username_taken': {
      const message = 'Somebody else has that username. Please choose another.';
      return new DomainError(word, 409, message, { fields: { username: message } });
    }
    case 'no_ivr_bookings':
      return new DomainError(
        word,
        404,
        'There are no bookings to link for this phone number. Please register instead.'
      );
    default:
      throw new Error(`The database refused a registration with an unknown word: ${word}`);
  }
}

function inAWhile(seconds: number): string {
  const minutes = Math.ceil(seconds / 60);
  if (minutes <= 1) return 'in a minute';
  if (minutes <= 90) return `in ${minutes} minutes`;
  return `in ${Math.ceil(minutes / 60)} hours`;
}
