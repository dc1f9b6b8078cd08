import { z } from 'zod';
import { deviceOf, readBody, text, type Call } from './call.ts';
import { transaction, type Query } from './database.ts';
import { AuthError, badRequest, databaseError } from './errors.ts';
import { addRefreshToken, sessionJson, type Device } from './sessions.ts';
import type { Settings } from './settings.ts';
import { findUserById, isBanned } from './users.ts';

const body = z.object({ refresh_token: text });

interface RefreshToken {
  token: string;
  session_id: string | null;
  user_id: string;
  revoked: boolean;
  /** Whether the time in which a revoked token may be used again is over. */
  stale: boolean;
}

async function findToken(
  sql: Query,
  token: string,
  reuseInterval: number
): Promise<RefreshToken | undefined> {
  const [row] = await sql<RefreshToken[]>`
    select token, session_id, user_id, coalesce(revoked, false) as revoked,
      updated_at + make_interval(secs => ${reuseInterval}) < clock_timestamp() as stale
    from auth.refresh_tokens where token = ${token}`;
  return row;
}

/**
 * Decides what a presented token is worth and returns the one to hand out, or undefined when it is refused.
 * Runs while nobody else refreshes this session.
 */
async function exchange(sql: Query, token: RefreshToken, sessionId: string, settings: Settings) {
  if (token.revoked) {
    const [active] = await sql<{ token: string; parent: string | null }[]>`
      select token, parent from auth.refresh_tokens
      where session_id = ${sessionId} and revoked is false order by id desc limit 1`;
    // The client never got, or never kept, the answer to its last refresh: it gets the same one again.
    if (active?.parent === token.token) return active.token;
    if (token.stale) {
      if (settings.refreshTokenRotation) {
        await sql`
          update auth.refresh_tokens set revoked = true, updated_at = now()
          where session_id = ${sessionId} and revoked = false`;
      }
      return undefined;
    }
  }
  await sql`update auth.refresh_tokens set revoked = true, updated_at = now() where token = ${token.token}`;
  return addRefreshToken(sql, { id: sessionId, user_id: token.user_id }, token.token);
}

const noSession = () => badRequest('session_not_found', 'Invalid Refresh Token: No Valid Session Found');
const noToken = () => badRequest('refresh_token_not_found', 'Invalid Refresh Token: Refresh Token Not Found');

/** The session for a refresh token, or undefined after the whole session was revoked because of its reuse. */
async function refresh(sql: Query, presented: string, settings: Settings, device: Device) {
  const found = await findToken(sql, presented, settings.refreshTokenReuseInterval);
  if (!found) throw noToken();
  // User, session, token: everybody who needs several of these locks takes them in this order. Auth waits for a user as
  // long as a request may take, for a session only so long.
  const user = await findUserById(sql, found.user_id, 'lock');
  if (!user) throw noToken();
  if (isBanned(user)) throw badRequest('user_banned', 'Invalid Refresh Token: User Banned');
  await sql`set local lock_timeout = '5s'`;
  const { sessionTimebox, sessionInactivityTimeout } = settings;
  const [session] = await sql<{ id: string; expired: boolean; idle: boolean }[]>`
    select id,
      coalesce(not_after < clock_timestamp(), false)
        or ${sessionTimebox} > 0 and created_at + make_interval(secs => ${sessionTimebox}) < clock_timestamp() as expired,
      ${sessionInactivityTimeout} > 0 and coalesce(refreshed_at at time zone 'utc', created_at)
        + make_interval(secs => ${sessionInactivityTimeout}) < clock_timestamp() as idle
    from auth.sessions where id = ${found.session_id} for update`;
  if (!session) throw noSession();
  if (session.expired) throw badRequest('session_expired', 'Invalid Refresh Token: Session Expired');
  if (session.idle)
    throw badRequest('session_expired', 'Invalid Refresh Token: Session Expired (Inactivity)');

  // Read again: it may have been used while this request waited.
  const token = await findToken(sql, presented, settings.refreshTokenReuseInterval);
  if (!token) throw noToken();
  const refreshToken = await exchange(sql, token, session.id, settings);
  if (refreshToken === undefined) return undefined;
  await sql`
    update auth.sessions set
      refreshed_at = now() at time zone 'utc', updated_at = now(),
      user_agent = ${device.userAgent}, ip = ${device.address}
    where id = ${session.id}`;
  return sessionJson(sql, settings, { id: session.id, userId: user.id, refreshToken });
}

/** `POST /token?grant_type=refresh_token`: rotates the token; one that was replaced long ago ends the session. */
export async function refreshGrant(call: Call): Promise<Response> {
  const { database, settings } = call;
  const { refresh_token: presented } = await readBody(call, body);
  if (!/^[a-z0-9]{12}$/.test(presented)) throw badRequest('validation_failed', 'Refresh token is not valid');
  try {
    const session = await transaction(database, 'Database error refreshing the session', (sql) =>
      refresh(sql, presented, settings, deviceOf(call))
    );
    // Thrown only now, so that the revocation is committed.
    if (!session) throw badRequest('refresh_token_already_used', 'Invalid Refresh Token: Already Used');
    return Response.json(session);
  } catch (error) {
    // 55P03: lock_timeout.
    if (databaseError(error)?.code !== '55P03') throw error;
    const message = 'Too many concurrent token refresh requests on the same session or refresh token';
    throw new AuthError(409, 'conflict', message, { cause: error });
  }
}
