import { createHash } from 'node:crypto';
import { z } from 'zod';
import { deviceOf, readBody, text, type Call } from './call.ts';
import { confirmPhone } from './confirm.ts';
import { transaction, type Query } from './database.ts';
import { badRequest, forbidden } from './errors.ts';
import { validPhone } from './phone.ts';
import { openSession, sessionJson } from './sessions.ts';
import { findUserById, findUserByPhone, isBanned, type User } from './users.ts';

const verifyBody = z.object({ type: text, token: text, token_hash: text, phone: text, email: text });

/** How long a token is good for: `[auth.sms] otp_exp` of a project that does not set it. */
const MOST_SECONDS = 60;

const expired = () => forbidden('otp_expired', 'Token has expired or is invalid');

/** What Auth keeps of a token. */
const hashOf = (phone: string, token: string) =>
  createHash('sha224').update(`${phone}${token}`).digest('hex');

function requireToken(user: User | undefined, hash: string): User {
  if (!user) throw expired();
  if (isBanned(user)) throw forbidden('user_banned', 'User is banned');
  const { confirmation_token: kept, confirmation_sent_at: since } = user;
  if (kept === '' || !since || kept !== hash || Date.now() > since.getTime() + MOST_SECONDS * 1000)
    throw expired();
  return user;
}

/** The phone that a token is handed in for. Nothing else than phones is ever sent one here. */
function phoneOf({ type, token, token_hash, phone, email }: z.infer<typeof verifyBody>): string {
  if (type === '') throw badRequest('validation_failed', 'Verify requires a verification type');
  if ((token === '') === (token_hash === '')) {
    throw badRequest('validation_failed', 'Verify requires either a token or a token hash');
  }
  if (type !== 'sms' || token === '') throw expired();
  if (phone === '' || email !== '') {
    const message = 'Only an email address or phone number should be provided on verify';
    throw badRequest('validation_failed', message);
  }
  return validPhone(phone);
}

/** `POST /verify`: exchanges a token that is kept with a user, which serves once, for a session. Asks for no captcha. */
export async function verify(call: Call): Promise<Response> {
  const { database, settings } = call;
  const body = await readBody(call, verifyBody);
  const phone = phoneOf(body);
  const hash = hashOf(phone, body.token);
  const { id: userId } = requireToken(await findUserByPhone(database, phone), hash);
  const session = await transaction(database, 'Database error updating user', async (sql: Query) => {
    // Locked before it is used: of two that hand it in at once, one is late.
    requireToken(await findUserById(sql, userId, 'lock'), hash);
    await confirmPhone(sql, userId);
    const { id, refreshToken } = await openSession(sql, userId, deviceOf(call), 'otp');
    return sessionJson(sql, settings, { id, userId, refreshToken });
  });
  return Response.json(session);
}
