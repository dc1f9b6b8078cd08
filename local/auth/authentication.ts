import { z } from 'zod';
import type { Call } from './call.ts';
import { AuthError, badRequest, forbidden } from './errors.ts';
import { findSession, type Session } from './sessions.ts';
import { verifyToken, type Claims } from './tokens.ts';
import { findUserById, isBanned, type User } from './users.ts';

export interface SignedIn {
  claims: Claims;
  user: User;
  /** Undefined for a token that names no session. */
  session: Session | undefined;
}

async function claimsOf({ request, settings }: Call): Promise<Claims> {
  const [, token] = /^bearer (\S+)$/i.exec(request.headers.get('authorization') ?? '') ?? [];
  if (!token) throw new AuthError(401, 'no_authorization', 'This endpoint requires a valid Bearer token');
  return verifyToken(token, settings.jwtSecret);
}

const adminRoles = ['service_role', 'supabase_admin'];

const isUuid = (value: string) => z.guid().safeParse(value).success;

async function signedIn(call: Call, claims: Claims): Promise<SignedIn> {
  if (!claims.sub) throw forbidden('bad_jwt', 'invalid claim: missing sub claim');
  if (!isUuid(claims.sub)) throw badRequest('bad_jwt', 'invalid claim: sub claim must be a UUID');
  const user = await findUserById(call.database, claims.sub);
  if (!user) throw forbidden('user_not_found', 'User from sub claim in JWT does not exist');
  if (!claims.session_id) return { claims, user, session: undefined };
  if (!isUuid(claims.session_id))
    throw forbidden('bad_jwt', 'invalid claim: session_id claim must be a UUID');
  const session = await findSession(call.database, claims.session_id);
  if (!session) throw forbidden('session_not_found', 'Session from session_id claim in JWT does not exist');
  return { claims, user, session };
}

/**
 * Who is calling.
 *
 * @throws {AuthError} 401 `no_authorization`; 403 `bad_jwt`, `user_not_found`, `session_not_found`, `user_banned`.
 */
export async function requireUser(call: Call): Promise<SignedIn> {
  const who = await signedIn(call, await claimsOf(call));
  if (isBanned(who.user)) throw forbidden('user_banned', 'User is banned');
  return who;
}

/**
 * Lets the project's secret key pass, and a user whose role is that of one while their session lasts.
 *
 * @throws {AuthError} 401 `no_authorization`; 403 `bad_jwt`, `session_not_found`, `not_admin`.
 */
export async function requireAdmin(call: Call): Promise<Claims> {
  const claims = await claimsOf(call);
  if (claims.session_id) await signedIn(call, claims);
  if (!adminRoles.includes(claims.role ?? '')) throw forbidden('not_admin', 'User not allowed');
  return claims;
}
