-- What SMS may cost: so many parts an hour and a day for the whole project, whatever queued them. When they become
-- scarce the less important wait, and codes that could not come in time are refused before they are promised.

create table private.sms_spending (
  hour timestamptz not null,
  slot int not null,
  parts int not null,
  primary key (hour, slot)
);
alter table private.sms_spending enable row level security;
comment on table private.sms_spending is 'How many parts were handed to the provider, by hour.';
comment on column private.sms_spending.hour is 'The hour, by its beginning.';
comment on column private.sms_spending.slot is 'Any number: workers that count at the same time count in rows of their own.';
comment on column private.sms_spending.parts is 'How many parts; a message counts once, however often it is tried.';

-- A definer, because the view that asks runs as its reader.
create function private.sms_budget(
  p_now timestamptz default now(),
  out per_hour bigint, out used_in_hour bigint, out per_day bigint, out used_in_day bigint, out alert_percent int
)
language plpgsql stable security definer
set search_path = ''
as $$
declare
  v_hour constant timestamptz := date_trunc('hour', p_now, 'UTC');
begin
  select s.parts_per_hour, s.parts_per_day, s.budget_alert_percent into per_hour, per_day, alert_percent
  from public.sms_settings s;
  select coalesce(sum(s.parts) filter (where s.hour = v_hour), 0), coalesce(sum(s.parts), 0)
  into used_in_hour, used_in_day
  from private.sms_spending s where s.hour between v_hour - interval '23 hours' and v_hour;
end $$;
comment on function private.sms_budget(timestamptz) is
  'How many parts may be sent in an hour and a day (null: any number), and how many were: in this hour, and in it and the 23 before.';
grant execute on function private.sms_budget(timestamptz) to service_role;

create function private.budget_reason() returns text
language sql immutable
set search_path = ''
return 'waits: the budget of SMS is used up (sms_budget)';
comment on function private.budget_reason() is 'Why a message waits that the budget has no room for.';
grant execute on function private.budget_reason() to service_role;

create function private.alert_sms_budget(p_now timestamptz) returns void
language plpgsql
set search_path = ''
as $$
declare
  v_budget record;
begin
  v_budget := private.sms_budget(p_now);
  if v_budget.used_in_hour * 100 >= v_budget.per_hour * v_budget.alert_percent
    or v_budget.used_in_day * 100 >= v_budget.per_day * v_budget.alert_percent then
    perform private.alert_admins('sms_budget', format(
      'SMS sent: %s of %s parts this hour, %s of %s in 24 hours. See sms_budget.',
      v_budget.used_in_hour, coalesce(v_budget.per_hour::text, 'any number of'),
      v_budget.used_in_day, coalesce(v_budget.per_day::text, 'any number of')
    ), p_now);
  end if;
end $$;
comment on function private.alert_sms_budget(timestamptz) is
  'Tells the admins when so much of the budget is used as sms_settings says, once an hour.';

create function private.sms_rooms(p_now timestamptz) returns table (percent int, room bigint)
language plpgsql stable
set search_path = ''
as $$
begin
  return query
    select p.percent, least(
      b.per_hour * p.percent / 100 - b.used_in_hour, b.per_day * p.percent / 100 - b.used_in_day
    )
    from private.sms_budget(p_now) b cross join unnest('{70,80,90,100}'::int[]) p (percent);
end $$;
comment on function private.sms_rooms(timestamptz) is
  'How many parts may still be sent by messages of each sms_messages.budget_percent; null: any number.';

create function private.count_sms(p_parts bigint, p_hour timestamptz) returns void
language plpgsql
set search_path = ''
as $$
begin
  update private.sms_spending s set parts = s.parts + p_parts
  where s.hour = p_hour and s.slot = (
    select o.slot from private.sms_spending o where o.hour = p_hour limit 1 for update skip locked
  );
  if not found then
    insert into private.sms_spending as s (hour, slot, parts) values (p_hour, floor(random() * 1e9), p_parts)
    on conflict (hour, slot) do update set parts = s.parts + p_parts;
  end if;
end $$;
comment on function private.count_sms(bigint, timestamptz) is 'Counts parts in an hour, without waiting for others who do.';

create function private.spend_scarce_sms_budget(p_ids uuid[], p_now timestamptz) returns uuid[]
language plpgsql
set search_path = ''
as $$
declare
  v_hour constant timestamptz := date_trunc('hour', p_now, 'UTC');
  v record;
begin
  -- Workers that spend what is scarce do so one after the other.
  perform pg_advisory_xact_lock(hashtextextended('private.spend_scarce_sms_budget', 0));
  select array_agg(j.id) filter (where j.fits) as send,
    array_agg(j.id) filter (where not j.fits and j.is_urgent) as too_late,
    array_agg(j.id) filter (where not j.fits and not j.is_urgent) as wait,
    sum(j.parts) filter (where j.fits and j.counted_at is null) as parts
  into v
  from (
    select m.id, m.parts, m.counted_at,
      coalesce(m.secret and m.expires_at < v_hour + interval '1 hour', false) as is_urgent,
      m.counted_at is not null or coalesce(r.room >= sum(m.parts) filter (where m.counted_at is null)
        over (order by m.budget_percent desc, m.priority, m.next_attempt_at, m.id), true) as fits
    from public.sms_messages m join private.sms_rooms(p_now) r on r.percent = m.budget_percent
    where m.id = any (p_ids)
  ) j;
  if v.parts > 0 then
    perform private.count_sms(v.parts, v_hour);
  end if;
  perform private.close_sms(v.too_late, 'failed', 'the budget of SMS was used up');
  perform private.postpone_sms(v.wait, v_hour + interval '1 hour', private.budget_reason());
  return v.send;
end $$;
comment on function private.spend_scarce_sms_budget(uuid[], timestamptz) is
  'Of messages that are about to be sent, those the budget has room for, the most important first; counts them. The others wait for the next hour, but for codes and passwords that would come too late: they fail.';

create function private.spend_sms_budget(p_ids uuid[], p_now timestamptz) returns uuid[]
language plpgsql
set search_path = ''
as $$
declare
  v_send uuid[] := p_ids;
  v_parts bigint;
begin
  -- Where there is more than all workers have in their hands none waits for another.
  if exists (select from private.sms_rooms(p_now) r where r.room < 500) then
    v_send := private.spend_scarce_sms_budget(p_ids, p_now);
  else
    v_parts := (select sum(m.parts) from public.sms_messages m where m.id = any (p_ids) and m.counted_at is null);
    if v_parts > 0 then
      perform private.count_sms(v_parts, date_trunc('hour', p_now, 'UTC'));
    end if;
  end if;
  perform private.alert_sms_budget(p_now);
  return v_send;
end $$;
comment on function private.spend_sms_budget(uuid[], timestamptz) is
  'Counts messages that are about to be sent, and returns those the budget has room for.';

create function private.sms_wait(p_percent int, p_now timestamptz default now()) returns int
language plpgsql stable
set search_path = ''
as $$
begin
  return (
    select case when coalesce(r.room > (
      -- What was promised before, and is not counted yet.
      select coalesce(sum(m.parts), 0) from public.sms_messages m
      where m.status = 'queued' and m.priority = 1 and m.next_attempt_at <= p_now and m.counted_at is null
    ), true) then 0 else ceil(extract(epoch from date_trunc('hour', p_now, 'UTC') + interval '1 hour' - p_now)) end
    from private.sms_rooms(p_now) r where r.percent = p_percent
  );
end $$;
comment on function private.sms_wait(int, timestamptz) is
  'After how many seconds to try again to have a code sent that has this budget_percent (sms_messages); 0: it can go now.';

create function private.code_wait(p_phone text, p_purpose text, p_now timestamptz default now()) returns int
language plpgsql stable
set search_path = ''
as $$
begin
  -- To sign in or reset a password codes go to accounts alone; who asks must not learn whether there is one.
  return private.sms_wait(
    case
      when p_purpose in ('reset', 'sign_in') or exists (select from public.patients p where p.phone = p_phone) then 100
      else 80
    end,
    p_now
  );
end $$;
comment on function private.code_wait(text, text, timestamptz) is
  'After how many seconds to try again to have a code texted to a phone (+E.164), for a purpose of private.phone_verifications; 0: it can go now.';

create function private.tg_sms_settings__more_budget() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  update public.sms_messages m set next_attempt_at = now()
  where m.status = 'queued' and m.last_error = private.budget_reason();
  return null;
end $$;
comment on function private.tg_sms_settings__more_budget() is 'The budget is another: what waited for it is tried at once.';

create trigger _800_more_budget after update on public.sms_settings
  for each row when (
    (new.parts_per_hour, new.parts_per_day) is distinct from (old.parts_per_hour, old.parts_per_day)
  )
  execute function private.tg_sms_settings__more_budget();

create view public.sms_budget with (security_invoker = true) as
select p.period, p.allowed, p.used, greatest(p.allowed - p.used, 0) as free,
  (select coalesce(sum(m.parts), 0) from public.sms_messages m
   where m.status = 'queued' and m.last_error = private.budget_reason()) as waiting
from private.sms_budget() b
cross join lateral (values ('hour', b.per_hour, b.used_in_hour), ('day', b.per_day, b.used_in_day)) as p (period, allowed, used);
comment on view public.sms_budget is 'What SMS may cost, in parts, and how much of it is used; the limits are in sms_settings.';
comment on column public.sms_budget.period is 'hour: since it struck; day: that hour and the 23 before.';
comment on column public.sms_budget.allowed is 'How many parts may be sent. Empty: any number.';
comment on column public.sms_budget.used is 'How many were handed to the provider.';
comment on column public.sms_budget.free is 'How many are left; the last of them are for what is most important.';
comment on column public.sms_budget.waiting is 'How many parts wait because the budget has no room for them.';
grant select on public.sms_budget to service_role;
