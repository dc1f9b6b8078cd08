-- A stolen token opens Auth's own PUT /user, which would make it a stolen account. So nothing by which an account is
-- entered changes without a permit that was written just before, by a function that has asked for a password or a code.
--
-- Whoever writes auth.users passes here: Auth for a session or for the secret key, the dashboard, our own SQL. What Auth
-- may write by itself at a sign-in is another form of the same hash, where it is run with encryption of its database.
-- Hosted projects are not; and such a row cannot be told from a new password.

-- A permit is its maker's own, so that changes that are made at the same moment neither use nor withdraw each other's. It
-- is good for the account as its owner proved to know it: of two such changes one comes too late.
create table private.account_permits (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null references auth.users (id) on delete cascade,
  what text not null check (what in ('password', 'phone', 'email')),
  phone text check (private.check_phone(phone)),
  state text,
  expires_at timestamptz not null,
  created_at timestamptz not null default now(),
  constraint a_permit_names_the_new_phone check ((what = 'phone') = (phone is not null))
);
create index account_permits_of_user on private.account_permits (user_id);
alter table private.account_permits enable row level security;
comment on table private.account_permits is 'What may change in an account at this moment. The change uses its permit up.';
comment on column private.account_permits.id is 'Known to its maker, who withdraws it.';
comment on column private.account_permits.user_id is 'The account (auth.users).';
comment on column private.account_permits.what is 'password, phone or email.';
comment on column private.account_permits.phone is 'The phone that it may change to.';
comment on column private.account_permits.state is 'The private.account_state that it may change from; empty: any.';
comment on column private.account_permits.expires_at is 'When it is too late.';
comment on column private.account_permits.created_at is 'When it was given.';

create function private.permit_change(
  p_user_id uuid, p_what text, p_phone text default null, p_for interval default '1 minute', p_state text default null
)
returns uuid
language sql
set search_path = ''
as $$
  insert into private.account_permits (user_id, what, phone, state, expires_at)
  select p_user_id, p_what, p_phone, p_state, now() + p_for
  where p_state is null or p_state = private.account_state(p_user_id)
  returning id
$$;
comment on function private.permit_change(uuid, text, text, interval, text) is
  'Lets the password, the e-mail or the phone (to p_phone, +E.164) of an account be changed, once and soon, as long as it is in p_state (private.account_state; null: whatever it is in). Returns the permit, or null when it is in another.';

create function private.withdraw_permit(p_id uuid) returns void
language sql
set search_path = ''
as $$
  delete from private.account_permits p where p.id = p_id
$$;
comment on function private.withdraw_permit(uuid) is 'The change is done or will not be: nobody else may use its permit.';

create function private.use_permit(p_user_id uuid, p_state text, p_what text, p_phone text default null) returns void
language plpgsql
set search_path = ''
as $$
begin
  -- One, and one that is for this very state before one that an admin gave.
  delete from private.account_permits p
  where p.id = (
    select q.id from private.account_permits q
    where q.user_id = p_user_id and q.what = p_what and q.phone is not distinct from p_phone
      and (q.state is null or q.state = p_state) and q.expires_at > now()
    order by q.state is null, q.created_at
    limit 1
    for update
  );
  if not found then
    perform private.fail('change_not_permitted', p_what);
  end if;
end $$;
comment on function private.use_permit(uuid, text, text, text) is
  'Uses a permit up for an account that is in p_state; refuses when there is none.';

create function private.tg_users__change_is_permitted() returns trigger
language plpgsql security definer
set search_path = ''
as $$
declare
  v_state constant text :=
    private.state_of_account(old.id, old.phone, old.encrypted_password, old.phone_confirmed_at);
begin
  -- Taking a password away opens nothing.
  if new.encrypted_password is distinct from old.encrypted_password and new.encrypted_password is distinct from '' then
    perform private.use_permit(new.id, v_state, 'password');
  end if;
  if new.phone is distinct from old.phone then
    perform private.use_permit(new.id, v_state, 'phone', '+' || new.phone);
  elsif new.phone_change is distinct from old.phone_change and new.phone_change <> '' then
    perform private.use_permit(new.id, v_state, 'phone', '+' || new.phone_change);
  end if;
  if new.email is distinct from old.email
    or (new.email_change is distinct from old.email_change and new.email_change <> '')
  then
    perform private.use_permit(new.id, v_state, 'email');
  end if;
  return new;
end $$;
comment on function private.tg_users__change_is_permitted() is
  'Refuses another password, phone or e-mail of an account, also one that only begins, unless it was permitted just before.';

-- A soft deletion overwrites all of them.
create trigger medq_change_is_permitted before update on auth.users
  for each row when (
    (new.encrypted_password, new.phone, new.phone_change, new.email, new.email_change)
      is distinct from (old.encrypted_password, old.phone, old.phone_change, old.email, old.email_change)
    and (new.deleted_at is null or old.deleted_at is not null)
  )
  execute function private.tg_users__change_is_permitted();

create function public.permit_account_change(phone text, what text default 'password', minutes int default 10)
returns timestamptz
language plpgsql security definer
set search_path = ''
as $$
declare
  v_user_id uuid;
begin
  select p.user_id into v_user_id
  from public.patients p where p.phone = permit_account_change.phone and p.user_id is not null;
  if not found then
    perform private.fail('unknown_patient');
  end if;
  -- Said twice, it is once all the same.
  delete from private.account_permits p
  where p.user_id = v_user_id and p.what = permit_account_change.what and p.state is null;
  perform private.permit_change(v_user_id, what, null, make_interval(mins => least(minutes, 60)));
  return now() + make_interval(mins => least(minutes, 60));
end $$;
comment on function public.permit_account_change(text, text, int) is
  'For admins: lets the password (or email) of the account of a phone (+E.164) be changed by hand once, within so many minutes (60 at most). Returns until when. For another phone there is change_patient_phone.';
grant execute on function public.permit_account_change(text, text, int) to service_role;
