-- Who works at a clinic's desk. A person is their phone, as everywhere: the account of that phone has the rights, and
-- nothing else makes staff. On top of the session the desk wants a second proof, which is a code to that phone.

create table public.clinic_staff (
  id uuid primary key default gen_random_uuid(),
  clinic_id uuid not null references public.clinics (id) on delete cascade,
  phone text not null check (private.check_phone(phone)),
  name text not null,
  role text not null default 'desk' check (role in ('desk', 'manager')),
  user_id uuid references auth.users (id) on delete set null,
  vacated_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint clinic_staff_once_a_clinic unique (clinic_id, phone)
);
create index clinic_staff_of_account on public.clinic_staff (user_id);
create index clinic_staff_of_phone on public.clinic_staff (phone);

comment on table public.clinic_staff is
  'Who works at the desk of a clinic. They register on the site like anybody, with this phone. Deleting a row takes the rights away at once.';
comment on column public.clinic_staff.id is 'Identifier.';
comment on column public.clinic_staff.clinic_id is 'At which clinic.';
comment on column public.clinic_staff.phone is 'Their phone, as +E.164: the account of this phone may work at the desk.';
comment on column public.clinic_staff.name is 'Their name, as the desk and the audit show it.';
comment on column public.clinic_staff.role is 'desk, or manager: who also edits staff and hours and sees the numbers.';
comment on column public.clinic_staff.user_id is 'The account (auth.users) of the phone, filled in. Empty: that phone has none yet.';
comment on column public.clinic_staff.vacated_at is
  'When the account that had these rights went, or got another phone. The number may be a stranger''s next: whoever has it gets nothing until this is emptied, or the row is made anew.';
comment on column public.clinic_staff.created_at is 'When the row was made.';
comment on column public.clinic_staff.updated_at is 'When the row was last changed.';

create function private.tg_clinic_staff__account() returns trigger
language plpgsql security definer
set search_path = ''
as $$
declare
  v_account constant uuid := (select p.user_id from public.patients p where p.phone = new.phone);
begin
  if tg_op = 'INSERT' or new.phone <> old.phone then
    new.vacated_at := null;
  elsif v_account is distinct from old.user_id and old.user_id is not null then
    new.vacated_at := now();
  end if;
  new.user_id := case when new.vacated_at is null then v_account end;
  return new;
end $$;
comment on function private.tg_clinic_staff__account() is
  'Fills in the account of the phone, whatever was entered; not another one than it was, as phones change hands.';

create trigger _050_clean_names before insert or update of name on public.clinic_staff
  for each row execute function private.tg_clean_names('name');
create trigger _100_account before insert or update of phone, user_id, vacated_at on public.clinic_staff
  for each row execute function private.tg_clinic_staff__account();
create trigger _200_touch before update on public.clinic_staff
  for each row execute function private.tg_touch();
create trigger _800_audit after insert or update or delete on public.clinic_staff
  for each row execute function private.tg_audit();

create function private.tg_patients__follow_staff() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  -- Filled in anew from the phone, also of the phone that was given up. The rights do not move to the other phone: its code
  -- opens the desk, and who has stolen a password could then bring their own.
  update public.clinic_staff s set user_id = null
  where s.phone in (new.phone, case when tg_op = 'UPDATE' then old.phone end);
  return null;
end $$;
comment on function private.tg_patients__follow_staff() is
  'The phone of somebody at a desk got an account, or lost it: so do they get or lose their rights.';

create trigger _510_follow_staff after insert on public.patients
  for each row when (new.user_id is not null) execute function private.tg_patients__follow_staff();
create trigger _510_follow_staff_of_changed after update of phone, user_id on public.patients
  for each row when ((old.phone, old.user_id) is distinct from (new.phone, new.user_id))
  execute function private.tg_patients__follow_staff();

-- The second proof. A row begins with a code that is texted, and opens the desk once the code came back.
create table private.desk_sessions (
  session_id uuid primary key,
  user_id uuid not null references auth.users (id) on delete cascade,
  code_hash text,
  short boolean not null,
  guesses smallint not null default 0 check (guesses between 0 and 5),
  code_expires_at timestamptz not null,
  proven_at timestamptz,
  expires_at timestamptz,
  created_at timestamptz not null default now()
);
create index desk_sessions_of_account on private.desk_sessions (user_id);
alter table private.desk_sessions enable row level security;
comment on table private.desk_sessions is 'Sessions that opened a desk by a code to the phone, or were sent one.';
comment on column private.desk_sessions.session_id is 'The session (auth.sessions): a device that is signed in.';
comment on column private.desk_sessions.user_id is 'Whose session.';
comment on column private.desk_sessions.code_hash is 'bcrypt of the code, too slow to be guessed while the code works. Emptied when it came back.';
comment on column private.desk_sessions.short is 'Whether the code has six digits; else it has ten.';
comment on column private.desk_sessions.guesses is 'Guesses at the code so far; after the fifth even the right one is refused.';
comment on column private.desk_sessions.code_expires_at is 'When the code stops working.';
comment on column private.desk_sessions.proven_at is 'When the code came back. Empty: it did not yet.';
comment on column private.desk_sessions.expires_at is 'Until when the desk is open to the session.';
comment on column private.desk_sessions.created_at is 'When the first code was sent.';

-- Who is asking. What the desk may do rests on these functions.
create function private.is_admin() returns boolean
language plpgsql stable
set search_path = ''
as $$
begin
  return current_setting('role') = 'service_role'
    or (session_user = 'postgres' and current_setting('role') in ('none', 'postgres'));
end $$;
comment on function private.is_admin() is
  'Whether an admin asks: in the SQL editor of the dashboard (logged in as postgres, and nobody else for the moment, as our own functions are), or with the secret key where that is granted.';

create function private.session_id() returns uuid
language plpgsql stable
set search_path = ''
as $$
begin
  return coalesce(auth.jwt() ->> 'session_id', auth.jwt() ->> 'listens_for')::uuid;
end $$;
comment on function private.session_id() is 'The session that a request was made with, or that a token for listening names.';

create function private.role_of_session(p_session_id uuid, p_clinic_id uuid) returns text
language plpgsql stable
set search_path = ''
as $$
begin
  return (
    select s.role
    from private.desk_sessions d join public.clinic_staff s on s.user_id = d.user_id
    where d.session_id = p_session_id and d.expires_at > now() and s.clinic_id = p_clinic_id
      and d.user_id = private.user_of_session(p_session_id)
      and not exists (select from private.temporary_passwords t where t.user_id = d.user_id)
  );
end $$;
comment on function private.role_of_session(uuid, uuid) is
  'desk or manager, when a session belongs to staff of a clinic and has opened the desk; else null.';

create function private.desk_role(p_clinic_id uuid) returns text
language plpgsql stable security definer
set search_path = ''
as $$
begin
  return private.role_of_session((auth.jwt() ->> 'session_id')::uuid, p_clinic_id);
end $$;
comment on function private.desk_role(uuid) is
  'What the signed-in person is at the desk of a clinic, which their session has opened: desk or manager; else null.';

create function private.sees_desk(p_clinic_id uuid, p_manager_only boolean default false) returns boolean
language plpgsql stable security definer
set search_path = ''
as $$
begin
  return private.is_admin() or coalesce(
    private.desk_role(p_clinic_id) = 'manager' or (private.desk_role(p_clinic_id) = 'desk' and not p_manager_only), false
  );
end $$;
comment on function private.sees_desk(uuid, boolean) is
  'Whether whoever asks may see what the desk of a clinic sees, or its manager. Views ask it, functions private.require_desk.';
-- Policies and views run it as the caller. Without usage on the schema no caller can name it.
grant execute on function private.desk_role(uuid), private.sees_desk(uuid, boolean) to authenticated, service_role;

create function private.require_staff() returns uuid
language plpgsql stable
set search_path = ''
as $$
declare
  v_user_id constant uuid := private.current_user_id();
begin
  if v_user_id is null then
    perform private.fail('not_signed_in');
  elsif exists (select from private.temporary_passwords t where t.user_id = v_user_id) then
    perform private.fail('password_change_required');
  elsif not exists (select from public.clinic_staff s where s.user_id = v_user_id) then
    perform private.fail('not_staff');
  end if;
  return v_user_id;
end $$;
comment on function private.require_staff() is
  'The signed-in account, which is somebody''s who works at a desk. Refuses with not_signed_in, password_change_required or not_staff.';

create function private.require_desk() returns void
language plpgsql stable
set search_path = ''
as $$
declare
  v_user_id uuid;
begin
  if private.is_admin() then
    return;
  end if;
  v_user_id := private.require_staff();
  if not exists (
    select from private.desk_sessions d
    where d.session_id = private.session_id() and d.user_id = v_user_id and d.expires_at > now()
  ) then
    perform private.fail('desk_proof_required');
  end if;
end $$;
comment on function private.require_desk() is
  'Lets pass who works at the desk of any clinic and has opened it, and admins: for what then asks private.sees_desk of each row. Refuses with not_signed_in, password_change_required, not_staff or desk_proof_required.';

create function private.require_desk(p_clinic_id uuid, p_manager_only boolean default false) returns void
language plpgsql stable
set search_path = ''
as $$
declare
  v_role text;
begin
  perform private.require_desk();
  if p_clinic_id is null then
    -- Whoever asks says which. No clinic is none, and not whichever: rows of none are everybody's.
    perform private.fail('unknown_clinic');
  elsif private.is_admin() then
    return;
  end if;
  v_role := private.desk_role(p_clinic_id);
  if v_role is null then
    perform private.fail('not_staff');
  elsif p_manager_only and v_role <> 'manager' then
    perform private.fail('manager_only');
  end if;
end $$;
comment on function private.require_desk(uuid, boolean) is
  'Lets pass who works at the desk of this clinic, or manages it, and has opened it, and admins. Refuses like private.require_desk() of any desk, and with unknown_clinic (null) or manager_only.';

-- Rights: colleagues see each other, managers edit. What they may not enter is refused by the triggers.
alter table public.clinic_staff enable row level security;
grant select, insert, update, delete on public.clinic_staff to authenticated, service_role;

create policy "Staff can read who works at their desk" on public.clinic_staff
  for select to authenticated using (private.desk_role(clinic_id) is not null);
create policy "Managers can add staff of their clinic" on public.clinic_staff
  for insert to authenticated with check (private.desk_role(clinic_id) = 'manager');
create policy "Managers can edit staff of their clinic" on public.clinic_staff
  for update to authenticated using (private.desk_role(clinic_id) = 'manager')
  with check (private.desk_role(clinic_id) = 'manager');
create policy "Managers can remove staff of their clinic" on public.clinic_staff
  for delete to authenticated using (private.desk_role(clinic_id) = 'manager');
