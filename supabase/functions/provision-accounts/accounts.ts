/** Web accounts in Supabase Auth, created through its admin API. */
import type { AdminClient } from '../_shared/account/auth.ts';
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

export function authAccounts(admin: AdminClient, database: Database): Accounts {
  return {
    async ensure({ phone, password, jobId }) {
      const { data, error } = await admin.auth.admin.createUser({
        phone,
        phone_confirm: true,
        password,
        app_metadata: { account_job: jobId }
      });
      if (!error) return { userId: data.user.id, ours: true };
      if (error.code !== 'phone_exists') throw error;
      const [user] = await database<{ id: string; job_id: string | null }[]>`
        select id, job_id from private.auth_user_by_phone(${phone})`;
      if (!user) {
        throw new Error(
          'Auth says this phone has an account, but there is none. It may have just been deleted.'
        );
      }
      return { userId: user.id, ours: user.job_id === jobId };
    }
  };
}
