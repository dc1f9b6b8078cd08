-- What every later migration stands on: extensions, the private schema, closed-by-default grants, errors.
--
-- A function on the way of a booking is plpgsql, which keeps its plans, or a single expression (`return ...`), which
-- becomes part of the plan around it. Other SQL functions are planned again at every call.

create extension if not exists btree_gist with schema extensions;

-- Present on hosted Supabase; the embedded stack offers the same SQL interface without the extensions.
do $$
begin
  if exists (select from pg_available_extensions where name = 'pg_net') then
    create extension if not exists pg_net with schema extensions;
  end if;
  if exists (select from pg_available_extensions where name = 'pg_cron') then
    create extension if not exists pg_cron with schema pg_catalog;
  end if;
  if exists (select from pg_available_extensions where name = 'supabase_vault') then
    create extension if not exists supabase_vault with schema vault;
  end if;
end $$;

-- PostgreSQL lets everyone execute a new function, and projects differ in what they give the roles of the API. From
-- here on nobody may do anything with a new object unless a migration says so.
alter default privileges revoke execute on functions from public, anon, authenticated, service_role;
alter default privileges revoke all on tables from public, anon, authenticated, service_role;
alter default privileges revoke all on sequences from public, anon, authenticated, service_role;
alter default privileges in schema public revoke execute on functions from public, anon, authenticated, service_role;
alter default privileges in schema public revoke all on tables from public, anon, authenticated, service_role;
alter default privileges in schema public revoke all on sequences from public, anon, authenticated, service_role;

create schema private;
comment on schema private is
  'Logic and secrets that only our own functions use. Not exposed by the API; no API role has rights on it.';

-- Errors that callers switch on: the one list of them. PostgREST answers SQLSTATE PT4xx with HTTP status 4xx.
create function private.fail(p_error text, p_hint text default null) returns void
language plpgsql
set search_path = ''
as $$
declare
  v_code text;
  v_sentence text;
begin
  select e.code, e.sentence into v_code, v_sentence
  from (values
    ('slot_taken', 'PT409', 'That time was just taken. Please choose another.'),
    ('slot_unavailable', 'PT409', 'That time is not offered. Please choose another.'),
    ('slot_in_past', 'PT409', 'That time has already passed. Please choose a later one.'),
    ('too_many_bookings', 'PT409', 'You already have as many upcoming appointments as the clinic allows. Cancel one first.'),
    ('not_found', 'PT404', 'We could not find that.'),
    ('not_cancellable', 'PT409', 'This appointment can no longer be changed.'),
    ('password_change_required', 'PT403', 'Please choose a new password first.'),
    ('not_signed_in', 'PT401', 'Please sign in first.'),
    ('username_taken', 'PT409', 'Somebody else has that username. Please choose another.'),
    ('validation_failed', 'PT400', 'Please check what you entered.')
  ) as e (error, code, sentence)
  where e.error = p_error;

  if v_code is null then
    raise exception 'private.fail knows no error named %', p_error;
  end if;
  raise exception using errcode = v_code, message = p_error, hint = coalesce(p_hint, v_sentence);
end $$;
comment on function private.fail(text, text) is
  'Raises one of the errors of the contract: the message is a stable word, the hint a sentence for people.';

-- Which way a change came: set by our own functions for the transaction, absent for a hand edit in the dashboard.
create function private.set_channel(p_channel text) returns text
language sql
return set_config('medq.channel', p_channel, true);
comment on function private.set_channel(text) is
  'Says for the rest of the transaction which way a change came: web, ivr or system.';

create function private.channel() returns text
language sql stable
return coalesce(
  nullif(current_setting('medq.channel', true), ''),
  case when session_user = 'supabase_auth_admin' then 'system' else 'desk' end
);
comment on function private.channel() is
  'Which way the current change came: web, ivr, system (also Supabase Auth), or desk for a hand edit.';

create function private.mask_phone(p_phone text) returns text
language sql immutable
return left(p_phone, 3) || repeat('*', greatest(length(p_phone) - 5, 0)) || right(p_phone, 2);
comment on function private.mask_phone(text) is
  'A phone number that logs and audit rows may hold: +91********99.';

create function private.tg_touch() returns trigger
language plpgsql
set search_path = ''
as $$
begin
  new.updated_at := now();
  return new;
end $$;
comment on function private.tg_touch() is 'Keeps updated_at.';
