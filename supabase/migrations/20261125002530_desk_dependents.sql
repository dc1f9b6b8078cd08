-- Dependents at the desk: somebody comes for whom another books, and may be new.

create function private.dependent_at_desk(p_patient_id uuid, p_name text, p_birth_year int) returns uuid
language plpgsql
set search_path = ''
as $$
declare
  v_id uuid;
begin
  perform private.lock_patient(p_patient_id);
  select d.id into v_id from public.dependents d
  where d.patient_id = p_patient_id and d.removed_at is null and lower(d.name) = lower(private.name_from(p_name))
    and (p_birth_year is null or d.birth_year is null or d.birth_year = p_birth_year)
  order by d.birth_year is distinct from p_birth_year, d.created_at limit 1;
  if not found then
    insert into public.dependents (patient_id, name, birth_year)
    values (p_patient_id, p_name, private.birth_year_from(p_birth_year)) returning id into v_id;
  end if;
  return v_id;
end $$;
comment on function private.dependent_at_desk(uuid, text, int) is
  'The dependent of a patient with a name, who may be new. With another year of birth it is somebody else.';

create function private.require_dependent_at_desk(p_dependent_id uuid) returns public.dependents
language plpgsql
set search_path = ''
as $$
declare
  v_dependent public.dependents;
begin
  perform private.require_desk();
  select * into v_dependent from public.dependents d where d.id = p_dependent_id and d.name is not null;
  if not found then
    perform private.fail('unknown_dependent');
  end if;
  perform private.require_patient_at_desk(v_dependent.patient_id);
  return v_dependent;
end $$;
comment on function private.require_dependent_at_desk(uuid) is
  'A dependent of a patient as private.require_patient_at_desk has them; refuses with unknown_dependent or unknown_patient.';

create function private.lock_dependent_at_desk(p_dependent_id uuid, p_phone text) returns public.dependents
language plpgsql
set search_path = ''
as $$
declare
  v_dependent public.dependents;
begin
  loop
    v_dependent := private.require_dependent_at_desk(p_dependent_id);
    perform private.lock_patients(v_dependent.patient_id, (select p.id from public.patients p where p.phone = p_phone));
    -- Unless they were merged or removed while we waited for the lock, that is who books for them.
    exit when exists (
      select from public.dependents d where (d.id, d.patient_id) = (v_dependent.id, v_dependent.patient_id)
    );
  end loop;
  return v_dependent;
end $$;
comment on function private.lock_dependent_at_desk(uuid, text) is
  'A dependent as private.require_dependent_at_desk has them; whoever books for them is locked until the end of the transaction, and who has the phone.';
