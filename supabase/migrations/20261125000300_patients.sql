-- Patients, and the web account a patient may have. The phone number is the identity: one phone, one patient,
-- at most one account. Supabase Auth stores phones without the plus; we store +E.164.

create table public.patients (
  id uuid primary key default gen_random_uuid(),
  phone text unique check (private.check_phone(phone)),
  user_id uuid unique references auth.users (id) on delete set null,
  username text check (username ~ '^[A-Za-z0-9._-]{3,32}$' and username !~ '^[0-9]+$'),
  name text,
  age smallint check (age between 0 and 130),
  account_origin text check (account_origin in ('web', 'ivr')),
  locale text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint only_an_account_has_an_origin check ((user_id is null) = (account_origin is null)),
  -- A name without a letter could be read as somebody's phone number.
  constraint patients_username_has_a_letter check (username ~ '[A-Za-z]')
);
create unique index patients_username on public.patients (lower(username));
-- For the desk, which knows the end of a number, or how a name sounds.
create index patients_name_like on public.patients using gin (name extensions.gin_trgm_ops);
create index patients_phone_like on public.patients using gin (phone extensions.gin_trgm_ops);

comment on table public.patients is 'One row for each phone that booked or registered, and for each patient without phone who was at a desk.';
comment on column public.patients.id is 'Identifier.';
comment on column public.patients.phone is
  'The patient''s phone, as +E.164. It identifies the patient; an account and what waits to be texted move along with it. Empty: made at a desk without one; such a patient has no account and is not texted.';
comment on column public.patients.user_id is 'The web account (auth.users), empty while there is none. It has the same phone.';
comment on column public.patients.username is 'Name chosen for signing in; unique whatever the case. The phone always works too.';
comment on column public.patients.name is 'Full name, empty for a caller who never told it.';
comment on column public.patients.age is 'Age in years as told at registration.';
comment on column public.patients.account_origin is 'How the account was made: web (registered) or ivr (after a phone booking). Empty: no account yet.';
comment on column public.patients.locale is 'Language of calls and SMS this patient chose. Empty: the clinic''s.';
comment on column public.patients.created_at is 'When the row was made.';
comment on column public.patients.updated_at is 'When the row was last changed.';

create trigger _050_clean_names before insert or update of name on public.patients
  for each row execute function private.tg_clean_names('name');
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
create function private.user_of_session(p_session_id uuid) returns uuid
language plpgsql stable
set search_path = ''
as $$
begin
  return (
    select s.user_id
    from auth.sessions s, public.security_settings n
    where s.id = p_session_id
      and s.created_at > now() - make_interval(days => n.session_days)
      and coalesce(s.refreshed_at at time zone 'UTC', s.created_at) > now() - make_interval(days => n.session_idle_days)
      and (s.not_after is null or s.not_after > now())
  );
end $$;
comment on function private.user_of_session(uuid) is
  'Whose session it is; null when it was signed out, has not been used for too long, or is too old (security_settings).';

create function private.current_user_id() returns uuid
language plpgsql stable
set search_path = ''
as $$
declare
  v_session constant text := auth.jwt() ->> 'session_id';
begin
  -- A token outlives its session by up to an hour; signing out must count at once.
  return case when v_session is null then auth.uid() else private.user_of_session(v_session::uuid) end;
end $$;
comment on function private.current_user_id() is
  'The account that is signed in, or null: also when the session has ended.';

create function private.current_patient_id() returns uuid
language plpgsql stable security definer
set search_path = ''
as $$
begin
  return (
    select p.id
    from public.patients p
    where p.user_id = (select private.current_user_id())
      and not exists (select from private.temporary_passwords t where t.user_id = p.user_id)
  );
end $$;
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
  'The patient who is signed in; refuses with not_signed_in or password_change_required.';

create function public.account_status()
returns table (
  user_id uuid, phone text, patient_id uuid, username text, must_change_password boolean, works_at_desk boolean
)
language plpgsql stable security definer
set search_path = ''
as $$
begin
  return query
    select u.id, '+' || u.phone, p.id, p.username,
      exists (select from private.temporary_passwords t where t.user_id = u.id),
      exists (select from public.clinic_staff s where s.user_id = u.id)
    from auth.users u left join public.patients p on p.user_id = u.id
    where u.id = (select private.current_user_id()) and (u.banned_until is null or u.banned_until <= now());
end $$;
comment on function public.account_status() is
  'What the site must know before it can show anything: whose account this is, whether its password is temporary, and whether they work at a desk. No row: nobody is signed in, as after the session has ended or the account was banned.';
grant execute on function public.account_status() to authenticated, service_role;

create function private.language_of(p_patient_id uuid) returns text
language plpgsql stable
set search_path = ''
as $$
begin
  return (
    select coalesce(p.locale, (
      select c.locale from public.appointments a join public.clinics c on c.id = a.clinic_id
      where a.patient_id = p.id order by a.starts_at desc limit 1
    ))
    from public.patients p where p.id = p_patient_id
  );
end $$;
comment on function private.language_of(uuid) is
  'The language a patient is written to about their account: the one they chose, else that of the clinic of their last appointment. Null: nothing is known.';

-- Rights: a patient reads their own row. Changes go through functions.
alter table public.patients enable row level security;
grant select on public.patients to authenticated;
grant select, insert, update, delete on public.patients to service_role;

create policy "Patients can read their own row" on public.patients
  for select to authenticated using (id = (select private.current_patient_id()));
