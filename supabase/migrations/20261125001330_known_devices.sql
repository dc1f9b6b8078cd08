-- Devices that have signed in to an account before. Theirs are limits of their own, which strangers cannot use up, and
-- the owner is told when another one signs in.

create table private.known_devices (
  user_id uuid not null references auth.users (id) on delete cascade,
  device_hash bytea not null,
  last_seen_at timestamptz not null default now(),
  primary key (user_id, device_hash)
);
alter table private.known_devices enable row level security;
comment on table private.known_devices is 'Devices that have signed in to an account since its password was last changed.';
comment on column private.known_devices.user_id is 'Whose account.';
comment on column private.known_devices.device_hash is 'Keyed hash of what the device is known by: its cookie, else its network and user agent.';
comment on column private.known_devices.last_seen_at is 'When it signed in last.';

create function private.is_known_device(p_user_id uuid, p_device bytea) returns boolean
language plpgsql stable
set search_path = ''
as $$
begin
  return exists (select from private.known_devices d where d.user_id = p_user_id and d.device_hash = p_device);
end $$;
comment on function private.is_known_device(uuid, bytea) is 'Whether a device has signed in to an account before.';

create function private.account_of_phone_on_device(p_phone text, p_device bytea)
returns table (user_id uuid, known_device boolean, state text)
language plpgsql stable
set search_path = ''
as $$
begin
  return query
    select u.id, private.is_known_device(u.id, p_device), private.account_state(u.id)
    from (values (ltrim(p_phone, '+'))) as asked (phone) left join auth.users u on u.phone = asked.phone;
end $$;
comment on function private.account_of_phone_on_device(text, bytea) is
  'One row: the account of a phone (+E.164), null when it has none, whether that device has signed in to it before, and its private.account_state.';

create function private.tell_of_new_device(p_user_id uuid, p_now timestamptz) returns void
language plpgsql
set search_path = ''
as $$
declare
  v_most constant int := (select s.new_device_sms_a_day from public.security_settings s);
  v_patient public.patients;
begin
  select * into v_patient from public.patients p where p.user_id = p_user_id;
  if v_most > (
    select count(*) from public.sms_messages m
    where m.patient_id = v_patient.id and m.template = 'signed_in_new_device' and m.created_at > p_now - interval '1 day'
  ) then
    perform private.queue_sms(
      'signed_in_new_device', v_patient.phone, '{}', null, v_patient.id, null,
      coalesce(private.language_of(v_patient.id), 'en-IN')
    );
  end if;
end $$;
comment on function private.tell_of_new_device(uuid, timestamptz) is
  'Texts the owner of an account that another device signed in, unless they were told often enough today.';

create function private.know_device(p_user_id uuid, p_device bytea, p_now timestamptz default now()) returns boolean
language plpgsql
set search_path = ''
as $$
begin
  insert into private.known_devices as d (user_id, device_hash, last_seen_at) values (p_user_id, p_device, p_now)
  on conflict (user_id, device_hash) do nothing;
  if found then
    return true;
  end if;
  update private.known_devices d set last_seen_at = p_now where d.user_id = p_user_id and d.device_hash = p_device;
  return false;
end $$;
comment on function private.know_device(uuid, bytea, timestamptz) is
  'A device has proven that it is the owner''s. True when it was not known before.';

create function private.note_sign_in(
  p_user_id uuid, p_device bytea, p_client text, p_what text, p_subjects jsonb, p_now timestamptz default now()
)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_is_first constant boolean := not exists (select from private.known_devices d where d.user_id = p_user_id);
  v_is_new constant boolean := private.know_device(p_user_id, p_device, p_now);
begin
  perform private.take_back_hit(p_what, p_subjects, p_now);
  perform private.note_security_event(
    case when v_is_new and not v_is_first then 'signed_in_new_device' else 'signed_in' end,
    (select p.phone from public.patients p where p.user_id = p_user_id), p_client, p_now
  );
  if v_is_new and not v_is_first then
    perform private.tell_of_new_device(p_user_id, p_now);
  end if;
end $$;
comment on function private.note_sign_in(uuid, bytea, text, text, jsonb, timestamptz) is
  'Somebody signed in: their try does not count, their device is known from now on, and the owner is told of a further one.';

-- Whoever changes a password may do so because somebody else knows it.
create function private.tg_users__forget_devices() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  delete from private.known_devices d where d.user_id = new.id;
  return null;
end $$;
comment on function private.tg_users__forget_devices() is 'The password is another: no device is known any more.';

create trigger medq_forget_devices after update of encrypted_password on auth.users
  for each row when (new.encrypted_password is distinct from old.encrypted_password)
  execute function private.tg_users__forget_devices();
