import type { z } from 'zod';
import { storePassword } from './account.ts';
import { adminUserBody, userOfPath } from './admin.ts';
import { requireAdmin } from './authentication.ts';
import { readBody, type Call } from './call.ts';
import { confirmPhone } from './confirm.ts';
import { json, transaction, type Query } from './database.ts';
import { notFound } from './errors.ts';
import { listIdentities, savePhoneOfIdentity, type Identity } from './identities.ts';
import { mergeMetadata } from './metadata.ts';
import { checkPasswordStrength, hashPassword } from './passwords.ts';
import { validPhone } from './phone.ts';
import { findUserById, userJson, type User } from './users.ts';

interface Changes extends Omit<z.infer<typeof adminUserBody>, 'id' | 'password'> {
  /** Undefined: stays. */
  hash: string | undefined;
}

/** Writes what an admin said about a user, in the order in which Auth does. */
async function applyChanges(sql: Query, user: User, changes: Changes): Promise<void> {
  const { id } = user;
  if (changes.phone_confirm) await confirmPhone(sql, id);
  if (changes.hash !== undefined) await storePassword(sql, user, changes.hash);
  if (changes.phone) {
    await savePhoneOfIdentity(sql, id, changes.phone, changes.phone_confirm);
    await sql`update auth.users set phone = ${changes.phone}, updated_at = now() where id = ${id}`;
  }
  if (changes.app_metadata) {
    const data = json(sql, mergeMetadata(user.raw_app_meta_data, changes.app_metadata));
    await sql`update auth.users set raw_app_meta_data = ${data}, updated_at = now() where id = ${id}`;
  }
  if (changes.user_metadata) {
    const data = json(sql, mergeMetadata(user.raw_user_meta_data, changes.user_metadata));
    await sql`update auth.users set raw_user_meta_data = ${data}, updated_at = now() where id = ${id}`;
  }
}

/**
 * `PUT /admin/users/{id}`. A new password ends all sessions; a new phone counts at once and stays as confirmed as it was.
 * The answer still shows the identities that were read before the change: a new phone is in them from the next request on.
 */
export async function adminUpdateUser(call: Call): Promise<Response> {
  await requireAdmin(call);
  const { id } = await userOfPath(call);
  const { password, ...body } = await readBody(call, adminUserBody);
  const phone = body.phone && validPhone(body.phone);
  if (typeof password === 'string') checkPasswordStrength(password, call.settings);
  const hash = password ? await hashPassword(password) : undefined;
  const answer = await transaction(call.database, 'Error updating user', async (sql) => {
    const user = await findUserById(sql, id, 'lock');
    if (!user) throw notFound('user_not_found', 'User not found');
    const before = await listIdentities(sql, id);
    await applyChanges(sql, user, { ...body, phone, hash });
    const updated = await findUserById(sql, id);
    const isNew = (identity: Identity) => !before.some((known) => known.id === identity.id);
    const added = (await listIdentities(sql, id)).filter(isNew);
    return updated && userJson(updated, [...before, ...added]);
  });
  return Response.json(answer);
}
