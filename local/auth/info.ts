import type { Call } from './call.ts';

/** `GET /health`. */
export async function health(): Promise<Response> {
  return Response.json({
    version: 'local',
    name: 'GoTrue',
    description: 'GoTrue is a user registration and authentication API'
  });
}

/** `GET /.well-known/jwks.json`: tokens are signed with a shared secret, so there is no key to publish. */
export async function keys(): Promise<Response> {
  return Response.json({ keys: [] }, { headers: { 'Cache-Control': 'public, max-age=600' } });
}

const otherProviders = [
  'apple',
  'azure',
  'bitbucket',
  'discord',
  'facebook',
  'snapchat',
  'figma',
  'fly',
  'github',
  'gitlab',
  'google',
  'keycloak',
  'kakao',
  'linkedin',
  'linkedin_oidc',
  'notion',
  'spotify',
  'slack',
  'slack_oidc',
  'workos',
  'twitch',
  'twitter',
  'zoom'
];

/** `GET /settings`: what a sign-in page may offer. */
export async function publicSettings({ settings: { enablePhone, offers } }: Call): Promise<Response> {
  return Response.json({
    external: {
      ...Object.fromEntries(otherProviders.map((name) => [name, false])),
      anonymous_users: offers.anonymous,
      email: offers.email,
      phone: enablePhone
    },
    disable_signup: !offers.signup,
    mailer_autoconfirm: offers.emailAutoconfirm,
    phone_autoconfirm: offers.phoneAutoconfirm,
    sms_provider: 'messagebird',
    saml_enabled: false,
    saml_private_key_next_configured: false,
    passkeys_enabled: false
  });
}
