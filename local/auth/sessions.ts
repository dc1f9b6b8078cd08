import { randomBytes, randomUUID } from 'node:crypto';
import { z } from 'zod';
import { instanceId, type Query } from './database.ts';
import { listIdentities } from './identities.ts';
import type { Settings } from './settings.ts';
import { signAccessToken } from './tokens.ts';
import { findUserById, userJson, type User } from './users.ts';

const sessionRow = z.object({
  id: z.string(),
  user_id: z.string(),
  created_at: z.date(),
  not_after: z.date().nullable()
});
export type Session = z.infer<typeof sessionRow>;

/** What is remembered about the device of a session. */
export interface Device {
  userAgent: string | null;
  /** An IP address. */
  address: string | null;
}

export async function findSession(sql: Query, id: string): Promise<Session | undefined> {
  const [row] = await sql`select * from auth.sessions where id = ${id}`;
  return row === undefined ? undefined : sessionRow.parse(row);
}

const alphabet = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** Twelve letters and digits: about 62 bits. */
function newRefreshToken(): string {
  let token = '';
  while (token.length < 12) {
    // 252 is the largest multiple of 36 in a byte; the rest would favour the first letters.
    const [byte = 255] = randomBytes(1);
    if (byte < 252) token += alphabet[byte % alphabet.length];
  }
  return token;
}

/** Adds a refresh token to a session, the child of `parent` if it replaces one, and marks the user as seen. */
export async function addRefreshToken(
  sql: Query,
  session: { id: string; user_id: string },
  parent: string | null
) {
  const token = newRefreshToken();
  await sql`
    insert into auth.refresh_tokens
      (instance_id, token, user_id, revoked, created_at, updated_at, parent, session_id)
    values (${instanceId}, ${token}, ${session.user_id}, false, now(), now(), ${parent}, ${session.id})`;
  await sql`
    update auth.users set last_sign_in_at = ${parent === null ? sql`now()` : sql`last_sign_in_at`}, updated_at = now()
    where id = ${session.user_id}`;
  return token;
}

/** Opens a session for a user who has just proven who they are; returns the session and its first refresh token. */
export async function openSession(sql: Query, userId: string, device: Device, method: 'password' | 'otp') {
  const id = randomUUID();
  await sql`
    insert into auth.sessions (id, user_id, created_at, updated_at, aal, user_agent, ip)
    values (${id}, ${userId}, now(), now(), 'aal1', ${device.userAgent}, ${device.address})`;
  const refreshToken = await addRefreshToken(sql, { id, user_id: userId }, null);
  await sql`
    insert into auth.mfa_amr_claims (id, session_id, created_at, updated_at, authentication_method)
    values (${randomUUID()}, ${id}, now(), now(), ${method})`;
  return { id, refreshToken };
}

/** The answer to a successful sign-in or refresh, with a fresh access token. Reads the user as it is now. */
export async function sessionJson(
  sql: Query,
  settings: Settings,
  { id, userId, refreshToken }: { id: string; userId: string; refreshToken: string }
): Promise<Record<string, unknown>> {
  const user = await findUserById(sql, userId);
  if (!user) throw new Error('The user of an open session is gone.');
  const methods = await sql<{ method: string; timestamp: number }[]>`
    select authentication_method as method, extract(epoch from updated_at)::int as timestamp
    from auth.mfa_amr_claims where session_id = ${id} order by updated_at desc`;
  const access = await signAccessToken(settings, user, id, [...methods]);
  return {
    access_token: access.token,
    token_type: 'bearer',
    expires_in: access.expiresIn,
    expires_at: access.expiresAt,
    refresh_token: refreshToken,
    user: userJson(user, await listIdentities(sql, user.id))
  };
}

export type Scope = 'global' | 'local' | 'others';

/** Ends sessions of a user: all, the one with this id, or all but that one. Their refresh tokens go with them. */
export async function endSessions(sql: Query, user: User, scope: Scope, sessionId: string | undefined) {
  if (scope === 'global' || sessionId === undefined) {
    await sql`delete from auth.sessions where user_id = ${user.id}`;
  } else if (scope === 'local') {
    await sql`delete from auth.sessions where id = ${sessionId}`;
  } else {
    await sql`delete from auth.sessions where user_id = ${user.id} and id <> ${sessionId}`;
  }
}
