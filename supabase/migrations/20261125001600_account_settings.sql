-- What patients change and see about their own account. What a password is asked for (another one, another phone, deleting
-- all of it) goes through functions, which alone may.

create function public.update_profile(
  name text default null, age int default null, username text default null, locale text default null
)
returns public.patients
language plpgsql security definer
set search_path = ''
as $$
#variable_conflict use_column
declare
  v_patient_id constant uuid := private.require_patient();
  v_patient public.patients;
  v_constraint text;
begin
  if update_profile.locale <> '' and not exists (
    select from public.sms_templates t where t.locale = update_profile.locale
  ) then
    perform private.fail('unknown_language');
  end if;
  perform private.set_channel('web');
  update public.patients p set
    name = coalesce(update_profile.name, p.name),
    age = coalesce(update_profile.age, p.age),
    username = case when update_profile.username is null then p.username else nullif(btrim(update_profile.username), '') end,
    locale = case when update_profile.locale is null then p.locale else nullif(update_profile.locale, '') end
  where p.id = v_patient_id
  returning * into v_patient;
  perform private.are_theirs(v_patient_id, array[
    case when update_profile.name is not null then 'name' end, case when update_profile.age is not null then 'age' end,
    case when update_profile.locale is not null then 'locale' end
  ]);
  return v_patient;
exception
  when check_violation or numeric_value_out_of_range then
    get stacked diagnostics v_constraint = constraint_name;
    perform private.fail(case when v_constraint like '%username%' then 'invalid_username' else 'invalid_age' end);
end $$;
comment on function public.update_profile(text, int, text, text) is
  'Changes the signed-in patient. What is left out stays; an empty username or language is removed. Raises username_taken or validation_failed.';
grant execute on function public.update_profile(text, int, text, text) to authenticated;

create function public.my_sessions()
returns table (id uuid, created_at timestamptz, refreshed_at timestamptz, user_agent text, is_current boolean)
language plpgsql stable security definer
set search_path = ''
as $$
begin
  perform private.require_patient();
  return query
    select s.id, s.created_at, coalesce(s.refreshed_at at time zone 'UTC', s.updated_at, s.created_at), s.user_agent,
      s.id::text = auth.jwt() ->> 'session_id'
    from auth.sessions s
    where s.user_id = auth.uid() and private.user_of_session(s.id) is not null
    order by 3 desc;
end $$;
comment on function public.my_sessions() is 'Where the signed-in patient is signed in, the most recently used first.';
grant execute on function public.my_sessions() to authenticated;

create function private.delete_account(p_user_id uuid) returns void
language plpgsql
set search_path = ''
as $$
declare
  v_patient_id uuid;
  v_merged uuid[];
begin
  perform private.set_channel('web');
  -- Locked in the order in which Auth's own writes lock them: first the user, then the patient.
  perform from auth.users u where u.id = p_user_id for update;
  -- A booking that is being made at this moment counts.
  select p.id into v_patient_id from public.patients p where p.user_id = p_user_id for update;
  -- Rows that were found to be the same person. Nobody merges or undoes it meanwhile, which takes the user's lock first.
  v_merged := array(select m.gone_id from private.patient_merges m where m.keep_id = v_patient_id and m.undone_at is null);
  delete from auth.users u where u.id = p_user_id;
  -- The clinic keeps the appointments and the phone they were booked for; everything told on the web goes.
  update public.patients p set name = null, age = null, locale = null where p.id = v_patient_id or p.id = any (v_merged);
  update public.dependents d set name = null, birth_year = null, removed_at = coalesce(d.removed_at, now())
  where d.patient_id = v_patient_id;
  delete from public.dependents d
  where d.patient_id = v_patient_id and not exists (select from public.appointments a where a.dependent_id = d.id);
  update private.account_jobs j set done_at = now() where j.patient_id = v_patient_id and j.done_at is null;
  -- Those of a deleted patient lose their patient_id.
  perform private.lock_sms(array(select m.id from public.sms_messages m where m.patient_id = v_patient_id));
  delete from public.patients p
  where (p.id = v_patient_id or p.id = any (v_merged))
    and not exists (select from public.appointments a where a.patient_id in (v_patient_id, p.id));
end $$;
comment on function private.delete_account(uuid) is
  'Deletes an account whose owner has given the password. Appointments stay with the clinic, without name and age, also those of dependents; with none the patient goes too. So do the names of patients who were merged into this one.';
