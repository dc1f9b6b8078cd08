-- Calls. Each step of a call is one request of the voice provider and one call of private.ivr_turn: it writes the step
-- down, does what the step asks for and returns the facts from which the function ivr speaks.

create table public.ivr_calls (
  id uuid primary key default gen_random_uuid(),
  call_id text not null unique,
  clinic_id uuid references public.clinics (id) on delete set null,
  patient_id uuid references public.patients (id) on delete set null,
  caller text,
  steps jsonb not null default '[]',
  outcome text not null check (outcome in ('booked', 'cancelled', 'informed', 'abandoned', 'transferred', 'failed')),
  started_at timestamptz not null default now(),
  ended_at timestamptz not null,
  duration_seconds int generated always as (extract(epoch from ended_at - started_at)) stored,
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
comment on column public.ivr_calls.steps is 'The steps in order: turn, step, keys pressed, when. References are never kept.';
comment on column public.ivr_calls.outcome is 'booked, cancelled, informed, transferred, failed, or abandoned: nothing came of it (yet).';
comment on column public.ivr_calls.started_at is 'When the call came in.';
comment on column public.ivr_calls.ended_at is 'When its last step was taken, so far.';
comment on column public.ivr_calls.duration_seconds is 'From the first step to the last, in seconds.';
comment on column public.ivr_calls.created_at is 'When the row was made.';
comment on column public.ivr_calls.updated_at is 'When the row was last changed.';

create trigger _200_touch before update on public.ivr_calls
  for each row execute function private.tg_touch();

create function private.ivr_record_step(p_call jsonb, p_clinic_id uuid, p_patient_id uuid, p_outcome text, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
begin
  insert into public.ivr_calls as c (call_id, clinic_id, patient_id, caller, steps, outcome, started_at, ended_at)
  values (
    p_call ->> 'call_id', p_clinic_id, p_patient_id, private.mask_phone(p_call ->> 'caller'),
    jsonb_build_array(jsonb_build_object(
      'turn', p_call -> 'turn', 'step', p_call -> 'step', 'keys', p_call -> 'keys', 'at', p_now)),
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
    -- What was booked stays booked, however the call ends.
    outcome = coalesce(nullif(c.outcome, 'abandoned'), excluded.outcome),
    ended_at = greatest(c.ended_at, excluded.ended_at);
end $$;
comment on function private.ivr_record_step(jsonb, uuid, uuid, text, timestamptz) is
  'Writes down one step of a call, once.';

create function private.ivr_offer(p_clinic_id uuid, p_specialty text, p_from timestamptz, p_patient_id uuid, p_now timestamptz)
returns jsonb
language plpgsql stable
set search_path = ''
as $$
begin
  return (
    select to_jsonb(s) from private.next_free_slots(p_clinic_id, p_specialty, null, p_from, 1, p_now, p_patient_id) s
  );
end $$;
comment on function private.ivr_offer(uuid, text, timestamptz, uuid, timestamptz) is
  'The earliest slot to offer a caller, or null.';

create function private.ivr_book(p_call jsonb, p_ask jsonb, p_clinic_id uuid, p_now timestamptz) returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_patient_id uuid;
  v_appointment public.appointments;
begin
  -- A refused booking leaves no patient behind.
  begin
    perform private.set_channel('ivr');
    if not exists (
      select from public.practitioners p
      where p.id = (p_ask ->> 'practitioner_id')::uuid and p.clinic_id = p_clinic_id
    ) then
      perform private.fail('not_found', 'We do not know this doctor.');
    end if;
    insert into public.patients (phone) values (p_call ->> 'caller') on conflict (phone) do nothing;
    select p.id into v_patient_id from public.patients p where p.phone = p_call ->> 'caller';
    v_appointment := private.book(
      v_patient_id, (p_ask ->> 'practitioner_id')::uuid, (p_ask ->> 'starts_at')::timestamptz, 'ivr',
      p_call ->> 'call_id', p_now
    );
  exception when sqlstate 'PT404' or sqlstate 'PT409' then
    return jsonb_build_object(
      'error', sqlerrm,
      'slot', private.ivr_offer(
        p_clinic_id, p_ask ->> 'specialty', p_now,
        (select p.id from public.patients p where p.phone = p_call ->> 'caller'), p_now
      )
    );
  end;
  return jsonb_build_object('appointment', (
    select jsonb_build_object(
      'patient_id', v_appointment.patient_id, 'status', v_appointment.status, 'starts_at', v_appointment.starts_at,
      'token_number', v_appointment.token_number, 'spoken_name', coalesce(p.spoken_name, p.name)
    )
    from public.practitioners p where p.id = v_appointment.practitioner_id
  ));
end $$;
comment on function private.ivr_book(jsonb, jsonb, uuid, timestamptz) is
  'Books for the calling number, making it a patient if it is new. A refusal comes as error, with the next slot to offer.';

-- p_call: {call_id, caller (+E.164 or null), dialled (+E.164), turn, step, keys}.
-- p_ask: null, {kind: "offer", specialty?} (without: only if the clinic has just one) or {kind: "book", practitioner_id, starts_at, specialty}.
-- Returns {clinic, specialties, slot?, appointment?, error?}; clinic is null when nobody has the dialled number.
create function private.ivr_turn(p_call jsonb, p_ask jsonb, p_now timestamptz default now()) returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_clinic public.clinics;
  v_patient_id uuid;
  v_specialties text[];
  v_answer jsonb := '{}';
begin
  select * into v_clinic from public.clinics c
  where c.phone = p_call ->> 'dialled' order by c.created_at, c.id limit 1;
  select p.id into v_patient_id from public.patients p where p.phone = p_call ->> 'caller';

  if v_clinic.id is null then
    perform private.ivr_record_step(p_call, null, v_patient_id, 'failed', p_now);
    return jsonb_build_object('clinic', null);
  end if;

  select array_agg(distinct p.specialty order by p.specialty) into v_specialties
  from public.practitioners p where p.clinic_id = v_clinic.id and p.active;

  if p_ask ->> 'kind' = 'offer' and (p_ask ? 'specialty' or cardinality(v_specialties) = 1) then
    v_answer := jsonb_build_object(
      'slot', private.ivr_offer(v_clinic.id, p_ask ->> 'specialty', p_now, v_patient_id, p_now)
    );
  elsif p_ask ->> 'kind' = 'book' then
    v_answer := private.ivr_book(p_call, p_ask, v_clinic.id, p_now);
    v_patient_id := coalesce((v_answer #>> '{appointment,patient_id}')::uuid, v_patient_id);
  end if;

  perform private.ivr_record_step(
    p_call, v_clinic.id, v_patient_id, case when v_answer ? 'appointment' then 'booked' else 'abandoned' end, p_now
  );
  return v_answer || jsonb_build_object(
    'clinic', jsonb_build_object(
      'id', v_clinic.id, 'name', v_clinic.name, 'time_zone', v_clinic.time_zone, 'locale', v_clinic.locale,
      'reception_phone', v_clinic.reception_phone
    ),
    'specialties', coalesce(to_jsonb(v_specialties), '[]')
  );
end $$;
comment on function private.ivr_turn(jsonb, jsonb, timestamptz) is
  'One step of a call: one round trip to the database. Doing it twice is doing it once.';

-- Rights: for admins.
alter table public.ivr_calls enable row level security;
revoke all on public.ivr_calls from anon, authenticated, service_role;
grant select on public.ivr_calls to service_role;
