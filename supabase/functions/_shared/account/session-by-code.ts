/** A session for whoever has proven the phone of an account with a code, without its password, which stays as it is. */
import type { Auth, Session } from './auth.ts';
import type { Database } from '../database.ts';

/**
 * @param phone +E.164, just proven
 * @param state of the account when the code was asked for (accountOnDevice)
 * @returns undefined when there is no such account, not any more, or it is banned
 */
export async function openSession(
  { database, auth }: { database: Database; auth: Auth },
  { phone, state }: { phone: string; state: string | null }
): Promise<Session | undefined> {
  // Of 244 random bits: Auth asks nobody for a captcha who hands one in.
  const token = crypto.randomUUID() + crypto.randomUUID();
  const [row] = await database<[{ user_id: string | null }]>`
    select private.open_door(${phone}, ${state}, ${token}) as user_id`;
  if (row.user_id === null) return undefined;
  try {
    return await auth.signInWithToken(phone, token);
  } finally {
    await database`select private.close_door(${row.user_id}, ${token})`;
  }
}
