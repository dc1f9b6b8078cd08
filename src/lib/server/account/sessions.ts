import type { RequestEvent } from '@sveltejs/kit';
import type { LiveToken } from '#lib/live/token.ts';
import { signedOut } from '#lib/server/request/guard.ts';
import { refused, unavailable, type Result } from '#lib/server/request/refusal.ts';
import { forgetSession, type Supabase } from '#lib/server/request/supabase.ts';
import { deviceName } from './device.ts';
import { askToListen } from './functions.ts';

/** One place where a patient is signed in. */
export interface SignedInPlace {
  id: string;
  /** Such as "Chrome on Android"; null when it did not say. */
  device: string | null;
  /** Since when, and when it was last used (instants). */
  since: string;
  lastUsed: string;
  isHere: boolean;
}

/**
 * Where the signed-in patient is signed in: here (the browser that sends `userAgent`) first, then by when it was used.
 * Throws the Data API's error.
 */
export async function listSessions(supabase: Supabase, userAgent: string | null): Promise<SignedInPlace[]> {
  const { data, error } = await supabase.rpc('my_sessions');
  if (error) throw error;
  return data
    .map(({ id, created_at, refreshed_at, user_agent, is_current }) => ({
      id,
      device: deviceName(is_current ? userAgent : user_agent) ?? null,
      since: created_at,
      lastUsed: refreshed_at,
      isHere: is_current
    }))
    .toSorted((a, b) => Number(b.isHere) - Number(a.isHere));
}

/** Ends the session of this browser, for the browser even if Auth cannot be reached. */
export async function endSession(event: RequestEvent): Promise<void> {
  await event.locals.supabase.auth.signOut({ scope: 'local' });
  forgetSession(event);
}

/** Ends all sessions of the patient but this one. */
export async function endOtherSessions(supabase: Supabase): Promise<Result> {
  const { error } = await supabase.auth.signOut({ scope: 'others' });
  return error ? refused(unavailable()) : { ok: true };
}

/** Ends all sessions of the patient, this one as well. */
export async function endAllSessions(event: RequestEvent): Promise<Result> {
  const { error } = await event.locals.supabase.auth.signOut({ scope: 'global' });
  if (error) return refused(unavailable());
  forgetSession(event);
  return { ok: true };
}

/** The access token of the signed-in patient, renewed if it is about to expire; '' when the session has ended. */
export async function sessionToken(supabase: Supabase): Promise<string> {
  const { data } = await supabase.auth.getSession();
  return data.session?.access_token ?? '';
}

/**
 * A token for listening. It can do nothing else, unless the deployment has no key to sign such a one with; then it is the
 * session's own, which lasts an hour at most. What could renew that stays in cookies that no script can read.
 */
export async function liveToken(event: RequestEvent): Promise<Result<LiveToken>> {
  const { data } = await event.locals.supabase.auth.getSession();
  if (!data.session) return refused(signedOut());
  const { access_token, expires_at = 0 } = data.session;
  const answer = await askToListen(event, access_token);
  if (!answer.ok) return answer.refusal.code === 'not_signed_in' ? refused(signedOut()) : answer;
  const { token, expires_in } = answer;
  if (token !== null && expires_in !== null) return { ok: true, token, expires_in };
  return {
    ok: true,
    token: access_token,
    expires_in: Math.max(0, expires_at - Math.floor(Date.now() / 1000))
  };
}
