import { isLoopback } from './addresses.ts';

// For answers that are not pages, and pages of last resort: nothing but our own style sheet and pictures.
const BARE_POLICY =
  "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'";

/** What every answer says, also one that no hook sees: a file, a redirect on the way (src/protect-files.ts). */
export const ALWAYS: Readonly<Record<string, string>> = {
  'content-security-policy': BARE_POLICY,
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'same-origin',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()'
};

/**
 * Sets the headers that protect every answer: no framing, no guessing of types, no foreign connections
 * but to our Supabase project. `personal` answers are kept by no cache and no back button.
 */
export function protect(headers: Headers, about: { url: URL; supabaseUrl: string; personal: boolean }): void {
  const policy = headers.get('content-security-policy');
  for (const [name, value] of Object.entries(ALWAYS)) headers.set(name, value);
  if (policy) headers.set('content-security-policy', allowProject(policy, about.supabaseUrl));
  if (about.personal) headers.set('cache-control', 'private, no-store');
  else if (!headers.has('cache-control')) headers.set('cache-control', 'private, no-cache');
  if (about.url.protocol === 'https:' && !isLoopback(about.url.hostname)) {
    headers.set('strict-transport-security', 'max-age=63072000; includeSubDomains');
  }
}

// The project is not known when the site is built, so it cannot be in vite.config.ts.
function allowProject(policy: string, supabaseUrl: string): string {
  const { origin } = new URL(supabaseUrl);
  const socket = origin.replace(/^http/, 'ws');
  return policy.replace("connect-src 'self'", `connect-src 'self' ${origin} ${socket}`);
}
