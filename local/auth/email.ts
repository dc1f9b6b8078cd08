import { z } from 'zod';
import { badRequest } from './errors.ts';

/**
 * `email` as it is stored: in lower case.
 *
 * @throws {AuthError} 400 `validation_failed` when it is none.
 */
export function validEmail(email: string): string {
  if (email === '') throw badRequest('validation_failed', 'An email address is required');
  if (email.length > 255) throw badRequest('validation_failed', 'An email address is too long');
  if (!z.email().safeParse(email).success) {
    throw badRequest('validation_failed', 'Unable to validate email address: invalid format');
  }
  return email.toLowerCase();
}
