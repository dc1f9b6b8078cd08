import { z } from 'zod';
import { requireUser } from './authentication.ts';
import { readBody, text, type Call } from './call.ts';
import { audience, json, transaction, type Query } from './database.ts';
import { badRequest, forbidden, unprocessable } from './errors.ts';
import { listIdentities } from './identities.ts';
import { mergeMetadata, metadataSchema } from './metadata.ts';
import { checkPasswordStrength, hashPassword, passwordMatches } from './passwords.ts';
import { validPhone } from './phone.ts';
import { endSessions, type Scope } from './sessions.ts';
import { codeCannotBeSent } from './switched-off.ts';
import { findUserByPhone, findUserById, userJson, type User } from './users.ts';

const updateBody = z.object({
  email: text,
  phone: text,
  password: z.string().nullish(),
  data: metadataSchema.nullish(),
  app_metadata: metadataSchema.nullish()
});
type Update = z.infer<typeof updateBody>;

/** `GET /user`: the user who is calling. */
export async function getUser(call: Call): Promise<Response> {
  const { claims, user } = await requireUser(call);
  if (claims.aud !== audience) {
    throw badRequest('validation_failed', "Token audience doesn't match request audience");
  }
  return Response.json(userJson(user, await listIdentities(call.database, user.id)));
}

/**
 * The hash of a new password; null for an empty one, which removes the password.
 *
 * @throws {AuthError} 422 `same_password` when it is the present one.
 */
async function newPasswordHash(user: User, password: string): Promise<string | null> {
  if (password === '') return null;
  if (user.encrypted_password && (await passwordMatches(password, user.encrypted_password))) {
    throw unprocessable('same_password', 'New password should be different from the old password.');
  }
  return hashPassword(password);
}

/** Everything that can be refused before anything is written. */
async function checkUpdate({ database, settings }: Call, user: User, update: Update): Promise<void> {
  const phone = update.phone && validPhone(update.phone);
  if (typeof update.password === 'string') checkPasswordStrength(update.password, settings);
  if (update.app_metadata && user.role !== 'admin') {
    throw forbidden('not_admin', 'Updating app_metadata requires admin privileges');
  }
  if (update.email && update.email !== user.email) {
    throw unprocessable('email_provider_disabled', 'Email logins are disabled');
  }
  if (phone && phone !== user.phone && (await findUserByPhone(database, phone))) {
    throw unprocessable('phone_exists', 'A user with this phone number has already been registered');
  }
}

/** Stores a password (null for none), forgets every code that was sent under the old one, ends sessions. */
export async function storePassword(sql: Query, user: User, hash: string | null, keepSessionId?: string) {
  await sql`
    update auth.users set
      encrypted_password = ${hash},
      confirmation_token = '', confirmation_sent_at = null,
      recovery_token = '', recovery_sent_at = null,
      email_change_token_current = '', email_change_token_new = '', email_change_sent_at = null,
      phone_change_token = '', phone_change_sent_at = null,
      reauthentication_token = '', reauthentication_sent_at = null,
      updated_at = now()
    where id = ${user.id}`;
  await sql`delete from auth.one_time_tokens where user_id = ${user.id}`;
  await endSessions(sql, user, keepSessionId === undefined ? 'global' : 'others', keepSessionId);
}

/** `PUT /user`: changes the caller's own password and metadata. A new password ends their other sessions. */
export async function updateUser(call: Call): Promise<Response> {
  const who = await requireUser(call);
  const update = await readBody(call, updateBody);
  await checkUpdate(call, who.user, update);
  const { password } = update;
  const hash = typeof password === 'string' ? await newPasswordHash(who.user, password) : undefined;
  // A new phone is proven by a code of Auth, which nobody would receive.
  if (update.phone && validPhone(update.phone) !== who.user.phone) throw codeCannotBeSent();

  const answer = await transaction(call.database, 'Error updating user', async (sql) => {
    const user = await findUserById(sql, who.user.id, 'lock');
    if (!user) throw forbidden('user_not_found', 'User from sub claim in JWT does not exist');
    if (hash !== undefined) await storePassword(sql, user, hash, who.session?.id);
    if (update.data) {
      const data = json(sql, mergeMetadata(user.raw_user_meta_data, update.data));
      await sql`update auth.users set raw_user_meta_data = ${data}, updated_at = now() where id = ${user.id}`;
    }
    if (update.app_metadata) {
      const data = json(sql, mergeMetadata(user.raw_app_meta_data, update.app_metadata));
      await sql`update auth.users set raw_app_meta_data = ${data}, updated_at = now() where id = ${user.id}`;
    }
    const updated = await findUserById(sql, user.id);
    return updated && userJson(updated, await listIdentities(sql, user.id));
  });
  return Response.json(answer);
}

const scopes: Record<string, Scope> = { '': 'global', global: 'global', local: 'local', others: 'others' };

/** `POST /logout?scope=`: ends sessions of the caller. Access tokens that are out stay good elsewhere until they expire. */
export async function logout(call: Call): Promise<Response> {
  const { user, session } = await requireUser(call);
  const wanted = call.url.searchParams.get('scope') ?? '';
  const scope = scopes[wanted];
  if (!scope) throw badRequest('validation_failed', `Unsupported logout scope "${wanted}"`);
  await transaction(call.database, 'Error logging out user', (sql) =>
    endSessions(sql, user, scope, session?.id)
  );
  return new Response(null, { status: 204 });
}
