import { createHash } from 'node:crypto';
import type { Query } from './database.ts';
import { listIdentities } from './identities.ts';
import { endSessions } from './sessions.ts';
import { findUserById, type User } from './users.ts';

/** A value nobody can turn back, different for every user, so that unique columns stay unique. */
function obscured(userId: string, value: string): string {
  return createHash('sha256').update(`${userId}${value}`).digest('base64url');
}

/** Empties a user without deleting the row: no phone, no password, no metadata, no sessions. Once is enough. */
export async function softDelete(sql: Query, { id }: User): Promise<void> {
  const user = await findUserById(sql, id, 'lock');
  if (!user || user.deleted_at) return;
  await sql`
    update auth.users set
      email = ${obscured(id, user.email ?? '')},
      phone = ${obscured(id, user.phone ?? '').slice(0, 15)},
      email_change = ${obscured(id, user.email_change)},
      phone_change = ${obscured(id, user.phone_change).slice(0, 15)},
      encrypted_password = null,
      confirmation_token = '', recovery_token = '', phone_change_token = '',
      email_change_token_current = '', email_change_token_new = '',
      deleted_at = now(), updated_at = now()
    where id = ${id}`;
  await sql`delete from auth.one_time_tokens where user_id = ${id}`;
  await sql`update auth.users set raw_user_meta_data = '{}', updated_at = now() where id = ${id}`;
  await sql`update auth.users set raw_app_meta_data = '{}', updated_at = now() where id = ${id}`;
  await endSessions(sql, user, 'global', undefined);
  for (const { id: identityId, provider, provider_id: providerId } of await listIdentities(sql, id)) {
    await sql`
      update auth.identities
      set identity_data = '{}', provider_id = ${obscured(id, `${provider}:${providerId}`)}
      where id = ${identityId}`;
  }
}
