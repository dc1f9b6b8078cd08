/** Whether a host name (of a URL) is this machine itself, where plain http is as good as https. */
export function isLoopback(hostname: string): boolean {
  return (
    hostname === 'localhost' ||
    hostname.endsWith('.localhost') ||
    hostname === '[::1]' ||
    /^127(?:\.\d{1,3}){3}$/.test(hostname)
  );
}

const HERE = 'http://here.invalid';

/**
 * A page of this site: `wanted` if it is one, else `fallback`. What comes in with a link or a form is anybody's text,
 * so other sites and other schemes are refused.
 */
export function ownPath(wanted: string | null | undefined, fallback: string): string {
  if (!wanted?.startsWith('/') || !URL.canParse(wanted, HERE)) return fallback;
  const url = new URL(wanted, HERE);
  // Browsers read "//x" and "/\x" as another host: both end up with another origin here.
  if (url.origin !== HERE || url.pathname.startsWith('//')) return fallback;
  return url.pathname + url.search;
}

/** A page of this site to go to after signing in: not /login or /logout, which would lead back. */
export function pathAfterSignIn(wanted: string | null | undefined, fallback: string): string {
  const path = ownPath(wanted, fallback);
  return /^\/log(?:in|out)(?:[/?]|$)/.test(path) ? fallback : path;
}
