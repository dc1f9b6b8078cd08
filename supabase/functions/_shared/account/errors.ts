/** What the account API refuses, in the words of its contract; which sentence goes with it is said in `words`. */
import { DomainError, type FieldErrors } from '../errors.ts';
import type { Sentence } from '../words/words.ts';

export function validationFailed(
  fields: FieldErrors,
  sentence: Sentence = (words) => words.checkFields
): DomainError {
  return new DomainError('validation_failed', 400, sentence, { fields });
}

/** The same whether the code is wrong, expired, used or was never sent. */
export function codeInvalid(): DomainError {
  return new DomainError('code_invalid', 401, (words) => words.codeInvalid);
}

/** The same whether the name is unknown or the password wrong. */
export function invalidCredentials(): DomainError {
  return new DomainError('invalid_credentials', 401, (words) => words.invalidCredentials);
}

export function notSignedIn(): DomainError {
  return new DomainError('not_signed_in', 401, (words) => words.notSignedIn);
}

export function passwordChangeRequired(): DomainError {
  return new DomainError('password_change_required', 403, (words) => words.passwordChangeRequired);
}

/** @param seconds until it is worth trying again */
export function rateLimited(seconds: number): DomainError {
  return new DomainError('rate_limited', 429, (words) => words.rateLimited({ seconds }), {
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
      return new DomainError(word, 409, (words) => words.ivrAccountExists, { phone_number: phone });
    case 'phone_already_registered':
      return new DomainError(word, 409, (words) => words.phoneAlreadyRegistered);
    case 'username_taken': {
      const sentence: Sentence = (words) => words.usernameTaken;
      return new DomainError(word, 409, sentence, { fields: { username: sentence } });
    }
    case 'no_ivr_bookings':
      return new DomainError(word, 404, (words) => words.noIvrBookings);
    default:
      throw new Error(`The database refused a registration with an unknown word: ${word}`);
  }
}
