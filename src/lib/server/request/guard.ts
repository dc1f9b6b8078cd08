import { m } from '#lib/paraglide/messages.js';
import type { Session } from './session.ts';

// Every route that is about one person lives in a group of this name.
const PERSONAL = '(personal)';

export function isPersonal(routeId: string | null): boolean {
  return routeId?.split('/').includes(PERSONAL) ?? false;
}

export type Verdict =
  { pass: true } | { pass: false; error: 'signed_out' | 'password_change_required'; to: string };

/**
 * Who may go on to a personal route: the signed-in with a password of their own; with a texted password only
 * to /password. While Auth is not to be reached the route itself answers that (see accountOf).
 */
export function judge(session: Session, url: URL, method: string): Verdict {
  if (session.state === 'unknown') return { pass: true };
  if (session.state === 'signed-out') {
    // A form that was being sent is lost; its page is where to begin again.
    const next = method === 'GET' ? url.pathname + url.search : url.pathname;
    return { pass: false, error: 'signed_out', to: `/login?next=${encodeURIComponent(next)}` };
  }
  if (session.account.mustChangePassword && url.pathname !== '/password') {
    return { pass: false, error: 'password_change_required', to: '/password' };
  }
  return { pass: true };
}

/** For programs (our own scripts in the page): what the redirect says to people. */
export function refusal(error: 'signed_out' | 'password_change_required'): Response {
  return error === 'signed_out'
    ? Response.json({ error, message: m.session_missing() }, { status: 401 })
    : Response.json({ error, message: m.session_own_password() }, { status: 403 });
}
