-- Merging two patients at the desk: looked at first, and undone within a day.

create function private.merge_side(p_patient public.patients) returns jsonb
language plpgsql stable
set search_path = ''
as $$
begin
  return jsonb_build_object(
    'patient_id', p_patient.id, 'name', p_patient.name, 'phone_end', private.phone_end(p_patient.phone),
    'age', p_patient.age, 'has_account', p_patient.user_id is not null
  ) || (
    select jsonb_build_object(
      'appointments', count(*), 'last_at', max(a.starts_at) filter (where a.starts_at <= now()),
      'next_at', min(a.starts_at) filter (where a.starts_at > now() and a.status = 'booked')
    )
    from public.appointments a where a.patient_id = p_patient.id and private.sees_desk(a.clinic_id)
  );
end $$;
comment on function private.merge_side(public.patients) is
  'One of two patients as the preview of a merge shows them, with their appointments at the clinics of whoever asks.';

create function private.merge_clashes_at_desk(p_keep_id uuid, p_gone_id uuid) returns jsonb
language plpgsql stable
set search_path = ''
as $$
begin
  return (
    select coalesce(jsonb_agg(jsonb_build_object(
      'keep_appointment', c.keep_appointment, 'gone_appointment', c.gone_appointment, 'starts_at', c.starts_at,
      'keep_practitioner', case when private.sees_desk(k.clinic_id) then kp.name end,
      'gone_practitioner', case when private.sees_desk(g.clinic_id) then gp.name end
    ) order by c.starts_at), '[]')
    from private.merge_clashes(p_keep_id, p_gone_id) c
    join public.appointments k on k.id = c.keep_appointment join public.practitioners kp on kp.id = k.practitioner_id
    join public.appointments g on g.id = c.gone_appointment join public.practitioners gp on gp.id = g.practitioner_id
  );
end $$;
comment on function private.merge_clashes_at_desk(uuid, uuid) is
  'The clashes as the preview of a merge names them: with the practitioners, but for those of clinics of others.';

create function public.preview_merge(keep_id uuid, gone_id uuid) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
  v_keep constant public.patients := private.require_patient_at_desk(preview_merge.keep_id);
  v_gone constant public.patients := private.require_patient_at_desk(preview_merge.gone_id);
  v_word text;
  v_sentence text;
begin
  begin
    perform private.require_mergeable(v_keep, v_gone);
  exception when sqlstate 'PT409' or sqlstate 'PT403' then
    get stacked diagnostics v_word = pg_exception_detail, v_sentence = pg_exception_hint;
  end;
  return jsonb_build_object(
    'keep', private.merge_side(v_keep), 'gone', private.merge_side(v_gone),
    'refusal', v_word, 'sentence', v_sentence,
    'clashes', private.merge_clashes_at_desk(v_keep.id, v_gone.id)
  );
end $$;
comment on function public.preview_merge(uuid, uuid) is
  'At the desk: what merge_patients would do: {keep, gone: {patient_id, name, phone_end, age, has_account, appointments, last_at, next_at}, refusal (its word, or null), sentence, clashes: [{keep_appointment, gone_appointment, starts_at, keep_practitioner, gone_practitioner}]}.';
grant execute on function public.preview_merge(uuid, uuid) to authenticated;

create function public.merge_patients(keep_id uuid, gone_id uuid) returns uuid
language plpgsql security definer
set search_path = ''
as $$
declare
  v record;
begin
  select * into v from private.lock_patients_at_desk(merge_patients.keep_id, merge_patients.gone_id);
  return private.merge(v.one, v.other, now());
end $$;
comment on function public.merge_patients(uuid, uuid) is
  'At the desk: makes two patients one. All that the gone one has goes to the one that stays; where their phones differ both are told. Returns the id with which undo_merge takes it back within a day. Refuses with cannot_merge and changes nothing when both have accounts, the gone one has one, they have appointments at the same time; with not_staff when the phone that would move is of somebody who works at a desk; or not_found.';
grant execute on function public.merge_patients(uuid, uuid) to authenticated;

create function private.sees_merge(p_merge private.patient_merges) returns boolean
language plpgsql stable
set search_path = ''
as $$
begin
  return private.is_admin() or exists (select from unnest(p_merge.clinic_ids) c (id) where private.sees_desk(c.id));
end $$;
comment on function private.sees_merge(private.patient_merges) is
  'Whether whoever asks works at the desk of a clinic where the gone one had been.';

create function private.move_back(p_merge private.patient_merges) returns void
language plpgsql
set search_path = ''
as $$
declare
  v jsonb;
begin
  for v in select jsonb_array_elements(p_merge.moved) loop
    -- What was given away meanwhile stays where it is.
    execute format(
      'update %s set %I = $1 where %I::text = $2 and %I = $3', v ->> 'table', v ->> 'column', v ->> 'key', v ->> 'column'
    ) using p_merge.gone_id, v ->> 'id', p_merge.keep_id;
  end loop;
end $$;
comment on function private.move_back(private.patient_merges) is 'Gives back to the gone one what was moved.';

create function private.take_back(p_merge private.patient_merges) returns void
language plpgsql
set search_path = ''
as $$
declare
  v_holder uuid := p_merge.given_to;
  v_gave text[] := p_merge.gave;
  v_next private.patient_merges;
begin
  loop
    select * into v_next from private.patient_merges m where m.gone_id = v_holder and m.undone_at is null;
    update public.patients p set
      name = case when 'name' = any (v_gave) then null else p.name end,
      age = case when 'age' = any (v_gave) then null else p.age end,
      locale = case when 'locale' = any (v_gave) then null else p.locale end
    where p.id = v_holder and v_gave <> '{}';
    exit when v_next.id is null;
    -- Who got it was merged too, and may have passed it on. The phone is not theirs any more to be given back.
    update private.patient_merges m set gone_phone = null
    where m.id = v_next.id and m.gone_phone = p_merge.gone_phone;
    v_gave := array(select unnest(v_gave) intersect select unnest(v_next.gave));
    v_holder := v_next.given_to;
  end loop;
end $$;
comment on function private.take_back(private.patient_merges) is
  'Takes back what a merge gave of name, age and language, also from those to whom later merges passed it on.';

create function private.undo_merge(p_merge private.patient_merges, p_now timestamptz) returns void
language plpgsql
set search_path = ''
as $$
declare
  v_keep public.patients;
begin
  if p_merge.undone_at is not null or p_merge.merged_at <= p_now - interval '1 day' then
    perform private.fail('too_late_to_undo');
  end if;
  perform private.require_no_staff_phone(p_merge.gone_phone);
  select * into v_keep from public.patients p where p.id = p_merge.keep_id;
  if v_keep.phone = p_merge.gone_phone and v_keep.user_id is not null then
    perform private.fail('gone_has_account');
  end if;
  update private.patient_merges m set undone_at = p_now where m.id = p_merge.id;
  perform private.lock_sms(array(select m.id from public.sms_messages m where m.patient_id = p_merge.keep_id));
  perform private.move_back(p_merge);
  perform private.redirect_sms(p_merge.gone_id, v_keep.phone, p_merge.gone_phone) where v_keep.phone <> p_merge.gone_phone;
  update public.patients p set phone = null where p.id = p_merge.keep_id and p.phone = p_merge.gone_phone;
  perform private.take_back(p_merge);
  update public.patients p set phone = p_merge.gone_phone where p.id = p_merge.gone_id;
  -- An account was about to be made when the merge ended that.
  delete from private.account_jobs j where (j.patient_id, j.done_at) = (p_merge.gone_id, p_merge.merged_at);
  if found then
    perform private.request_account(p_merge.gone_id);
  end if;
end $$;
comment on function private.undo_merge(private.patient_merges, timestamptz) is
  'Makes one patient two again, who are both locked. What the one that stayed has got meanwhile stays theirs.';

create function public.undo_merge(merge_id uuid) returns void
language plpgsql security definer
set search_path = ''
as $$
declare
  v_merge private.patient_merges;
begin
  perform private.require_desk();
  loop
    select * into v_merge from private.patient_merges m
    where m.id = undo_merge.merge_id and private.sees_merge(m);
    if not found then
      perform private.fail('unknown_patient');
    end if;
    perform private.lock_patients(v_merge.keep_id, v_merge.gone_id);
    -- Unless it was undone, or the one that stayed was merged, while we waited for the lock.
    exit when exists (select from private.patient_merges m where m = v_merge);
  end loop;
  perform private.set_channel('desk');
  perform private.undo_merge(v_merge, now());
end $$;
comment on function public.undo_merge(uuid) is
  'At the desk: takes a merge back that is not a day old. Refuses with cannot_merge, phone_already_registered (the phone has another patient by now), not_staff (or somebody who works at a desk) or not_found.';
grant execute on function public.undo_merge(uuid) to authenticated;
