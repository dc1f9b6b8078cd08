-- Jobs on a schedule, with the interface of the extension pg_cron; run by the scheduler in local/extensions/cron.ts.

create schema cron;

create table cron.job (
  jobid bigserial primary key,
  schedule text not null,
  command text not null,
  nodename text not null default 'localhost',
  nodeport integer not null default coalesce(inet_server_port(), 5432),
  database text not null default current_database(),
  username text not null default current_user,
  active boolean not null default true,
  jobname name,
  constraint jobname_username_uniq unique (jobname, username)
);
comment on table cron.job is 'The jobs: five-field schedules in GMT, or "N seconds". Changed by cron.schedule only.';

create table cron.job_run_details (
  jobid bigint,
  runid bigserial primary key,
  job_pid integer,
  database text,
  username text,
  command text,
  status text,
  return_message text,
  start_time timestamptz,
  end_time timestamptz
);
comment on table cron.job_run_details is 'One row a run; nobody prunes it by itself.';

create function cron._check_schedule(schedule text) returns void
language plpgsql immutable
set search_path = ''
as $$
begin
  if schedule ~* '^\s*([1-9]|[1-5][0-9])\s+seconds?\s*$'
    or schedule ~* '^\s*([0-9*,/$a-z-]+\s+){4}[0-9*,/$a-z-]+\s*$'
    or schedule ~* '^\s*@(yearly|annually|monthly|weekly|daily|midnight|hourly)\s*$'
  then
    return;
  end if;
  raise exception 'invalid schedule: %', schedule using
    errcode = 'invalid_parameter_value',
    hint = 'Use cron format (e.g. 5 4 * * *), or interval format ''[1-59] seconds''';
end
$$;

-- The job belongs to `username`; whoever calls this must be able to become that role.
create function cron._schedule(new_name text, new_schedule text, new_command text, new_username text) returns bigint
language plpgsql security definer
set search_path = ''
as $$
declare
  id bigint;
begin
  perform cron._check_schedule(new_schedule);
  if not pg_has_role(session_user, new_username, 'member') then
    raise insufficient_privilege using message = format('permission denied to run jobs as %s', new_username);
  end if;
  insert into cron.job as job (jobname, schedule, command, username)
  values (new_name, new_schedule, new_command, new_username)
  on conflict on constraint jobname_username_uniq
    do update set schedule = excluded.schedule, command = excluded.command
  returning job.jobid into id;
  return id;
end
$$;

create function cron.schedule(job_name text, schedule text, command text) returns bigint
language sql volatile
set search_path = ''
return cron._schedule(job_name, schedule, command, current_user);
comment on function cron.schedule(text, text, text) is
  'Schedules a command under a name; the same name of the same role is replaced.';

create function cron.schedule(schedule text, command text) returns bigint
language sql volatile
set search_path = ''
return cron._schedule(null, schedule, command, current_user);
comment on function cron.schedule(text, text) is 'Schedules a command without a name.';

create function cron._unschedule(job_id bigint, job_name text, job_username text) returns boolean
language plpgsql security definer
set search_path = ''
as $$
begin
  if not pg_has_role(session_user, job_username, 'member') then
    raise insufficient_privilege using message = format('permission denied for the jobs of %s', job_username);
  end if;
  delete from cron.job
  where username = job_username and (jobid = job_id or jobname = job_name);
  if not found then
    raise exception 'could not find valid entry for job ''%''', coalesce(job_name, job_id::text);
  end if;
  return true;
end
$$;

create function cron.unschedule(job_id bigint) returns boolean
language sql volatile
set search_path = ''
return cron._unschedule(job_id, null, current_user);
comment on function cron.unschedule(bigint) is 'Removes a job by its number.';

create function cron.unschedule(job_name text) returns boolean
language sql volatile
set search_path = ''
return cron._unschedule(null, job_name, current_user);
comment on function cron.unschedule(text) is 'Removes a job of the current role by its name.';

create function cron._wake() returns trigger
language plpgsql
set search_path = ''
as $$
begin
  notify cron_scheduler;
  return null;
end
$$;
create trigger wake_scheduler after insert or update or delete or truncate on cron.job
  for each statement execute function cron._wake();

grant usage on schema cron to postgres with grant option;
grant select on cron.job to postgres with grant option;
grant select, insert, update, delete on cron.job_run_details to postgres with grant option;
