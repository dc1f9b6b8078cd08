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
