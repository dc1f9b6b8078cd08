/**
 * Gives phones that booked by call a web account. A job may be done twice, at the same time or after a crash anywhere:
 * Auth keeps one account a phone, the password is derived from the job, and the welcome SMS is queued in the very
 * transaction that marks the job done.
 */
import { drain } from '../_shared/queue/drain.ts';
import { describeError, type Log } from '../_shared/log.ts';
import { maskPhonesIn } from '../_shared/phone.ts';
import type { Accounts } from './accounts.ts';
import type { AccountJob, JobQueue } from './jobs.ts';
import { temporaryPassword } from './password.ts';

export interface ProvisionOptions {
  jobs: JobQueue;
  accounts: Accounts;
  /** FUNCTIONS_SECRET, from which passwords are derived. */
  secret: string;
  concurrency: number;
  /** Milliseconds after which no further job is begun. */
  budget: number;
  log: Log;
}

/** @throws when the database cannot be asked what is due */
export async function provision(options: ProvisionOptions): Promise<{ done: number; failed: number }> {
  const { jobs, concurrency, budget, log } = options;
  const summary = { done: 0, failed: 0 };
  await drain({
    concurrency,
    budget,
    claim: (limit) => jobs.claim(limit),
    work: async (job) => {
      const fields = { job_id: job.job_id, attempt: job.attempt };
      try {
        log.info('account_job_done', { ...fields, result: await finish(job, options) });
        summary.done += 1;
      } catch (error) {
        summary.failed += 1;
        log.error('account_job_failed', { ...fields, error: describeError(error) });
        await putOff(job, error, options);
      }
    }
  });
  return summary;
}

async function finish(job: AccountJob, { jobs, accounts, secret }: ProvisionOptions): Promise<string> {
  const password = await temporaryPassword(secret, job.job_id, job.password_seed);
  const { userId, ours } = await accounts.ensure({ phone: job.phone, password, jobId: job.job_id });
  return await jobs.finish(job, userId, ours ? password : null);
}

async function putOff(job: AccountJob, error: unknown, { jobs, log }: ProvisionOptions): Promise<void> {
  try {
    await jobs.retry(job, maskPhonesIn(error instanceof Error ? error.message : String(error)));
  } catch (second) {
    // Its lease runs out instead.
    log.error('account_job_not_put_off', { job_id: job.job_id, error: describeError(second) });
  }
}
