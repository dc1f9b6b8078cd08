import { badRequest } from './errors.ts';

/** `phone` as it is stored and looked up: without one leading `+` and without blanks. */
export function formatPhone(phone: string): string {
  return phone.replace(/^\+/, '').replaceAll(' ', '');
}

/**
 * `phone` as it is stored: E.164 without the `+`.
 *
 * @throws {AuthError} 400 `validation_failed` for anything else; other punctuation is not forgiven.
 */
export function validPhone(phone: string): string {
  const formatted = formatPhone(phone);
  if (!/^[1-9][0-9]{1,14}$/.test(formatted)) {
    throw badRequest('validation_failed', 'Invalid phone number format (E.164 required)');
  }
  return formatted;
}
