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
  const userId = await openDoor(database, { phone, state, token });
  if (userId === null) return undefined;
  try {
    return await auth.signInWithToken(phone, token);
  } finally {
    await database`select private.close_door(${userId}, ${token})`;
  }
}

/**
 * Auth keeps one token for an account. Who proves another code of it at the same moment waits the moment that takes.
 * @returns null when the account is in another state
 * @throws Error when it took too long: the code is as good as before
 */
async function openDoor(
  database: Database,
  { phone, state, token }: { phone: string; state: string | null; token: string }
): Promise<string | null> {
  for (let tries = 0; tries < 100; tries++) {
    const [door] = await database<[{ user_id: string | null; opened: boolean }]>`
      select user_id, opened from private.open_door(${phone}, ${state}, ${token})`;
    if (door.opened || door.user_id === null) return door.user_id;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('Others were signing in to the account with codes all the time.');
}
