-- A patient and their account have the same phone and belong to each other, whichever of them is edited, by Auth, by our
-- functions or by hand. What can follow follows; what cannot is refused.

create function private.tg_patients__check_account() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  if tg_op = 'UPDATE' and new.phone is distinct from old.phone then
    if exists (select from public.patients p where p.phone = new.phone) then
      perform private.fail('other_patient_has_phone');
    elsif exists (
      select from auth.users u where u.phone = ltrim(new.phone, '+') and u.id is distinct from new.user_id
    ) then
      perform private.fail('other_account_has_phone');
    elsif new.phone is null and new.user_id is not null then
      perform private.fail('account_has_other_phone');
    end if;
  end if;
  if tg_op = 'UPDATE' and old.user_id is not null and new.user_id is distinct from old.user_id then
    if exists (select from auth.users u where u.id = old.user_id and u.deleted_at is null) then
      perform private.fail('account_still_there');
    end if;
    -- A name to sign in with is of no use without an account, and keeps others from having it.
    new.account_origin := null;
    new.username := null;
  end if;
  if new.user_id is not null and (tg_op = 'INSERT' or new.user_id is distinct from old.user_id) and not exists (
    select from auth.users u
    where u.id = new.user_id and u.phone = ltrim(new.phone, '+') and u.phone_confirmed_at is not null
      and u.deleted_at is null
  ) then
    perform private.fail('account_has_other_phone');
  end if;
  return new;
end $$;
comment on function private.tg_patients__check_account() is
  'Refuses a phone that somebody else has, an account with another phone, and parting from an account that is still there.';

create trigger _100_check_account before insert or update of phone, user_id on public.patients
  for each row execute function private.tg_patients__check_account();

create function private.stays_with_phone(p_sms public.sms_messages) returns boolean
language sql immutable
set search_path = ''
-- By a warning the owner of a phone learns what is done with their account, perhaps by whoever has given it another phone.
return p_sms.template in ('signed_in_new_device', 'password_changed', 'phone_changed', 'phone_moved_here', 'account_linked');
comment on function private.stays_with_phone(public.sms_messages) is
  'Whether a message is for whoever has the phone it was queued for, and not for the patient, should they have another one.';

create function private.redirect_sms(p_patient_id uuid, p_from text, p_to text) returns void
language plpgsql
set search_path = ''
as $$
begin
  perform private.lock_sms(array(
    select m.id from public.sms_messages m
    where m.patient_id = p_patient_id and m.to_phone = p_from and m.status = 'queued' and not private.stays_with_phone(m)
  ));
  -- A code or password was for the old phone alone.
  update public.sms_messages m
  set to_phone = case when m.secret then m.to_phone else p_to end,
    status = case when m.secret then 'cancelled' else m.status end,
    last_error = case when m.secret then 'the patient was given another phone' else m.last_error end
  where m.patient_id = p_patient_id and m.to_phone = p_from and m.status = 'queued' and not private.stays_with_phone(m);
end $$;
comment on function private.redirect_sms(uuid, text, text) is
  'What waits to be texted to a patient goes to their new phone; codes and passwords are withdrawn, and warnings stay with the phone they are for.';

create function private.tg_patients__move_account() returns trigger
language plpgsql security definer
set search_path = ''
as $$
declare
  v_number constant text := ltrim(new.phone, '+');
  v_locale constant text := coalesce(private.language_of(new.id), 'en-IN');
begin
  if exists (select from auth.users u where u.id = new.user_id and u.phone is distinct from v_number) then
    perform private.permit_change(new.user_id, 'phone', new.phone);
    update auth.users u set phone = v_number, updated_at = now() where u.id = new.user_id;
    -- Edited here and not by Auth: nobody has proven anything, so whoever is signed in does it again.
    delete from auth.sessions s where s.user_id = new.user_id;
  end if;
  update auth.identities i set identity_data = i.identity_data || jsonb_build_object('phone', v_number), updated_at = now()
  where i.user_id = new.user_id and i.provider = 'phone' and i.identity_data ->> 'phone' is distinct from v_number;

  -- Whoever changed it has asked the patient.
  perform private.note_sign_of_life(new.id, true);
  perform private.redirect_sms(new.id, old.phone, new.phone);
  perform private.queue_sms(
    'phone_changed', old.phone, jsonb_build_object('phone', private.mask_phone(new.phone)), null, new.id, null, v_locale
  );
  perform private.queue_sms(
    'phone_moved_here', new.phone, jsonb_build_object('phone', private.mask_phone(old.phone)), null, new.id, null, v_locale
  );
  return null;
end $$;
comment on function private.tg_patients__move_account() is
  'The patient has another phone: the account moves along, sessions end unless Auth moved it, and both phones are told.';

create trigger _500_move_account after update of phone on public.patients
  for each row when (new.phone <> old.phone) execute function private.tg_patients__move_account();

create function private.tg_patients__delete_account() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  delete from auth.users u where u.id = old.user_id;
  return null;
end $$;
comment on function private.tg_patients__delete_account() is
  'The patient was deleted: an account without patient could not do anything.';

create trigger _500_delete_account after delete on public.patients
  for each row when (old.user_id is not null) execute function private.tg_patients__delete_account();

create function private.tg_users__keep_phone() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  if exists (
    select from public.patients p
    where p.user_id = new.id and (p.phone is distinct from '+' || new.phone or new.phone_confirmed_at is null)
  ) then
    perform private.fail('account_has_other_phone');
  end if;
  return null;
end $$;
comment on function private.tg_users__keep_phone() is
  'Refuses an account of a patient without their phone, or with one that is not confirmed.';

-- By its name it comes after medq_link_patient_…, which moves the patient to a confirmed phone.
create trigger medq_patient_keeps_phone after update of phone, phone_confirmed_at on auth.users
  for each row when (
    new.deleted_at is null
    and (old.phone, old.phone_confirmed_at is null) is distinct from (new.phone, new.phone_confirmed_at is null)
  )
  execute function private.tg_users__keep_phone();

create function private.clinic_at_desk(p_patient_id uuid, p_dependent_id uuid default null) returns public.clinics
language plpgsql stable
set search_path = ''
as $$
declare
  v_clinic public.clinics;
begin
  select c.* into v_clinic
  from (
    select a.clinic_id, 1 + (a.dependent_id is distinct from p_dependent_id)::int as place, a.starts_at
    from public.appointments a where a.patient_id = p_patient_id
    union all
    -- Who has had no appointment yet.
    select i.clinic_id, 3, null from private.introduced_patients i where i.patient_id = p_patient_id
  ) k
  join public.clinics c on c.id = k.clinic_id
  where private.sees_desk(c.id)
  order by k.place, k.starts_at desc, c.id limit 1;
  return v_clinic;
end $$;
comment on function private.clinic_at_desk(uuid, uuid) is
  'Of the clinics of whoever asks the one at which a patient was last, or one of their dependents where this one had appointments; else one at which the patient was introduced. All null: none.';

create function private.require_no_staff_phone(variadic p_phones text[]) returns void
language plpgsql stable
set search_path = ''
as $$
begin
  -- Rights at a desk go with the phone: they are not for colleagues to move.
  if not private.is_admin() and exists (select from public.clinic_staff s where s.phone = any (p_phones)) then
    perform private.fail('phone_of_staff');
  end if;
end $$;
comment on function private.require_no_staff_phone(text[]) is
  'Refuses with phone_of_staff, but for admins, to give or take the phone of somebody who works at a desk.';

create function private.give_phone(p_patient public.patients, p_phone text) returns public.patients
language plpgsql
set search_path = ''
as $$
declare
  v_patient public.patients;
begin
  if p_phone is null then
    perform private.fail('invalid_phone');
  end if;
  perform private.require_no_staff_phone(p_patient.phone, p_phone);
  -- Whoever has the phone has the account, with what is booked elsewhere: one clinic cannot take that from the others.
  if p_patient.phone is not null and not private.is_admin() and exists (
    select from public.appointments a where a.patient_id = p_patient.id and not private.sees_desk(a.clinic_id)
  ) then
    perform private.fail('phone_of_others');
  end if;
  update public.patients p set phone = p_phone where p.id = p_patient.id returning * into v_patient;
  return v_patient;
exception when unique_violation then
  -- Somebody else got it at this moment.
  perform private.fail('other_patient_has_phone');
end $$;
comment on function private.give_phone(public.patients, text) is
  'Gives a patient, who is locked, another phone (+E.164) or their first. Refuses with invalid_phone, phone_of_staff, phone_of_others, or other_patient_has_phone.';

create function public.change_patient_phone(patient_id uuid, phone text) returns public.patients
language plpgsql security definer
set search_path = ''
as $$
declare
  v_patient constant public.patients :=
    (private.lock_patients_at_desk(change_patient_phone.patient_id, change_patient_phone.patient_id)).one;
  v_at_home constant text := (private.clinic_at_desk(v_patient.id)).phone;
begin
  return private.give_phone(v_patient, case when v_at_home is null then change_patient_phone.phone
    else private.phone_typed(change_patient_phone.phone, v_at_home) end);
end $$;
comment on function public.change_patient_phone(uuid, text) is
  'For admins and the desk: gives a patient another phone, as +E.164 or in any notation of the clinic''s country. Appointments and account move along, every session ends, and both phones are told. Editing phone in the table does the same. Refuses with phone_already_registered, invalid_phone, not_found, and at the desk with not_staff for the phones of those who work at one, and of patients who were at another clinic too.';
grant execute on function public.change_patient_phone(uuid, text) to authenticated, service_role;
