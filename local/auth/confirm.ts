import { json, type Query } from './database.ts';
import { mergeMetadata } from './metadata.ts';
import { findUserById } from './users.ts';

/** Marks the phone of a user as theirs and forgets the codes that were sent. */
export async function confirmPhone(sql: Query, id: string): Promise<void> {
  await sql`
    update auth.users set confirmation_token = '', phone_confirmed_at = now(), updated_at = now() where id = ${id}`;
  await sql`delete from auth.one_time_tokens where user_id = ${id}`;
}

/** Marks the email of a user as theirs, also in their metadata. */
export async function confirmEmail(sql: Query, id: string): Promise<void> {
  await sql`
    update auth.users set confirmation_token = '', email_confirmed_at = now(), updated_at = now() where id = ${id}`;
  const user = await findUserById(sql, id);
  const data = json(sql, mergeMetadata(user?.raw_user_meta_data ?? null, { email_verified: true }));
  await sql`update auth.users set raw_user_meta_data = ${data}, updated_at = now() where id = ${id}`;
  await sql`delete from auth.one_time_tokens where user_id = ${id}`;
}
