import { isLoopback } from './addresses.ts';

// For answers that are not pages, and pages of last resort: nothing but our own style sheet and pictures.
const BARE_POLICY =
  "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'";

/**
 * Sets the headers that protect every answer: no framing, no guessing of types, no foreign connections
 * but to our Supabase project. `personal` answers are kept by no cache and no back button.
 */
export function protect(headers: Headers, about: { url: URL; supabaseUrl: string; personal: boolean }): void {
  const policy = headers.get('content-security-policy');
  headers.set('content-security-policy', policy ? allowProject(policy, about.supabaseUrl) : BARE_POLICY);
  headers.set('x-content-type-options', 'nosniff');
  headers.set('x-frame-options', 'DENY');
  headers.set('referrer-policy', 'same-origin');
  headers.set('cross-origin-opener-policy', 'same-origin');
  headers.set('cross-origin-resource-policy', 'same-origin');
  headers.set(
    'permissions-policy',
    'camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()'
  );
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
