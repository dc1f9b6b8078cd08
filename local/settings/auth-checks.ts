import { z } from 'zod';

/** What `GET /auth/v1/settings` tells, as far as it can let strangers in. A part that Auth does not know yet is off. */
const authSettings = z.object({
  external: z.record(z.string(), z.boolean()),
  disable_signup: z.boolean(),
  mailer_autoconfirm: z.boolean(),
  phone_autoconfirm: z.boolean(),
  saml_enabled: z.boolean().default(false),
  passkeys_enabled: z.boolean().default(false)
});

/**
 * What lets strangers in at a project's Auth, a sentence each, with the setting that closes it; empty when nothing does.
 * @param answer the body of `GET /auth/v1/settings`
 */
export function authProblems(answer: unknown): string[] {
  const parsed = authSettings.safeParse(answer);
  if (!parsed.success) return ['Auth did not tell its settings in a form that is known here.'];
  const { external, ...settings } = parsed.data;
  const others = Object.keys(external).filter((name) => external[name] && !['phone', 'email'].includes(name));
  const problems: [wrong: boolean, sentence: string][] = [
    [!settings.disable_signup, 'Anybody can sign up at Auth. Set [auth] enable_signup = false.'],
    [external.email === true, 'Auth takes e-mail addresses. Set [auth.email] enabled = false.'],
    [external.phone !== true, 'Nobody can sign in with a phone. Set [auth.sms] enabled = true.'],
    [
      settings.phone_autoconfirm,
      'Auth takes phones for confirmed that nobody has proven. Set [auth.sms] enable_confirmations = true.'
    ],
    [
      settings.mailer_autoconfirm,
      'Auth takes e-mail addresses for confirmed that nobody has proven. Set [auth.email] enable_confirmations = true.'
    ],
    [settings.saml_enabled, 'Auth lets people in by SAML. Switch single sign-on off.'],
    [settings.passkeys_enabled, 'A stolen token could add a passkey at Auth. Switch passkeys off.'],
    [others.length > 0, `Auth lets people in by ${others.join(', ')}. Switch it off.`]
  ];
  return problems.flatMap(([wrong, sentence]) => (wrong ? [sentence] : []));
}
