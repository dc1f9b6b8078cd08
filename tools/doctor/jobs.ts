/** What runs by itself in the database: its extensions, and the jobs on a schedule. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Cron } from 'croner';
import type postgres from 'postgres';
import { type Check, type Problem, unless } from './check.ts';
import { compare } from './compare.ts';
import { expectedSections, someOf } from './expected.ts';

/** What the extensions of the platform are used by; the embedded stack has them without the extensions. */
const interfaces = {
  pg_net: 'net.http_post(text, jsonb, jsonb, jsonb, integer)',
  pg_cron: 'cron.schedule(text, text, text)',
  supabase_vault: 'vault.create_secret(text, text, text, uuid)'
};

const extensions: Check = {
  name: 'Extensions',
  needs: ['Database'],
  async run(examined) {
    const live = await examined.objects('Extensions');
    // A project has more of them than we need.
    const { missing } = compare(live, expectedSections().get('Extensions') ?? '');
    const rows = await examined.sql<{ name: string }[]>`
      select e.key as name from jsonb_each_text(${examined.sql.json(interfaces)}) e where to_regprocedure(e.value) is null`;
    const lacking = [
      ...missing.map((name) => name.replace('extension ', '')),
      ...rows.map(({ name }) => name)
    ];
    const problems: Problem[] =
      lacking.length === 0
        ? []
        : [
            {
              sentence: `Extensions are missing: ${someOf(lacking)}.`,
              cause: 'They were switched off in the dashboard: what is built on them fails.',
              mend: 'Switch them on under Database, Extensions.'
            }
          ];
    return unless(problems, 'all are there');
  }
};

interface Job {
  name: string;
  schedule: string;
  command: string;
}

function expectedJobs(): Job[] {
  const text = expectedSections().get('Jobs') ?? '';
  return [...text.matchAll(/^select cron\.schedule\('(.+?)', '(.+?)', '(.+?)'\);$/gm)].map(
    ([, name = '', schedule = '', command = '']) => ({ name, schedule, command })
  );
}

interface LiveJob extends Job {
  active: boolean;
  /** Of its last run; null when none is on record. */
  began_seconds_ago: number | null;
  status: string | null;
  message: string | null;
  /** Since the server was started. */
  up_seconds: number;
}

const liveJobs = (sql: postgres.Sql) => sql<LiveJob[]>`
  select j.jobname as name, j.schedule, j.command, j.active, r.status, r.return_message as message,
    extract(epoch from now() - r.start_time)::float as began_seconds_ago,
    extract(epoch from now() - pg_postmaster_start_time())::float as up_seconds
  from cron.job j
  left join lateral (
    select d.status, d.return_message, d.start_time from cron.job_run_details d
    where d.jobid = j.jobid and d.start_time is not null order by d.start_time desc limit 1
  ) r on true
  where j.jobname is not null`;

/** Seconds between two runs. */
function periodOf(schedule: string): number {
  const [first, second] = new Cron(schedule, { timezone: 'UTC', mode: '5-part' }).nextRuns(2);
  return first && second ? (second.getTime() - first.getTime()) / 1000 : Infinity;
}

/** How long a job may be overdue: twice its period, and a minute for a busy server. */
const patienceOf = (schedule: string) => 2 * periodOf(schedule) + 60;

const hasNeverRun = 'has never run';
const firstMinuteMs = 70_000;

const mendOfCron =
  'Restart the database under Settings, General, and look into the logs of Postgres for pg_cron. Until then SMS wait.';

export function jobProblem(job: Job, live: LiveJob | undefined): Problem | undefined {
  const restore = `In the SQL editor: select cron.schedule('${job.name}', '${job.schedule}', '${job.command}');`;
  if (!live) {
    return {
      sentence: `The job ${job.name} is missing.`,
      cause: 'It was unscheduled by hand.',
      mend: restore
    };
  }
  if (!live.active || live.schedule !== job.schedule || live.command !== job.command) {
    const what = live.active ? 'differs from the one of the migrations' : 'is switched off';
    return { sentence: `The job ${job.name} ${what}.`, cause: 'It was changed by hand.', mend: restore };
  }
  if (live.status === 'failed') {
    return {
      sentence: `The last run of the job ${job.name} failed: ${live.message?.split('\n')[0]}`,
      cause: 'The database refused it; the message says why.',
      mend: `Run it in the SQL editor to see all of it: ${job.command}; what only a restart of the server broke off is well after the next run.`
    };
  }
  const patience = patienceOf(job.schedule);
  // When it was made is not kept: a rare one may be younger than its period.
  const isLate =
    live.began_seconds_ago === null
      ? periodOf(job.schedule) <= 60 && live.up_seconds > patience
      : live.began_seconds_ago > patience && live.up_seconds > patience;
  if (!isLate) return undefined;
  const since =
    live.began_seconds_ago === null
      ? hasNeverRun
      : `has not run for ${Math.round(live.began_seconds_ago / 60)} minutes`;
  return { sentence: `The job ${job.name} ${since}.`, cause: 'pg_cron does not work.', mend: mendOfCron };
}

const jobs: Check = {
  name: 'Jobs',
  needs: ['Database'],
  async run({ sql }) {
    const [{ exists }] = await sql<
      [{ exists: boolean }]
    >`select to_regclass('cron.job') is not null as exists`;
    if (!exists) return unless([], 'see Extensions');
    const look = async () => {
      const live = await liveJobs(sql);
      return expectedJobs().flatMap(
        (job) =>
          jobProblem(
            job,
            live.find(({ name }) => name === job.name)
          ) ?? []
      );
    };
    let problems = await look();
    // Right after a deployment the first minute is still to come.
    const deadline = Date.now() + firstMinuteMs;
    while (Date.now() < deadline && problems.some(({ sentence }) => sentence.includes(hasNeverRun))) {
      await sleep(1000);
      problems = await look();
    }
    return unless(problems, `${expectedJobs().length} are scheduled and run`);
  }
};

export const jobChecks = [extensions, jobs];
