import { Cron } from 'croner';
import postgres from 'postgres';
import { logWithBackOff } from '../output.ts';
import { keepListening } from '../postgres/listen.ts';

interface Job {
  jobid: string;
  schedule: string;
  command: string;
  database: string;
  username: string;
  active: boolean;
}

/** The scheduler behind the SQL interface of pg_cron. */
export interface Scheduler {
  /** Starts no more runs; runs on their way are broken off. */
  close(): Promise<void>;
}

const retryAfterMs = 500;

/** Milliseconds between runs of an "N seconds" schedule; undefined for the other kind. */
function intervalOf(schedule: string): number | undefined {
  const [, seconds] = /^\s*(\d+)\s+seconds?\s*$/i.exec(schedule) ?? [];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}

/** Calls `run` whenever the schedule (validated by cron.schedule) says so, in GMT. */
function startTimer(schedule: string, run: () => void): { stop(): void } {
  const interval = intervalOf(schedule);
  if (interval !== undefined) {
    const timer = setInterval(run, interval);
    return { stop: () => clearInterval(timer) };
  }
  // `$` is the last day of the month.
  return new Cron(schedule.trim().replace('$', 'L'), { timezone: 'UTC', mode: '5-part' }, run);
}

/**
 * Runs the jobs of cron.job, each with the rights of the role that scheduled it, and keeps the history in
 * cron.job_run_details. One job never runs twice at a time: a run that is due meanwhile follows right after.
 *
 * @param urls how to log in: as the superuser (bookkeeping) and as `postgres` (the jobs)
 */
export async function startScheduler(
  urls: { admin: string; postgres: string },
  log: (line: string) => void
): Promise<Scheduler> {
  const admin = postgres(urls.admin, {
    max: 3,
    // What the driver itself asks would fail unseen when it is closed while it connects.
    fetch_types: false,
    onnotice: () => undefined,
    connection: { application_name: 'pg_cron scheduler' }
  });
  const timers = new Map<string, { job: Job; timer: { stop(): void } }>();
  const active = new Set<string>();
  const due = new Set<string>();
  const connections = new Set<postgres.Sql>();
  const logLoss = logWithBackOff(log);
  let closed = false;

  /** Runs the command on a connection of its own, so that it gets the settings of its role and leaves none behind. */
  async function execute(job: Job): Promise<string> {
    const sql = postgres(urls.postgres, {
      max: 1,
      fetch_types: false,
      onnotice: () => undefined,
      connection: { application_name: 'pg_cron' }
    });
    connections.add(sql);
    try {
      if (job.username !== 'postgres') await sql`set role ${sql(job.username)}`;
      const result = await sql.unsafe(job.command);
      // Several statements answer with a list of results.
      const last = (Array.isArray(result[0]) ? result.at(-1) : result) as Partial<typeof result>;
      return `${last.command ?? ''} ${last.count ?? ''}`.trim();
    } finally {
      connections.delete(sql);
      await sql.end({ timeout: 0 });
    }
  }

  async function runOnce(job: Job): Promise<void> {
    const [details] = await admin<{ runid: string }[]>`
      insert into cron.job_run_details (jobid, database, username, command, status, start_time)
      values (${job.jobid}, ${job.database}, ${job.username}, ${job.command}, 'running', clock_timestamp())
      returning runid`;
    const outcome = await execute(job).then(
      (message) => ({ status: 'succeeded', message }),
      (error: Error) => ({ status: 'failed', message: `ERROR:  ${error.message}` })
    );
    if (closed) return;
    if (outcome.status === 'failed') log(`cron: job ${job.jobid} failed: ${outcome.message}`);
    await admin`
      update cron.job_run_details
      set status = ${outcome.status}, return_message = ${outcome.message}, end_time = clock_timestamp()
      where runid = ${details?.runid ?? null}`;
  }

  async function run(job: Job): Promise<void> {
    due.add(job.jobid);
    if (active.has(job.jobid)) return;
    active.add(job.jobid);
    try {
      while (due.delete(job.jobid) && !closed) await runOnce(job);
    } catch (error) {
      // The database is being restarted: the next run is due soon.
      if (!closed) logLoss(`cron: job ${job.jobid} did not run: ${(error as Error).message}`);
    } finally {
      active.delete(job.jobid);
    }
  }

  /** Brings the timers in line with cron.job. */
  async function reload(): Promise<void> {
    const jobs = await admin<Job[]>`select * from cron.job where active`;
    if (closed) return;
    const wanted = new Map(jobs.map((job) => [job.jobid, job]));
    for (const [id, { job, timer }] of timers) {
      const same = wanted.get(id);
      if (same && same.schedule === job.schedule && same.command === job.command) continue;
      timer.stop();
      timers.delete(id);
      due.delete(id);
    }
    for (const [id, job] of wanted) {
      if (timers.has(id)) continue;
      try {
        timers.set(id, { job, timer: startTimer(job.schedule, () => void run(job)) });
      } catch (error) {
        log(`cron: job ${id} has a schedule that cannot be read: ${(error as Error).message}`);
      }
    }
  }

  function reloadSoon(): void {
    reload().catch((error: Error) => {
      if (closed) return;
      logLoss(`cron: the jobs cannot be read: ${error.message}`);
      setTimeout(reloadSoon, retryAfterMs).unref();
    });
  }

  await admin`
    update cron.job_run_details
    set status = 'failed', return_message = 'server restarted', end_time = clock_timestamp()
    where status in ('starting', 'running')`;
  const listener = await keepListening(urls.admin, 'cron_scheduler', reloadSoon);

  return {
    async close() {
      closed = true;
      for (const { timer } of timers.values()) timer.stop();
      await listener.close();
      await Promise.all([admin, ...connections].map((sql) => sql.end({ timeout: 0 })));
    }
  };
}
