-- Accounts and their patients: what follows when Supabase Auth writes auth.users. Auth's own transaction does it, so an
-- account and its patient are there together or not at all.

-- Whoever can make users (an open sign-up, an admin in a hurry) could else have anybody's bookings by
-- naming their phone. The way of ours to an account leaves a row first, and only that counts.
create function private.take_proof(p_phone text, p_made_by jsonb) returns private.registrations
language plpgsql
set search_path = ''
as $$
declare
  v_registration private.registrations;
begin
  delete from private.registrations r
  where r.id::text = p_made_by ->> 'registration' and r.phone = p_phone
  returning * into v_registration;
  if found then
    perform private.set_channel('web');
  elsif not exists (
    select from private.account_jobs j join public.patients p on p.id = j.patient_id
    where j.id::text = p_made_by ->> 'account_job' and j.done_at is null and p.phone = p_phone
  ) then
    perform private.fail('unproven_account');
  end if;
  return v_registration;
end $$;
comment on function private.take_proof(text, jsonb) is
  'Refuses an account whose phone neither a registration nor an open account job has proven. Returns what was told on the web; all null of a job.';

create function private.link_patient(p_user_id uuid, p_phone text, p_made_by jsonb) returns void
language plpgsql
set search_path = ''
as $$
declare
  v_told constant private.registrations := private.take_proof(p_phone, p_made_by);
  v_patient public.patients;
begin
  insert into public.patients as p (phone, user_id, account_origin, name, age, username, locale)
  values (
    p_phone, p_user_id, case when p_made_by ? 'account_job' then 'ivr' else 'web' end,
    v_told.name, v_told.age, v_told.username, v_told.locale
  )
  on conflict (phone) do update
    -- What was told on the web wins, but for a language that was chosen in a call.
    set user_id = excluded.user_id, account_origin = excluded.account_origin,
      name = coalesce(excluded.name, p.name), age = coalesce(excluded.age, p.age),
      username = coalesce(excluded.username, p.username), locale = coalesce(p.locale, excluded.locale)
    where p.user_id is null
  returning * into v_patient;
  if not found then
    perform private.fail('other_account_has_phone');
  end if;
  perform private.are_theirs(v_patient.id, array[
    case when v_told.name is not null then 'name' end, case when v_told.age is not null then 'age' end
  ]);

  if v_told.id is not null and exists (select from public.appointments a where a.patient_id = v_patient.id) then
    perform private.queue_sms(
      'account_linked', p_phone, '{}', 'account_linked:' || p_user_id, v_patient.id, null,
      coalesce(private.language_of(v_patient.id), 'en-IN')
    );
  end if;
end $$;
comment on function private.link_patient(uuid, text, jsonb) is
  'Creates the patient of a confirmed phone, or gives the patient there is the account. p_made_by is the account''s app_metadata: its registration or account_job.';

create function private.tg_users__link_patient() returns trigger
language plpgsql security definer
set search_path = ''
as $$
declare
  v_phone constant text := '+' || new.phone;
begin
  if exists (select from public.patients p where p.user_id = new.id) then
    update public.patients p set phone = v_phone where p.user_id = new.id and p.phone <> v_phone;
  else
    perform private.link_patient(new.id, v_phone, new.raw_app_meta_data);
  end if;
  return null;
end $$;
comment on function private.tg_users__link_patient() is
  'An account belongs to the patient of its phone once that phone is confirmed; one with a new phone takes its patient along.';

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
  perform private.queue_sms(
    'password_changed', p.phone, '{}', null, p.id, null, coalesce(private.language_of(p.id), 'en-IN')
  )
  from public.patients p where p.user_id = new.id;
  return null;
end $$;
comment on function private.tg_users__password_chosen() is
  'The account has another password: it is temporary no more, and its owner is told, who may know nothing of it.';

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
