import type { Query } from './database.ts';

/** Marks the phone of a user as theirs and forgets the codes that were sent. */
export async function confirmPhone(sql: Query, id: string): Promise<void> {
  await sql`
    update auth.users set confirmation_token = '', phone_confirmed_at = now(), updated_at = now() where id = ${id}`;
  await sql`delete from auth.one_time_tokens where user_id = ${id}`;
}
