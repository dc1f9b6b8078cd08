-- What makes the work after a commit happen: a call right away, and a sweep every minute for calls that got lost.
-- The vault holds where the functions are (functions_url) and what opens them (functions_secret).

create function private.call_function(p_name text) returns void
language plpgsql security definer
set search_path = ''
as $$
declare
  v_url text;
  v_secret text;
begin
  select max(s.decrypted_secret) filter (where s.name = 'functions_url'),
    max(s.decrypted_secret) filter (where s.name = 'functions_secret')
  into v_url, v_secret
  from vault.decrypted_secrets s
  where s.name in ('functions_url', 'functions_secret');
  if v_url is null or v_secret is null then
    return; -- Not set up yet. Rows wait; nothing is lost.
  end if;
  perform net.http_post(
    url := rtrim(v_url, '/') || '/' || p_name,
    headers := jsonb_build_object('Content-Type', 'application/json', 'Authorization', 'Bearer ' || v_secret),
    timeout_milliseconds := 60000
  );
exception when others then
  -- Only a hint that there is work: a wrong address must not undo a booking. The sweep comes back to it.
  raise warning 'Could not call the function %: %', p_name, sqlerrm;
end $$;
comment on function private.call_function(text) is
  'Calls one of our Edge Functions once the transaction has committed.';

-- A crowd of bookings needs one call, not one each: while a function is at work, or about to be, nobody calls it again.
create table private.function_runs (
  function text primary key,
  busy_until timestamptz not null default '-infinity'
);
alter table private.function_runs enable row level security;
comment on table private.function_runs is 'Which of the functions that work through a queue is at it.';
comment on column private.function_runs.function is 'Its name.';
comment on column private.function_runs.busy_until is
  'Until then it is at work, or was called a moment ago; a run that dies is not relied on for longer.';
insert into private.function_runs (function) values ('sms-dispatch'), ('provision-accounts');

create function private.mark_run(p_function text, p_busy_until timestamptz) returns void
language plpgsql security definer
set search_path = ''
as $$
begin
  -- Whoever has the row is marking it as well; nobody waits for a mark.
  update private.function_runs r set busy_until = p_busy_until
  where r.function in (
    select f.function from private.function_runs f where f.function = p_function for update skip locked
  );
end $$;
comment on function private.mark_run(text, timestamptz) is 'Notes until when a function can be relied on.';

create function private.wake(p_function text) returns void
language plpgsql security definer
set search_path = ''
as $$
begin
  -- A run that ends waits for all who hold this lock: what they have queued, relying on it, is still done.
  perform pg_advisory_xact_lock_shared(hashtextextended('run of ' || p_function, 0));
  if (select r.busy_until > clock_timestamp() from private.function_runs r where r.function = p_function) then
    return;
  end if;
  perform private.call_function(p_function);
  perform private.mark_run(p_function, clock_timestamp() + interval '5 seconds');
end $$;
comment on function private.wake(text) is
  'Calls a function that works through a queue once the transaction has committed, unless it is at work anyway.';

create function private.has_due(p_function text, p_now timestamptz default now()) returns boolean
language plpgsql stable
set search_path = ''
as $$
begin
  return case p_function
    when 'sms-dispatch' then exists (
      select from public.sms_messages m where m.status in ('queued', 'sending') and m.next_attempt_at <= p_now
    )
    else exists (select from private.account_jobs j where j.done_at is null and j.next_attempt_at <= p_now)
  end;
end $$;
comment on function private.has_due(text, timestamptz) is 'Whether there is work for a function.';

create function private.begin_run(p_function text) returns void
language plpgsql
set search_path = ''
as $$
begin
  perform private.mark_run(p_function, clock_timestamp() + interval '15 seconds');
end $$;
comment on function private.begin_run(text) is 'A function is at work, and says so again every few seconds.';

create function private.end_run(p_function text) returns boolean
language plpgsql
set search_path = ''
as $$
begin
  -- Asked for again and again, not waited for: behind somebody who waits everybody would wait. Whoever keeps a transaction
  -- open for a second is left to the sweep.
  for v_try in 1..20 loop
    exit when pg_try_advisory_xact_lock(hashtextextended('run of ' || p_function, 0));
    perform pg_sleep(0.05);
  end loop;
  perform private.mark_run(p_function, '-infinity');
  -- By the clock: what was left meanwhile is younger than this transaction.
  return private.has_due(p_function, clock_timestamp());
end $$;
comment on function private.end_run(text) is
  'A function has done all it found. From now on it is called again. True: those who relied on it have left more.';

create function private.tg_sms_messages__wake_dispatcher() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  perform private.wake('sms-dispatch');
  return null;
end $$;
comment on function private.tg_sms_messages__wake_dispatcher() is
  'Wakes the dispatcher for messages that are due: new ones, and those queued again or made due by hand.';
create trigger _900_wake_dispatcher after insert or update on public.sms_messages
  for each row when (new.status = 'queued' and new.next_attempt_at <= now())
  execute function private.tg_sms_messages__wake_dispatcher();

create function private.tg_sms_settings__wake_dispatcher() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  perform private.wake('sms-dispatch');
  return null;
end $$;
comment on function private.tg_sms_settings__wake_dispatcher() is 'Sending is on again: what waited goes at once.';
create trigger _900_wake_dispatcher after update on public.sms_settings
  for each row when (new.sending and not old.sending)
  execute function private.tg_sms_settings__wake_dispatcher();

create function private.tg_account_jobs__wake_provisioner() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  if exists (select from changed) then
    perform private.wake('provision-accounts');
  end if;
  return null;
end $$;
comment on function private.tg_account_jobs__wake_provisioner() is
  'Wakes the provisioner: once for all rows of a statement.';

create trigger _900_wake_provisioner after insert on private.account_jobs
  referencing new table as changed
  for each statement execute function private.tg_account_jobs__wake_provisioner();

-- Sweeps run only when there is something due, so that an idle project stays idle.
create function private.sweep(p_now timestamptz default now()) returns void
language plpgsql
set search_path = ''
as $$
begin
  perform private.expire_temporary_passwords(p_now);
  perform private.call_function(r.function) from private.function_runs r where private.has_due(r.function, p_now);
  update private.phone_verifications v set sealed_request = ''
  where v.expires_at <= p_now and v.sealed_request <> '';
end $$;
comment on function private.sweep(timestamptz) is
  'Picks up whatever is due: lost wake-ups, retries, dead workers, expired passwords and requests.';

select cron.schedule('medq-sweep', '* * * * *', 'select private.sweep()');
select cron.schedule('medq-reminders', '* * * * *', 'select private.queue_reminders()');
select cron.schedule('medq-forget', '17 * * * *', 'select private.forget_what_is_old()');
