-- What a turn of a call does beyond telling facts: booking, cancelling, checking references, texting a link.

create function private.ivr_appointment(p_appointment public.appointments) returns jsonb
language plpgsql stable
set search_path = ''
as $$
begin
  return (
    select jsonb_build_object(
      'id', p_appointment.id, 'patient_id', p_appointment.patient_id, 'status', p_appointment.status,
      'starts_at', p_appointment.starts_at, 'token_number', p_appointment.token_number,
      'spoken_name', coalesce(p.spoken_name, p.name)
    )
    from public.practitioners p where p.id = p_appointment.practitioner_id
  );
end $$;
comment on function private.ivr_appointment(public.appointments) is
  'An appointment as it is told to a caller who may know all of it.';

create function private.ivr_book(
  p_call jsonb, p_task jsonb, p_clinic public.clinics, p_patient_id uuid, p_now timestamptz
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_practitioner_id constant uuid := p_task ->> 'practitioner_id';
  v_patient_id uuid;
  v_refusal text;
begin
  -- A refused booking leaves no patient behind.
  begin
    perform private.set_channel('ivr');
    if not exists (
      select from public.practitioners p where p.id = v_practitioner_id and p.clinic_id = p_clinic.id
    ) then
      perform private.fail('unknown_doctor');
    end if;
    insert into public.patients (phone, locale) values (p_call ->> 'caller', p_call ->> 'language')
    on conflict (phone) do nothing;
    select p.id into v_patient_id from public.patients p where p.phone = p_call ->> 'caller';
    return jsonb_build_object('appointment', private.ivr_appointment(private.book(
      v_patient_id, v_practitioner_id, (p_task ->> 'starts_at')::timestamptz, 'ivr', p_call ->> 'call_id', p_now
    )));
  exception when sqlstate 'PT404' or sqlstate 'PT409' then
    get stacked diagnostics v_refusal = pg_exception_detail;
  end;
  return private.ivr_slot_instead(p_clinic, p_task, p_patient_id, p_now) || jsonb_build_object('error', v_refusal);
end $$;
comment on function private.ivr_book(jsonb, jsonb, public.clinics, uuid, timestamptz) is
  'Books for the calling number, making it a patient if it is new. A refusal comes as error, with the next slot to offer.';

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
    select jsonb_build_object('appointment', private.ivr_appointment(a)) from public.appointments a
    where a.id = p_appointment_id and a.patient_id = p_patient_id and a.status in ('booked', 'arrived')
  );
end $$;
comment on function private.ivr_details(uuid, uuid) is
  'An appointment whose reference the caller gave before, once more; null when it does not stand any more.';

-- References have four digits, so guesses are counted: three wrong ones a call, and three a day for a phone, so that
-- hanging up gives no new ones. Who knows a reference and mistypes it can still use the web or reception.
create function private.ivr_no_more_tries(p_call jsonb, p_patient_id uuid, p_now timestamptz, p_wrong int default 0)
returns boolean
language plpgsql
set search_path = ''
as $$
declare
  v_in_call int;
  v_today int;
begin
  -- Both rows stay locked until the end of the transaction: guesses made at the same time are counted in turn.
  perform from public.ivr_calls c where c.call_id = p_call ->> 'call_id' for no key update;
  select count(*) into v_in_call
  from public.ivr_calls c cross join lateral jsonb_array_elements(c.steps) s
  where c.call_id = p_call ->> 'call_id' and s ->> 'reference' = 'wrong';
  insert into private.rate_limits as r (bucket, window_start, hits)
  values ('ivr_reference:' || p_patient_id, date_trunc('day', p_now, 'UTC'), p_wrong)
  on conflict (bucket, window_start) do update set hits = r.hits + p_wrong
  returning r.hits into v_today;
  return greatest(v_in_call + p_wrong, v_today) >= 3;
end $$;
comment on function private.ivr_no_more_tries(jsonb, uuid, timestamptz, int) is
  'Whether this caller gave too many wrong references in this call or today, after counting p_wrong more.';

create function private.ivr_check_reference(
  p_call jsonb, p_reference text, p_clinic_id uuid, p_patient_id uuid, p_now timestamptz
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_no_more_tries boolean := private.ivr_no_more_tries(p_call, p_patient_id, p_now);
  v_noted jsonb;
  v_appointment public.appointments;
begin
  -- The same request once more is answered as it was, whatever its keys: it is no further guess.
  select s into v_noted
  from public.ivr_calls c cross join lateral jsonb_array_elements(c.steps) s
  where c.call_id = p_call ->> 'call_id' and s -> 'turn' = p_call -> 'turn' and s ? 'reference';
  if found then
    select a.* into v_appointment from public.appointments a
    where a.id = (v_noted ->> 'appointment_id')::uuid and a.patient_id = p_patient_id;
  elsif v_no_more_tries then
    v_noted := '{"reference": "refused"}';
  else
    select a.* into v_appointment from public.appointments a
    where a.patient_id = p_patient_id and a.clinic_id = p_clinic_id and a.status in ('booked', 'arrived')
      and a.ends_at > p_now and a.reference = p_reference;
    if found then
      v_noted := jsonb_build_object('reference', 'right', 'appointment_id', v_appointment.id);
      perform private.note_sign_of_life(p_patient_id, false, p_now);
    else
      v_noted := '{"reference": "wrong"}';
      v_no_more_tries := private.ivr_no_more_tries(p_call, p_patient_id, p_now, p_wrong => 1);
    end if;
  end if;
  return jsonb_build_object('noted', v_noted) || case
    when v_appointment.id is not null then jsonb_build_object('appointment', private.ivr_appointment(v_appointment))
    else jsonb_build_object('no_more_tries', v_no_more_tries) end;
end $$;
comment on function private.ivr_check_reference(jsonb, text, uuid, uuid, timestamptz) is
  'Which of the caller''s upcoming appointments has the reference that was entered; counts wrong ones. Returns {appointment} or {no_more_tries}, and as noted what is written down with the step.';

create function private.ivr_text_link(
  p_call jsonb, p_clinic public.clinics, p_patient_id uuid, p_now timestamptz
)
returns boolean
language plpgsql
set search_path = ''
as $$
declare
  v_caller constant text := p_call ->> 'caller';
begin
  if v_caller is null or p_call ->> 'site_url' is null
    or exists (select from public.sms_opt_outs o where o.phone = v_caller) then
    return false;
  end if;
  -- Once a day for a phone: a number may be forged, and its owner is not to be flooded.
  perform private.queue_sms(
    'ivr_link', v_caller, jsonb_build_object('clinic', p_clinic.name, 'url', p_call ->> 'site_url'),
    'ivr_link:' || v_caller || ':' || (p_now at time zone p_clinic.time_zone)::date, p_patient_id, null,
    coalesce(
      p_call ->> 'language', (select p.locale from public.patients p where p.id = p_patient_id), p_clinic.locale
    ),
    false, p_now + interval '1 day'
  );
  return true;
end $$;
comment on function private.ivr_text_link(jsonb, public.clinics, uuid, timestamptz) is
  'Texts a caller who pressed nothing where to book online. False: this phone gets no SMS.';

create function private.ivr_perform(
  p_call jsonb, p_task jsonb, p_clinic_id uuid, p_patient_id uuid, p_now timestamptz
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_kind constant text := p_task ->> 'kind';
  v_appointment_id constant uuid := p_task ->> 'appointment_id';
  v_clinic public.clinics;
begin
  select * into v_clinic from public.clinics c where c.id = p_clinic_id;
  return coalesce(case
    when v_kind = 'offer' and p_task ->> 'on' is null then
      private.ivr_offer_next(v_clinic, p_task, p_patient_id, p_now)
    when v_kind = 'offer' then private.ivr_offer_on(v_clinic, p_task, p_patient_id, p_now)
    when v_kind = 'later' then private.ivr_later_slot(v_clinic, p_task, p_patient_id, p_now)
    when v_kind = 'book' then private.ivr_book(p_call, p_task, v_clinic, p_patient_id, p_now)
    when v_kind = 'goodbye' then
      jsonb_build_object('texted', private.ivr_text_link(p_call, v_clinic, p_patient_id, p_now))
    -- What follows is about appointments that only a known patient has.
    when p_patient_id is null then null
    when v_kind = 'count_tries' then
      jsonb_build_object('no_more_tries', private.ivr_no_more_tries(p_call, p_patient_id, p_now))
    when v_kind = 'check_reference' then
      private.ivr_check_reference(p_call, p_task ->> 'reference', p_clinic_id, p_patient_id, p_now)
    when v_kind = 'details' then private.ivr_details(v_appointment_id, p_patient_id)
    when v_kind = 'cancel' then private.ivr_cancel(v_appointment_id, p_patient_id, p_now)
  end, '{}');
end $$;
comment on function private.ivr_perform(jsonb, jsonb, uuid, uuid, timestamptz) is
  'Does the task of a turn, and returns what there is to tell of it.';
