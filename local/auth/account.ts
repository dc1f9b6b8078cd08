import { z } from 'zod';
import { requireUser, type SignedIn } from './authentication.ts';
import { limit, readBody, requestAudience, text, type Call } from './call.ts';
import { json, transaction, type Query } from './database.ts';
import { badRequest, forbidden, unprocessable } from './errors.ts';
import { listIdentities } from './identities.ts';
import { mergeMetadata, metadataSchema } from './metadata.ts';
import { checkPasswordStrength, hashPassword, passwordMatches } from './passwords.ts';
import { validPhone } from './phone.ts';
import { endSessions, type Scope } from './sessions.ts';
import { checkChannel, codeCannotBeSent } from './sms.ts';
import { findUserByPhone, findUserById, userJson, type User } from './users.ts';

const updateBody = z.object({
  email: text,
  phone: text,
  channel: text,
  password: z.string().nullish(),
  current_password: text,
  nonce: text,
  data: metadataSchema.nullish(),
  app_metadata: metadataSchema.nullish()
});
type Update = z.infer<typeof updateBody>;

const day = 86_400_000;

/** `GET /user`: the user who is calling. */
export async function getUser(call: Call): Promise<Response> {
  const { claims, user } = await requireUser(call);
  if (!claims.aud || requestAudience(call, claims) !== claims.aud) {
    throw badRequest('validation_failed', "Token audience doesn't match request audience");
  }
  return Response.json(userJson(user, await listIdentities(call.database, user.id)));
}

/** Refuses a change of the password, or returns the hash of the new one. Empty removes the password. */
async function newPasswordHash(
  { settings }: Call,
  { user, session }: SignedIn,
  password: string,
  { nonce, current_password: currentPassword }: Update
): Promise<string | null> {
  if (settings.securePasswordChange && (!session || session.created_at.getTime() + day < Date.now())) {
    if (!nonce) throw badRequest('reauthentication_needed', 'Password update requires reauthentication');
    // No nonce was ever sent: see codeCannotBeSent.
    throw unprocessable('reauthentication_not_valid', 'Nonce has expired or is invalid');
  }
  if (password === '') return null;
  if (user.encrypted_password && settings.requireCurrentPassword) {
    const message = 'Current password required when setting new password.';
    if (!currentPassword) throw badRequest('current_password_required', message);
    const correct = await passwordMatches(currentPassword, user.encrypted_password);
    if (!correct) throw badRequest('current_password_invalid', message);
  }
  if (user.encrypted_password && (await passwordMatches(password, user.encrypted_password))) {
    throw unprocessable('same_password', 'New password should be different from the old password.');
  }
  return hashPassword(password);
}

/** Everything that can be refused before anything is written. */
async function checkUpdate(call: Call, user: User, audience: string, update: Update): Promise<void> {
  const { database, settings } = call;
  const phone = update.phone && validPhone(update.phone);
  if (phone) checkChannel(update.channel);
  if (typeof update.password === 'string') checkPasswordStrength(update.password, settings);
  if (update.app_metadata && user.role !== 'admin') {
    throw forbidden('not_admin', 'Updating app_metadata requires admin privileges');
  }
  if (update.email && update.email !== user.email) {
    throw unprocessable('email_provider_disabled', 'Email logins are disabled');
  }
  if (phone && phone !== user.phone && (await findUserByPhone(database, phone, audience))) {
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
  limit(call, 'user');
  const update = await readBody(call, updateBody);
  await checkUpdate(call, who.user, requestAudience(call, who.claims), update);
  const { password } = update;
  const hash = typeof password === 'string' ? await newPasswordHash(call, who, password, update) : undefined;
  // A new phone is proven by a code of Auth, which nobody would receive.
  if (update.phone && validPhone(update.phone) !== who.user.phone) throw codeCannotBeSent('phone_change');

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
