import { z } from 'zod';
import { requireAdmin } from './authentication.ts';
import { readBody, text, type Call, type Handler } from './call.ts';
import { badRequest } from './errors.ts';

const captchaBody = z.object({
  gotrue_meta_security: z
    .object({ captcha_token: text })
    .nullish()
    .transform((security) => security?.captcha_token.trim() ?? '')
});

// A new session for an old one, or for what another provider has proven.
const exemptGrants = ['refresh_token', 'pkce', 'id_token'];

async function isAdmin(call: Call): Promise<boolean> {
  return requireAdmin(call).then(
    () => true,
    () => false
  );
}

/**
 * Lets admins pass. What everybody else brings as a captcha is wrong: no provider stands behind the secret.
 *
 * @throws {AuthError} 400 `captcha_failed`.
 */
export async function requireCaptcha(call: Call): Promise<void> {
  if (!call.settings.captcha || (await isAdmin(call))) return;
  const { gotrue_meta_security: token } = await readBody(
    { ...call, request: call.request.clone() },
    captchaBody
  );
  const reason = token === '' ? 'no captcha_token found' : 'invalid-input-secret';
  throw badRequest('captcha_failed', `captcha protection: request disallowed (${reason})`);
}

/** The token endpoint, which asks for a captcha before it looks at anything. */
export function behindCaptcha(token: Handler): Handler {
  return async (call) => {
    if (!exemptGrants.includes(call.url.searchParams.get('grant_type') ?? '')) await requireCaptcha(call);
    return token(call);
  };
}
