-- The appointments a caller has, and what opens them: a reference that was texted with one, or else a code.

create function private.ivr_appointment(p_appointment public.appointments) returns jsonb
language plpgsql stable
set search_path = ''
as $$
begin
  return (
    select jsonb_build_object(
      'id', p_appointment.id, 'patient_id', p_appointment.patient_id,
      'practitioner_id', p_appointment.practitioner_id, 'status', p_appointment.status,
      'starts_at', p_appointment.starts_at, 'token_number', p_appointment.token_number,
      'spoken_name', private.ivr_spoken(p.name, p.clinic_id, p.spoken_name),
      'who', private.called_name(p_appointment.dependent_id)
    )
    from public.practitioners p where p.id = p_appointment.practitioner_id
  );
end $$;
comment on function private.ivr_appointment(public.appointments) is
  'An appointment as it is told to a caller who may know all of it.';

create function private.ivr_opened(p_appointment public.appointments) returns jsonb
language plpgsql stable
set search_path = ''
as $$
begin
  return private.ivr_appointment(p_appointment) || jsonb_build_object(
    -- Nobody is marked before the day.
    'now_serving', private.now_serving(p_appointment.practitioner_id, p_appointment.local_date)
  );
end $$;
comment on function private.ivr_opened(public.appointments) is
  'An appointment that a caller has opened, with the token that is being seen: on its day, where the clinic marks who comes.';

create function private.ivr_own_appointments(p_clinic_id uuid, p_patient_id uuid, p_now timestamptz) returns jsonb
language plpgsql stable
set search_path = ''
as $$
begin
  return (
    select jsonb_build_object(
      'appointments', coalesce(jsonb_agg(private.ivr_opened(a) order by a.starts_at), '[]')
    )
    from public.appointments a
    where a.patient_id = p_patient_id and a.clinic_id = p_clinic_id and a.status in ('booked', 'arrived')
      and a.ends_at > p_now and a.starts_at > p_now - interval '2 days'
  );
end $$;
comment on function private.ivr_own_appointments(uuid, uuid, timestamptz) is
  'The upcoming appointments of a caller who proved the number in this call: {appointments}.';

create function private.ivr_cancel(p_appointment_id uuid, p_patient_id uuid, p_now timestamptz) returns jsonb
language plpgsql
set search_path = ''
as $$
begin
  return jsonb_build_object('appointment', private.ivr_appointment(
    private.cancel(p_patient_id, p_appointment_id, 'ivr', p_now)
  ));
exception when sqlstate 'PT404' or sqlstate 'PT409' then
  return '{}';
end $$;
comment on function private.ivr_cancel(uuid, uuid, timestamptz) is
  'Cancels an appointment whose reference the caller gave before; empty when it cannot be cancelled any more.';

create function private.ivr_details(p_appointment_id uuid, p_patient_id uuid) returns jsonb
language plpgsql stable
set search_path = ''
as $$
begin
  return (
    select jsonb_build_object('appointment', private.ivr_opened(a)) from public.appointments a
    where a.id = p_appointment_id and a.patient_id = p_patient_id and a.status in ('booked', 'arrived')
  );
end $$;
comment on function private.ivr_details(uuid, uuid) is
  'An appointment whose reference the caller gave before, once more; null when it does not stand any more.';

-- References have four digits, so guesses are counted: three wrong ones a call, and some a day for a phone, so that
-- hanging up gives no new ones. After those the code is asked for in place of the reference: whoever forges the number
-- has no more guesses, and its owner still gets through.
create function private.ivr_tries_over(p_call jsonb, p_patient_id uuid, p_now timestamptz, p_wrong int default 0)
returns text
language plpgsql
set search_path = ''
as $$
declare
  v_in_call int;
  v_today int;
begin
  -- The row of the phone stays locked until the end: guesses made in several calls at the same time are counted in turn.
  select count(*) into v_in_call
  from public.ivr_calls c cross join lateral jsonb_array_elements(c.steps) s
  where c.call_id = p_call ->> 'call_id' and s ->> 'reference' = 'wrong';
  insert into private.rate_limits as r (bucket, window_start, hits)
  values ('ivr_reference:' || p_patient_id, date_trunc('day', p_now, 'UTC'), p_wrong)
  on conflict (bucket, window_start) do update set hits = r.hits + p_wrong
  returning r.hits into v_today;
  return case
    when v_in_call + p_wrong >= 3 then 'call'
    when v_today >= (select s.reference_tries_per_day from public.security_settings s) then 'day'
  end;
end $$;
comment on function private.ivr_tries_over(jsonb, uuid, timestamptz, int) is
  'Whether too many wrong references were given in this call (call) or from this phone today (day), after counting p_wrong more; else null.';

create function private.ivr_before_reference(
  p_call jsonb, p_task jsonb, p_clinic public.clinics, p_patient_id uuid, p_now timestamptz
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_over text;
begin
  if p_call -> 'proven' = 'true' then
    return private.ivr_own_appointments(p_clinic.id, p_patient_id, p_now);
  end if;
  v_over := private.ivr_tries_over(p_call, p_patient_id, p_now);
  -- Who wants no SMS was texted no reference. A code they still get.
  if v_over = 'day' or private.wants_no_sms(p_call ->> 'caller') then
    return private.ivr_ask_proof(p_call, p_task -> 'code', p_clinic, p_patient_id, 'reference', p_now);
  end if;
  return jsonb_build_object('no_more_tries', v_over is not null);
end $$;
comment on function private.ivr_before_reference(jsonb, jsonb, public.clinics, uuid, timestamptz) is
  'Whether a caller has a try left to give a reference: {no_more_tries}. {proof}: the code is asked for instead. {appointments}: neither is needed.';

create function private.ivr_prove_by_reference(
  p_call jsonb, p_clinic_id uuid, p_patient_id uuid, p_now timestamptz
)
returns void
language plpgsql
set search_path = ''
as $$
begin
  insert into private.call_proofs as c (call_id, clinic_id, patient_id, proven_at)
  values (p_call ->> 'call_id', p_clinic_id, p_patient_id, p_now)
  on conflict (call_id) do update
  set patient_id = excluded.patient_id, proven_at = coalesce(c.proven_at, excluded.proven_at);
  perform private.ivr_keep_language(p_call, p_patient_id);
  perform private.note_sign_of_life(p_patient_id, false, p_now);
end $$;
comment on function private.ivr_prove_by_reference(jsonb, uuid, uuid, timestamptz) is
  'The reference was right, and it was texted to the calling number: this call has proved it.';

create function private.ivr_referred(p_reference text, p_clinic_id uuid, p_patient_id uuid, p_now timestamptz)
returns public.appointments
language plpgsql stable
set search_path = ''
as $$
declare
  v_appointment public.appointments;
begin
  select a.* into v_appointment from public.appointments a
  where a.patient_id = p_patient_id and a.clinic_id = p_clinic_id and a.status in ('booked', 'arrived')
    and a.ends_at > p_now and a.reference = p_reference;
  return v_appointment;
end $$;
comment on function private.ivr_referred(text, uuid, uuid, timestamptz) is
  'The upcoming appointment of a patient at a clinic that has a reference; all null when none has.';

create function private.ivr_check_reference(
  p_call jsonb, p_task jsonb, p_clinic public.clinics, p_patient_id uuid, p_now timestamptz
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_over text := private.ivr_tries_over(p_call, p_patient_id, p_now);
  v_noted jsonb;
  v_appointment public.appointments;
begin
  if v_over = 'day' then
    return private.ivr_ask_proof(p_call, p_task -> 'code', p_clinic, p_patient_id, 'reference', p_now);
  elsif v_over = 'call' then
    v_noted := '{"reference": "refused"}';
  else
    v_appointment := private.ivr_referred(p_task ->> 'reference', p_clinic.id, p_patient_id, p_now);
    if v_appointment.id is not null then
      v_noted := jsonb_build_object('reference', 'right', 'appointment_id', v_appointment.id);
      perform private.ivr_prove_by_reference(p_call, p_clinic.id, p_patient_id, p_now);
    else
      v_noted := '{"reference": "wrong"}';
      v_over := private.ivr_tries_over(p_call, p_patient_id, p_now, p_wrong => 1);
      perform private.note_security_event('call_reference_wrong', p_call ->> 'caller', null, p_now);
    end if;
  end if;
  return jsonb_build_object('noted', v_noted) || case
    when v_appointment.id is not null then jsonb_build_object('appointment', private.ivr_opened(v_appointment))
    else jsonb_build_object('no_more_tries', coalesce(v_over = 'call', false)) end;
end $$;
comment on function private.ivr_check_reference(jsonb, jsonb, public.clinics, uuid, timestamptz) is
  'Which of the caller''s upcoming appointments has the reference that was entered; counts wrong ones. Returns {appointment}, {no_more_tries} or {proof}, and as noted what is written down with the step.';
