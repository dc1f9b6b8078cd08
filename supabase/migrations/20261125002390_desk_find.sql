-- Finding a patient at the desk, with what they say of themselves: a number in any notation or its end, a name as it
-- sounds, a reference. Only patients of the own clinic are found.

create table private.introduced_patients (
  -- A merge and its undoing tell rows apart by one column.
  id uuid primary key default gen_random_uuid(),
  clinic_id uuid not null references public.clinics (id) on delete cascade,
  patient_id uuid not null references public.patients (id) on delete cascade
);
create index introduced_patients_of_clinic on private.introduced_patients (clinic_id);
create index introduced_patients_of_patient on private.introduced_patients (patient_id);
alter table private.introduced_patients enable row level security;
comment on table private.introduced_patients is 'Patients of a clinic before their first appointment there: its desk gave them a phone of their own.';
comment on column private.introduced_patients.id is 'Identifier.';
comment on column private.introduced_patients.clinic_id is 'Which clinic.';
comment on column private.introduced_patients.patient_id is 'Who.';

create function private.is_of_clinic(p_patient_id uuid, p_clinic_id uuid) returns boolean
language plpgsql stable
set search_path = ''
as $$
begin
  return exists (
    select from public.appointments a where a.patient_id = p_patient_id and a.clinic_id = p_clinic_id
  ) or exists (
    select from private.introduced_patients i where i.patient_id = p_patient_id and i.clinic_id = p_clinic_id
  );
end $$;
comment on function private.is_of_clinic(uuid, uuid) is
  'Whether a patient has or had an appointment at a clinic, or was introduced there.';

create function private.found_by_number(p_clinic public.clinics, p_words text)
returns table (patient_id uuid, rank real)
language plpgsql stable
set search_path = ''
as $$
declare
  v_digits constant text := regexp_replace(p_words, '[^0-9]', '', 'g');
  v_phone constant text := private.phone_typed(p_words, p_clinic.phone);
begin
  return query
    select p.id, 1::real from public.patients p where p.phone = v_phone
    union all
    select m.gone_id, 1::real from private.patient_merges m where m.gone_phone = v_phone and m.undone_at is null
    union all
    select a.patient_id, 0.9::real from public.appointments a
    where a.clinic_id = p_clinic.id and a.reference = v_digits and a.status in ('booked', 'arrived')
    union all
    -- Three digits are the end of some numbers, two of far too many.
    select p.id, 0.8::real from public.patients p
    where length(v_digits) >= 3 and p.phone like '%' || v_digits and private.is_of_clinic(p.id, p_clinic.id)
    union all
    select m.gone_id, 0.8::real from private.patient_merges m
    where length(v_digits) >= 3 and m.gone_phone like '%' || v_digits and m.undone_at is null;
end $$;
comment on function private.found_by_number(public.clinics, text) is
  'Patients by a phone in any notation, the end of one, or the reference of an appointment to come, and how well each fits.';

create function private.found_by_name(p_words text) returns table (patient_id uuid, rank real)
language plpgsql stable
set search_path = ''
as $$
begin
  -- So much of what was typed has to sound like a part of the name: Laxmi finds Lakshmi, and Muhammad Mohammed. Not a
  -- setting of the function, which only a session that has used the extension could create.
  perform set_config('pg_trgm.word_similarity_threshold', '0.25', true);
  return query
    select p.id, case when p.name ilike v.anywhere then 0.7::real else 0 end
      + extensions.word_similarity(p_words, p.name) + extensions.similarity(p_words, p.name)
    from (
      select p.id, p.name from public.patients p
      union all
      select d.patient_id, d.name from public.dependents d where d.removed_at is null
    ) p
    cross join (select '%' || regexp_replace(p_words, '([\\%_])', '\\\1', 'g') || '%') v (anywhere)
    where p.name operator(extensions.%>) p_words or p.name ilike v.anywhere;
end $$;
comment on function private.found_by_name(text) is
  'Patients whose names, or those of whom they book for, are like what was typed, typing errors forgiven, and how much each is.';

create function private.find_patients(p_clinic public.clinics, p_words text)
returns table (patient_id uuid, rank real)
language plpgsql stable
set search_path = ''
as $$
begin
  if p_words ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' then
    return query select p_words::uuid, 1::real;
  elsif p_words ~ '[0-9]' and p_words !~ '[[:alpha:]]' then
    return query select * from private.found_by_number(p_clinic, p_words);
  elsif length(p_words) >= 2 then
    return query select * from private.found_by_name(p_words);
  end if;
end $$;
comment on function private.find_patients(public.clinics, text) is 'Patients of any clinic by what was typed: a number, or a name of two letters at least; or by the identifier of a record, as a page has it.';

create function public.desk_find(clinic_id uuid, words text)
returns table (
  patient_id uuid, name text, phone_end text, has_account boolean, merged_into uuid, last_at timestamptz,
  next_at timestamptz, dependents jsonb
)
language plpgsql stable security definer
set search_path = ''
as $$
declare
  v_clinic public.clinics;
begin
  perform private.require_desk(desk_find.clinic_id);
  select * into v_clinic from public.clinics c where c.id = desk_find.clinic_id;
  return query
    select p.id, p.name, private.phone_end(p.phone), p.user_id is not null, f.into_id, v.last_at, v.next_at,
      (
        select coalesce(jsonb_agg(jsonb_build_object(
          'dependent_id', d.id, 'name', d.name, 'birth_year', d.birth_year
        ) order by d.created_at, d.id), '[]')
        from public.dependents d where d.patient_id = coalesce(f.into_id, p.id) and d.removed_at is null
      )
    from (
      select r.patient_id, private.merged_into(r.patient_id) as into_id, max(r.rank) as rank
      from private.find_patients(v_clinic, private.without_invisible_ends(desk_find.words)) r group by r.patient_id
    ) f
    join public.patients p on p.id = f.patient_id
    cross join lateral (
      select max(a.starts_at) filter (where a.starts_at <= now()) as last_at,
        min(a.starts_at) filter (where a.starts_at > now() and a.status = 'booked') as next_at
      from public.appointments a where a.patient_id = coalesce(f.into_id, p.id) and a.clinic_id = v_clinic.id
      having count(*) > 0 or private.is_of_clinic(coalesce(f.into_id, p.id), v_clinic.id)
    ) v
    order by f.rank desc, v.next_at, v.last_at desc, p.id
    limit 20;
end $$;
comment on function public.desk_find(uuid, text) is
  'At the desk: the patients of the clinic that fit best, 20 at most: by phone in any notation or its last digits (three at least), reference, or name (also of a dependent), typing errors forgiven; or the one with an identifier. merged_into: this one is gone, and leads to that one. last_at and next_at: of their appointments at this clinic, also for others. dependents: for whom they book, [{dependent_id, name, birth_year}].';
grant execute on function public.desk_find(uuid, text) to authenticated;
