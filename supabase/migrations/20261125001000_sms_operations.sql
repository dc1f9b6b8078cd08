-- What an admin looks at: what was sent today, what waits, what failed and why, what it costs; and one function for
-- whoever watches the queue.

-- A definer, because the view that asks runs as its reader.
create function private.today_began(p_now timestamptz default now()) returns timestamptz
language sql stable security definer
set search_path = ''
as $$
  select coalesce(
    (select private.instant_of((p_now at time zone c.time_zone)::date, c.time_zone)
     from public.clinics c order by c.created_at, c.id limit 1),
    date_trunc('day', p_now, 'UTC')
  )
$$;
comment on function private.today_began(timestamptz) is 'When the day began in the time zone of the oldest clinic.';
grant execute on function private.today_began(timestamptz) to service_role;

create view public.sms_today with (security_invoker = true) as
select m.status, m.template, count(*)::int as messages, sum(m.parts)::int as parts, max(m.created_at) as latest
from public.sms_messages m
where m.created_at >= (select private.today_began())
group by m.status, m.template
order by m.status, m.template;
comment on view public.sms_today is 'The SMS queued since midnight, by what became of them.';
comment on column public.sms_today.status is 'queued, sending, sent (the provider has it), delivered, failed or cancelled.';
comment on column public.sms_today.template is 'Which message.';
comment on column public.sms_today.messages is 'How many.';
comment on column public.sms_today.parts is 'In how many parts together.';
comment on column public.sms_today.latest is 'When the latest of them was queued.';

create view public.sms_queue with (security_invoker = true) as
select m.id, m.created_at, m.template, m.to_phone, m.status, m.attempts, m.outcome_unknown, m.next_attempt_at,
  m.expires_at, m.last_error
from public.sms_messages m
where m.status in ('queued', 'sending')
order by m.created_at;
comment on view public.sms_queue is 'What is not sent yet, the oldest first.';
comment on column public.sms_queue.id is 'The row of sms_messages.';
comment on column public.sms_queue.created_at is 'Since when it waits.';
comment on column public.sms_queue.template is 'Which message.';
comment on column public.sms_queue.to_phone is 'Where it goes.';
comment on column public.sms_queue.status is 'queued, or sending: a worker has it at this moment.';
comment on column public.sms_queue.attempts is 'How often sending was tried.';
comment on column public.sms_queue.outcome_unknown is 'The provider may have it: it is looked up there before it is sent again.';
comment on column public.sms_queue.next_attempt_at is 'When it is tried the next time.';
comment on column public.sms_queue.expires_at is 'After this it fails rather than arrives late.';
comment on column public.sms_queue.last_error is 'Why it was not sent so far.';

create view public.sms_failures with (security_invoker = true) as
select m.id, m.updated_at as failed_at, m.template, m.to_phone, m.appointment_id,
  case
    when m.outcome_unknown then 'may have arrived'
    when m.reported_at is not null then 'not delivered'
    when m.expires_at <= m.updated_at then 'expired'
    else 'not sent'
  end as what,
  m.last_error as reason, m.attempts, m.secret
from public.sms_messages m
where m.status = 'failed' or (m.outcome_unknown and m.status = 'cancelled')
order by m.updated_at desc;
comment on view public.sms_failures is 'SMS that were given up, the latest first. To try one again set its status in sms_messages to queued.';
comment on column public.sms_failures.id is 'The row of sms_messages.';
comment on column public.sms_failures.failed_at is 'When it was given up.';
comment on column public.sms_failures.template is 'Which message.';
comment on column public.sms_failures.to_phone is 'Where it should have gone.';
comment on column public.sms_failures.appointment_id is 'Which appointment it tells of.';
comment on column public.sms_failures.what is
  'not sent; not delivered (the provider had it); expired; or may have arrived: sending it broke off, and the provider could not be asked.';
comment on column public.sms_failures.reason is 'Why, in the provider''s words where it gave any.';
comment on column public.sms_failures.attempts is 'How often sending was tried.';
comment on column public.sms_failures.secret is 'It held a password or code, which is erased: have a new one made instead.';

-- Texts are deleted after a while (retention); what they cost is kept.
create table public.sms_past (
  day date not null,
  template text not null,
  messages int not null,
  parts int not null,
  primary key (day, template)
);
comment on table public.sms_past is 'What was sent and is deleted by now: counts only. sms_cost has them all.';
comment on column public.sms_past.day is 'The day, in the time zone of the oldest clinic.';
comment on column public.sms_past.template is 'Which message.';
comment on column public.sms_past.messages is 'How many messages the provider took.';
comment on column public.sms_past.parts is 'In how many parts together.';
alter table public.sms_past enable row level security;
grant select on public.sms_past to service_role;

-- A definer, because the view that asks runs as its reader.
create function private.time_zone_of_costs() returns text
language sql stable security definer
set search_path = ''
as $$
  select coalesce((select c.time_zone from public.clinics c order by c.created_at, c.id limit 1), 'UTC')
$$;
comment on function private.time_zone_of_costs() is 'The time zone of the oldest clinic: its days are those of sms_cost.';
grant execute on function private.time_zone_of_costs() to service_role;

create view public.sms_cost with (security_invoker = true) as
select s.day, s.template, sum(s.messages)::int as messages, sum(s.parts)::int as parts,
  sum(s.parts) * (select p.part_price from public.sms_settings p) as cost
from (
  select p.day, p.template, p.messages, p.parts from public.sms_past p
  union all
  select (m.sent_at at time zone z.time_zone)::date, m.template, 1, m.parts
  from public.sms_messages m cross join (select private.time_zone_of_costs() as time_zone) z
  where m.sent_at is not null
) s
group by s.day, s.template
order by s.day desc, s.template;
comment on view public.sms_cost is 'What was sent each day, in parts: the provider is paid for each.';
comment on column public.sms_cost.day is 'The day, in the time zone of the oldest clinic.';
comment on column public.sms_cost.template is 'Which message.';
comment on column public.sms_cost.messages is 'How many messages the provider took.';
comment on column public.sms_cost.parts is 'In how many parts together.';
comment on column public.sms_cost.cost is
  'What these parts cost at the price in sms_settings, in its currency. Empty: no price stands there.';

create function public.sms_health()
returns table (
  sending boolean, queued int, due int, oldest_seconds int, retrying int, failed_last_hour int, last_sent_at timestamptz
)
language sql stable
set search_path = ''
as $$
  select
    (select s.sending from public.sms_settings s),
    count(*)::int,
    (count(*) filter (where m.next_attempt_at <= now()))::int,
    -- What is scheduled for later has not waited yet.
    coalesce(extract(epoch from now() - min(m.created_at)
      filter (where m.attempts > 0 or m.next_attempt_at <= now())), 0)::int,
    (count(*) filter (where m.attempts > 0 and m.status = 'queued'))::int,
    (select count(*) from public.sms_failures f where f.failed_at > now() - interval '1 hour')::int,
    (select max(l.sent_at) from public.sms_messages l where l.created_at > now() - interval '1 day')
  from public.sms_messages m
  where m.status in ('queued', 'sending')
$$;
comment on function public.sms_health() is
  'For monitoring: whether sending is on, how many SMS wait (queued) and are due, for how many seconds the oldest has waited, how many are being retried, how many failed in the last hour, when one was last sent.';
grant execute on function public.sms_health() to service_role;

grant select on public.sms_today, public.sms_queue, public.sms_failures, public.sms_cost to service_role;
