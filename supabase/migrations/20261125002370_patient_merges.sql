-- Two rows that are one person. What points to the one goes to the other, through the catalogue of foreign keys, so that no
-- table is forgotten; the one that is gone stays, leads to the other, and can be had back for a day.

create table private.patient_merges (
  id uuid primary key default gen_random_uuid(),
  keep_id uuid not null references public.patients (id) on delete cascade,
  gone_id uuid not null references public.patients (id) on delete cascade,
  gone_phone text check (private.check_phone(gone_phone)),
  clinic_ids uuid[] not null default '{}',
  moved jsonb not null default '[]',
  given_to uuid,
  gave text[] not null default '{}',
  actor_id uuid,
  merged_at timestamptz not null,
  undone_at timestamptz
);
create index patient_merges_of_kept on private.patient_merges (keep_id);
create index patient_merges_of_gone on private.patient_merges (gone_id);
create unique index patient_merges_once on private.patient_merges (gone_id) where undone_at is null;
create index patient_merges_given on private.patient_merges (given_to);
create index patient_merges_of_phone on private.patient_merges (gone_phone);
alter table private.patient_merges enable row level security;
comment on table private.patient_merges is 'Patients that were found to be the same as others.';
comment on column private.patient_merges.id is 'Identifier.';
comment on column private.patient_merges.keep_id is 'The one that stayed.';
comment on column private.patient_merges.gone_id is 'The one that is gone: nothing points to it any more.';
comment on column private.patient_merges.gone_phone is 'The phone that the gone one had, as +E.164. Empty: none.';
comment on column private.patient_merges.clinic_ids is 'Clinics at which the gone one had appointments: their desks see the merge, and may undo it.';
comment on column private.patient_merges.moved is 'Which rows were moved: a list of {table, column, key, id}. Emptied when it is too late to undo it.';
comment on column private.patient_merges.given_to is
  'The one that stayed then. Where that one was merged too, keep_id leads on to the next. No foreign key, which would be moved along.';
comment on column private.patient_merges.gave is
  'Which of name, age and locale that one has by it, and not of themselves: nobody has written them since. They go when it is undone.';
comment on column private.patient_merges.actor_id is 'Who merged them (auth.users). Empty: an admin.';
comment on column private.patient_merges.merged_at is 'When.';
comment on column private.patient_merges.undone_at is 'When it was undone. Empty: it holds.';

create function private.merged_into(p_patient_id uuid) returns uuid
language plpgsql stable
set search_path = ''
as $$
begin
  return (select m.keep_id from private.patient_merges m where m.gone_id = p_patient_id and m.undone_at is null);
end $$;
comment on function private.merged_into(uuid) is 'The patient that a gone one is by now; null: this one is not gone.';

create function private.are_one_person(p_was uuid, p_becomes uuid) returns boolean
language plpgsql stable
set search_path = ''
as $$
begin
  return exists (
    select from private.patient_merges m
    where (m.gone_id, m.keep_id) = (p_was, p_becomes) and m.undone_at is null
      or (m.gone_id, m.keep_id) = (p_becomes, p_was) and m.undone_at is not null
  );
end $$;
comment on function private.are_one_person(uuid, uuid) is
  'Whether rows of one patient may be given to another: they were merged, or that was undone.';

create function private.require_patient_at_desk(p_patient_id uuid) returns public.patients
language plpgsql
set search_path = ''
as $$
declare
  v_patient public.patients;
begin
  perform private.require_desk();
  perform private.set_channel('desk');
  select * into v_patient from public.patients p
  where p.id = coalesce(private.merged_into(p_patient_id), p_patient_id) and (private.is_admin() or exists (
    select from public.appointments a where a.patient_id = p.id and private.sees_desk(a.clinic_id)
  ) or exists (
    select from private.introduced_patients i where i.patient_id = p.id and private.sees_desk(i.clinic_id)
  ));
  if not found then
    perform private.fail('unknown_patient');
  end if;
  return v_patient;
end $$;
comment on function private.require_patient_at_desk(uuid) is
  'A patient, or the one that they were merged into, who has or had an appointment at a desk that one has opened, or was introduced there; of admins any. Refuses with unknown_patient, also for those of others.';

create function private.lock_patients(p_one uuid, p_other uuid) returns void
language plpgsql
set search_path = ''
as $$
begin
  -- In one order, and users before patients, as Auth's own writes lock them.
  perform from auth.users u join public.patients p on p.user_id = u.id
  where p.id in (p_one, p_other) order by u.id for update of u;
  perform from public.patients p where p.id in (p_one, p_other) order by p.id for update;
end $$;
comment on function private.lock_patients(uuid, uuid) is 'Locks two patients and their accounts until the end of the transaction.';

create function private.lock_patients_at_desk(
  p_one uuid, p_other uuid, out one public.patients, out other public.patients
)
language plpgsql
set search_path = ''
as $$
begin
  loop
    one := private.require_patient_at_desk(p_one);
    other := private.require_patient_at_desk(p_other);
    perform private.lock_patients(one.id, other.id);
    -- Unless one was merged while we waited for the lock, that is who they are.
    exit when private.merged_into(one.id) is null and private.merged_into(other.id) is null;
  end loop;
  one := private.require_patient_at_desk(one.id);
  other := private.require_patient_at_desk(other.id);
end $$;
comment on function private.lock_patients_at_desk(uuid, uuid) is
  'Two patients (or twice the same) as private.require_patient_at_desk has them, locked until the end of the transaction.';

create function private.references_to_patients() returns table (relation regclass, column_name name, key name)
language sql stable
set search_path = ''
as $$
  select c.conrelid::regclass, a.attname, k.attname
  from pg_catalog.pg_constraint c
  join pg_catalog.pg_attribute a on a.attrelid = c.conrelid and a.attnum = c.conkey[1]
  join pg_catalog.pg_constraint p on p.conrelid = c.conrelid and p.contype = 'p'
  join pg_catalog.pg_attribute k on k.attrelid = p.conrelid and k.attnum = p.conkey[1]
  where c.contype = 'f' and c.confrelid = 'public.patients'::regclass
    -- Who is gone stays so.
    and (c.conrelid, a.attname) <> ('private.patient_merges'::regclass, 'gone_id')
  -- Dependents take their appointments along.
  order by c.conrelid <> 'public.dependents'::regclass, c.conrelid::regclass::text
$$;
comment on function private.references_to_patients() is
  'Every column that points to a patient, as the catalogue knows them, with the primary key of its table, in the order in which they can be given to another.';

create function private.move_references(p_from uuid, p_to uuid) returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v record;
  v_id text;
  v_moved jsonb := '[]';
begin
  for v in select * from private.references_to_patients() loop
    for v_id in execute format('select %I::text from %s where %I = $1', v.key, v.relation, v.column_name) using p_from loop
      begin
        execute format(
          'update %s set %I = $1 where %I = $2 and %I::text = $3', v.relation, v.column_name, v.column_name, v.key
        ) using p_to, p_from, v_id;
        v_moved := v_moved || jsonb_build_object(
          'table', v.relation::text, 'column', v.column_name, 'key', v.key,
          'id', case when v.key = v.column_name then p_to::text else v_id end
        );
      exception when unique_violation then
        null; -- There is only one of it for a patient, and the one that stays has theirs.
      end;
    end loop;
  end loop;
  return v_moved;
end $$;
comment on function private.move_references(uuid, uuid) is
  'Gives all that points to a patient to another. Returns what was moved: a list of {table, column, key, id}.';

-- Why two patients cannot be merged.
create function private.require_mergeable(p_keep public.patients, p_gone public.patients) returns void
language plpgsql stable
set search_path = ''
as $$
declare
  v_clash text;
begin
  if p_keep.id = p_gone.id then
    perform private.fail('same_patient');
  elsif p_keep.user_id is not null and p_gone.user_id is not null then
    perform private.fail('both_have_accounts');
  elsif p_gone.user_id is not null then
    perform private.fail('gone_has_account');
  elsif not private.is_admin() and exists (
    select from public.appointments a where a.patient_id = p_gone.id and not private.sees_desk(a.clinic_id)
  ) then
    perform private.fail('patient_of_others');
  end if;
  perform private.require_no_staff_phone(p_gone.phone);
  if private.family_of(p_keep.id, p_gone.id) > private.most_dependents() then
    perform private.fail('family_too_large', private.most_dependents()::text);
  end if;
  select to_char(m.starts_at at time zone c.time_zone, 'YYYY-MM-DD HH24:MI') into v_clash
  from private.merge_clashes(p_keep.id, p_gone.id) m join public.clinics c on c.id = m.clinic_id
  order by m.starts_at limit 1;
  if found then
    perform private.fail('appointments_clash', v_clash);
  end if;
end $$;
comment on function private.require_mergeable(public.patients, public.patients) is
  'Refuses with same_patient, both_have_accounts, gone_has_account, patient_of_others, phone_of_staff (of the one that is to go), family_too_large or appointments_clash.';

create function private.merge_clashes(p_keep_id uuid, p_gone_id uuid)
returns table (keep_appointment uuid, gone_appointment uuid, clinic_id uuid, starts_at timestamptz)
language plpgsql stable
set search_path = ''
as $$
begin
  return query
    select k.id, g.id, g.clinic_id, greatest(k.starts_at, g.starts_at)
    from public.appointments k
    join public.appointments g on g.patient_id = p_gone_id and g.dependent_id is null and g.active
      and tstzrange(g.starts_at, g.ends_at) && tstzrange(k.starts_at, k.ends_at)
    where k.patient_id = p_keep_id and k.dependent_id is null and k.active;
end $$;
comment on function private.merge_clashes(uuid, uuid) is
  'Appointments of two patients themselves at the same time, which one person could not keep, and the clinic of the one that is to go.';

create function private.tell_of_merge(p_keep public.patients, p_gone_phone text) returns void
language plpgsql
set search_path = ''
as $$
declare
  v_locale constant text := coalesce(private.language_of(p_keep.id), 'en-IN');
begin
  if p_keep.phone <> p_gone_phone then
    perform private.queue_sms('phone_changed', p_gone_phone, jsonb_build_object('phone', private.mask_phone(p_keep.phone)),
      null, p_keep.id, null, v_locale);
    perform private.queue_sms('phone_moved_here', p_keep.phone, jsonb_build_object('phone', private.mask_phone(p_gone_phone)),
      null, p_keep.id, null, v_locale);
  end if;
end $$;
comment on function private.tell_of_merge(public.patients, text) is
  'Where the two had different phones, both are told that appointments are kept under one of them.';

create function private.are_theirs(p_patient_id uuid, p_what text[]) returns void
language plpgsql
set search_path = ''
as $$
begin
  update private.patient_merges m set gave = array(select unnest(m.gave) except select unnest(p_what))
  where m.given_to = p_patient_id and m.undone_at is null and m.gave && p_what;
end $$;
comment on function private.are_theirs(uuid, text[]) is
  'Which of name, age and locale of a patient were said or written for themselves, if only once more what a merge gave them: they stay when it is undone. Names of what was not said may be null.';

create function private.tg_patients__are_theirs() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  perform private.are_theirs(new.id, array[
    case when new.name is distinct from old.name then 'name' end,
    case when new.age is distinct from old.age then 'age' end,
    case when new.locale is distinct from old.locale then 'locale' end
  ]);
  return null;
end $$;
comment on function private.tg_patients__are_theirs() is 'What is written of a patient after a merge is theirs, whoever writes it.';

create trigger _600_are_theirs after update on public.patients
  for each row when ((old.name, old.age, old.locale) is distinct from (new.name, new.age, new.locale))
  execute function private.tg_patients__are_theirs();

create function private.give_what_lacks(p_keep public.patients, p_gone public.patients, p_merge_id uuid)
returns public.patients
language plpgsql
set search_path = ''
as $$
declare
  v_keep public.patients;
begin
  update public.patients p set phone = null where p.id = p_gone.id;
  update public.patients p set phone = coalesce(p.phone, p_gone.phone), name = coalesce(p.name, p_gone.name),
    age = coalesce(p.age, p_gone.age), locale = coalesce(p.locale, p_gone.locale)
  where p.id = p_keep.id returning * into v_keep;
  update private.patient_merges m set given_to = p_keep.id, gave = array_remove(array[
    case when p_keep.name is null and p_gone.name is not null then 'name' end,
    case when p_keep.age is null and p_gone.age is not null then 'age' end,
    case when p_keep.locale is null and p_gone.locale is not null then 'locale' end
  ], null)
  where m.id = p_merge_id;
  return v_keep;
end $$;
comment on function private.give_what_lacks(public.patients, public.patients, uuid) is
  'Gives the one that stays what they lack of phone, name, age and language, and notes it with the merge. Returns them as they are then.';

create function private.merge(p_keep public.patients, p_gone public.patients, p_now timestamptz) returns uuid
language plpgsql
set search_path = ''
as $$
declare
  v_keep public.patients;
  v_merge_id uuid;
begin
  perform private.require_mergeable(p_keep, p_gone);
  insert into private.patient_merges (keep_id, gone_id, gone_phone, clinic_ids, actor_id, merged_at)
  values (p_keep.id, p_gone.id, p_gone.phone, array(
    select a.clinic_id from public.appointments a where a.patient_id = p_gone.id
    union select i.clinic_id from private.introduced_patients i where i.patient_id = p_gone.id
  ), auth.uid(), p_now) returning id into v_merge_id;
  -- An account that was about to be made for a phone that is nobody's any more, or is about to be made anyway.
  update private.account_jobs j set done_at = p_now
  where j.patient_id = p_gone.id and j.done_at is null and (p_keep.phone is not null or exists (
    select from private.account_jobs k where k.patient_id = p_keep.id and k.done_at is null
  ));
  perform private.lock_sms(array(select m.id from public.sms_messages m where m.patient_id = p_gone.id));
  -- The gone one's phone is told that it gets no more.
  perform private.redirect_sms(p_gone.id, p_gone.phone, p_keep.phone) where p_keep.phone <> p_gone.phone;
  update private.patient_merges m set moved = private.move_references(p_gone.id, p_keep.id) where m.id = v_merge_id;
  v_keep := private.give_what_lacks(p_keep, p_gone, v_merge_id);
  perform private.tell_of_merge(v_keep, p_gone.phone);
  return v_merge_id;
end $$;
comment on function private.merge(public.patients, public.patients, timestamptz) is
  'Makes two patients one, who are both locked. Of phone, name, age and language those of the one that stays win.';
