import { withoutAction } from '#lib/addresses.ts';
import { m } from '#lib/paraglide/messages.js';
import type { Refusal } from './refusal.ts';
import type { Session } from './session.ts';

// Every route that is about one person lives in a group of this name.
const PERSONAL = '(personal)';

export function isPersonal(routeId: string | null): boolean {
  return routeId?.split('/').includes(PERSONAL) ?? false;
}

/** What a page that is open fetches again. It reads, as the person who asks, and changes nothing. */
export function isSnapshot(routeId: string | null): boolean {
  return routeId?.endsWith('/snapshot') ?? false;
}

/** `to` is where people are sent; the refusal is for programs (our own scripts in the page). */
export type Verdict = { pass: true } | { pass: false; refusal: Refusal; to: string };

export const signedOut = (): Refusal => ({ code: 'signed_out', message: m.session_missing(), status: 401 });

/**
 * Who may go on to a personal route: the signed-in with a password of their own; with a texted password only
 * to /password. After signing in people are led back to what they had chosen; a form that was being sent is lost, which
 * /login says (`unsent`). While Auth cannot be reached the route itself answers that (see accountOf).
 */
export function judge(session: Session, url: URL, method: string): Verdict {
  if (session.state === 'unknown') return { pass: true };
  if (session.state === 'signed-out') return signInFirst(url, method);
  if (session.account.mustChangePassword && url.pathname !== '/password') {
    const refusal = { code: 'password_change_required', message: m.session_own_password(), status: 403 };
    return { pass: false, refusal, to: '/password' };
  }
  return { pass: true };
}

export function signInFirst(url: URL, method: string): Verdict & { pass: false } {
  const next = encodeURIComponent(url.pathname + withoutAction(url.search));
  const unsent = method === 'GET' ? '' : '&unsent';
  return { pass: false, refusal: signedOut(), to: `/login?next=${next}${unsent}` };
}
