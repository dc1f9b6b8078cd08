-- The limits on everything that sends a text or checks a secret: rules that an admin can change, and what is counted.
-- None of them holds for the whole project, where a stranger could use it up for everybody.

create table public.limits (
  what text not null check (what ~ '^[a-z_]+$'),
  by text not null check (by ~ '^[a-z_]+(\+[a-z_]+)*$'),
  max int not null check (max > 0),
  seconds int not null check (seconds between 1 and 86400),
  mode text not null default 'refuse' check (mode in ('refuse', 'watch', 'slow')),
  why text not null default '',
  primary key (what, by, seconds)
);
alter table public.limits enable row level security;
grant select, insert, update, delete on public.limits to service_role;
comment on table public.limits is
  'How often what may be done, by whom. Change max; delete a row to be without its rule. docs/security.md says how they work together.';
comment on column public.limits.what is 'What is counted: code (texts one), look (at free times, before signing in), lookup (whether a phone can register), guess (at a code), password or export (a copy of what is kept). What turns out right is not counted.';
comment on column public.limits.by is
  'Whose uses are counted together. client: an IPv4 address or the /64 of an IPv6 one; client_wide: its /48; account: a name that somebody signs in with, the same for username and phone of one account; device: one that has signed in to the account before, or a session.';
comment on column public.limits.max is 'So many uses within the time.';
comment on column public.limits.seconds is 'The time, in seconds; a day at most.';
comment on column public.limits.mode is
  'What happens over it. refuse: no more until the time is over; watch: the rules that slow hold as well; slow: like refuse, but only then.';
comment on column public.limits.why is 'What it is for.';

-- Many patients share one address behind a mobile carrier, so what is counted by client alone is wide.
insert into public.limits (what, by, max, seconds, mode, why) values
  ('code', 'phone+client', 5, 900, 'refuse', 'A slow SMS, a second try after a typing error, a family with one phone.'),
  ('code', 'phone', 5, 600, 'watch', 'Somebody else asks for codes of this phone.'),
  ('code', 'phone+client', 1, 300, 'slow', 'While others ask too, everybody gets a code, but not one after the other.'),
  ('code', 'phone', 10, 900, 'refuse', 'Each rings somebody''s phone, who may not have asked for it.'),
  ('code', 'phone', 20, 86400, 'refuse', 'The same for a day.'),
  ('code', 'device', 5, 900, 'refuse', 'A device of the owner is not kept waiting by what strangers ask for.'),
  ('code', 'device', 20, 86400, 'refuse', 'The same for a day.'),
  ('code', 'client', 100, 3600, 'refuse', 'A script that goes through phone numbers. Codes that come back do not count.'),
  ('code', 'client_wide', 1000, 3600, 'refuse', 'The same with many networks.'),
  ('call_code', 'phone', 3, 3600, 'refuse', 'Whoever shows a number in calls has them texted to it; it may not be theirs.'),
  ('look', 'client', 3000, 900, 'refuse', 'Scripts that read free times day and night. A page asks up to three times; a carrier''s address has many who look.'),
  ('look', 'client_wide', 30000, 900, 'refuse', 'The same with many networks.'),
  ('lookup', 'client', 150, 900, 'refuse', 'Going through phone numbers to see which are patients.'),
  ('lookup', 'client_wide', 1500, 900, 'refuse', 'The same with many networks.'),
  ('guess', 'client', 150, 900, 'refuse', 'Each code has five guesses of its own; this keeps scripts away from them.'),
  ('guess', 'client_wide', 1500, 900, 'refuse', 'The same with many networks.'),
  ('password', 'device', 10, 900, 'refuse', 'A device of the owner is kept waiting by its own wrong tries alone.'),
  ('password', 'account+client', 10, 900, 'refuse', 'A stranger who tries somebody''s name keeps himself waiting first.'),
  ('password', 'account', 50, 3600, 'watch', 'Strangers try this name from many networks.'),
  ('password', 'account+client', 1, 60, 'slow', 'Then each has one try, and waits a minute after a wrong one,'),
  ('password', 'account+client', 3, 960, 'slow', 'and a quarter of an hour after the third.'),
  ('password', 'account', 1000, 86400, 'refuse', 'So many guesses a day at one password; its owner has the devices of before, or a code.'),
  ('password', 'client', 150, 900, 'refuse', 'A leaked list of names and passwords, each tried once.'),
  ('password', 'client_wide', 1500, 900, 'refuse', 'The same with many networks.');

create table private.rate_limits (
  bucket text not null,
  window_start timestamptz not null,
  hits int not null default 1,
  primary key (bucket, window_start)
);
create index rate_limits_age on private.rate_limits (window_start);
alter table private.rate_limits enable row level security;
comment on table private.rate_limits is 'Counts of what is limited, by fixed windows.';
comment on column private.rate_limits.bucket is 'What is counted: an action, by whom, keyed hashes of those, and the seconds of the window.';
comment on column private.rate_limits.window_start is 'When the window began.';
comment on column private.rate_limits.hits is 'How often in this window.';

create function private.limit_windows(p_what text, p_subjects jsonb, p_now timestamptz)
returns table (bucket text, max int, mode text, starts_at timestamptz, length interval)
language plpgsql stable
set search_path = ''
as $$
begin
  -- The length is part of the name: a quarter of an hour and a day may begin at the same moment.
  return query
    select l.what || ':' || l.by || ':' || s.hashes || '/' || l.seconds, l.max, l.mode,
      date_bin(make_interval(secs => l.seconds), p_now, timestamptz '2020-01-01 00:00:00Z'),
      make_interval(secs => l.seconds)
    from public.limits l
    cross join lateral (
      select string_agg(p_subjects ->> n.name, '+' order by n.place) as hashes
      from string_to_table(l.by, '+') with ordinality as n (name, place)
    ) s
    where l.what = p_what and p_subjects ?& string_to_array(l.by, '+');
end $$;
comment on function private.limit_windows(text, jsonb, timestamptz) is
  'The rules that hold for these subjects, {name: keyed hash}, each with its bucket and the window that an instant falls into.';

create function private.hit_limits(p_what text, p_subjects jsonb, p_now timestamptz default now()) returns int
language plpgsql
set search_path = ''
as $$
declare
  v_limit record;
  v_hits int;
  v_slow boolean;
  v_wait int;
begin
  with counted as (
    select l.*, r.hits >= l.max as is_over, bool_or(l.mode = 'watch' and r.hits >= l.max) over () as is_slow
    from private.limit_windows(p_what, p_subjects, p_now) l
    left join private.rate_limits r on r.bucket = l.bucket and r.window_start = l.starts_at
  )
  select coalesce(bool_or(c.is_slow), false), coalesce(max(ceil(extract(epoch from c.starts_at + c.length - p_now)))
    filter (where c.is_over and (c.mode = 'refuse' or c.mode = 'slow' and c.is_slow)), 0)
  into v_slow, v_wait
  from counted c;
  -- A request that is over one limit counts in none of them: it uses up nothing that others share.
  if v_wait > 0 then
    return v_wait;
  end if;
  -- In one order everywhere, so that two requests with the same buckets never wait for each other in a circle.
  for v_limit in select * from private.limit_windows(p_what, p_subjects, p_now) order by bucket loop
    insert into private.rate_limits as r (bucket, window_start) values (v_limit.bucket, v_limit.starts_at)
    on conflict (bucket, window_start) do update set hits = r.hits + 1
    returning r.hits into v_hits;
    if v_hits > v_limit.max and (v_limit.mode = 'refuse' or v_limit.mode = 'slow' and v_slow) then
      v_wait := greatest(v_wait, ceil(extract(epoch from v_limit.starts_at + v_limit.length - p_now)));
    end if;
  end loop;
  return v_wait;
end $$;
comment on function private.hit_limits(text, jsonb, timestamptz) is
  'Counts one use. p_subjects is {name: keyed hash}. Returns 0 when it is within all limits, else after how many seconds to try again.';

create function private.take_back_hit(p_what text, p_subjects jsonb, p_now timestamptz default now()) returns void
language plpgsql
set search_path = ''
as $$
declare
  v_limit record;
begin
  for v_limit in select * from private.limit_windows(p_what, p_subjects, p_now) order by bucket loop
    update private.rate_limits r set hits = r.hits - 1
    where r.bucket = v_limit.bucket and r.window_start = v_limit.starts_at and r.hits > 0;
  end loop;
end $$;
comment on function private.take_back_hit(text, jsonb, timestamptz) is
  'The use was a right one and does not count: however many patients share a network, only what is wrong adds up.';
