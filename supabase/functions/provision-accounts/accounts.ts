/** Web accounts in Supabase Auth for patients who booked by phone. */
import { accountOfPhone } from '../_shared/account/accounts.ts';
import type { Auth } from '../_shared/account/auth.ts';
import type { Database } from '../_shared/database.ts';

/** Who has the account of a phone after `ensure`. */
export interface AccountOwner {
  userId: string;
  /** Whether this job made the account, now or in an earlier run; otherwise its owner registered meanwhile. */
  ours: boolean;
}

export interface Accounts {
  /**
   * Creates the account of a phone unless there is one. A password is set only at creation: the owner of an account
   * made in an earlier run may have chosen one since.
   * @throws when Auth cannot be reached or answers with anything unexpected
   */
  ensure(account: { phone: string; password: string; jobId: string }): Promise<AccountOwner>;
}

export function authAccounts(auth: Auth, database: Database): Accounts {
  return {
    async ensure({ phone, password, jobId }) {
      try {
        return {
          userId: await auth.createUser({ phone, password, madeBy: { account_job: jobId } }),
          ours: true
        };
      } catch (error) {
        // Auth says that a phone is taken only if it was before; who loses a race for it is told of an error. Look.
        const account = await accountOfPhone(database, phone);
        if (!account) throw error;
        return { userId: account.userId, ours: account.jobId === jobId };
      }
    }
  };
}
