-- What a turn of a call does beyond telling facts: booking, once the number is proven where it has to be; texting a link.

create function private.ivr_patient(p_call jsonb) returns uuid
language plpgsql
set search_path = ''
as $$
declare
  v_id uuid;
begin
  insert into public.patients (phone, locale) values (p_call ->> 'caller', p_call ->> 'language')
  on conflict (phone) do nothing;
  -- Locked until the end: what the phone has booked is counted for one call after the other.
  select p.id into v_id from public.patients p where p.phone = p_call ->> 'caller' for no key update;
  if not found then
    -- At this moment it was given up: their record was merged, or its phone corrected.
    return private.ivr_patient(p_call);
  end if;
  return v_id;
end $$;
comment on function private.ivr_patient(jsonb) is 'The patient of the calling number, made if it is new; locked.';

create function private.ivr_person(p_task jsonb, p_patient_id uuid) returns uuid
language plpgsql stable
set search_path = ''
as $$
begin
  -- Nobody needs to be looked up for nearly every caller.
  if not (p_task ? 'dependent_id' or p_task -> 'preference' ? 'moving') then
    return p_patient_id;
  end if;
  return coalesce(
    (select d.id from public.dependents d
     where d.id = (p_task ->> 'dependent_id')::uuid and d.patient_id = p_patient_id),
    (select a.dependent_id from public.appointments a
     where a.id = (p_task #>> '{preference,moving}')::uuid and a.patient_id = p_patient_id),
    p_patient_id
  );
end $$;
comment on function private.ivr_person(jsonb, uuid) is
  'Whose other appointments keep from times: of the dependent for whom is booked, of whoever comes to the appointment that is moved, or of the caller.';

create function private.ivr_require_bookable(
  p_clinic public.clinics, p_patient_id uuid, p_person_id uuid, p_practitioner_id uuid, p_starts_at timestamptz,
  p_now timestamptz
)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_slot record;
begin
  select * into v_slot from private.require_slot(p_practitioner_id, p_starts_at, p_now);
  perform private.require_room(p_patient_id, p_clinic.id, p_clinic.max_active_bookings, p_now);
  perform private.require_no_overlap(p_practitioner_id, p_person_id, p_starts_at, v_slot.ends_at);
end $$;
comment on function private.ivr_require_bookable(public.clinics, uuid, uuid, uuid, timestamptz, timestamptz) is
  'Refuses, before a code is texted, what could not be booked with it either.';

create function private.ivr_try_to_book(
  p_call jsonb, p_task jsonb, p_clinic public.clinics, p_now timestamptz
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_practitioner_id constant uuid := p_task ->> 'practitioner_id';
  v_starts_at constant timestamptz := p_task ->> 'starts_at';
  v_is_unproven constant boolean := p_call -> 'proven' is distinct from 'true';
  v_patient_id uuid;
  v_standing text;
begin
  perform private.set_channel('ivr');
  if not exists (
    select from public.practitioners p where p.id = v_practitioner_id and p.clinic_id = p_clinic.id
  ) then
    perform private.fail('unknown_doctor');
  end if;
  v_patient_id := private.ivr_patient(p_call);
  v_standing := private.ivr_standing(p_call, p_clinic, v_patient_id, p_now);
  if v_standing not in ('known', 'new') then
    perform private.ivr_require_bookable(
      p_clinic, v_patient_id, private.ivr_person(p_task, v_patient_id), v_practitioner_id, v_starts_at, p_now
    );
    raise exception using errcode = 'PROVE', detail = v_standing;
  end if;
  -- Nobody is named to whoever may have forged the number.
  return jsonb_build_object('appointment', private.ivr_appointment(private.book(
    v_patient_id, v_practitioner_id, v_starts_at, 'ivr', p_call ->> 'call_id', p_now, v_is_unproven,
    (p_task ->> 'dependent_id')::uuid
  )) - case when v_is_unproven then 'who' else '' end) || case v_standing when 'new' then '{"noted": {"new_phone": true}}' else '{}' end::jsonb;
end $$;
comment on function private.ivr_try_to_book(jsonb, jsonb, public.clinics, timestamptz) is
  'Books for the calling number, making it a patient if it is new. Raises PROVE, with the reason as detail, when the number has to be proven first.';

create function private.ivr_book(
  p_call jsonb, p_task jsonb, p_clinic public.clinics, p_patient_id uuid, p_now timestamptz
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_state text;
  v_why text;
begin
  -- What is refused leaves no patient behind, and takes no place of those for new phones.
  begin
    return private.ivr_try_to_book(p_call, p_task, p_clinic, p_now);
  exception when sqlstate 'PROVE' or sqlstate 'PT404' or sqlstate 'PT409' then
    get stacked diagnostics v_state = returned_sqlstate, v_why = pg_exception_detail;
  end;
  if v_state = 'PROVE' then
    -- The time is not held meanwhile: forged calls would hold all of them.
    return private.ivr_ask_proof(p_call, p_task -> 'code', p_clinic, p_patient_id, v_why, p_now);
  end if;
  return private.ivr_slot_instead(p_clinic, p_task, private.ivr_person(p_task, p_patient_id), p_now)
    || jsonb_build_object('error', v_why);
end $$;
comment on function private.ivr_book(jsonb, jsonb, public.clinics, uuid, timestamptz) is
  'Books for the calling number, or asks for it to be proven first: {proof}. A refusal comes as error, with the next slot to offer.';

create function private.ivr_prove(
  p_call jsonb, p_task jsonb, p_clinic public.clinics, p_patient_id uuid, p_now timestamptz
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_checked constant jsonb := private.ivr_check_code(p_call, p_task -> 'code', p_patient_id, p_now);
begin
  if v_checked ->> 'proof' <> 'right' then
    perform private.note_security_event('call_proof_refused', p_call ->> 'caller', null, p_now);
    return v_checked;
  end if;
  perform private.ivr_keep_language(p_call, p_patient_id);
  return jsonb_build_object('noted', v_checked -> 'noted') || case
    when p_task ? 'practitioner_id' then
      private.ivr_book(p_call || '{"proven": true}', p_task, p_clinic, p_patient_id, p_now)
    else private.ivr_own_appointments(p_clinic.id, p_patient_id, p_now)
  end;
end $$;
comment on function private.ivr_prove(jsonb, jsonb, public.clinics, uuid, timestamptz) is
  'Takes the code that was keyed in. With the right one it books what the caller wanted, or returns the appointments there are; otherwise {proof}: wrong or refused.';

create function private.ivr_text_link(
  p_call jsonb, p_clinic public.clinics, p_patient_id uuid, p_now timestamptz
)
returns boolean
language plpgsql
set search_path = ''
as $$
declare
  v_caller constant text := p_call ->> 'caller';
  v_locale constant text := coalesce(
    p_call ->> 'language', (select p.locale from public.patients p where p.id = p_patient_id), p_clinic.locale
  );
begin
  if v_caller is null or p_call ->> 'site_url' is null
    or private.wants_no_sms(v_caller) then
    return false;
  end if;
  -- Once a day for a phone: a number may be forged, and its owner is not to be flooded.
  perform private.queue_sms(
    'ivr_link', v_caller,
    jsonb_build_object('clinic', private.name_in(p_clinic.name, p_clinic.id, v_locale), 'url', p_call ->> 'site_url'),
    'ivr_link:' || v_caller || ':' || (p_now at time zone p_clinic.time_zone)::date, p_patient_id, null,
    v_locale, false, p_now + interval '1 day'
  );
  return true;
end $$;
comment on function private.ivr_text_link(jsonb, public.clinics, uuid, timestamptz) is
  'Texts a caller who pressed nothing where to book online. False: this phone gets no SMS.';

create function private.ivr_move(p_task jsonb, p_clinic public.clinics, p_patient_id uuid, p_now timestamptz)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_why text;
begin
  return jsonb_build_object('appointment', private.ivr_appointment(private.reschedule(
    p_patient_id, (p_task ->> 'appointment_id')::uuid, (p_task ->> 'starts_at')::timestamptz, 'ivr', p_now
  )));
exception when sqlstate 'PT404' or sqlstate 'PT409' then
  get stacked diagnostics v_why = pg_exception_detail;
  if v_why in ('unknown_appointment', 'already_cancelled', 'already_seen', 'already_begun') then
    return '{}';
  end if;
  return private.ivr_slot_instead(p_clinic, p_task, private.ivr_person(p_task, p_patient_id), p_now)
    || jsonb_build_object('error', v_why);
end $$;
comment on function private.ivr_move(jsonb, public.clinics, uuid, timestamptz) is
  'Gives an appointment whose reference the caller gave before another time. A refusal comes as error, with the next slot to offer; empty when it cannot be changed any more.';

create function private.ivr_to_note(p_kind text, p_facts jsonb) returns jsonb
language plpgsql immutable
set search_path = ''
as $$
begin
  return coalesce(p_facts -> 'noted', '{}') || case
    when (p_kind in ('book', 'prove', 'cancel', 'move')) is not true or p_facts ?| '{proof,appointments}' then '{}'
    when p_facts ? 'appointment' then jsonb_build_object('appointment_id', p_facts #> '{appointment,id}')
    else jsonb_build_object('refused', coalesce(p_facts ->> 'error', 'impossible'))
  end;
end $$;
comment on function private.ivr_to_note(text, jsonb) is
  'What is written down with the step of a turn beside its keys: what its task noted, and the appointment that was booked, moved or cancelled, or why none was.';

create function private.ivr_again(
  p_call jsonb, p_task jsonb, p_clinic public.clinics, p_patient_id uuid, p_now timestamptz
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_noted constant jsonb := private.ivr_noted(p_call);
  v_proof private.call_proofs;
begin
  if v_noted ?| '{appointment_id,refused,reference,proof}' is not true then
    return null;
  elsif v_noted ? 'appointment_id' and p_task ->> 'kind' = 'check_reference' then
    return coalesce(private.ivr_details((v_noted ->> 'appointment_id')::uuid, p_patient_id), '{}');
  elsif v_noted ? 'appointment_id' then
    -- As it stands: it may have been moved or cancelled since, or deleted.
    return coalesce((
      select jsonb_build_object('appointment', private.ivr_appointment(a) - case when p_call -> 'proven' = 'true' then '' else 'who' end)
      from public.appointments a where a.id = (v_noted ->> 'appointment_id')::uuid
    ), '{}');
  elsif v_noted ? 'reference' then
    return jsonb_build_object('no_more_tries', coalesce(
      case when p_patient_id is not null then private.ivr_tries_over(p_call, p_patient_id, p_now) = 'call' end, false
    ));
  elsif v_noted ->> 'refused' = 'impossible' then
    return '{}';
  elsif v_noted ? 'refused' then
    return private.ivr_slot_instead(p_clinic, p_task, private.ivr_person(p_task, p_patient_id), p_now)
      || jsonb_build_object('error', v_noted -> 'refused');
  elsif v_noted ->> 'proof' = 'right' then
    return private.ivr_own_appointments(p_clinic.id, p_patient_id, p_now);
  end if;
  select * into v_proof from private.call_proofs c where c.call_id = p_call ->> 'call_id';
  return private.ivr_proof_answer(v_proof, v_noted ->> 'proof');
end $$;
comment on function private.ivr_again(jsonb, jsonb, public.clinics, uuid, timestamptz) is
  'The answer to a request that comes once more, by what its turn noted and whatever its keys: nothing is done again. Null: it did nothing yet that must not be done twice.';

create function private.ivr_change(
  p_call jsonb, p_task jsonb, p_clinic public.clinics, p_patient_id uuid, p_now timestamptz
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_kind constant text := p_task ->> 'kind';
begin
  return case
    when v_kind = 'book' then private.ivr_book(p_call, p_task, p_clinic, p_patient_id, p_now)
    when v_kind = 'prove' then private.ivr_prove(p_call, p_task, p_clinic, p_patient_id, p_now)
    -- What follows is about appointments that only a known patient has.
    when p_patient_id is null then null
    when v_kind = 'count_tries' then private.ivr_before_reference(p_call, p_task, p_clinic, p_patient_id, p_now)
    when v_kind = 'check_reference' then
      private.ivr_check_reference(p_call, p_task, p_clinic, p_patient_id, p_now)
    when v_kind = 'cancel' then private.ivr_cancel((p_task ->> 'appointment_id')::uuid, p_patient_id, p_now)
    when v_kind = 'move' then private.ivr_move(p_task, p_clinic, p_patient_id, p_now)
  end;
end $$;
comment on function private.ivr_change(jsonb, jsonb, public.clinics, uuid, timestamptz) is
  'Does a task that changes something, and is done once: what it notes keeps it from being done again.';

create function private.ivr_perform(
  p_call jsonb, p_task jsonb, p_clinic_id uuid, p_patient_id uuid, p_now timestamptz
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_kind constant text := p_task ->> 'kind';
  v_person_id constant uuid := private.ivr_person(p_task, p_patient_id);
  v_clinic public.clinics;
begin
  select * into v_clinic from public.clinics c where c.id = p_clinic_id;
  return coalesce(case
    when v_clinic.phone_booking = 'closed'
      and (v_kind in ('days', 'offer', 'later', 'book', 'move') or (v_kind = 'prove' and p_task ? 'practitioner_id')) then null
    when v_kind = 'days' then private.ivr_days(v_clinic, p_task, v_person_id, p_now)
    when v_kind = 'offer' and p_task ->> 'on' is null then
      private.ivr_offer_next(v_clinic, p_task, v_person_id, p_now)
    when v_kind = 'offer' then private.ivr_offer_on(v_clinic, p_task, v_person_id, p_now)
    when v_kind = 'later' then private.ivr_later_slot(v_clinic, p_task, v_person_id, p_now)
    when v_kind = 'details' then private.ivr_details((p_task ->> 'appointment_id')::uuid, p_patient_id)
    when v_kind = 'goodbye' then
      jsonb_build_object('texted', private.ivr_text_link(p_call, v_clinic, p_patient_id, p_now))
    else coalesce(
      private.ivr_again(p_call, p_task, v_clinic, p_patient_id, p_now),
      private.ivr_change(p_call, p_task, v_clinic, p_patient_id, p_now)
    )
  end, '{}');
end $$;
comment on function private.ivr_perform(jsonb, jsonb, uuid, uuid, timestamptz) is
  'Does the task of a turn, and returns what there is to tell of it.';
