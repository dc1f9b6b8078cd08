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

/** `GET /settings`: what a sign-in page may offer. */
export async function publicSettings({ settings }: Call): Promise<Response> {
  return Response.json({
    external: { phone: settings.enablePhone, email: false, anonymous_users: false },
    disable_signup: true,
    mailer_autoconfirm: false,
    phone_autoconfirm: false,
    sms_provider: 'messagebird'
  });
}
