-- How long what is kept: the table in docs/security.md, line by line. Called once an hour.

create function private.forget_old_sms(p_before timestamptz) returns void
language plpgsql
set search_path = ''
as $$
begin
  with gone as (
    delete from public.sms_messages m
    where m.created_at < p_before and m.status not in ('queued', 'sending')
    returning m.sent_at, m.template, m.parts
  )
  insert into public.sms_past as p (day, template, messages, parts)
  select (g.sent_at at time zone private.time_zone_of_costs())::date, g.template, count(*), sum(g.parts)
  from gone g where g.sent_at is not null group by 1, 2
  on conflict (day, template) do update
    set messages = p.messages + excluded.messages, parts = p.parts + excluded.parts;
end $$;
comment on function private.forget_old_sms(timestamptz) is
  'Deletes texts that were queued before an instant, but for what they cost.';

create function private.forget_old_runs(p_before timestamptz) returns void
language plpgsql
set search_path = ''
as $$
begin
  delete from cron.job_run_details d where coalesce(d.end_time, d.start_time) < p_before;
exception when insufficient_privilege then
  raise warning 'cron.job_run_details cannot be pruned as %: let a superuser do it.', current_user;
end $$;
comment on function private.forget_old_runs(timestamptz) is
  'Deletes the history of jobs that ended before an instant. Projects where that is not allowed keep it, with a warning.';

create function private.forget_what_is_old(p_now timestamptz default now()) returns void
language plpgsql
set search_path = ''
as $$
declare
  v_kept public.security_settings;
begin
  select * into v_kept from public.security_settings s;
  delete from private.phone_verifications v where v.expires_at < p_now - interval '1 day';
  delete from private.rate_limits r where r.window_start < p_now - interval '2 days';
  delete from private.wrong_codes w where w.hour < p_now - interval '2 days';
  delete from private.known_devices d where d.last_seen_at < p_now - interval '400 days';
  delete from private.account_permits p where p.expires_at < p_now;
  update private.patient_merges m set moved = '[]'
  where m.merged_at < p_now - interval '1 day' and m.moved <> '[]';
  delete from private.reassignments r where r.expires_at < p_now - interval '1 day';
  delete from private.last_marks m where m.marked_at < p_now - interval '1 day';
  delete from private.desk_sessions d where greatest(d.code_expires_at, d.expires_at) < p_now - interval '1 day';
  delete from private.account_jobs j where j.done_at < p_now - interval '30 days';
  delete from public.day_operations o where o.done_at < p_now - interval '30 days';
  perform private.forget_stale_registrations(p_now);
  perform private.forget_old_runs(p_now - interval '7 days');
  perform private.forget_old_sms(p_now - make_interval(days => v_kept.sms_days));
  delete from private.sms_spending s where s.hour < p_now - interval '30 days';
  delete from public.ivr_calls c where c.last_step_at < p_now - make_interval(days => v_kept.calls_days);
  delete from public.security_events e where e.hour < p_now - make_interval(days => v_kept.events_days);
  delete from private.call_proofs c where c.created_at < p_now - make_interval(days => v_kept.events_days);
  delete from private.alerts a where a.hour < p_now - make_interval(days => v_kept.events_days);
end $$;
comment on function private.forget_what_is_old(timestamptz) is
  'Deletes what has been kept for as long as docs/security.md says; days that an admin can change stand in security_settings.';

-- What the page of privacy tells everybody.
create function public.kept_days()
returns table (sms_days int, calls_days int, events_days int, session_idle_days int)
language sql stable security definer
set search_path = ''
as $$
  select s.sms_days, s.calls_days, s.events_days, s.session_idle_days from public.security_settings s
$$;
comment on function public.kept_days() is
  'For how many days texts, calls and security events are kept, and a session that is not used.';
grant execute on function public.kept_days() to anon, authenticated;
