import { z } from 'zod';
import { requireAdmin, requireUser } from './authentication.ts';
import { flag, limit, readBody, requestAudience, text, type Call, type Handler } from './call.ts';
import { badRequest, forbidden, notFound, unprocessable, type AuthError } from './errors.ts';
import { checkPasswordStrength } from './passwords.ts';
import { validPhone } from './phone.ts';
import { checkChannel, codeCannotBeSent } from './sms.ts';
import { findUserByPhone } from './users.ts';

// What the project does not use answers as Auth does when it is switched off, after the same checks, so that a
// mistake in a client looks here as it would when hosted.

/** A handler that always refuses. */
export const refuse =
  (error: () => AuthError): Handler =>
  () =>
    Promise.reject(error());

/** The same for callers who have signed in; others are told to. */
export const refuseUser =
  (error: () => AuthError): Handler =>
  async (call) => {
    await requireUser(call);
    throw error();
  };

/** The same for admins. */
export const refuseAdmin =
  (error: () => AuthError): Handler =>
  async (call) => {
    await requireAdmin(call);
    throw error();
  };

export const emailDisabled = () => unprocessable('email_provider_disabled', 'Email logins are disabled');
export const passkeysDisabled = () => notFound('passkey_disabled', 'Passkeys are disabled');
export const samlDisabled = () => notFound('saml_provider_disabled', 'SAML 2.0 is disabled');
export const oauthServerDisabled = () => notFound('feature_disabled', 'OAuth server is disabled');
export const linkingDisabled = () => notFound('manual_linking_disabled', 'Manual linking is disabled');
export const factorNotFound = () => notFound('mfa_factor_not_found', 'Factor not found');
export const providerDisabled = () =>
  badRequest('validation_failed', 'Unsupported provider: provider is not enabled');

const signupBody = z.object({ email: text, phone: text, password: text, channel: text });

/** `POST /signup`. Accounts are created through the admin API; with sign-up on, no code reaches the new user. */
export async function signUp(call: Call): Promise<Response> {
  const body = await readBody(call, signupBody);
  if (!body.email && !body.phone) {
    throw unprocessable('anonymous_provider_disabled', 'Anonymous sign-ins are disabled');
  }
  limit(call, 'signup');
  if (!call.settings.enableSignup) {
    throw unprocessable('signup_disabled', 'Signups not allowed for this instance');
  }
  if (!body.password) throw badRequest('validation_failed', 'Signup requires a valid password');
  checkPasswordStrength(body.password, call.settings);
  if (body.email && body.phone) {
    const message = 'Only an email address or phone number should be provided on signup.';
    throw badRequest('validation_failed', message);
  }
  if (body.email) throw badRequest('email_provider_disabled', 'Email signups are disabled');
  checkChannel(body.channel);
  if (!call.settings.enablePhone) throw badRequest('phone_provider_disabled', 'Phone signups are disabled');
  validPhone(body.phone);
  throw codeCannotBeSent('confirmation');
}

const otpBody = z.object({
  email: text,
  phone: text,
  channel: text,
  create_user: z
    .boolean()
    .nullish()
    .transform((value) => value ?? true)
});

/** `POST /otp`: refused because it would sign somebody up, or because no code can be sent. */
export async function sendOtp(call: Call): Promise<Response> {
  limit(call, 'otp');
  const body = await readBody(call, otpBody);
  if (body.email && body.phone) {
    throw badRequest('validation_failed', 'Only an email address or phone number should be provided');
  }
  if (body.email && body.channel) {
    throw badRequest('validation_failed', 'Channel should only be specified with Phone OTP');
  }
  const audience = requestAudience(call);
  if (
    !body.create_user &&
    body.phone &&
    !(await findUserByPhone(call.database, validPhone(body.phone), audience))
  ) {
    throw unprocessable('otp_disabled', 'Signups not allowed for otp');
  }
  if (body.email) throw emailDisabled();
  if (!body.phone) throw badRequest('validation_failed', 'One of email or phone must be set');
  if (!call.settings.enablePhone) throw badRequest('phone_provider_disabled', 'Unsupported phone provider');
  const phone = validPhone(body.phone);
  checkChannel(body.channel);
  const user = await findUserByPhone(call.database, phone, audience);
  if (!user?.phone_confirmed_at && !call.settings.enableSignup) {
    throw unprocessable('signup_disabled', 'Signups not allowed for this instance');
  }
  throw codeCannotBeSent('confirmation');
}

const resendBody = z.object({ type: text, email: text, phone: text });

/** `POST /resend`: says yes and does nothing where there is nothing to send, as ever; else no code can be sent. */
export async function resend(call: Call): Promise<Response> {
  limit(call, 'resend');
  const body = await readBody(call, resendBody);
  if (!['signup', 'email_change', 'sms', 'phone_change'].includes(body.type)) {
    throw badRequest(
      'validation_failed',
      'Missing one of these types: signup, email_change, sms, phone_change'
    );
  }
  if (!body.email && body.type === 'signup') {
    throw badRequest('validation_failed', 'Type provided requires an email address');
  }
  if (!body.phone && body.type === 'sms') {
    throw badRequest('validation_failed', 'Type provided requires a phone number');
  }
  if (body.email && body.phone) {
    throw badRequest('validation_failed', 'Only an email address or phone number should be provided.');
  }
  if (body.email) throw badRequest('email_provider_disabled', 'Email logins are disabled');
  if (!body.phone) throw badRequest('validation_failed', 'Missing email address or phone number');
  if (!call.settings.enablePhone) throw badRequest('phone_provider_disabled', 'Phone logins are disabled');
  const user = await findUserByPhone(call.database, validPhone(body.phone), requestAudience(call));
  const pending = body.type === 'phone_change' ? user?.phone_change : user && !user.phone_confirmed_at;
  if (!pending) return Response.json({});
  throw codeCannotBeSent(body.type === 'phone_change' ? 'phone_change' : 'confirmation');
}

const verifyBody = z.object({ type: text, token: text, token_hash: text, email: text, phone: text });

/** `POST /verify`: no code was sent, so each one is wrong. */
export async function verify(call: Call): Promise<Response> {
  limit(call, 'verify');
  const body = await readBody(call, verifyBody);
  if (!body.type) throw badRequest('validation_failed', 'Verify requires a verification type');
  if (Boolean(body.token) === Boolean(body.token_hash)) {
    throw badRequest('validation_failed', 'Verify requires either a token or a token hash');
  }
  if (body.token && ['sms', 'phone_change'].includes(body.type)) validPhone(body.phone);
  throw forbidden('otp_expired', 'Token has expired or is invalid');
}

/** `POST /recover` is for email only; a phone has none. */
export async function recover(call: Call): Promise<Response> {
  limit(call, 'recover');
  throw badRequest('email_provider_disabled', 'Email logins are disabled');
}

/** `POST /magiclink` likewise. */
export async function magicLink(call: Call): Promise<Response> {
  limit(call, 'magiclink');
  throw emailDisabled();
}

/** `GET /reauthenticate`: would text a nonce to the caller. */
export async function reauthenticate(call: Call): Promise<Response> {
  const { user } = await requireUser(call);
  if (!user.email && !user.phone) {
    const message = 'Reauthentication requires the user to have an email or a phone number';
    throw badRequest('validation_failed', message);
  }
  if (user.email) {
    if (!user.email_confirmed_at)
      throw unprocessable('email_not_confirmed', 'Please verify your email first.');
    throw emailDisabled();
  }
  if (!user.phone_confirmed_at) throw unprocessable('phone_not_confirmed', 'Please verify your phone first.');
  throw codeCannotBeSent('reauthentication');
}

const factorNames: Record<string, string> = { totp: 'TOTP', phone: 'Phone', webauthn: 'WebAuthn' };

/** `POST /factors`: second factors are off. */
export async function enrollFactor(call: Call): Promise<Response> {
  await requireUser(call);
  const { factor_type: type } = await readBody(call, z.object({ factor_type: text, verified: flag }));
  const name = factorNames[type];
  if (!name) throw badRequest('validation_failed', 'factor_type needs to be totp, phone, or webauthn');
  throw unprocessable(`mfa_${type}_enroll_not_enabled`, `MFA enroll is disabled for ${name}`);
}
