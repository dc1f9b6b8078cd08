// Jobs on a schedule, with the SQL interface of pg_cron.
import { afterAll, expect, test } from 'vitest';
import { eventually } from '../../tests/helpers/eventually.ts';
import { closeDatabases, databaseAsAdmin, databaseAsPostgres } from '../../tests/helpers/stack.ts';

const sql = databaseAsPostgres();
const admin = databaseAsAdmin();

afterAll(async () => {
  await admin`delete from cron.job where jobname like 'test %' or command like '%cron test%'`;
  await closeDatabases();
});

const newName = () => `test ${crypto.randomUUID()}`;

async function schedule(name: string, when: string, command: string): Promise<string> {
  const [row] = await sql<{ id: string }[]>`select cron.schedule(${name}, ${when}, ${command}) as id`;
  return row?.id ?? '';
}

async function finishedRun(id: string) {
  return eventually(async () => {
    const [row] = await sql`
      select * from cron.job_run_details where jobid = ${id} and end_time is not null order by runid limit 1`;
    return row;
  });
}

test('a job runs as the role that scheduled it, and its runs are recorded', async () => {
  const name = newName();
  const id = await schedule(
    name,
    '1 second',
    "create table if not exists public.cron_ran as select current_user as who, current_setting('search_path') as path"
  );
  try {
    expect(await finishedRun(id)).toMatchObject({
      status: 'succeeded',
      username: 'postgres',
      database: 'postgres'
    });
    expect(await sql`select * from public.cron_ran`).toEqual([
      { who: 'postgres', path: '"$user", public, extensions' }
    ]);
  } finally {
    await sql`select cron.unschedule(${name})`;
    await sql`drop table if exists public.cron_ran`;
  }
});

test('a failing job says why, and its next run comes all the same', async () => {
  const name = newName();
  const id = await schedule(name, '1 second', 'select 1 / 0');
  expect(await finishedRun(id)).toMatchObject({
    status: 'failed',
    return_message: 'ERROR:  division by zero'
  });
  await eventually(async () => {
    const rows = await sql`select from cron.job_run_details where jobid = ${id} and status = 'failed'`;
    return rows.length >= 2 ? true : undefined;
  });
  await sql`select cron.unschedule(${name})`;
});

test('the same name replaces the job, whose number stays', async () => {
  const name = newName();
  const first = await schedule(name, '0 0 1 1 *', 'select 1');
  const second = await schedule(name, '5 4 * * 0', 'select 2');
  expect(second).toBe(first);
  expect(await sql`select schedule, command from cron.job where jobname = ${name}`).toEqual([
    { schedule: '5 4 * * 0', command: 'select 2' }
  ]);
  expect(await sql`select cron.unschedule(${name}) as gone`).toEqual([{ gone: true }]);
  expect(await sql`select from cron.job where jobname = ${name}`).toHaveLength(0);
});

test('a job without a name is removed by its number', async () => {
  const [row] = await sql<{ id: string }[]>`select cron.schedule('0 0 1 1 *', 'select 3 -- cron test') as id`;
  expect(await sql`select cron.unschedule(${row?.id ?? ''}::bigint) as gone`).toEqual([{ gone: true }]);
});

test('removing what is not there is an error', async () => {
  await expect(sql`select cron.unschedule(${newName()})`).rejects.toThrow(
    'could not find valid entry for job'
  );
});

test.each(['', '* * * *', '61 seconds', 'every day', '* * * * * *', '0 seconds'])(
  'the schedule "%s" is refused',
  async (when) => {
    await expect(schedule(newName(), when, 'select 1')).rejects.toThrow('invalid schedule');
  }
);

test.each(['* * * * *', '*/5 0-6 1,15 * mon-fri', '30 seconds', '@daily', '0 0 $ * *'])(
  'the schedule "%s" is accepted',
  async (when) => {
    const name = newName();
    await schedule(name, when, 'select 1');
    await sql`select cron.unschedule(${name})`;
  }
);

test('a job that takes longer than its interval never runs twice at a time', async () => {
  const name = newName();
  await sql`create table public.cron_overlap (started timestamptz, ended timestamptz)`;
  try {
    const command = `insert into public.cron_overlap values (clock_timestamp(), null);
      select pg_sleep(1.6);
      update public.cron_overlap set ended = clock_timestamp() where ended is null`;
    const id = await schedule(name, '1 second', command);
    await eventually(async () => {
      const rows = await sql`select from cron.job_run_details where jobid = ${id} and status = 'succeeded'`;
      return rows.length >= 2 ? true : undefined;
    });
    const overlaps = await sql`
      select from cron.job_run_details a join cron.job_run_details b
        on a.jobid = b.jobid and a.runid < b.runid and b.start_time < a.end_time
      where a.jobid = ${id}`;
    expect(overlaps).toHaveLength(0);
  } finally {
    await sql`select cron.unschedule(${name})`;
    await eventually(async () => {
      const busy =
        await admin`select from pg_stat_activity where query like '%cron_overlap%' and application_name = 'pg_cron'`;
      return busy.length === 0 ? true : undefined;
    });
    await sql`drop table public.cron_overlap`;
  }
});

test('a job of another role runs with the rights of that role', async () => {
  const name = newName();
  const id = await sql.begin(async (transaction) => {
    await transaction`grant usage on schema cron to service_role`;
    await transaction`set local role service_role`;
    const [row] = await transaction<{ id: string }[]>`
      select cron.schedule(${name}, '1 second', 'select current_user::text || 1 / (current_user = ''service_role'')::int')
        as id`;
    return row?.id ?? '';
  });
  try {
    expect(await finishedRun(id)).toMatchObject({ status: 'succeeded', username: 'service_role' });
  } finally {
    await sql.begin(async (transaction) => {
      await transaction`set local role service_role`;
      await transaction`select cron.unschedule(${name})`;
    });
    await sql`revoke usage on schema cron from service_role`;
  }
});

test('a scheduler whose connections are cut goes on', async () => {
  await admin`
    select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'pg_cron scheduler'`;
  const name = newName();
  const id = await schedule(name, '1 second', 'select 1');
  expect(await finishedRun(id)).toMatchObject({ status: 'succeeded' });
  await sql`select cron.unschedule(${name})`;
});
