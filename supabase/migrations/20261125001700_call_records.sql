-- Calls, and what is written down of them: one row for each call, with its steps. What the words of a call mean stands
-- in supabase/functions/ivr/dialogue/position.ts.

create table public.ivr_calls (
  id uuid primary key default gen_random_uuid(),
  call_id text not null unique,
  clinic_id uuid references public.clinics (id) on delete set null,
  patient_id uuid references public.patients (id) on delete set null,
  caller text,
  steps jsonb not null default '[]',
  outcome text not null check (outcome in ('booked', 'cancelled', 'moved', 'informed', 'abandoned', 'transferred', 'failed')),
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
comment on column public.ivr_calls.caller is 'The calling number, masked. Empty: it is hidden, or none that could be.';
comment on column public.ivr_calls.steps is
  'The steps in order: turn, step, keys pressed, when, whether a reference was right, whether a proof of the phone was asked for (proof) and given, whether a phone never seen before booked (new_phone), which appointment was opened, booked, moved or cancelled, or why none was (refused). References and codes are never kept.';
comment on column public.ivr_calls.outcome is
  'booked, moved, cancelled, transferred (to reception), informed (heard appointments, opening hours or how to book otherwise), failed, or abandoned: nothing came of it (yet).';
comment on column public.ivr_calls.started_at is 'When the call came in.';
comment on column public.ivr_calls.last_step_at is 'When its last step was taken.';
comment on column public.ivr_calls.ended_at is 'When it ended, as the voice provider reported. Empty: not reported (yet).';
comment on column public.ivr_calls.duration_seconds is 'From the first step to the end, or to the last step so far, in seconds.';
comment on column public.ivr_calls.created_at is 'When the row was made.';
comment on column public.ivr_calls.updated_at is 'When the row was last changed.';

alter table public.ivr_calls enable row level security;
grant select on public.ivr_calls to service_role;

create function private.ivr_record_step(
  p_call jsonb, p_clinic_id uuid, p_patient_id uuid, p_outcome text, p_noted jsonb, p_now timestamptz
)
returns void
language plpgsql
set search_path = ''
as $$
declare
  -- From least to most: the best that came of a call is its outcome, whatever followed.
  v_ranks constant text[] := '{abandoned,failed,informed,transferred,cancelled,moved,booked}';
begin
  insert into public.ivr_calls as c (call_id, clinic_id, patient_id, caller, steps, outcome, started_at, last_step_at)
  values (
    p_call ->> 'call_id', p_clinic_id, p_patient_id, private.mask_phone(p_call ->> 'caller'),
    jsonb_build_array(jsonb_build_object(
      'turn', p_call -> 'turn', 'step', p_call -> 'step', 'at', p_now,
      'keys', case when p_call ->> 'step' in ('reference', 'code') then repeat('*', length(p_call ->> 'keys'))
        else p_call ->> 'keys' end
    ) || p_noted),
    p_outcome, p_now, p_now
  )
  on conflict (call_id) do update set
    clinic_id = coalesce(excluded.clinic_id, c.clinic_id), patient_id = coalesce(excluded.patient_id, c.patient_id),
    -- The same request may come twice.
    steps = case
      when c.steps @> jsonb_build_array(jsonb_build_object('turn', p_call -> 'turn')) then c.steps
      else c.steps || excluded.steps
    end,
    outcome = v_ranks[greatest(array_position(v_ranks, excluded.outcome), array_position(v_ranks, c.outcome))],
    last_step_at = greatest(c.last_step_at, excluded.last_step_at),
    updated_at = now();
end $$;
comment on function private.ivr_record_step(jsonb, uuid, uuid, text, jsonb, timestamptz) is
  'Writes down one turn of a call, once: p_noted is what its step holds beside the keys.';

create function private.ivr_noted(p_call jsonb) returns jsonb
language plpgsql stable
set search_path = ''
as $$
begin
  return (
    select nullif(s - '{turn,step,keys,at}'::text[], '{}')
    from public.ivr_calls c cross join lateral jsonb_array_elements(c.steps) s
    where c.call_id = p_call ->> 'call_id' and s -> 'turn' = p_call -> 'turn'
  );
end $$;
comment on function private.ivr_noted(jsonb) is
  'What was written down of this very turn, if its request came before and did something; else null.';

create function private.ivr_record_failure(p_call jsonb, p_now timestamptz default now()) returns void
language plpgsql
set search_path = ''
as $$
begin
  perform private.ivr_record_step(p_call, null, null, 'failed', '{}', p_now);
end $$;
comment on function private.ivr_record_failure(jsonb, timestamptz) is
  'Writes down a turn that failed on our side: takes the call as private.ivr_turn does.';

create function private.ivr_record_end(p_call jsonb, p_now timestamptz default now()) returns void
language plpgsql
set search_path = ''
as $$
begin
  update public.ivr_calls c
  set ended_at = greatest(c.started_at, least(p_now, coalesce((p_call ->> 'ended_at')::timestamptz, p_now))),
    updated_at = now()
  where c.call_id = p_call ->> 'call_id' and c.ended_at is null;
end $$;
comment on function private.ivr_record_end(jsonb, timestamptz) is
  'Writes down that the voice provider reported the end of a call: {call_id, ended_at?}. Unknown calls are passed over.';
