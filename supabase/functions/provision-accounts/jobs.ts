/** The account jobs in the database, behind their functions. */
import type { Database } from '../_shared/database.ts';

/** A job that this call may do now. */
export interface AccountJob {
  job_id: string;
  attempt: number;
  patient_id: string;
  /** +E.164 */
  phone: string;
  password_seed: string;
}

export interface JobQueue {
  claim(limit: number): Promise<AccountJob[]>;
  /**
   * Links the account and queues the welcome SMS, once however often it is called.
   * @param password null when the account is somebody's own and there is nothing to welcome
   */
  finish(job: AccountJob, userId: string, password: string | null): Promise<'welcomed' | 'already_done'>;
  /** Puts the job off. */
  retry(job: AccountJob, reason: string): Promise<void>;
}

export function jobQueue(database: Database): JobQueue {
  return {
    async claim(limit) {
      return await database<AccountJob[]>`
        select job_id, attempt, patient_id, phone, password_seed from private.claim_account_jobs(${limit})`;
    },
    async finish(job, userId, password) {
      const [row] = await database<{ result: 'welcomed' | 'already_done' }[]>`
        select private.finish_account_job(${job.job_id}, ${userId}, ${password}) as result`;
      return row?.result ?? 'already_done';
    },
    async retry(job, reason) {
      await database`select private.retry_account_job(${job.job_id}, ${job.attempt}, ${reason})`;
    }
  };
}
