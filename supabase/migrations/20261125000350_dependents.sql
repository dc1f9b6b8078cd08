-- For whom a patient books besides themselves: children, parents, whoever shares their phone. One phone stays one account;
-- a person is the holder of it or one of these.

create table public.dependents (
  id uuid primary key default gen_random_uuid(),
  patient_id uuid not null default private.current_patient_id() references public.patients (id) on delete cascade,
  name text,
  birth_year smallint,
  created_at timestamptz not null default now(),
  removed_at timestamptz,
  -- What an appointment refers to: whose dependent it is for stands in it, and cannot be somebody else's.
  unique (patient_id, id),
  constraint dependents_have_a_name check (name is not null or removed_at is not null)
);
comment on table public.dependents is
  'For whom a patient books besides themselves, at most 8. Removed ones that had appointments stay for the history.';
comment on column public.dependents.id is 'Identifier.';
comment on column public.dependents.patient_id is 'Who books for them: the holder of the phone. By default whoever is signed in.';
comment on column public.dependents.name is 'Full name. Empty only after the account of the holder was deleted.';
comment on column public.dependents.birth_year is 'Year of birth. Empty: not told.';
comment on column public.dependents.created_at is 'When the row was made.';
comment on column public.dependents.removed_at is
  'When the holder removed them. They are offered no more, and their past appointments keep the name. Empty: not removed.';

-- For the desk, which knows how a name sounds.
create index dependents_name_like on public.dependents using gin (name extensions.gin_trgm_ops);

create trigger _050_clean_names before insert or update of name on public.dependents
  for each row execute function private.tg_clean_names('name');

create function private.birth_year_from(p_year int) returns smallint
language plpgsql stable
set search_path = ''
as $$
begin
  -- In some time zone the next year has begun.
  if p_year not between 1880 and extract(year from now() + interval '14 hours') then
    perform private.fail('invalid_birth_year');
  end if;
  return p_year;
end $$;
comment on function private.birth_year_from(int) is 'Refuses a year in which nobody who lives was born.';

create function private.tg_dependents__birth_year() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  new.birth_year := private.birth_year_from(new.birth_year);
  return new;
end $$;
comment on function private.tg_dependents__birth_year() is 'Refuses an impossible year of birth, whoever writes it.';
create trigger _060_birth_year before insert or update of birth_year on public.dependents
  for each row execute function private.tg_dependents__birth_year();

create function private.lock_patient(p_patient_id uuid) returns void
language plpgsql
set search_path = ''
as $$
begin
  perform from public.patients p where p.id = p_patient_id for no key update;
end $$;
comment on function private.lock_patient(uuid) is
  'One change of a patient''s family and bookings after the other: until the end of the transaction.';

-- After the row is there, when the policies have decided whose it may be.
create function private.tg_dependents__not_too_many() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  perform private.lock_patient(new.patient_id);
  if private.family_of(new.patient_id) > private.most_dependents() then
    perform private.fail('too_many_dependents', private.most_dependents()::text);
  end if;
  return null;
end $$;
comment on function private.tg_dependents__not_too_many() is 'Refuses one more than a patient can book for.';

create function private.most_dependents() returns int
language sql immutable
set search_path = ''
return 8;
comment on function private.most_dependents() is 'For how many a patient can book besides themselves.';

create function private.family_of(variadic p_patients uuid[]) returns int
language plpgsql stable
set search_path = ''
as $$
begin
  return (
    select count(*) from public.dependents d where d.patient_id = any (p_patients) and d.removed_at is null
  );
end $$;
comment on function private.family_of(uuid[]) is 'How many dependents patients have together, without those who were removed.';

create trigger _200_not_too_many after insert on public.dependents
  for each row execute function private.tg_dependents__not_too_many();
create trigger _200_not_too_many_moved after update of patient_id, removed_at on public.dependents
  for each row when (new.removed_at is null) execute function private.tg_dependents__not_too_many();

create function private.tg_dependents__keep_history() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  perform private.lock_patient(old.patient_id);
  if exists (
    select from public.appointments a
    where a.dependent_id = old.id and a.status in ('booked', 'arrived') and a.ends_at > now()
  ) then
    perform private.fail('dependent_has_appointments');
  elsif exists (select from public.appointments a where a.dependent_id = old.id) then
    update public.dependents d set removed_at = now() where d.id = old.id and d.removed_at is null;
    return null;
  end if;
  return old;
end $$;
comment on function private.tg_dependents__keep_history() is
  'Keeps whoever has appointments to come; of those who had some before only the offer to book for them goes.';

create trigger _100_keep_history before delete on public.dependents
  for each row execute function private.tg_dependents__keep_history();

-- The holder first and then the dependent, as booking has them; for a trigger of a row it is too late, which is locked then.
create function private.tg_dependents__lock_holder() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  perform private.lock_patient(private.current_patient_id());
  return null;
end $$;
comment on function private.tg_dependents__lock_holder() is
  'Whoever removes somebody and books for them at the same time does one after the other.';

-- Our own functions have locked them.
create trigger _100_lock_holder before delete on public.dependents
  for each statement when (current_user = 'authenticated') execute function private.tg_dependents__lock_holder();

create function private.tg_dependents__by_holder() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  perform private.set_channel('web');
  return null;
end $$;
comment on function private.tg_dependents__by_holder() is 'What a holder changes in their session came by the web; our own functions say for themselves.';

create trigger _010_by_holder before insert or update or delete on public.dependents
  for each statement when (current_user = 'authenticated') execute function private.tg_dependents__by_holder();

create function private.first_name(p_name text) returns text
language plpgsql immutable
set search_path = ''
as $$
begin
  return left(coalesce((
    select w.word from regexp_split_to_table(p_name, '\s+') with ordinality as w (word, place)
    -- Initials may stand in front: S. Meera is Meera.
    where length(w.word) > 1 and w.word not like '%.' order by w.place limit 1
  ), p_name), 30);
end $$;
comment on function private.first_name(text) is 'The first name in a name, without initials.';

create function private.called_name(p_dependent_id uuid) returns text
language plpgsql stable
set search_path = ''
as $$
begin
  if p_dependent_id is null then
    return null;
  end if;
  return (
    select case
      when exists (
        select from public.dependents o
        where o.patient_id = d.patient_id and o.id <> d.id and o.removed_at is null
          and lower(private.first_name(o.name)) = lower(private.first_name(d.name))
      ) then left(d.name, 40)
      else private.first_name(d.name)
    end
    from public.dependents d where d.id = p_dependent_id
  );
end $$;
comment on function private.called_name(uuid) is
  'What a dependent is called in calls and SMS: the first name, or more of it where two of a family have the same. Null for no dependent.';

-- Rights: the holder's.
alter table public.dependents enable row level security;
grant select, delete, insert (patient_id, name, birth_year), update (name, birth_year)
  on public.dependents to authenticated;
grant select, insert, update, delete on public.dependents to service_role;
-- The default of patient_id, which is nobody here: the refusal then says what is missing.
grant execute on function private.current_patient_id() to service_role;

create policy "Patients can read for whom they book" on public.dependents
  for select to authenticated using (patient_id = (select private.current_patient_id()));
create policy "Patients can add for whom they book" on public.dependents
  for insert to authenticated with check (patient_id = (select private.current_patient_id()));
create policy "Patients can correct for whom they book" on public.dependents
  for update to authenticated
  using (patient_id = (select private.current_patient_id()) and removed_at is null)
  with check (patient_id = (select private.current_patient_id()));
create policy "Patients can remove for whom they book" on public.dependents
  for delete to authenticated using (patient_id = (select private.current_patient_id()) and removed_at is null);
