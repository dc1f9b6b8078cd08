-- Accounts made on the web. The phone is proven by then: what was asked for is kept for a moment, the account is made
-- through the Auth admin API with the registration's id, and the trigger on auth.users gives it its patient in the
-- same transaction.

create table private.registrations (
  id uuid primary key,
  name text not null,
  age smallint not null,
  username text,
  locale text,
  created_at timestamptz not null default now()
);
alter table private.registrations enable row level security;
comment on table private.registrations is 'Registrations whose phone is proven and whose account is being made.';
comment on column private.registrations.id is 'Identifier; the account carries it as app_metadata.registration.';
comment on column private.registrations.name is 'The name to be.';
comment on column private.registrations.age is 'The age to be.';
comment on column private.registrations.username is 'The username to be, if one was chosen.';
comment on column private.registrations.locale is 'The language chosen on the web, if one was.';
comment on column private.registrations.created_at is 'When the phone was proven.';

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
    select from public.patients p where lower(p.username) = lower(p_username) and p.phone <> p_phone
  );
end $$;
comment on function private.username_is_taken(text, text) is
  'Whether somebody with another phone has that username, in whatever case.';

create function private.registration_refusal(p_purpose text, p_phone text, p_username text) returns text
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
  end;
end $$;
comment on function private.registration_refusal(text, text, text) is
  'Why a phone can not register or link as asked, as a word of the contract; null when it can.';

create function private.begin_registration(
  p_id uuid, p_purpose text, p_phone text, p_name text, p_age int, p_username text, p_locale text default null,
  out user_id uuid, out refusal text
)
language plpgsql
set search_path = ''
as $$
begin
  -- Asked again after Auth gave no answer: it may have made the account all the same.
  select u.id into user_id
  from auth.users u
  where u.phone = ltrim(p_phone, '+') and u.raw_app_meta_data ->> 'registration' = p_id::text;
  if found then
    return;
  end if;
  refusal := private.registration_refusal(p_purpose, p_phone, p_username);
  -- What an earlier try kept stays, also when it is refused now: Auth may still be at it, and must meet the same refusal
  -- instead of making an account without name.
  if refusal is null then
    insert into private.registrations (id, name, age, username, locale)
    values (p_id, p_name, p_age, p_username, p_locale)
    on conflict (id) do nothing;
  end if;
end $$;
comment on function private.begin_registration(uuid, text, text, text, int, text, text) is
  'Keeps what a new account''s patient will be called. Returns the account if it has been made already, or why it can not be made.';

create function private.forget_stale_registrations(p_now timestamptz) returns void
language sql
set search_path = ''
as $$
  delete from private.registrations r where r.created_at < p_now - interval '1 hour'
$$;
comment on function private.forget_stale_registrations(timestamptz) is
  'Removes registrations whose account was never made.';

create function private.login_phone(p_username text, p_phone text, p_now timestamptz default now()) returns text
language plpgsql stable
set search_path = ''
as $$
begin
  return (
    select p.phone
    from public.patients p
    where (p.phone = p_phone or lower(p.username) = lower(p_username))
      and p.user_id is not null
      and not exists (
        select from private.temporary_passwords t where t.user_id = p.user_id and t.expires_at <= p_now
      )
    order by p.phone = p_phone desc nulls last
    limit 1
  );
end $$;
comment on function private.login_phone(text, text, timestamptz) is
  'The phone to sign in with, of a username or a phone; null when unknown or when its temporary password has expired.';

create function private.profile_of(p_user_id uuid)
returns table (
  id uuid, username text, name text, age smallint, phone_number text, must_change_password boolean, locale text
)
language plpgsql stable
set search_path = ''
as $$
begin
  return query
    select p.user_id, p.username, p.name, p.age, p.phone,
      exists (select from private.temporary_passwords t where t.user_id = p.user_id), p.locale
    from public.patients p where p.user_id = p_user_id;
end $$;
comment on function private.profile_of(uuid) is 'What the account API tells of a signed-in patient, and their language.';

create function private.account_mark(p_user_id uuid, p_session_id uuid) returns text
language plpgsql stable
set search_path = ''
as $$
begin
  return (
    select encode(sha256(convert_to(concat_ws(':', u.id, u.phone, u.encrypted_password), 'UTF8')), 'hex')
    from auth.users u
    where u.id = p_user_id
      and exists (select from auth.sessions s where s.id = p_session_id and s.user_id = u.id)
  );
end $$;
comment on function private.account_mark(uuid, uuid) is
  'Differs as soon as the account has another password or phone, or the session is signed out: what was asked for before is void then.';

-- An account belongs to the patient of its phone once that phone is confirmed.
create function private.tg_users__link_patient() returns trigger
language plpgsql security definer
set search_path = ''
as $$
declare
  v_phone constant text := '+' || new.phone;
  v_origin constant text := case when new.raw_app_meta_data ? 'account_job' then 'ivr' else 'web' end;
  v_moved public.patients;
  v_registration private.registrations;
  v_patient public.patients;
begin
  -- The account moved to another number (proven by a code): its patient moves along, unless somebody is there.
  select * into v_moved from public.patients p where p.user_id = new.id and p.phone <> v_phone for no key update;
  if found then
    if exists (select from public.patients p where p.phone = v_phone) then
      raise exception using errcode = 'PT409', message = 'phone_already_registered',
        hint = 'Another patient has this phone.';
    end if;
    update public.patients p set phone = v_phone where p.id = v_moved.id;
    perform private.queue_sms(
      'phone_changed', v_moved.phone, jsonb_build_object('phone', private.mask_phone(v_phone)), null, v_moved.id,
      null, coalesce(private.language_of(v_moved.id), 'en-IN')
    );
    return null;
  end if;

  if new.raw_app_meta_data ? 'registration' then
    delete from private.registrations r where r.id::text = new.raw_app_meta_data ->> 'registration'
    returning * into v_registration;
    if found then
      perform private.set_channel('web');
    end if;
  end if;

  insert into public.patients as p (phone, user_id, account_origin, name, age, username, locale)
  values (
    v_phone, new.id, v_origin, v_registration.name, v_registration.age, v_registration.username, v_registration.locale
  )
  on conflict (phone) do update
    -- What was told on the web wins, but for a language that was chosen in a call.
    set user_id = excluded.user_id, account_origin = excluded.account_origin,
      name = coalesce(excluded.name, p.name), age = coalesce(excluded.age, p.age),
      username = coalesce(excluded.username, p.username), locale = coalesce(p.locale, excluded.locale)
    where p.user_id is null
  returning * into v_patient;
  if not found and not exists (select from public.patients p where p.phone = v_phone and p.user_id = new.id) then
    raise exception using errcode = 'PT409', message = 'phone_already_registered',
      hint = 'The patient with this phone has another account.';
  end if;

  if v_registration.id is not null
    and exists (select from public.appointments a where a.patient_id = v_patient.id) then
    perform private.queue_sms(
      'account_linked', v_phone, '{}', 'account_linked:' || new.id, v_patient.id, null,
      coalesce(private.language_of(v_patient.id), 'en-IN')
    );
  end if;
  return null;
end $$;
comment on function private.tg_users__link_patient() is
  'Creates the patient of a newly confirmed phone, or gives the patient there is the account.';

create trigger medq_link_patient_of_new_user after insert on auth.users
  for each row when (new.phone is not null and new.phone_confirmed_at is not null)
  execute function private.tg_users__link_patient();
create trigger medq_link_patient_of_confirmed_user after update of phone, phone_confirmed_at on auth.users
  for each row when (
    new.phone is not null and new.phone_confirmed_at is not null and new.deleted_at is null
    and (old.phone_confirmed_at is null or old.phone is distinct from new.phone)
  )
  execute function private.tg_users__link_patient();

-- Deleting an account for good empties user_id by its foreign key. The soft deletion of Auth keeps the row, under a
-- phone that is none.
create function private.tg_users__unlink_patient() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  update public.patients p set user_id = null where p.user_id = new.id;
  return null;
end $$;
comment on function private.tg_users__unlink_patient() is
  'The account was deleted: its patient and their appointments stay, and may get a new one.';

create trigger medq_unlink_patient_of_deleted_user after update of deleted_at on auth.users
  for each row when (new.deleted_at is not null and old.deleted_at is null)
  execute function private.tg_users__unlink_patient();

create function private.tg_users__password_chosen() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  delete from private.temporary_passwords t where t.user_id = new.id;
  return null;
end $$;
comment on function private.tg_users__password_chosen() is
  'The owner chose a password, so it is temporary no more.';

create trigger medq_password_chosen after update of encrypted_password on auth.users
  for each row when (new.encrypted_password is distinct from old.encrypted_password and new.encrypted_password <> '')
  execute function private.tg_users__password_chosen();

-- Between the account and its SMS the owner may have chosen a password (forgot password works on any account).
create function private.tg_users__end_account_job() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  update private.account_jobs j set done_at = now()
  where j.done_at is null and j.id::text = new.raw_app_meta_data ->> 'account_job';
  return null;
end $$;
comment on function private.tg_users__end_account_job() is
  'The owner has a password, so the one of the job is not texted any more.';

create trigger medq_end_account_job after update of encrypted_password on auth.users
  for each row when (
    new.encrypted_password is distinct from old.encrypted_password and new.encrypted_password <> ''
    and new.raw_app_meta_data ? 'account_job'
  )
  execute function private.tg_users__end_account_job();
