-- Accounts made on the web. The phone is proven by then: what was asked for is kept for a moment, the account is made
-- through the Auth admin API with the registration's id, and the trigger on auth.users gives it its patient in the
-- same transaction.

create table private.registrations (
  id uuid primary key,
  phone text not null check (private.check_phone(phone)),
  name text not null,
  age smallint not null,
  username text,
  locale text,
  created_at timestamptz not null default now()
);
alter table private.registrations enable row level security;
comment on table private.registrations is 'Registrations whose phone is proven and whose account is being made.';
comment on column private.registrations.id is 'Identifier; the account carries it as app_metadata.registration.';
comment on column private.registrations.phone is 'The phone that is proven: the account has no other.';
comment on column private.registrations.name is 'The name to be.';
comment on column private.registrations.age is 'The age to be.';
comment on column private.registrations.username is 'The username to be, if one was chosen.';
comment on column private.registrations.locale is 'The language chosen on the web, if one was.';
comment on column private.registrations.created_at is 'When the phone was proven.';
create trigger _050_clean_names before insert on private.registrations
  for each row execute function private.tg_clean_names('name');

create function private.phone_state(p_phone text) returns text
language plpgsql stable
set search_path = ''
as $$
declare
  v_patient public.patients;
begin
  if exists (select from auth.users u where u.phone = ltrim(p_phone, '+')) then
    return 'registered';
  end if;
  select * into v_patient from public.patients p where p.phone = p_phone;
  if not found then
    return 'unknown';
  end if;
  return case
    when v_patient.user_id is not null then 'registered'
    when exists (select from public.appointments a where a.patient_id = v_patient.id)
      or exists (select from private.account_jobs j where j.patient_id = v_patient.id and j.done_at is null)
      then 'has_bookings'
    else 'no_bookings'
  end;
end $$;
comment on function private.phone_state(text) is
  'registered (has an account), has_bookings (a patient without account), no_bookings (the same, nothing booked) or unknown.';

create function private.username_is_taken(p_username text, p_phone text) returns boolean
language plpgsql stable
set search_path = ''
as $$
begin
  return exists (
    select from public.patients p where lower(p.username) = lower(p_username) and p.phone is distinct from p_phone
  );
end $$;
comment on function private.username_is_taken(text, text) is
  'Whether somebody with another phone has that username, in whatever case.';

create function private.registration_verdict(p_purpose text, p_phone text, p_username text) returns text
language plpgsql stable
set search_path = ''
as $$
declare
  v_state constant text := private.phone_state(p_phone);
begin
  return case
    when v_state = 'registered' then 'phone_already_registered'
    when p_purpose = 'register' and v_state = 'has_bookings' then 'ivr_account_exists'
    when p_purpose = 'link' and v_state <> 'has_bookings' then 'no_ivr_bookings'
    when private.username_is_taken(p_username, p_phone) then 'username_taken'
    else 'allowed'
  end;
end $$;
comment on function private.registration_verdict(text, text, text) is
  'allowed, or why a phone cannot register or link as asked, as a word of the account API.';

create function private.begin_registration(
  p_id uuid, p_purpose text, p_phone text, p_name text, p_age int, p_username text, p_locale text default null
)
returns text
language plpgsql
set search_path = ''
as $$
declare
  v_verdict text;
begin
  -- Asked again after Auth gave no answer: it may have made the account all the same.
  if exists (
    select from auth.users u
    where u.phone = ltrim(p_phone, '+') and u.raw_app_meta_data ->> 'registration' = p_id::text
  ) then
    return 'made';
  end if;
  v_verdict := private.registration_verdict(p_purpose, p_phone, p_username);
  -- Only told to who has the phone.
  if v_verdict = 'allowed' and private.phone_is_dormant(p_phone) then
    v_verdict := 'phone_is_dormant';
  end if;
  -- What an earlier try kept stays, also when it is refused now: Auth may still be at it, and must meet the same refusal
  -- instead of making an account without name.
  if v_verdict = 'allowed' then
    insert into private.registrations (id, phone, name, age, username, locale)
    values (p_id, p_phone, p_name, p_age, p_username, p_locale)
    on conflict (id) do nothing;
  end if;
  return v_verdict;
end $$;
comment on function private.begin_registration(uuid, text, text, text, int, text, text) is
  'Keeps what a new account''s patient will be called: allowed. Otherwise made, when an earlier try made the account, or the verdict that refuses it.';

create function private.forget_stale_registrations(p_now timestamptz) returns void
language sql
set search_path = ''
as $$
  delete from private.registrations r where r.created_at < p_now - interval '1 hour'
$$;
comment on function private.forget_stale_registrations(timestamptz) is
  'Removes registrations whose account was never made.';

create function private.login_account(
  p_username text, p_phone text, p_device bytea, p_decoy text, p_now timestamptz default now()
)
returns table (user_id uuid, phone text, temporary boolean, known_device boolean, decoy_ready boolean)
language plpgsql stable
set search_path = ''
as $$
begin
  return query
    select a.user_id, a.phone, coalesce(a.temporary, false), private.is_known_device(a.user_id, p_device),
      exists (select from auth.users u where u.phone = ltrim(p_decoy, '+') and u.encrypted_password <> '')
    from (values (true)) as one_row left join lateral (
      select p.user_id, p.phone, t.user_id is not null as temporary
      from public.patients p
      join auth.users u on u.id = p.user_id
      left join private.temporary_passwords t on t.user_id = p.user_id
      where (p.phone = p_phone or lower(p.username) = lower(p_username))
        and (t.user_id is null or t.expires_at > p_now)
        -- Auth answers about others before it hashes.
        and u.encrypted_password <> '' and (u.banned_until is null or u.banned_until <= p_now)
      order by p.phone = p_phone desc nulls last
      limit 1
    ) a on true;
end $$;
comment on function private.login_account(text, text, bytea, text, timestamptz) is
  'One row: the account of a username or a phone whose password may be tried (null: none, or it is banned or its texted password has expired), whether its password was texted and that device has signed in to it before, and whether the decoy is there, whose phone is p_decoy.';

create function private.profile_of(p_user_id uuid)
returns table (
  id uuid, username text, name text, age smallint, phone_number text, locale text,
  must_change_password boolean, password_expired boolean
)
language plpgsql stable
set search_path = ''
as $$
begin
  return query
    select p.user_id, p.username, p.name, p.age, p.phone, p.locale, t.user_id is not null, coalesce(t.expires_at <= now(), false)
    from public.patients p left join private.temporary_passwords t on t.user_id = p.user_id
    where p.user_id = p_user_id;
end $$;
comment on function private.profile_of(uuid) is 'What the account API tells of a signed-in patient, and their language.';

create function private.account_fingerprint(p_user_id uuid, p_session_id uuid) returns text
language plpgsql stable
set search_path = ''
as $$
begin
  return (
    select private.account_state(s.user_id) from auth.sessions s where s.id = p_session_id and s.user_id = p_user_id
  );
end $$;
comment on function private.account_fingerprint(uuid, uuid) is
  'Another as soon as the account has another password or phone, and null once the session is signed out.';
