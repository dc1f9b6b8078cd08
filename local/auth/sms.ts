import { badRequest, unprocessable, type AuthError } from './errors.ts';

/** @throws {AuthError} 400 `validation_failed` for a channel other than SMS. */
export function checkChannel(channel: string): void {
  if (channel !== '' && channel !== 'sms') {
    const message =
      "Invalid channel, supported values are 'sms' or 'whatsapp'. " +
      "'whatsapp' is only supported if Twilio or Twilio Verify is used as the provider.";
    throw badRequest('validation_failed', message);
  }
}

/**
 * What Auth answers where it would text a code. The project proves phones with codes of its own and gives Auth no SMS
 * account that works, so on a hosted project this fails in the same way.
 */
export function codeCannotBeSent(kind: 'confirmation' | 'phone_change' | 'reauthentication'): AuthError {
  return unprocessable(
    'sms_send_failed',
    `Error sending ${kind} OTP to provider: Auth has no SMS provider here`
  );
}
