-- A copy of all that is kept about the owner of an account, for them to take away. The function export-account asks for the
-- password first: it is a record of their health, and a stolen token must not be enough to get it.

insert into public.limits (what, by, max, seconds, why) values
  ('export', 'account', 5, 86400, 'A copy is read from everywhere, and once or twice is all that its owner needs.');

create function private.export_appointments(p_patient_id uuid) returns jsonb
language sql stable
set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_build_object(
    'clinic', c.name, 'time_zone', c.time_zone, 'doctor', pr.name, 'specialty', pr.specialty, 'for', d.name,
    'starts_at', a.starts_at, 'ends_at', a.ends_at, 'status', a.status, 'booked_by', a.channel, 'token_number', a.token_number,
    'note', a.note, 'booked_at', a.created_at, 'confirmed_at', a.confirmed_at, 'arrived_at', a.arrived_at,
    'called_at', a.called_at, 'seen_at', a.seen_at, 'cancelled_at', a.cancelled_at
  ) order by a.starts_at, a.id), '[]')
  from public.appointments a
  join public.clinics c on c.id = a.clinic_id
  join public.practitioners pr on pr.id = a.practitioner_id
  left join public.dependents d on d.id = a.dependent_id
  where a.patient_id = p_patient_id
$$;
comment on function private.export_appointments(uuid) is
  'All appointments of a patient, with what the clinic noted. No references: with one an appointment can be changed by phone.';

create function private.export_messages(p_patient_id uuid) returns jsonb
language sql stable
set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_build_object(
    'to', m.to_phone, 'about', m.template, 'status', m.status, 'queued_at', m.created_at, 'sent_at', m.sent_at,
    'text', case when not m.secret then replace(m.body, coalesce(a.reference, '****'), '****') end
  ) order by m.created_at, m.id), '[]')
  from public.sms_messages m left join public.appointments a on a.id = m.appointment_id
  where m.patient_id = p_patient_id
$$;
comment on function private.export_messages(uuid) is
  'All SMS to a patient; those with a code or password without their text, references as ****.';

create function private.export_calls(p_patient_id uuid) returns jsonb
language sql stable
set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_build_object(
    'clinic', c.name, 'from', i.caller, 'started_at', i.started_at, 'seconds', i.duration_seconds, 'outcome', i.outcome,
    'steps', i.steps
  ) order by i.started_at, i.id), '[]')
  from public.ivr_calls i left join public.clinics c on c.id = i.clinic_id
  where i.patient_id = p_patient_id
$$;
comment on function private.export_calls(uuid) is 'All calls from the number of a patient.';

create function private.export_devices(p_user_id uuid) returns jsonb
language sql stable
set search_path = ''
as $$
  select jsonb_build_object(
    'signed_in', coalesce((
      select jsonb_agg(jsonb_build_object(
        'since', s.created_at, 'used_at', coalesce(s.refreshed_at at time zone 'UTC', s.updated_at, s.created_at),
        'browser', s.user_agent
      ) order by s.created_at)
      from auth.sessions s where s.user_id = p_user_id and private.user_of_session(s.id) is not null
    ), '[]'),
    'known', coalesce((
      select jsonb_agg(jsonb_build_object('signed_in_at', d.last_seen_at) order by d.last_seen_at)
      from private.known_devices d where d.user_id = p_user_id
    ), '[]')
  )
$$;
comment on function private.export_devices(uuid) is 'Where an account is signed in, and when devices signed in to it that are known again.';

create function private.export_history(p_patient_id uuid) returns jsonb
language sql stable
set search_path = ''
as $$
  select coalesce(jsonb_agg(jsonb_build_object(
    'at', e.occurred_at, 'what', e.action, 'way', e.channel,
    'by', case when e.channel = 'desk' then e.actor end, 'changes', e.changes
  ) order by e.id), '[]')
  from public.audit_trail e
  where e.table_name = 'patients' and e.row_id = p_patient_id::text
$$;
comment on function private.export_history(uuid) is
  'Who opened the record of a patient at a desk, and what of it was changed by whom.';

create function private.export_account(p_user_id uuid, p_now timestamptz default now()) returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v public.patients;
begin
  select * into v from public.patients p where p.user_id = p_user_id;
  if not found then
    perform private.fail('not_signed_in');
  end if;
  insert into public.audit_events (channel, actor_id, action, table_name, row_id)
  values ('web', p_user_id, 'read', 'patients', v.id::text);
  return jsonb_build_object(
    'made_at', p_now,
    'you', jsonb_build_object(
      'name', v.name, 'age', v.age, 'phone', v.phone, 'username', v.username, 'language', v.locale,
      'account_since', v.created_at, 'account_made_by', v.account_origin,
      'wants_no_sms', private.wants_no_sms(v.phone)
    ),
    'you_book_for', (
      select coalesce(jsonb_agg(jsonb_build_object(
        'name', d.name, 'birth_year', d.birth_year, 'since', d.created_at, 'removed_at', d.removed_at
      ) order by d.created_at, d.id), '[]')
      from public.dependents d where d.patient_id = v.id
    ),
    'appointments', private.export_appointments(v.id),
    'sms', private.export_messages(v.id),
    'calls', private.export_calls(v.id),
    'devices', private.export_devices(p_user_id),
    'history', private.export_history(v.id)
  );
end $$;
comment on function private.export_account(uuid, timestamptz) is
  'All that is kept about the owner of an account who has given the password, themselves and the people they book for. It is written down that it was read.';
