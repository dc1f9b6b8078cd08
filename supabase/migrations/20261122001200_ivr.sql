-- Calls. Each step of a call is one request of the voice provider and one call of private.ivr_turn: it writes the step
-- down, does what the step asks for and returns the facts from which the function ivr speaks.

alter table public.clinics
  add column other_locales text[] not null default '{}'
    check (array_to_string(other_locales, ' ', 'null') ~ '^([a-z]{2}-[A-Z]{2}( |$))*$'),
  add column reception_opens time,
  add column reception_closes time,
  add column reception_days smallint[] not null default '{1,2,3,4,5,6,7}'
    check (reception_days <@ '{1,2,3,4,5,6,7}'::smallint[] and cardinality(reception_days) > 0),
  add constraint reception_opens_and_closes check ((reception_opens is null) = (reception_closes is null)),
  add constraint reception_hours_run_forward check (reception_opens < reception_closes);

comment on column public.clinics.other_locales is
  'Languages that callers may choose instead of the locale, such as {ta-IN}. English can always be chosen.';
comment on column public.clinics.reception_opens is
  'From when reception takes calls, in the clinic''s time zone. Empty, with reception_closes: all day.';
comment on column public.clinics.reception_closes is
  'Until when reception takes calls. Empty, with reception_opens: all day.';
comment on column public.clinics.reception_days is 'On which weekdays reception takes calls: 1 Monday to 7 Sunday.';

create table public.ivr_calls (
  id uuid primary key default gen_random_uuid(),
  call_id text not null unique,
  clinic_id uuid references public.clinics (id) on delete set null,
  patient_id uuid references public.patients (id) on delete set null,
  caller text,
  steps jsonb not null default '[]',
  outcome text not null check (outcome in ('booked', 'cancelled', 'informed', 'abandoned', 'transferred', 'failed')),
  started_at timestamptz not null default now(),
  last_step_at timestamptz not null,
  ended_at timestamptz,
  duration_seconds int generated always as (extract(epoch from coalesce(ended_at, last_step_at) - started_at)) stored,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);
create index ivr_calls_of_clinic on public.ivr_calls (clinic_id, started_at);
create index ivr_calls_of_patient on public.ivr_calls (patient_id);

comment on table public.ivr_calls is 'One row for each call that came in.';
comment on column public.ivr_calls.id is 'Identifier.';
comment on column public.ivr_calls.call_id is 'The voice provider''s id of the call.';
comment on column public.ivr_calls.clinic_id is 'The clinic that was called.';
comment on column public.ivr_calls.patient_id is 'The patient of the calling number, if there is one. The number may be forged.';
comment on column public.ivr_calls.caller is 'The calling number, masked. Empty: withheld.';
comment on column public.ivr_calls.steps is
  'The steps in order: turn, step, keys pressed, when, and whether a reference was right. References are never kept.';
comment on column public.ivr_calls.outcome is
  'booked, cancelled, transferred (to reception), informed (heard appointments, opening hours or how to book otherwise), failed, or abandoned: nothing came of it (yet).';
comment on column public.ivr_calls.started_at is 'When the call came in.';
comment on column public.ivr_calls.last_step_at is 'When its last step was taken.';
comment on column public.ivr_calls.ended_at is 'When it ended, as the voice provider reported. Empty: not reported (yet).';
comment on column public.ivr_calls.duration_seconds is 'From the first step to the end, or to the last step so far, in seconds.';
comment on column public.ivr_calls.created_at is 'When the row was made.';
comment on column public.ivr_calls.updated_at is 'When the row was last changed.';

insert into public.sms_templates (key, locale, body, placeholders, description) values
  ('ivr_link', 'en-IN', 'To book or change an appointment at {{clinic}} online: {{url}}', '{clinic,url}',
   'After a call in which nobody pressed a key.'),
  ('ivr_link', 'ta-IN', '{{clinic}}: இணையதளத்தில் முன்பதிவு செய்ய அல்லது மாற்ற: {{url}}', '{clinic,url}',
   'After a call in which nobody pressed a key.');

-- What is written down. The best that came of a call is its outcome, whatever followed.
create function private.ivr_outcome_rank(p_outcome text) returns int
language sql immutable
return array_position('{abandoned,failed,informed,transferred,cancelled,booked}'::text[], p_outcome);
comment on function private.ivr_outcome_rank(text) is 'How much came of a call.';

create function private.ivr_record_step(
  p_call jsonb, p_clinic_id uuid, p_patient_id uuid, p_outcome text, p_result jsonb, p_now timestamptz
)
returns void
language plpgsql
set search_path = ''
as $$
begin
  insert into public.ivr_calls as c (call_id, clinic_id, patient_id, caller, steps, outcome, started_at, last_step_at)
  values (
    p_call ->> 'call_id', p_clinic_id, p_patient_id, private.mask_phone(p_call ->> 'caller'),
    jsonb_build_array(jsonb_build_object(
      'turn', p_call -> 'turn', 'step', p_call -> 'step', 'at', p_now,
      'keys', case p_call ->> 'step' when 'reference' then repeat('*', length(p_call ->> 'keys')) else p_call ->> 'keys' end
    ) || p_result),
    p_outcome, p_now, p_now
  )
  on conflict (call_id) do update set
    clinic_id = coalesce(excluded.clinic_id, c.clinic_id),
    patient_id = coalesce(excluded.patient_id, c.patient_id),
    -- The same request may come twice.
    steps = case
      when c.steps @> jsonb_build_array(jsonb_build_object('turn', p_call -> 'turn')) then c.steps
      else c.steps || excluded.steps
    end,
    outcome = case
      when private.ivr_outcome_rank(excluded.outcome) > private.ivr_outcome_rank(c.outcome) then excluded.outcome
      else c.outcome
    end,
    last_step_at = greatest(c.last_step_at, excluded.last_step_at),
    updated_at = now();
end $$;
comment on function private.ivr_record_step(jsonb, uuid, uuid, text, jsonb, timestamptz) is
  'Writes down one step of a call, once.';

create function private.ivr_fail(p_call jsonb, p_now timestamptz default now()) returns void
language plpgsql
set search_path = ''
as $$
begin
  perform private.ivr_record_step(p_call, null, null, 'failed', '{}', p_now);
end $$;
comment on function private.ivr_fail(jsonb, timestamptz) is 'A step failed on our side: takes what private.ivr_turn takes.';

create function private.ivr_end(p_call jsonb, p_now timestamptz default now()) returns void
language plpgsql
set search_path = ''
as $$
begin
  update public.ivr_calls c
  set ended_at = greatest(c.started_at, least(p_now, coalesce((p_call ->> 'ended_at')::timestamptz, p_now))),
    updated_at = now()
  where c.call_id = p_call ->> 'call_id' and c.ended_at is null;
end $$;
comment on function private.ivr_end(jsonb, timestamptz) is
  'The provider reported the end of a call: {call_id, ended_at?}. Unknown calls are passed over.';

-- What a clinic offers.
-- The key of a specialty is short, because it travels in URLs.
create function private.ivr_key(p_specialty text) returns text
language sql immutable
return left(md5(p_specialty), 8);
comment on function private.ivr_key(text) is 'A specialty as the addresses of a call hold it.';

-- p_wish: {specialty? (its key), practitioner_id?}. Returns {slot, error?}; a doctor who is away is replaced by
-- whoever has the same specialty.
create function private.ivr_slot(
  p_clinic_id uuid, p_wish jsonb, p_from timestamptz, p_patient_id uuid, p_now timestamptz
)
returns jsonb
language plpgsql stable
set search_path = ''
as $$
declare
  v_specialty text;
  v_practitioner_id uuid;
  v_active boolean;
  v_error text;
  v_slot jsonb;
begin
  if p_wish ? 'practitioner_id' then
    select p.id, p.specialty, p.active into v_practitioner_id, v_specialty, v_active
    from public.practitioners p
    where p.id = (p_wish ->> 'practitioner_id')::uuid and p.clinic_id = p_clinic_id;
    if v_active is not true then
      v_practitioner_id := null;
      v_error := 'doctor_inactive';
    end if;
  elsif p_wish ? 'specialty' then
    select p.specialty into v_specialty
    from public.practitioners p
    where p.clinic_id = p_clinic_id and p.active and private.ivr_key(p.specialty) = p_wish ->> 'specialty' limit 1;
    if not found then
      return jsonb_build_object('slot', null);
    end if;
  end if;
  select jsonb_build_object(
    'practitioner_id', s.practitioner_id, 'spoken_name', s.spoken_name, 'specialty', private.ivr_key(s.specialty),
    'starts_at', s.starts_at
  ) into v_slot
  from private.next_free_slots(p_clinic_id, v_specialty, v_practitioner_id, p_from, 1, p_now, p_patient_id) s;
  return jsonb_build_object('slot', v_slot)
    || case when v_error is null then '{}' else jsonb_build_object('error', v_error) end;
end $$;
comment on function private.ivr_slot(uuid, jsonb, timestamptz, uuid, timestamptz) is
  'The earliest slot to offer a caller from an instant on.';

-- p_ask: {wish, on?, from?, anyDoctor?}. Returns what there is to offer: {slot, error?}, or first what to choose from,
-- {specialties} or {doctors}.
create function private.ivr_offer(
  p_clinic public.clinics, p_ask jsonb, p_patient_id uuid, p_now timestamptz
)
returns jsonb
language plpgsql stable
set search_path = ''
as $$
declare
  v_wish constant jsonb := coalesce(p_ask -> 'wish', '{}');
  v_on constant date := (p_ask ->> 'on')::date;
  v_from constant timestamptz := case
    when v_on is null then coalesce((p_ask ->> 'from')::timestamptz, p_now)
    else v_on::timestamp at time zone p_clinic.time_zone
  end;
  v_doctors jsonb;
  v_specialties jsonb;
begin
  if v_on is null then
    if v_wish = '{}' then
      select jsonb_agg(jsonb_build_object('key', private.ivr_key(s.specialty), 'name', s.specialty) order by s.specialty)
      into v_specialties
      from (select distinct p.specialty from public.practitioners p where p.clinic_id = p_clinic.id and p.active) s;
      if jsonb_array_length(v_specialties) > 1 then
        return jsonb_build_object('specialties', v_specialties);
      end if;
    end if;
    return private.ivr_slot(p_clinic.id, v_wish, v_from, p_patient_id, p_now);
  end if;

  select jsonb_agg(
      jsonb_build_object('id', p.id, 'spoken_name', coalesce(p.spoken_name, p.name), 'specialty', p.specialty)
      order by p.name, p.id),
    (select jsonb_agg(jsonb_build_object('key', private.ivr_key(s.name), 'name', s.name) order by s.name)
     from (select distinct x as name from unnest(array_agg(p.specialty)) x) s)
  into v_doctors, v_specialties
  from public.practitioners p
  where p.clinic_id = p_clinic.id and p.active
    and (not v_wish ? 'practitioner_id' or p.id = (v_wish ->> 'practitioner_id')::uuid)
    and (not v_wish ? 'specialty' or private.ivr_key(p.specialty) = v_wish ->> 'specialty')
    and exists (select from private.free_slots(p.id, v_on, p_now, p_patient_id));

  if v_doctors is null then
    return private.ivr_slot(p_clinic.id, v_wish, v_from, p_patient_id, p_now) || jsonb_build_object('error', case
      when exists (
        select from public.practitioners p cross join lateral private.hours_on(p.id, v_on)
        where p.clinic_id = p_clinic.id and p.active
          and (not v_wish ? 'specialty' or private.ivr_key(p.specialty) = v_wish ->> 'specialty')
      ) then 'day_full' else 'day_closed'
    end);
  elsif jsonb_array_length(v_doctors) = 1 or v_wish ? 'practitioner_id' then
    return private.ivr_slot(
      p_clinic.id, jsonb_build_object('practitioner_id', v_doctors #> '{0,id}'), v_from, p_patient_id, p_now
    );
  elsif not (p_ask -> 'anyDoctor' = 'true') is true then
    return jsonb_build_object('doctors', v_doctors);
  elsif jsonb_array_length(v_specialties) > 1 then
    return jsonb_build_object('specialties', v_specialties);
  end if;
  return private.ivr_slot(
    p_clinic.id, jsonb_build_object('specialty', v_specialties #> '{0,key}'), v_from, p_patient_id, p_now
  );
end $$;
comment on function private.ivr_offer(public.clinics, jsonb, uuid, timestamptz) is
  'What to offer a caller, or what they have to choose first.';

create function private.ivr_later(
  p_clinic public.clinics, p_ask jsonb, p_patient_id uuid, p_now timestamptz
)
returns jsonb
language plpgsql stable
set search_path = ''
as $$
declare
  v_than constant timestamptz := (p_ask ->> 'starts_at')::timestamptz;
  v_day constant date := (v_than at time zone p_clinic.time_zone)::date;
  v_gap interval;
  v_found jsonb;
begin
  -- An hour on, so that a long day is not walked through in quarters of an hour; or whatever is left of the day.
  foreach v_gap in array '{01:00,00:01}'::interval[] loop
    v_found := private.ivr_slot(p_clinic.id, coalesce(p_ask -> 'wish', '{}'), v_than + v_gap, p_patient_id, p_now);
    if ((v_found #>> '{slot,starts_at}')::timestamptz at time zone p_clinic.time_zone)::date = v_day then
      return v_found;
    end if;
  end loop;
  return v_found || '{"error": "none_later"}';
end $$;
comment on function private.ivr_later(public.clinics, jsonb, uuid, timestamptz) is
  'A later slot on the day of the one that was offered, else the next on another day.';

-- What a caller changes.
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

-- Rights: for admins.
alter table public.ivr_calls enable row level security;
revoke all on public.ivr_calls from anon, authenticated, service_role;
grant select on public.ivr_calls to service_role;
