import { requireAdmin, requireUser } from './authentication.ts';
import type { Call, Handler } from './call.ts';
import { requireCaptcha } from './captcha.ts';
import { badRequest, notFound, unprocessable, type AuthError } from './errors.ts';

/**
 * What Auth answers where it would text a code. The project proves phones with codes of its own and gives Auth no SMS
 * account that works, so on a hosted project this fails in the same way.
 */
export const codeCannotBeSent = () =>
  unprocessable('sms_send_failed', 'Error sending OTP to provider: Auth has no SMS provider here');

const emailDisabled = () => unprocessable('email_provider_disabled', 'Email logins are disabled');
const signupDisabled = () => unprocessable('signup_disabled', 'Signups not allowed for this instance');
const samlDisabled = () => notFound('saml_provider_disabled', 'SAML 2.0 is disabled');
const oauthServerDisabled = () => notFound('feature_disabled', 'OAuth server is disabled');

const anything = 'GET|POST|PUT|PATCH|DELETE';

/** Who learns that something is switched off; others are told first that they may not ask. */
const checks = {
  anybody: () => undefined,
  solvers: requireCaptcha,
  users: requireUser,
  admins: requireAdmin
} satisfies Record<string, (call: Call) => unknown>;

// What the project does not use answers as Auth does when it is switched off, but looks at nothing in the request.
const table: [methods: string, path: string, who: keyof typeof checks, refusal: () => AuthError][] = [
  ['POST', '/signup', 'solvers', signupDisabled],
  ['POST', '/otp', 'solvers', signupDisabled],
  ['POST', '/resend', 'solvers', codeCannotBeSent],
  ['POST', '/recover', 'solvers', emailDisabled],
  ['POST', '/magiclink', 'solvers', emailDisabled],
  ['GET', '/reauthenticate', 'users', codeCannotBeSent],
  ['GET', '/authorize', 'anybody', () => badRequest('validation_failed', 'provider is not enabled')],
  [anything, '/factors/*', 'users', () => unprocessable('mfa_totp_enroll_not_enabled', 'MFA is disabled')],
  [anything, '/user/identities/*', 'users', () => notFound('manual_linking_disabled', 'Linking is disabled')],
  [anything, '/passkeys/*', 'anybody', () => notFound('passkey_disabled', 'Passkeys are disabled')],
  [anything, '/sso/*', 'anybody', samlDisabled],
  [anything, '/oauth/*', 'anybody', oauthServerDisabled],
  ['POST', '/invite', 'admins', emailDisabled],
  ['GET', '/admin/users', 'admins', () => notFound('feature_disabled', 'Read auth.users in the database')],
  [anything, '/admin/users/:id/factors', 'admins', () => notFound('feature_disabled', 'MFA is disabled')],
  ['POST', '/admin/generate_link', 'admins', emailDisabled],
  [anything, '/admin/sso/*', 'admins', samlDisabled],
  [anything, '/admin/oauth/*', 'admins', oauthServerDisabled]
];

/** The endpoints that only refuse. */
export const switchedOff = table.map(([methods, path, who, refusal]) => {
  const handler: Handler = async (call) => {
    await checks[who](call);
    throw refusal();
  };
  return { methods, path, handler };
});
