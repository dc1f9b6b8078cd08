-- Whatever comes while two are merged is for the one that stays, also by hand and from whoever looked before the merge.

create function private.tg_appointments__follow_merge() returns trigger
language plpgsql security definer
set search_path = ''
as $$
declare
  v_patient_id uuid;
begin
  loop
    -- A merge that is under way comes first.
    perform from public.patients p where p.id = new.patient_id for key share;
    v_patient_id := private.merged_into(new.patient_id);
    exit when v_patient_id is null;
    new.patient_id := v_patient_id;
  end loop;
  return new;
end $$;
comment on function private.tg_appointments__follow_merge() is
  'What is booked for a patient who was merged is for the one that stays.';

-- On the web and by phone somebody books who has an account or a phone, which who is gone has not, and is locked.
create trigger _040_follow_merge before insert on public.appointments
  for each row when (new.channel = 'desk') execute function private.tg_appointments__follow_merge();

create function private.tg_patients__not_merged() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  if private.merged_into(new.id) is not null then
    perform private.fail('patient_is_merged');
  end if;
  return new;
end $$;
comment on function private.tg_patients__not_merged() is
  'Refuses a phone for a patient who was merged: nobody would find the one that stays by it, and undoing would fail.';

create trigger _080_not_merged before update of phone on public.patients
  for each row when (new.phone is not null and new.phone is distinct from old.phone)
  execute function private.tg_patients__not_merged();
