import { expect, test } from 'vitest';
import { createLog } from '../../supabase/functions/_shared/log.ts';
import type { Accounts } from '../../supabase/functions/provision-accounts/accounts.ts';
import type { AccountJob, JobQueue } from '../../supabase/functions/provision-accounts/jobs.ts';
import { temporaryPassword } from '../../supabase/functions/provision-accounts/password.ts';
import { provision } from '../../supabase/functions/provision-accounts/provision.ts';

const secret = 'a secret of the functions, 32 characters or more';
const job: AccountJob = {
  job_id: 'b1946ac9-2492-4d23-8e6c-0123456789ab',
  attempt: 3,
  patient_id: 'c1946ac9-2492-4d23-8e6c-0123456789ab',
  phone: '+919876543210',
  password_seed: 'seed'
};

/** Runs one job against an Auth that behaves as told, and returns what was recorded of it. */
async function run(ensure: Accounts['ensure'], failing: Partial<JobQueue> = {}) {
  const waiting = [job];
  const recorded: unknown[][] = [];
  const lines: string[] = [];
  const jobs: JobQueue = {
    claim: async (limit) => waiting.splice(0, limit),
    finish: async ({ job_id }, ...rest) => {
      recorded.push(['finish', job_id, ...rest]);
      return 'welcomed';
    },
    retry: async ({ job_id, attempt }, reason) => {
      recorded.push(['retry', job_id, attempt, reason]);
    },
    ...failing
  };
  const log = createLog({ function: 'provision-accounts', request_id: 'test' }, (_, line) =>
    lines.push(line)
  );
  const summary = await provision({
    jobs,
    accounts: { ensure },
    secret,
    concurrency: 4,
    budget: 60_000,
    log
  });
  return { summary, recorded, lines };
}

test('an account that is ours is welcomed with the password of the job', async () => {
  const { summary, recorded } = await run(async () => ({ userId: 'u-1', ours: true }));
  expect(summary).toEqual({ done: 1, failed: 0 });
  expect(recorded).toEqual([
    ['finish', job.job_id, 'u-1', await temporaryPassword(secret, job.job_id, job.password_seed)]
  ]);
});

test('an account that somebody else made is left alone', async () => {
  const { recorded } = await run(async () => ({ userId: 'u-1', ours: false }));
  expect(recorded).toEqual([['finish', job.job_id, 'u-1', null]]);
});

test('a failure puts the job off, and neither the reason nor the log holds phone or password', async () => {
  const password = await temporaryPassword(secret, job.job_id, job.password_seed);
  const { summary, recorded, lines } = await run(async ({ phone }) => {
    throw new Error(`Auth is down for ${phone}`);
  });
  expect(summary).toEqual({ done: 0, failed: 1 });
  expect(recorded).toEqual([['retry', job.job_id, 3, 'Auth is down for +91********10']]);
  expect(lines).toHaveLength(1);
  expect(lines.join()).not.toMatch(new RegExp(`9876543210|${password}`));
});

test('when the database is gone too, the job is left to its lease', async () => {
  const gone = async () => {
    throw new Error('connection lost');
  };
  const { summary, lines } = await run(async () => ({ userId: 'u-1', ours: true }), {
    finish: gone,
    retry: gone
  });
  expect(summary).toEqual({ done: 0, failed: 1 });
  expect(lines).toHaveLength(2);
});
