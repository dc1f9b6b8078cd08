import { z } from 'zod';
import { deviceOf, readBody, text, type Call } from './call.ts';
import { transaction } from './database.ts';
import { AuthError, badRequest, notFound, unexpected, unprocessable } from './errors.ts';
import { passwordMatches, passwordWeakness } from './passwords.ts';
import { formatPhone } from './phone.ts';
import { refreshGrant } from './refresh.ts';
import { openSession, sessionJson } from './sessions.ts';
import { findUserById, findUserByPhone, isBanned, type User } from './users.ts';

const passwordBody = z.object({ phone: text, email: text, password: text });
const pkceBody = z.object({ auth_code: text, code_verifier: text });

/** `POST /token`: exchanges a password or a refresh token for a session. */
export async function token(call: Call): Promise<Response> {
  switch (call.url.searchParams.get('grant_type')) {
    case 'password':
      return passwordGrant(call);
    case 'refresh_token':
      return refreshGrant(call);
    case 'pkce':
      return pkceGrant(call);
    default:
      throw badRequest('invalid_credentials', 'unsupported_grant_type');
  }
}

/** The user whom the sign-in names, if there is one. */
async function namedUser(
  { database, settings }: Call,
  { phone, email }: z.infer<typeof passwordBody>
): Promise<User | undefined> {
  if (email && phone) {
    const message = 'Only an email address or phone number should be provided on login.';
    throw badRequest('validation_failed', message);
  }
  if (email) throw unprocessable('email_provider_disabled', 'Email logins are disabled');
  if (!phone) throw badRequest('validation_failed', 'missing email or phone');
  if (!settings.enablePhone) throw unprocessable('phone_provider_disabled', 'Phone logins are disabled');
  return findUserByPhone(database, formatPhone(phone));
}

async function passwordGrant(call: Call): Promise<Response> {
  const { database, settings } = call;
  const body = await readBody(call, passwordBody);
  const user = await namedUser(call, body).catch((error: unknown) => {
    throw error instanceof AuthError ? error : unexpected('Database error querying schema', error);
  });
  // Before anything is hashed: the time tells who has an account, as at the real Auth.
  if (!user?.encrypted_password) throw badRequest('invalid_credentials', 'Invalid login credentials');
  if (isBanned(user)) throw badRequest('user_banned', 'User is banned');
  if (!(await passwordMatches(body.password, user.encrypted_password))) {
    throw badRequest('invalid_credentials', 'Invalid login credentials');
  }
  if (!user.phone_confirmed_at) throw badRequest('phone_not_confirmed', 'Phone not confirmed');

  const session = await transaction(database, 'Database error granting user', async (sql) => {
    // Locked before the session is added: the password must still be the one that was compared.
    const current = await findUserById(sql, user.id, 'lock');
    if (!current || current.encrypted_password !== user.encrypted_password) {
      throw badRequest('invalid_credentials', 'Invalid login credentials');
    }
    const { id, refreshToken } = await openSession(sql, user.id, deviceOf(call), 'password');
    return sessionJson(sql, settings, { id, userId: user.id, refreshToken });
  });
  const weakness = passwordWeakness(body.password, settings);
  return Response.json({ ...session, weak_password: weakness ?? null });
}

/** Exchanges the code of a sign-in elsewhere. Nothing here ever gives one out. */
async function pkceGrant(call: Call): Promise<Response> {
  const { auth_code: code, code_verifier: verifier } = await readBody(call, pkceBody);
  if (!code || !verifier) {
    const message = 'invalid request: both auth code and code verifier should be non-empty';
    throw badRequest('validation_failed', message);
  }
  throw notFound('flow_state_not_found', 'invalid flow state, no valid flow state found');
}
