-- What keeps attackers out has numbers that an admin can read and change; what attackers try is counted where an admin
-- can see it; and somebody is told when it is much.

create table public.security_settings (
  id boolean primary key default true check (id),
  session_idle_days int not null default 30 check (session_idle_days between 1 and 365),
  session_days int not null default 180 check (session_days between 1 and 730),
  dormant_days int not null default 730 check (dormant_days >= 30),
  changes_per_hour int not null default 20 check (changes_per_hour > 0),
  reference_tries_per_day int not null default 15 check (reference_tries_per_day between 0 and 100),
  events_days int not null default 90 check (events_days between 1 and 365),
  events_per_hour int not null default 500 check (events_per_hour between 10 and 10000),
  sms_days int not null default 365 check (sms_days >= 30),
  calls_days int not null default 365 check (calls_days >= 30),
  new_device_sms_a_day int not null default 3 check (new_device_sms_a_day >= 0),
  wrong_codes_a_day int not null default 90 check (wrong_codes_a_day >= 0),
  alert_phone text check (private.check_phone(alert_phone)),
  alert_url text check (alert_url ~ '^https?://\S+$'),
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
comment on table public.security_settings is 'One row: the numbers that keep attackers out, and who is told when there are some. See docs/security.md.';
comment on column public.security_settings.id is 'Always true: there is one row.';
comment on column public.security_settings.session_idle_days is 'Somebody who has not been there for so many days is signed out.';
comment on column public.security_settings.session_days is 'So many days after signing in everybody signs in again.';
comment on column public.security_settings.dormant_days is 'A phone without any sign of life for so many days may have another owner by now: a code alone gives its account to nobody.';
comment on column public.security_settings.changes_per_hour is 'How often one patient may book, move and cancel within an hour.';
comment on column public.security_settings.reference_tries_per_day is 'After so many wrong references in calls from one number within a day, its calls ask for a texted code instead.';
comment on column public.security_settings.events_days is 'After so many days what is counted in security_events goes.';
comment on column public.security_settings.events_per_hour is 'So many rows an hour of one kind tell phones and clients apart in security_events; all others share one row.';
comment on column public.security_settings.sms_days is 'After so many days a text and where it went are deleted; what it cost stays in sms_cost.';
comment on column public.security_settings.calls_days is 'After so many days what is known of a call is deleted.';
comment on column public.security_settings.new_device_sms_a_day is 'How often a day the owner of an account is texted that another device signed in.';
comment on column public.security_settings.wrong_codes_a_day is 'After so many wrong guesses at codes of six digits within a day, by whomever, codes have ten digits. 90 keeps the chance that one is right under 1 in 10,000 a day.';
comment on column public.security_settings.alert_phone is 'Who is texted when something needs a look, as +E.164. Empty: nobody.';
comment on column public.security_settings.alert_url is 'An address that is told the same as JSON {what, text, at}, by POST. Empty: none.';
comment on column public.security_settings.created_at is 'When the row was made.';
comment on column public.security_settings.updated_at is 'When the row was last changed.';
alter table public.security_settings enable row level security;
grant select, update on public.security_settings to service_role;
insert into public.security_settings default values;

create trigger _100_keep before delete on public.security_settings
  for each row execute function private.tg_keep_settings();
create trigger _200_touch before update on public.security_settings
  for each row execute function private.tg_touch();

create table public.security_events (
  hour timestamptz not null,
  kind text not null check (kind ~ '^[a-z_]{3,40}$'),
  phone text not null default '',
  client text not null default '',
  count int not null default 1,
  latest_at timestamptz not null default now(),
  primary key (hour, kind, phone, client)
);
comment on table public.security_events is
  'Sign-ins, refusals and limits that were hit, counted by hour. It is not the audit: rows are removed after events_days. docs/security.md lists the kinds.';
comment on column public.security_events.hour is 'The hour, by its beginning.';
comment on column public.security_events.kind is 'What happened, such as signed_in, sign_in_refused or limited.';
comment on column public.security_events.phone is 'Whom it was about, masked: +91********99. Empty: nobody in particular.';
comment on column public.security_events.client is 'Keyed hash of the network it came from. Empty: none is known, as of a call. others: too many came in that hour to tell them apart.';
comment on column public.security_events.count is 'How often in that hour.';
comment on column public.security_events.latest_at is 'When the last of them was.';
alter table public.security_events enable row level security;
grant select on public.security_events to service_role;

create function private.note_security_event(
  p_kind text, p_phone text default null, p_client text default null, p_now timestamptz default now()
)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_hour constant timestamptz := date_trunc('hour', p_now, 'UTC');
  v_phone text := coalesce(private.mask_phone(p_phone), '');
  v_client text := coalesce(p_client, '');
begin
  update public.security_events e set count = e.count + 1, latest_at = p_now
  where (e.hour, e.kind, e.phone, e.client) = (v_hour, p_kind, v_phone, v_client);
  if found then
    return;
  end if;
  -- Whoever comes from ever other addresses must not fill the table.
  if (
    select count(*) >= s.events_per_hour
    from public.security_settings s join public.security_events e on (e.hour, e.kind) = (v_hour, p_kind)
    group by s.events_per_hour
  ) then
    v_phone := '';
    v_client := 'others';
  end if;
  insert into public.security_events as e (hour, kind, phone, client, latest_at)
  values (v_hour, p_kind, v_phone, v_client, p_now)
  on conflict (hour, kind, phone, client) do update set count = e.count + 1, latest_at = p_now;
end $$;
comment on function private.note_security_event(text, text, text, timestamptz) is
  'Counts something that an admin may want to see. p_phone is +E.164 and kept masked; p_client is a keyed hash.';

create function private.alert_admins(p_what text, p_text text, p_now timestamptz default now()) returns void
language plpgsql
set search_path = ''
as $$
declare
  v_settings public.security_settings;
begin
  select * into v_settings from public.security_settings s;
  insert into private.alerts (what, hour) values (p_what, date_trunc('hour', p_now, 'UTC')) on conflict do nothing;
  if not found then
    return;
  end if;
  if v_settings.alert_phone is not null then
    perform private.queue_sms('alert', v_settings.alert_phone, jsonb_build_object('text', p_text), null);
  end if;
  if v_settings.alert_url is not null then
    perform net.http_post(
      url := v_settings.alert_url, body := jsonb_build_object('what', p_what, 'text', p_text, 'at', p_now)
    );
  end if;
exception when others then
  -- News, not truth: what is being done goes on.
  raise warning 'Could not alert the admins: %', sqlerrm;
end $$;
comment on function private.alert_admins(text, text, timestamptz) is
  'Tells whoever security_settings names, once an hour for each p_what.';

create table private.alerts (
  what text not null,
  hour timestamptz not null,
  primary key (what, hour)
);
alter table private.alerts enable row level security;
comment on table private.alerts is 'What admins were alerted to, so that they are told once an hour.';
comment on column private.alerts.what is 'What it was about, such as sms_budget.';
comment on column private.alerts.hour is 'The hour, by its beginning.';
