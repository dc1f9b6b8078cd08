-- How queued SMS are sent: workers claim due rows for a minute and say what came of each. An admin can stop all sending,
-- and nobody gets more than so many a day.

create table public.sms_settings (
  id boolean primary key default true check (id),
  sending boolean not null default true,
  daily_cap int default 20 check (daily_cap > 0),
  parts_per_hour int default 3000 check (parts_per_hour > 0),
  parts_per_day int default 15000 check (parts_per_day > 0),
  budget_alert_percent int not null default 80 check (budget_alert_percent between 1 and 100),
  part_price numeric check (part_price >= 0),
  currency text not null default 'INR' check (currency ~ '^[A-Z]{3}$'),
  site_url text check (site_url ~ '^https?://[^/\s]+(/\S*[^/\s])?$'),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
comment on table public.sms_settings is 'One row that governs all sending of SMS.';
comment on column public.sms_settings.id is 'Always true: there is one row.';
comment on column public.sms_settings.sending is 'Off: nothing is sent. What is queued waits, or expires, until it is on again.';
comment on column public.sms_settings.daily_cap is 'How many SMS one number gets in 24 hours; what is over waits. Codes and passwords always go. Empty: no limit.';
comment on column public.sms_settings.parts_per_hour is
  'How many parts all SMS together may take in an hour; what is over waits, the less important first. Empty: no limit.';
comment on column public.sms_settings.parts_per_day is 'The same for an hour and the 23 before it. Empty: no limit.';
comment on column public.sms_settings.budget_alert_percent is
  'When so much of an hour''s or a day''s parts is used, whoever security_settings names is told.';
comment on column public.sms_settings.part_price is
  'What the provider is paid for a part, such as 0.15. Empty: managers see parts and no cost.';
comment on column public.sms_settings.currency is 'Of the price: three letters by ISO 4217.';
comment on column public.sms_settings.site_url is
  'Where the web site is, such as https://medq.example; npm run deploy enters it. Empty: SMS do not tell it.';
comment on column public.sms_settings.created_at is 'When the row was made.';
comment on column public.sms_settings.updated_at is 'When the row was last changed.';
alter table public.sms_settings enable row level security;
grant select, update on public.sms_settings to service_role;
insert into public.sms_settings default values;

create trigger _100_keep before delete on public.sms_settings
  for each row execute function private.tg_keep_settings();
create trigger _200_touch before update on public.sms_settings
  for each row execute function private.tg_touch();

create function private.most_sms_attempts() returns int
language sql immutable
set search_path = ''
-- With the pauses of private.sms_pause an outage of an hour is survived even when every pause is short.
return 12;
comment on function private.most_sms_attempts() is 'After so many attempts an SMS is given up.';

create function private.sms_pause(p_attempt int) returns interval
language plpgsql
set search_path = ''
as $$
begin
  -- Chance keeps a crowd from coming back together.
  return least(interval '10 seconds' * 2 ^ least(p_attempt - 1, 20), interval '15 minutes') * (0.75 + random() / 2);
end $$;
comment on function private.sms_pause(int) is
  'How long to wait after an attempt that failed: about 10 s, 20 s, 40 s, up to 15 minutes.';

create function private.sms_to_number(p_phone text, p_except uuid, p_now timestamptz) returns int
language plpgsql stable
set search_path = ''
as $$
begin
  return (
    select count(*) from public.sms_messages m
    where m.to_phone = p_phone and m.id <> p_except
      and (m.sent_at > p_now - interval '1 day' or (m.sent_at is null and m.status = 'sending'))
  );
end $$;
comment on function private.sms_to_number(text, uuid, timestamptz) is
  'How many SMS, beside one, a number was sent in the last 24 hours or is being sent.';

create function private.was_put_off(p_sms public.sms_messages) returns boolean
language sql immutable
set search_path = ''
-- A message is due when it is queued. Whatever held it up since then, an attempt, the balance, a cap or the budget, has
-- set it a later time, which stays when it has come.
return p_sms.next_attempt_at > p_sms.created_at;
comment on function private.was_put_off(public.sms_messages) is
  'Whether a message does not go out in its turn any more: it was tried, or had to wait, or was queued again by hand.';

create function private.is_overtaken(p_sms public.sms_messages) returns boolean
language plpgsql stable
set search_path = ''
as $$
begin
  return p_sms.appointment_id is not null and p_sms.priority = 2 and private.was_put_off(p_sms) and exists (
    select from public.sms_messages n
    where n.appointment_id = p_sms.appointment_id and n.priority = 2 and n.created_at > p_sms.created_at
  );
end $$;
comment on function private.is_overtaken(public.sms_messages) is
  'Whether news of an appointment was put off while newer news of it was waiting already, which did not withdraw it.';

-- Claiming, settling and reporting never wait for one message while they hold another; see private.lock_sms.
create function private.due_sms(p_limit int, p_now timestamptz) returns table (id uuid, verdict text)
language plpgsql
set search_path = ''
as $$
declare
  v_sending boolean;
  v_cap int;
begin
  select s.sending, s.daily_cap into v_sending, v_cap from public.sms_settings s;
  return query
    select d.id, case
      when d.expires_at <= p_now then 'expired'
      when d.overtaken then 'overtaken'
      -- It may be this very row that its workers die of.
      when d.status = 'sending' and d.attempts >= private.most_sms_attempts() then 'interrupted'
      when not d.secret and private.wants_no_sms(d.to_phone) then 'unwanted'
      when not d.secret and v_cap is not null and v_cap <
        private.sms_to_number(d.to_phone, d.id, p_now)
        + row_number() over (partition by d.to_phone order by d.priority, d.next_attempt_at) then 'over cap'
      else 'send'
    end
    from (
      select m.*, private.is_overtaken(m) as overtaken from public.sms_messages m
      where m.status in ('queued', 'sending') and m.next_attempt_at <= p_now
        -- While sending is stopped rows only expire.
        and (coalesce(v_sending, true) or m.expires_at <= p_now)
      order by m.priority, m.next_attempt_at
      limit p_limit
      for update skip locked
    ) d;
end $$;
comment on function private.due_sms(int, timestamptz) is
  'Locks due messages, the most urgent first, and says what is to be done with each: send, or why not. Passes over what others have locked.';

create function private.close_sms(p_ids uuid[], p_status text, p_reason text) returns void
language plpgsql
set search_path = ''
as $$
begin
  if p_ids is not null then
    update public.sms_messages m set status = p_status, last_error = p_reason,
      outcome_unknown = m.outcome_unknown or m.status = 'sending'
    where m.id = any (p_ids);
  end if;
end $$;
comment on function private.close_sms(uuid[], text, text) is 'Ends messages that are not to be sent any more, with a reason.';

create function private.postpone_sms(p_ids uuid[], p_until timestamptz, p_reason text) returns void
language plpgsql
set search_path = ''
as $$
begin
  if p_ids is not null then
    update public.sms_messages m set status = 'queued', outcome_unknown = m.outcome_unknown or m.status = 'sending',
      next_attempt_at = least(p_until, m.expires_at), last_error = p_reason
    where m.id = any (p_ids);
  end if;
end $$;
comment on function private.postpone_sms(uuid[], timestamptz, text) is
  'Lets messages wait until an instant, or until they expire, with a reason.';

create function private.set_sms_aside(
  p_expired uuid[], p_overtaken uuid[], p_interrupted uuid[], p_unwanted uuid[], p_over_cap uuid[], p_now timestamptz
)
returns void
language plpgsql
set search_path = ''
as $$
begin
  perform private.close_sms(p_expired, 'failed', 'expired before it could be sent');
  perform private.close_sms(p_overtaken, 'cancelled', 'the appointment was changed before it was sent');
  perform private.close_sms(p_interrupted, 'failed', 'given up: its sending was interrupted every time');
  perform private.close_sms(p_unwanted, 'cancelled', 'this number wants no SMS');
  perform private.postpone_sms(p_over_cap, p_now + interval '1 hour', format(
    'waits: this number has had %s SMS in 24 hours', (select s.daily_cap from public.sms_settings s)
  ));
end $$;
comment on function private.set_sms_aside(uuid[], uuid[], uuid[], uuid[], uuid[], timestamptz) is
  'Ends or postpones due messages that are not to be sent, by the verdicts of private.due_sms.';

-- A claim is a lease: a worker that dies gives the row back by time.
create function private.claim_sms(p_limit int, p_now timestamptz default now()) returns setof public.sms_messages
language plpgsql
set search_path = ''
-- One plan for every limit: planning the queries takes longer than running them.
set plan_cache_mode = 'force_generic_plan'
as $$
declare
  v_due record;
begin
  loop
    select count(*) as rows,
      array_agg(d.id) filter (where d.verdict = 'send') as send,
      array_agg(d.id) filter (where d.verdict = 'expired') as expired,
      array_agg(d.id) filter (where d.verdict = 'overtaken') as overtaken,
      array_agg(d.id) filter (where d.verdict = 'interrupted') as interrupted,
      array_agg(d.id) filter (where d.verdict = 'unwanted') as unwanted,
      array_agg(d.id) filter (where d.verdict = 'over cap') as over_cap
    into v_due
    from private.due_sms(p_limit, p_now) d;
    exit when v_due.rows = 0;

    if v_due.rows > coalesce(cardinality(v_due.send), 0) then
      perform private.set_sms_aside(
        v_due.expired, v_due.overtaken, v_due.interrupted, v_due.unwanted, v_due.over_cap, p_now
      );
    end if;
    if v_due.send is not null then
      v_due.send := private.spend_sms_budget(v_due.send, p_now);
    end if;
    return query
      update public.sms_messages m set status = 'sending', attempts = m.attempts + 1,
        next_attempt_at = p_now + interval '1 minute', counted_at = coalesce(m.counted_at, p_now),
        -- Still "sending" after its lease: that worker died, and nobody knows how far it came.
        outcome_unknown = m.outcome_unknown or m.status = 'sending'
      where m.id = any (v_due.send)
      returning m.*;
    -- None of these was to be sent? There may be more behind them.
    exit when found;
  end loop;
end $$;
comment on function private.claim_sms(int, timestamptz) is
  'Takes due messages for one worker, for a minute. What expired meanwhile fails here; what is over the limit of its number or the budget waits.';

create function private.settle_many_sms(p_attempts jsonb, p_now timestamptz) returns setof uuid
language plpgsql
set search_path = ''
as $$
declare
  v_outcome text;
begin
  for v_outcome in select a ->> 'outcome' from jsonb_array_elements(p_attempts) a loop
    if v_outcome not in ('sent', 'rejected', 'retry', 'unknown', 'hold') then
      raise exception 'private.settle_sms knows no outcome named %', v_outcome;
    end if;
  end loop;
  -- The claim reached the disk before anything was sent. Should this be lost in a crash, the row comes back after its
  -- lease and is looked up, as if its worker had died: no need to wait for the disk again.
  perform set_config('synchronous_commit', 'off', true);
  return query
    update public.sms_messages m set
      status = case
        when a.outcome = 'sent' then 'sent'
        when a.outcome = 'rejected' or (a.outcome <> 'hold' and a.attempt >= private.most_sms_attempts()) then 'failed'
        else 'queued'
      end,
      attempts = case when a.outcome = 'hold' then m.attempts - 1 else m.attempts end,
      -- No later than it expires: a secret is not kept for longer.
      next_attempt_at = least(m.expires_at, case a.outcome
        when 'retry' then p_now + private.sms_pause(a.attempt)
        -- Long enough for an accepted message to show up at the provider before it is looked for.
        when 'unknown' then p_now + greatest(private.sms_pause(a.attempt), interval '20 seconds')
        when 'hold' then p_now + interval '15 minutes'
        else m.next_attempt_at
      end),
      outcome_unknown = a.outcome = 'unknown' or (a.outcome = 'hold' and m.outcome_unknown),
      provider_id = coalesce(a.provider_id, m.provider_id),
      last_error = case when a.outcome = 'sent' then null else a.reason end,
      sent_at = case when a.outcome = 'sent' then p_now else m.sent_at end
    from jsonb_to_recordset(p_attempts) as a (id uuid, attempt int, outcome text, provider_id text, reason text)
    where m.id = a.id and m.status = 'sending' and m.attempts = a.attempt
    returning m.id;
end $$;
comment on function private.settle_many_sms(jsonb, timestamptz) is
  'Says what came of attempts: [{id, attempt, outcome, provider_id, reason}]. Returns the ids; one is missing if another worker has its row by now.';

create function private.settle_sms(
  p_id uuid, p_attempt int, p_outcome text, p_provider_id text default null, p_error text default null,
  p_now timestamptz default now()
)
returns boolean
language plpgsql
set search_path = ''
as $$
begin
  return exists (select from private.settle_many_sms(jsonb_build_array(jsonb_build_object(
    'id', p_id, 'attempt', p_attempt, 'outcome', p_outcome, 'provider_id', p_provider_id, 'reason', p_error
  )), p_now));
end $$;
comment on function private.settle_sms(uuid, int, text, text, text, timestamptz) is
  'Says what came of an attempt: sent, rejected, retry, unknown or hold. False: another worker has the row by now.';

create function private.settle_free_sms(p_attempts jsonb) returns table (id uuid, settled boolean)
language plpgsql
set search_path = ''
as $$
declare
  v_free uuid[];
begin
  v_free := array(
    select m.id from public.sms_messages m
    where m.id in (select (a ->> 'id')::uuid from jsonb_array_elements(p_attempts) a) for update skip locked
  );
  return query
    with settled as (
      select s.id from private.settle_many_sms(
        (select jsonb_agg(a) from jsonb_array_elements(p_attempts) a where (a ->> 'id')::uuid = any (v_free)), now()
      ) s (id)
    )
    select f.id, exists (select from settled s where s.id = f.id) from unnest(v_free) f (id);
end $$;
comment on function private.settle_free_sms(jsonb) is
  'Settles many attempts like settle_sms and without waiting. Passes over messages that somebody else has locked: their ids do not come back.';
