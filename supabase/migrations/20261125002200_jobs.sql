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

create function private.wake_dispatcher() returns void
language plpgsql security definer
set search_path = ''
as $$
begin
  if coalesce(current_setting('medq.dispatcher_woken', true), '') = '' then
    perform set_config('medq.dispatcher_woken', 'yes', true);
    perform private.call_function('sms-dispatch');
  end if;
end $$;
comment on function private.wake_dispatcher() is
  'Calls sms-dispatch once the transaction has committed; once a transaction.';

create function private.tg_sms_messages__wake_dispatcher() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  perform private.wake_dispatcher();
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
  perform private.wake_dispatcher();
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
    perform private.call_function('provision-accounts');
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
  if exists (
    select from public.sms_messages m where m.status in ('queued', 'sending') and m.next_attempt_at <= p_now
  ) then
    perform private.call_function('sms-dispatch');
  end if;
  if exists (select from private.account_jobs j where j.done_at is null and j.next_attempt_at <= p_now) then
    perform private.call_function('provision-accounts');
  end if;
  update private.phone_verifications v set sealed_request = ''
  where v.expires_at <= p_now and v.sealed_request <> '';
end $$;
comment on function private.sweep(timestamptz) is
  'Picks up whatever is due: lost wake-ups, retries, dead workers, expired passwords and requests.';

select cron.schedule('medq-sweep', '* * * * *', 'select private.sweep()');
select cron.schedule('medq-reminders', '* * * * *', 'select private.queue_reminders()');
select cron.schedule('medq-forget', '17 * * * *', 'select private.forget_what_is_old()');
