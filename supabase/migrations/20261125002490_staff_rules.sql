-- What holds when somebody is added to the staff of a clinic, changed or taken out, by its manager or by hand.

create function private.tg_clinic_staff__phone() returns trigger
language plpgsql security definer
set search_path = ''
as $$
declare
  v_at_home text;
begin
  -- Locked: of two who add the same phone at once the second is told.
  select c.phone into v_at_home from public.clinics c where c.id = new.clinic_id for no key update;
  new.phone := coalesce(private.phone_typed(new.phone, v_at_home), '');
  -- Whom the policies will refuse does not learn who works there.
  if private.sees_desk(new.clinic_id, true) and exists (
    select from public.clinic_staff s where s.clinic_id = new.clinic_id and s.phone = new.phone and s.id <> new.id
  ) then
    perform private.fail('already_staff');
  end if;
  return new;
end $$;
comment on function private.tg_clinic_staff__phone() is
  'Keeps a phone as +E.164 that was entered in whatever notation. Refuses one that is there already with already_staff.';

create function private.tg_clinic_staff__keep_manager() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  if private.is_admin() then
    return null;
  end if;
  -- Locked: of two managers who give it up at once the second is told.
  perform from public.clinics c where c.id = old.clinic_id for no key update;
  if not exists (
    select from public.clinic_staff s
    where s.clinic_id = old.clinic_id and s.role = 'manager' and s.user_id is not null
  ) then
    perform private.fail('last_manager');
  end if;
  return null;
end $$;
comment on function private.tg_clinic_staff__keep_manager() is
  'A manager leaves, or is one no more: refused with last_manager when none stays who has an account. Admins may do it.';

create function private.tg_clinic_staff__end_sessions() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  delete from private.desk_sessions d
  where d.user_id = old.user_id and not exists (select from public.clinic_staff s where s.user_id = old.user_id);
  return null;
end $$;
comment on function private.tg_clinic_staff__end_sessions() is
  'Closes the desk on all devices of who works at none any more: who comes back needs a code again.';

create trigger _060_phone before insert or update of phone, clinic_id on public.clinic_staff
  for each row execute function private.tg_clinic_staff__phone();
create trigger _300_keep_manager after delete on public.clinic_staff
  for each row when (old.role = 'manager') execute function private.tg_clinic_staff__keep_manager();
create trigger _300_keep_manager_of_changed after update of role, phone, clinic_id on public.clinic_staff
  for each row when (old.role = 'manager') execute function private.tg_clinic_staff__keep_manager();
create trigger _310_end_sessions after delete on public.clinic_staff
  for each row when (old.user_id is not null) execute function private.tg_clinic_staff__end_sessions();
create trigger _310_end_sessions_of_changed after update on public.clinic_staff
  for each row when (old.user_id is not null and new.user_id is distinct from old.user_id)
  execute function private.tg_clinic_staff__end_sessions();
