-- Patients, and the web account a patient may have. The phone number is the identity: one phone, one patient,
-- at most one account. Supabase Auth stores phones without the plus; we store +E.164.

create table public.patients (
  id uuid primary key default gen_random_uuid(),
  phone text not null unique check (phone ~ '^\+[1-9][0-9]{6,14}$'),
  user_id uuid unique references auth.users (id) on delete set null,
  username text check (username ~ '^[A-Za-z0-9._-]{3,32}$' and username !~ '^[0-9]+$'),
  name text check (btrim(name) <> '' and length(name) <= 100),
  age smallint check (age between 0 and 130),
  account_origin text check (account_origin in ('web', 'ivr')),
  locale text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create unique index patients_username on public.patients (lower(username));

comment on table public.patients is 'One row for each phone that booked or registered.';
comment on column public.patients.id is 'Identifier.';
comment on column public.patients.phone is 'The patient''s phone, as +E.164. It identifies the patient.';
comment on column public.patients.user_id is 'The web account (auth.users), empty while there is none.';
comment on column public.patients.username is 'Name chosen for signing in; unique whatever the case. The phone always works too.';
comment on column public.patients.name is 'Full name, empty for a caller who never told it.';
comment on column public.patients.age is 'Age in years as told at registration.';
comment on column public.patients.account_origin is 'How the account was made: web (registered) or ivr (after a phone booking). Empty: no account yet.';
comment on column public.patients.locale is 'Language of calls and SMS this patient chose. Empty: the clinic''s.';
comment on column public.patients.created_at is 'When the row was made.';
comment on column public.patients.updated_at is 'When the row was last changed.';

create trigger _200_touch before update on public.patients
  for each row execute function private.tg_touch();

-- A generated password is texted, so it must be replaced at the first sign-in. Until then its user sees nothing.
create table private.temporary_passwords (
  user_id uuid primary key references auth.users (id) on delete cascade,
  expires_at timestamptz not null,
  created_at timestamptz not null default now()
);
alter table private.temporary_passwords enable row level security;
comment on table private.temporary_passwords is 'Accounts whose password was generated and texted, and not yet replaced by its owner.';
comment on column private.temporary_passwords.user_id is 'The account (auth.users).';
comment on column private.temporary_passwords.expires_at is 'When the texted password stops working.';
comment on column private.temporary_passwords.created_at is 'When the password was made.';

-- Who is asking. Every policy and every RPC of a patient rests on these functions.
create function private.current_user_id() returns uuid
language sql stable
set search_path = ''
as $$
  select auth.uid()
  -- A token outlives its session by up to an hour; signing out must count at once.
  where auth.jwt() ->> 'session_id' is null
    or exists (select from auth.sessions s where s.id = (auth.jwt() ->> 'session_id')::uuid)
$$;
comment on function private.current_user_id() is
  'The account that is signed in, or null: also when the session was signed out.';

create function private.current_patient_id() returns uuid
language sql stable security definer
set search_path = ''
as $$
  select p.id
  from public.patients p
  where p.user_id = (select private.current_user_id())
    and not exists (select from private.temporary_passwords t where t.user_id = p.user_id)
$$;
comment on function private.current_patient_id() is
  'The patient who is signed in, or null: also when the session was signed out or the password is still temporary.';
-- Policies run it as the caller. Without usage on the schema no caller can name it.
grant execute on function private.current_patient_id() to authenticated;

create function private.require_patient() returns uuid
language plpgsql stable security definer
set search_path = ''
as $$
declare
  v_patient_id uuid := private.current_patient_id();
begin
  if v_patient_id is null then
    if exists (select from private.temporary_passwords t where t.user_id = private.current_user_id()) then
      perform private.fail('password_change_required');
    end if;
    perform private.fail('not_signed_in');
  end if;
  return v_patient_id;
end $$;
comment on function private.require_patient() is
  'The patient who is signed in; raises not_signed_in or password_change_required.';

create function public.account_status()
returns table (patient_id uuid, username text, must_change_password boolean)
language sql stable security definer
set search_path = ''
as $$
  select p.id, p.username, exists (select from private.temporary_passwords t where t.user_id = p.user_id)
  from public.patients p
  where p.user_id = (select private.current_user_id())
$$;
comment on function public.account_status() is
  'What the site must know before it can show anything: whose account this is and whether its password is temporary.';
grant execute on function public.account_status() to authenticated, service_role;

-- An account belongs to the patient of its phone once that phone is confirmed.
create function private.tg_users__link_patient() returns trigger
language plpgsql security definer
set search_path = ''
as $$
declare
  v_phone text := '+' || new.phone;
  v_origin text := case when new.raw_app_meta_data ? 'account_job' then 'ivr' else 'web' end;
begin
  -- The account moved to another number (proven by a code): its patient moves along.
  update public.patients p set phone = v_phone where p.user_id = new.id and p.phone <> v_phone;

  insert into public.patients as p (phone, user_id, account_origin)
  values (v_phone, new.id, v_origin)
  on conflict (phone) do update
    set user_id = excluded.user_id, account_origin = excluded.account_origin
    where p.user_id is null;
  if not exists (select from public.patients p where p.phone = v_phone and p.user_id = new.id) then
    raise exception using errcode = 'PT409', message = 'phone_already_registered',
      hint = 'The patient with this phone has another account.';
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

-- Codes that prove a phone. Nothing in a row is readable: the code is a keyed hash, the request is sealed with a key
-- that only the client holds.
create table private.phone_verifications (
  id uuid primary key default gen_random_uuid(),
  purpose text not null check (purpose in ('register', 'link', 'reset')),
  phone_hash bytea not null,
  code_hash bytea not null,
  sealed_request bytea not null,
  guesses smallint not null default 0 check (guesses between 0 and 5),
  expires_at timestamptz not null,
  used_at timestamptz,
  created_at timestamptz not null default now()
);
create index phone_verifications_expiry on private.phone_verifications (expires_at);
alter table private.phone_verifications enable row level security;
comment on table private.phone_verifications is 'One-time codes we texted to prove a phone. Nothing in it is readable.';
comment on column private.phone_verifications.id is 'First half of the verification_id that the client holds.';
comment on column private.phone_verifications.purpose is 'What the code proves: register, link or reset.';
comment on column private.phone_verifications.phone_hash is 'Keyed hash of the phone, to count and to replace older codes.';
comment on column private.phone_verifications.code_hash is 'Keyed hash of the code and the row''s id.';
comment on column private.phone_verifications.sealed_request is 'The request, AES-GCM, opened by the other half of the verification_id.';
comment on column private.phone_verifications.guesses is 'Wrong guesses so far; the fifth ends it.';
comment on column private.phone_verifications.expires_at is 'When the code stops working.';
comment on column private.phone_verifications.used_at is 'When it was used. A code works once.';
comment on column private.phone_verifications.created_at is 'When the code was sent.';

create table private.rate_limits (
  bucket text not null,
  window_start timestamptz not null,
  hits int not null default 1,
  primary key (bucket, window_start)
);
create index rate_limits_age on private.rate_limits (window_start);
alter table private.rate_limits enable row level security;
comment on table private.rate_limits is 'Counts of what is limited, by fixed windows.';
comment on column private.rate_limits.bucket is 'What is counted: an action and a keyed hash of a phone or client address.';
comment on column private.rate_limits.window_start is 'When the window began.';
comment on column private.rate_limits.hits is 'How often in this window.';

-- Rights: a patient reads their own row. Changes go through functions.
alter table public.patients enable row level security;
revoke all on public.patients from anon, authenticated, service_role;
grant select on public.patients to authenticated;
grant select, insert, update, delete on public.patients to service_role;

create policy "Patients can read their own row" on public.patients
  for select to authenticated using (id = (select private.current_patient_id()));
