import { m } from '#lib/paraglide/messages.js';
import type { Refusal } from './refusal.ts';
import type { Session } from './session.ts';

// Every route that is about one person lives in a group of this name.
const PERSONAL = '(personal)';

export function isPersonal(routeId: string | null): boolean {
  return routeId?.split('/').includes(PERSONAL) ?? false;
}

/** `to` is where people are sent; the refusal is for programs (our own scripts in the page). */
export type Verdict = { pass: true } | { pass: false; refusal: Refusal; to: string };

export const signedOut = (): Refusal => ({ code: 'signed_out', message: m.session_missing(), status: 401 });

/**
 * Who may go on to a personal route: the signed-in with a password of their own; with a texted password only
 * to /password. While Auth cannot be reached the route itself answers that (see accountOf).
 */
export function judge(session: Session, url: URL, method: string): Verdict {
  if (session.state === 'unknown') return { pass: true };
  if (session.state === 'signed-out') {
    // A form that was being sent is lost: after signing in they begin again at its page.
    const next = method === 'GET' ? url.pathname + url.search : url.pathname;
    return { pass: false, refusal: signedOut(), to: `/login?next=${encodeURIComponent(next)}` };
  }
  if (session.account.mustChangePassword && url.pathname !== '/password') {
    const refusal = { code: 'password_change_required', message: m.session_own_password(), status: 403 };
    return { pass: false, refusal, to: '/password' };
  }
  return { pass: true };
}
