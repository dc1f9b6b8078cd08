-- Is somebody attacking us right now? What was counted in the last day, by what, by where from and by whom it was about.

create view public.security_today with (security_invoker = true) as
select e.kind,
  coalesce(sum(e.count) filter (where e.hour = date_trunc('hour', now(), 'UTC')), 0)::int as this_hour,
  coalesce(sum(e.count) filter (where e.hour >= now() - interval '1 day'), 0)::int as last_day,
  round(coalesce(sum(e.count) filter (where e.hour < now() - interval '1 day'), 0) / 7.0, 1) as usual_day,
  count(distinct nullif(e.phone, '')) filter (where e.hour >= now() - interval '1 day')::int as phones,
  count(distinct nullif(e.client, '')) filter (where e.hour >= now() - interval '1 day')::int as clients,
  max(e.latest_at) as latest_at
from public.security_events e
where e.hour >= now() - interval '8 days'
group by e.kind
order by last_day desc, e.kind;
comment on view public.security_today is
  'Sign-ins, refusals and limits that were hit, by kind: far more than on a usual day is worth a look. docs/security.md lists the kinds.';
comment on column public.security_today.kind is 'What happened.';
comment on column public.security_today.this_hour is 'How often since the hour began.';
comment on column public.security_today.last_day is 'How often in the last 24 hours.';
comment on column public.security_today.usual_day is 'How often on an average one of the seven days before.';
comment on column public.security_today.phones is 'How many (masked) phones it was about in the last day.';
comment on column public.security_today.clients is 'From how many networks it came in the last day.';
comment on column public.security_today.latest_at is 'When the last of them was.';

create view public.security_clients with (security_invoker = true) as
select e.client, sum(e.count)::int as events, count(distinct nullif(e.phone, ''))::int as phones,
  jsonb_object_agg(e.kind, e.events) as kinds, max(e.latest_at) as latest_at
from (
  select e.client, e.phone, e.kind, e.count, e.latest_at, sum(e.count) over (partition by e.client, e.kind) as events
  from public.security_events e
  where e.hour >= now() - interval '1 day' and e.client <> ''
) e
group by e.client
order by events desc, e.client
limit 100;
comment on view public.security_clients is
  'The hundred networks from which most came in the last day. One with many phones goes through numbers, or is a carrier.';
comment on column public.security_clients.client is 'Keyed hash of the network; others: those that could not be told apart any more.';
comment on column public.security_clients.events is 'How much came from there.';
comment on column public.security_clients.phones is 'About how many (masked) phones.';
comment on column public.security_clients.kinds is 'How often each kind.';
comment on column public.security_clients.latest_at is 'When the last of it was.';

create view public.security_phones with (security_invoker = true) as
select e.phone, sum(e.count)::int as events, count(distinct nullif(e.client, ''))::int as clients,
  jsonb_object_agg(e.kind, e.events) as kinds, max(e.latest_at) as latest_at
from (
  select e.client, e.phone, e.kind, e.count, e.latest_at, sum(e.count) over (partition by e.phone, e.kind) as events
  from public.security_events e
  where e.hour >= now() - interval '1 day' and e.phone <> ''
) e
group by e.phone
order by events desc, e.phone
limit 100;
comment on view public.security_phones is
  'The hundred phones that most was about in the last day. One with many networks is somebody whom others try to guess.';
comment on column public.security_phones.phone is 'The phone, masked: several can look the same.';
comment on column public.security_phones.events is 'How much was about it.';
comment on column public.security_phones.clients is 'From how many networks.';
comment on column public.security_phones.kinds is 'How often each kind.';
comment on column public.security_phones.latest_at is 'When the last of it was.';

grant select on public.security_today, public.security_clients, public.security_phones to service_role;
