-- The record of a patient at the desk: one timeline of appointments, calls, SMS and changes. Who opens it is written down.

create function private.timeline_of_appointments(p_patient_id uuid) returns table (at timestamptz, entry jsonb)
language plpgsql stable
set search_path = ''
as $$
begin
  return query
    select a.starts_at, jsonb_build_object(
      'kind', 'appointment', 'id', a.id, 'clinic_id', a.clinic_id, 'practitioner', p.name, 'starts_at', a.starts_at,
      'dependent_id', a.dependent_id, 'dependent_name', d.name, 'status', a.status, 'channel', a.channel,
      'token_number', a.token_number, 'reference', a.reference,
      'note', a.note, 'booked_at', a.created_at, 'arrived_at', a.arrived_at, 'seen_at', a.seen_at
    )
    from public.appointments a
    join public.practitioners p on p.id = a.practitioner_id
    left join public.dependents d on d.id = a.dependent_id
    where a.patient_id = p_patient_id and private.sees_desk(a.clinic_id);
end $$;
comment on function private.timeline_of_appointments(uuid) is
  'Appointments of a patient and their dependents at the clinics of whoever asks: {kind: appointment, ...}. Nothing as dependent_id: the patient comes.';

create function private.timeline_of_calls(p_patient_id uuid) returns table (at timestamptz, entry jsonb)
language plpgsql stable
set search_path = ''
as $$
begin
  return query
    select c.started_at, jsonb_build_object(
      'kind', 'call', 'id', c.id, 'clinic_id', c.clinic_id, 'outcome', c.outcome, 'seconds', c.duration_seconds
    )
    from public.ivr_calls c where c.patient_id = p_patient_id and private.sees_desk(c.clinic_id);
end $$;
comment on function private.timeline_of_calls(uuid) is
  'Calls of a patient to the clinics of whoever asks: {kind: call, ...}.';

create function private.can_be_resent(p_sms public.sms_messages) returns boolean
language plpgsql stable
set search_path = ''
as $$
begin
  return p_sms.status = 'failed' and not p_sms.secret and coalesce(p_sms.expires_at > now(), true) and not exists (
    select from public.sms_messages n where n.appointment_id = p_sms.appointment_id and n.created_at > p_sms.created_at
  );
end $$;
comment on function private.can_be_resent(public.sms_messages) is
  'Whether the desk can send an SMS again: it failed, held no code or password, and is not out of date: nothing newer was told of the same appointment.';

create function private.is_sms_of_others(p_sms public.sms_messages) returns boolean
language plpgsql stable
set search_path = ''
as $$
begin
  if p_sms.appointment_id is not null then
    return not exists (
      select from public.appointments a where a.id = p_sms.appointment_id and private.sees_desk(a.clinic_id)
    );
  end if;
  -- Of a deleted appointment nobody knows any more at which clinic it was.
  return exists (select from public.sms_templates t where t.key = p_sms.template and 'clinic' = any (t.placeholders))
    and exists (select from public.clinics c where not private.sees_desk(c.id));
end $$;
comment on function private.is_sms_of_others(public.sms_messages) is
  'Whether an SMS is about another clinic than those of whoever asks, or may be.';

create function private.timeline_of_sms(p_patient_id uuid) returns table (at timestamptz, entry jsonb)
language plpgsql stable
set search_path = ''
as $$
begin
  return query
    select m.created_at, jsonb_build_object(
      'kind', 'sms', 'id', m.id, 'appointment_id', m.appointment_id, 'template', m.template,
      'text', case when not m.secret then m.body end, 'status', m.status, 'reason', m.last_error,
      'can_be_resent', private.can_be_resent(m)
    )
    from public.sms_messages m
    where m.patient_id = p_patient_id and not private.is_sms_of_others(m);
end $$;
comment on function private.timeline_of_sms(uuid) is
  'SMS to a patient, but for those about appointments at clinics of others: {kind: sms, ...}. What held a code or password has no text.';

create function private.timeline_of_changes(p_patient_id uuid) returns table (at timestamptz, entry jsonb)
language plpgsql stable
set search_path = ''
as $$
begin
  return query
    select e.occurred_at, jsonb_build_object(
      'kind', 'change', 'id', e.id, 'table', e.table_name, 'row', e.row_id, 'action', e.action, 'channel', e.channel,
      'actor', e.actor, 'changes', e.changes
    )
    from public.audit_trail e
    where e.action <> 'read' and (
      (e.table_name = 'patients' and e.row_id = p_patient_id::text)
      or (e.table_name = 'dependents' and e.row_id = any (
        select d.id::text from public.dependents d where d.patient_id = p_patient_id
      ))
      or (e.table_name = 'appointments' and e.row_id = any (
        select a.id::text from public.appointments a
        where a.patient_id = p_patient_id and private.sees_desk(a.clinic_id)
      ))
    );
end $$;
comment on function private.timeline_of_changes(uuid) is
  'What was changed of a patient, their dependents and appointments, and by whom: {kind: change, ...}.';

create function private.timeline(p_patient_id uuid) returns jsonb
language plpgsql stable
set search_path = ''
as $$
begin
  return (
    select coalesce(jsonb_agg(t.entry || jsonb_build_object('at', t.at) order by t.at desc), '[]')
    from (
      select l.* from (
        select * from private.timeline_of_appointments(p_patient_id)
        union all select * from private.timeline_of_calls(p_patient_id)
        union all select * from private.timeline_of_sms(p_patient_id)
        union all select * from private.timeline_of_changes(p_patient_id)
      ) l order by l.at desc limit 500
    ) t
  );
end $$;
comment on function private.timeline(uuid) is 'What happened with a patient, the latest first, 500 entries at most; each has kind and at.';

create function public.desk_patient(patient_id uuid) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
  v_patient constant public.patients := private.require_patient_at_desk(desk_patient.patient_id);
begin
  perform private.note_read(v_patient.id);
  return jsonb_build_object(
    'patient_id', v_patient.id, 'name', v_patient.name, 'phone', v_patient.phone, 'age', v_patient.age,
    'locale', v_patient.locale, 'has_account', v_patient.user_id is not null,
    'dependents', (
      select coalesce(jsonb_agg(jsonb_build_object(
        'dependent_id', d.id, 'name', d.name, 'birth_year', d.birth_year, 'removed', d.removed_at is not null
      ) order by d.removed_at is not null, d.created_at, d.id), '[]')
      from public.dependents d where d.patient_id = v_patient.id
    ),
    'merged', (
      select coalesce(jsonb_agg(jsonb_build_object(
        'merge_id', m.id, 'patient_id', m.gone_id, 'name', g.name, 'phone_end', private.phone_end(m.gone_phone),
        'merged_at', m.merged_at, 'undo_until', m.merged_at + interval '1 day'
      ) order by m.merged_at), '[]')
      from private.patient_merges m join public.patients g on g.id = m.gone_id
      where m.keep_id = v_patient.id and m.undone_at is null and private.sees_merge(m)
    ),
    'timeline', private.timeline(v_patient.id)
  );
end $$;
comment on function public.desk_patient(uuid) is
  'At the desk: the record of a patient, and of the one that a gone one was merged into: {patient_id, name, phone, age, locale, has_account, dependents: [{dependent_id, name, birth_year, removed}], merged: [{merge_id, patient_id, name, phone_end, merged_at, undo_until}], timeline: [{at, kind: appointment | call | sms | change, ...}]}, the latest first. It is written down who read it.';
grant execute on function public.desk_patient(uuid) to authenticated;

create function public.desk_resend(sms_id uuid) returns void
language plpgsql security definer
set search_path = ''
as $$
declare
  v_patient_id uuid;
  v_patient public.patients;
begin
  perform private.require_desk();
  select m.patient_id into v_patient_id
  from public.sms_messages m
  where m.id = desk_resend.sms_id and private.can_be_resent(m) and not private.is_sms_of_others(m);
  if not found then
    perform private.fail('unknown_sms');
  end if;
  v_patient := private.require_patient_at_desk(v_patient_id);
  -- The phone may have been corrected since. What tells of a change of the phone is for the one it went to.
  update public.sms_messages m set status = 'queued',
    to_phone = case when m.appointment_id is null then m.to_phone else coalesce(v_patient.phone, m.to_phone) end
  where m.id = desk_resend.sms_id and m.status = 'failed';
end $$;
comment on function public.desk_resend(uuid) is
  'At the desk: sends an SMS again that failed, to the phone that the patient has by now. Refuses with not_found, also what held a code or password, or is out of date.';
grant execute on function public.desk_resend(uuid) to authenticated;
