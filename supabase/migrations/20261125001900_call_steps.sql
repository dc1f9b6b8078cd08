-- The steps of a call. Each is one request of the voice provider and one call of private.ivr_turn: it writes the step
-- down, does what the step asks for and returns the facts from which the function ivr speaks.

create function private.ivr_appointment(p_appointment public.appointments) returns jsonb
language plpgsql stable
set search_path = ''
as $$
begin
  return (
    select jsonb_build_object(
      'id', p_appointment.id, 'patient_id', p_appointment.patient_id, 'status', p_appointment.status, 'starts_at', p_appointment.starts_at,
      'token_number', p_appointment.token_number, 'spoken_name', coalesce(p.spoken_name, p.name)
    )
    from public.practitioners p where p.id = p_appointment.practitioner_id
  );
end $$;
comment on function private.ivr_appointment(public.appointments) is
  'An appointment as it is told to a caller who may know all of it.';

create function private.ivr_book(
  p_call jsonb, p_ask jsonb, p_clinic public.clinics, p_now timestamptz, out facts jsonb, inout patient_id uuid
)
language plpgsql
set search_path = ''
as $$
declare
  v_wish constant jsonb := coalesce(p_ask -> 'wish', '{}');
  v_practitioner_id constant uuid := p_ask ->> 'practitioner_id';
  v_starts_at constant timestamptz := p_ask ->> 'starts_at';
  v_patient_id uuid;
  v_error text;
begin
  -- A refused booking leaves no patient behind.
  begin
    perform private.set_channel('ivr');
    if not exists (
      select from public.practitioners p where p.id = v_practitioner_id and p.clinic_id = p_clinic.id
    ) then
      perform private.fail('not_found', 'We do not know this doctor.');
    end if;
    insert into public.patients as p (phone, locale) values (p_call ->> 'caller', p_call ->> 'language')
    on conflict (phone) do nothing;
    select p.id into v_patient_id from public.patients p where p.phone = p_call ->> 'caller';
    facts := jsonb_build_object('appointment', private.ivr_appointment(
      private.book(v_patient_id, v_practitioner_id, v_starts_at, 'ivr', p_call ->> 'call_id', p_now)
    ));
    patient_id := v_patient_id;
    return;
  exception when sqlstate 'PT404' or sqlstate 'PT409' then
    v_error := sqlerrm;
  end;
  if v_error = 'slot_unavailable' then
    v_error := case
      when not exists (select from public.practitioners p where p.id = v_practitioner_id and p.active) then 'doctor_inactive'
      when exists (
        select from public.appointments a
        where a.patient_id = ivr_book.patient_id and a.active and a.starts_at <= v_starts_at and a.ends_at > v_starts_at
      ) then 'own_appointment'
      else v_error
    end;
  end if;
  facts := private.ivr_slot(p_clinic.id, v_wish, v_starts_at, patient_id, p_now);
  if facts -> 'slot' = 'null' then
    facts := private.ivr_slot(p_clinic.id, v_wish, p_now, patient_id, p_now);
  end if;
  facts := facts || jsonb_build_object('error', v_error);
end $$;
comment on function private.ivr_book(jsonb, jsonb, public.clinics, timestamptz, uuid) is
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

-- References have four digits, so guesses are counted: three wrong ones a call, and three a day for a phone, so that
-- hanging up gives no new ones. Who knows a reference and mistypes it can still use the web or reception.
create function private.ivr_wrong_references(p_call jsonb, p_patient_id uuid, p_now timestamptz, p_add int) returns int
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
  values ('ivr_reference:' || p_patient_id, date_trunc('day', p_now, 'UTC'), p_add)
  on conflict (bucket, window_start) do update set hits = r.hits + p_add
  returning r.hits into v_today;
  return greatest(v_in_call + p_add, v_today);
end $$;
comment on function private.ivr_wrong_references(jsonb, uuid, timestamptz, int) is
  'How many wrong references came in this call or today from this phone, whichever is more, after adding to them.';

-- Returns {appointment?, locked, result: what is written down}.
create function private.ivr_check_reference(
  p_call jsonb, p_reference text, p_clinic_id uuid, p_patient_id uuid, p_now timestamptz
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_most constant int := 3;
  v_wrong int := private.ivr_wrong_references(p_call, p_patient_id, p_now, 0);
  v_result jsonb;
  v_appointment public.appointments;
begin
  -- The same request once more is answered as it was, whatever its keys: it is no further guess.
  select s into v_result
  from public.ivr_calls c cross join lateral jsonb_array_elements(c.steps) s
  where c.call_id = p_call ->> 'call_id' and s -> 'turn' = p_call -> 'turn' and s ? 'reference';
  if found then
    select a.* into v_appointment from public.appointments a
    where a.id = (v_result ->> 'appointment_id')::uuid and a.patient_id = p_patient_id;
  elsif v_wrong >= v_most then
    v_result := '{"reference": "refused"}';
  else
    select a.* into v_appointment from public.appointments a
    where a.patient_id = p_patient_id and a.clinic_id = p_clinic_id and a.status in ('booked', 'arrived')
      and a.ends_at > p_now and a.reference = p_reference;
    if found then
      v_result := jsonb_build_object('reference', 'right', 'appointment_id', v_appointment.id);
    else
      v_wrong := private.ivr_wrong_references(p_call, p_patient_id, p_now, 1);
      v_result := '{"reference": "wrong"}';
    end if;
  end if;
  if v_appointment.id is not null then
    return jsonb_build_object('appointment', private.ivr_appointment(v_appointment), 'result', v_result);
  end if;
  return jsonb_build_object('locked', v_wrong >= v_most, 'result', v_result);
end $$;
comment on function private.ivr_check_reference(jsonb, text, uuid, uuid, timestamptz) is
  'Which of the caller''s upcoming appointments has the reference that was entered; counts wrong ones.';

create function private.ivr_text_link(
  p_call jsonb, p_clinic public.clinics, p_patient_id uuid, p_now timestamptz
)
returns boolean
language plpgsql
set search_path = ''
as $$
begin
  if p_call ->> 'caller' is null or p_call ->> 'site_url' is null
    or exists (select from public.sms_opt_outs o where o.phone = p_call ->> 'caller') then
    return false;
  end if;
  -- Once a day for a phone: a number may be forged, and its owner is not to be flooded.
  perform private.queue_sms(
    'ivr_link', p_call ->> 'caller', jsonb_build_object('clinic', p_clinic.name, 'url', p_call ->> 'site_url'),
    'ivr_link:' || (p_call ->> 'caller') || ':' || (p_now at time zone p_clinic.time_zone)::date,
    p_patient_id, null,
    coalesce(
      p_call ->> 'language', (select p.locale from public.patients p where p.id = p_patient_id), p_clinic.locale
    ),
    false, p_now + interval '1 day'
  );
  return true;
end $$;
comment on function private.ivr_text_link(jsonb, public.clinics, uuid, timestamptz) is
  'Texts a caller who pressed nothing where to book online. False: this phone gets no SMS.';

create function private.ivr_shared_number(p_call jsonb) returns jsonb
language plpgsql stable
set search_path = ''
as $$
begin
  return (
    select jsonb_build_object(
      'clinic', null,
      'clinics', jsonb_agg(jsonb_build_object('id', c.id, 'name', c.name) order by c.name, c.id),
      'locales', (select jsonb_agg(l) from public.clinics o, unnest(o.locale || o.other_locales) l
        where o.phone = p_call ->> 'dialled'),
      'upcoming', '[]'::jsonb
    )
    from public.clinics c where c.phone = p_call ->> 'dialled'
  );
end $$;
comment on function private.ivr_shared_number(jsonb) is
  'The clinics to choose from, in place of what one clinic would tell.';

create function private.ivr_act(
  p_call jsonb, p_ask jsonb, p_clinic_id uuid, p_now timestamptz, inout patient_id uuid, out facts jsonb, out outcome text
)
language plpgsql
set search_path = ''
as $$
declare
  v_clinic public.clinics;
begin
  select * into v_clinic from public.clinics c where c.id = p_clinic_id;
  facts := '{}';
  outcome := 'abandoned';
  case p_ask ->> 'kind'
    when 'offer' then
      facts := private.ivr_offer(v_clinic, p_ask, patient_id, p_now);
    when 'later' then
      facts := private.ivr_later(v_clinic, p_ask, patient_id, p_now);
    when 'book' then
      select b.facts, b.patient_id into facts, patient_id
      from private.ivr_book(p_call, p_ask, v_clinic, p_now, patient_id) b;
      if facts ? 'appointment' then
        outcome := 'booked';
      end if;
    when 'ask_reference' then
      outcome := 'informed';
      if patient_id is not null then
        facts := jsonb_build_object('locked', private.ivr_wrong_references(p_call, patient_id, p_now, 0) >= 3);
      end if;
    when 'reference' then
      outcome := 'informed';
      if patient_id is not null then
        facts := private.ivr_check_reference(p_call, p_ask ->> 'reference', p_clinic_id, patient_id, p_now);
      end if;
    when 'details' then
      facts := coalesce((
        select jsonb_build_object('appointment', private.ivr_appointment(a)) from public.appointments a
        where a.id = (p_ask ->> 'appointment_id')::uuid and a.patient_id = ivr_act.patient_id
          and a.status in ('booked', 'arrived')
      ), '{}');
    when 'cancel' then
      facts := private.ivr_cancel((p_ask ->> 'appointment_id')::uuid, patient_id, p_now);
      if facts ? 'appointment' then
        outcome := 'cancelled';
      end if;
    when 'goodbye' then
      facts := jsonb_build_object('texted', private.ivr_text_link(p_call, v_clinic, patient_id, p_now));
    else
      null;
  end case;
end $$;
comment on function private.ivr_act(jsonb, jsonb, uuid, timestamptz, uuid) is
  'Does what a step asks for, beyond the facts that every step gets.';

-- p_call: {call_id, caller and dialled (+E.164 or null), turn, step, keys, clinic?, language?, site_url}.
-- p_ask.kind says what is wanted; supabase/functions/ivr/facts.ts has its shape and that of the answer.
-- Most steps only ask for the facts, and PL/pgSQL prepares each of its expressions anew in every transaction: hence one
-- look-up for all facts, and everything else in functions of its own.
create function private.ivr_turn(p_call jsonb, p_ask jsonb, p_now timestamptz default now()) returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v record;
  v_facts jsonb := '{}';
  v_outcome text;
begin
  perform
    -- A caller cannot wait long for somebody else's transaction.
    set_config('lock_timeout', '3s', true),
    -- A step that only reads need not wait until its record has reached the disk.
    case when p_ask ->> 'kind' in ('welcome', 'inform', 'reception', 'offer', 'later')
      then set_config('synchronous_commit', 'off', true) end;

  select c.id as clinic_id, p.id as patient_id, p_call ->> 'language' <> coalesce(p.locale, '') as has_new_language,
    p_call ->> 'clinic' is null and exists (
      select from public.clinics o where o.phone = c.phone and o.id <> c.id
    ) as is_shared,
    c.reception_phone is not null and r.open as reception_open,
    jsonb_build_object(
      'clinic', jsonb_build_object(
        'id', c.id, 'name', c.name, 'time_zone', c.time_zone, 'today', l.moment::date, 'horizon', c.booking_horizon_days,
        'reception', case when c.reception_phone is not null then jsonb_build_object(
          'phone', c.reception_phone, 'open', r.open, 'opens', c.reception_opens, 'closes', c.reception_closes,
          'days', c.reception_days
        ) end
      ),
      'clinics', '[]'::jsonb, 'locales', c.locale || c.other_locales,
      'language', coalesce(p_call ->> 'language', p.locale), 'upcoming', coalesce(u.upcoming, '[]')
    ) as answer
  into v
  from public.clinics c
  cross join lateral (select p_now at time zone c.time_zone as moment) l
  cross join lateral (
    select extract(isodow from l.moment) = any (c.reception_days) and (c.reception_opens is null
      or (l.moment::time >= c.reception_opens and l.moment::time < c.reception_closes)) as open
  ) r
  left join public.patients p on p.phone = p_call ->> 'caller'
  left join lateral (
    select jsonb_agg(a.starts_at order by a.starts_at) as upcoming from public.appointments a
    where a.patient_id = p.id and a.clinic_id = c.id and a.status in ('booked', 'arrived') and a.ends_at > p_now
      and a.starts_at > p_now - interval '2 days'
  ) u on true
  where c.phone = p_call ->> 'dialled' and c.id = coalesce((p_call ->> 'clinic')::uuid, c.id)
  order by c.name, c.id limit 1;
  if not found then
    perform private.ivr_record_step(p_call, null, null, 'failed', '{}', p_now);
    return '{"clinic": null}';
  end if;

  if v.has_new_language then
    perform private.set_channel('ivr');
    update public.patients p set locale = p_call ->> 'language' where p.id = v.patient_id;
  end if;

  if v.is_shared then
    v_facts := v_facts || private.ivr_shared_number(p_call);
    if p_ask ->> 'kind' = 'goodbye' then
      v_facts := v_facts || (select a.facts from private.ivr_act(p_call, p_ask, v.clinic_id, p_now, v.patient_id) a);
    end if;
    v.clinic_id := null;
  elsif p_ask ->> 'kind' not in ('welcome', 'inform', 'reception') then
    select a.facts, a.outcome, a.patient_id into v_facts, v_outcome, v.patient_id
    from private.ivr_act(p_call, p_ask, v.clinic_id, p_now, v.patient_id) a;
  end if;

  perform private.ivr_record_step(p_call, v.clinic_id, v.patient_id, case
      -- Reception is where a caller goes who asks for it, or has guessed too often.
      when p_ask ->> 'kind' = 'reception' or (v_facts -> 'locked' = 'true' and v.answer -> 'upcoming' <> '[]')
        then case when v.reception_open then 'transferred' else 'informed' end
      when p_ask ->> 'kind' = 'inform' then 'informed'
      else coalesce(v_outcome, 'abandoned')
    end, coalesce(v_facts -> 'result', '{}'), p_now);
  return v.answer || (v_facts - 'result');
end $$;
comment on function private.ivr_turn(jsonb, jsonb, timestamptz) is
  'One step of a call: one round trip to the database. Doing it twice is doing it once.';
