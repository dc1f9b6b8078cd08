/** Leave to change an account. Without it the database refuses what Auth writes, whoever asked for it. */
import { accountState } from './accounts.ts';
import type { Database } from '../database.ts';

/** Another password, or another phone (+E.164). */
export type Change = { what: 'password' } | { what: 'phone'; phone: string };

/** An account, in the state (accountState) in which its owner was known. */
export interface KnownAccount {
  userId: string;
  state: string;
}

/**
 * Does `work`, which has Auth make one change of an account. Call it for nobody but an owner who has just given the
 * password or a code. Whatever comes of it, nobody can use the permit afterwards.
 * @returns false when the account is in another state by now: somebody else was faster, or `work` was done and Auth's
 * answer is lost
 */
export async function permitted(
  database: Database,
  { userId, state }: KnownAccount,
  change: Change,
  work: () => Promise<void>
): Promise<boolean> {
  const phone = change.what === 'phone' ? change.phone : null;
  const [{ permit }] = await database<[{ permit: string | null }]>`
    select private.permit_change(${userId}, ${change.what}, ${phone}, p_state => ${state}) as permit`;
  if (permit === null) return false;
  try {
    await work();
    return true;
  } catch (error) {
    // The database refuses a permit from before, and Auth does not say so.
    if ((await accountState(database, userId)) === state) throw error;
    return false;
  } finally {
    await database`select private.withdraw_permit(${permit})`;
  }
}
