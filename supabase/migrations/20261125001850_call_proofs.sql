-- Caller IDs can be forged. What a caller may do who only shows a number is bounded; for more, a code is texted to that
-- number and keyed in during the call, which whoever forges it never gets. A right reference proves the same.

-- One row for each call that proves something, is asked to, or booked for a phone that was never seen before.
create table private.call_proofs (
  call_id text primary key,
  clinic_id uuid not null references public.clinics (id) on delete cascade,
  patient_id uuid references public.patients (id) on delete cascade,
  newcomer_at timestamptz,
  code_hash bytea,
  short boolean not null default true,
  guesses smallint not null default 0 check (guesses between 0 and 3),
  asked_at timestamptz,
  proven_at timestamptz,
  created_at timestamptz not null default now()
);
create index call_proofs_of_newcomers on private.call_proofs (clinic_id, newcomer_at);
create index call_proofs_of_patient on private.call_proofs (patient_id);
create index call_proofs_age on private.call_proofs (created_at);
alter table private.call_proofs enable row level security;
comment on table private.call_proofs is 'Calls that proved their number or were asked to, and those that booked for a number never seen before.';
comment on column private.call_proofs.call_id is 'The call, as in ivr_calls.';
comment on column private.call_proofs.clinic_id is 'The clinic that was called.';
comment on column private.call_proofs.patient_id is 'The patient of the calling number, if there was one.';
comment on column private.call_proofs.newcomer_at is 'When it booked for a number that was never seen before. Empty: it did not.';
comment on column private.call_proofs.code_hash is 'Keyed hash of the code and the call. Empty: no code was texted.';
comment on column private.call_proofs.short is 'Whether the code has six digits. When many wrong ones were keyed in or typed today it has ten.';
comment on column private.call_proofs.guesses is 'Codes keyed in so far; after the third even the right one is refused.';
comment on column private.call_proofs.asked_at is 'When a code was asked for; it works for ten minutes.';
comment on column private.call_proofs.proven_at is 'When the call proved its number, by a code or a reference. Empty: it did not.';
comment on column private.call_proofs.created_at is 'When the row was made.';

create function private.was_seen(p_patient_id uuid) returns boolean
language plpgsql stable
set search_path = ''
as $$
begin
  return exists (
    select from public.patients p left join auth.users u on u.id = p.user_id
    where p.id = p_patient_id and (
      u.last_sign_in_at is not null
      or exists (select from private.call_proofs c where c.patient_id = p.id and c.proven_at is not null)
      or exists (
        select from public.appointments a
        where a.patient_id = p.id
          and (a.status in ('arrived', 'fulfilled') or (a.channel = 'ivr' and not a.unproven))
      )
    )
  );
end $$;
comment on function private.was_seen(uuid) is
  'Whether somebody stood behind the patient''s phone before: signed in, proved it in a call, or came to the clinic.';

create function private.ivr_take_place(p_call jsonb, p_clinic public.clinics, p_now timestamptz) returns boolean
language plpgsql
set search_path = ''
as $$
begin
  -- One after the other at a clinic. Whoever gets no place lets go at once: what they try is undone.
  perform pg_advisory_xact_lock(hashtextextended('new_callers:' || p_clinic.id, 0));
  insert into private.call_proofs as c (call_id, clinic_id, newcomer_at)
  select p_call ->> 'call_id', p_clinic.id, p_now
  where p_clinic.new_callers_per_hour > (
    select count(*) from private.call_proofs o
    where o.clinic_id = p_clinic.id and o.newcomer_at > p_now - interval '1 hour' and o.call_id <> p_call ->> 'call_id'
  )
  -- Asked before at another clinic of the number, and counted here.
  on conflict (call_id) do update
  set clinic_id = excluded.clinic_id, newcomer_at = coalesce(c.newcomer_at, excluded.newcomer_at);
  return found;
end $$;
comment on function private.ivr_take_place(jsonb, public.clinics, timestamptz) is
  'Takes one of the bookings that a clinic gives to numbers never seen before within an hour, however many call at once. False: there is none left.';

create function private.ivr_standing(
  p_call jsonb, p_clinic public.clinics, p_patient_id uuid, p_now timestamptz
)
returns text
language plpgsql
set search_path = ''
as $$
declare
  v_standing text;
begin
  -- One statement, because every booking by phone comes along here.
  select case
    when p_call -> 'proven' = 'true' then 'known'
    when exists (select from public.appointments a where a.call_id = p_call ->> 'call_id') then 'known'
    when p_clinic.phone_booking = 'proven' then 'always'
    when (
      -- Should it be the clinic's own number that is reached, no proof helps.
      select count(*) filter (where a.unproven) >= p_clinic.max_unproven_bookings
        and count(*) < p_clinic.max_active_bookings
      from public.appointments a
      where a.patient_id = p_patient_id and a.clinic_id = p_clinic.id
        and a.status in ('booked', 'arrived') and a.ends_at > p_now and a.starts_at > p_now - interval '2 days'
    ) then 'quota'
    when private.was_seen(p_patient_id) then 'known'
    else 'new'
  end into v_standing;
  if v_standing = 'new' and not private.ivr_take_place(p_call, p_clinic, p_now) then
    return 'flood';
  end if;
  return v_standing;
end $$;
comment on function private.ivr_standing(jsonb, public.clinics, uuid, timestamptz) is
  'Whether a caller may book as things are: known, or new (a number never seen before, which has taken a place of the hour). Otherwise why the number has to be proven: always (the clinic says so), quota (of unproven bookings) or flood (of new numbers). The patient is locked.';

create function private.ivr_text_code(
  p_call jsonb, p_phone_hash text, p_code text, p_clinic public.clinics, p_patient_id uuid, p_now timestamptz
)
returns boolean
language plpgsql
set search_path = ''
as $$
begin
  -- The number may be forged, and its owner is not to be flooded. Nor is a code promised that would come too late.
  if p_code is null or private.code_wait(p_call ->> 'caller', 'call', p_now) > 0
    or private.hit_limits('call_code', jsonb_build_object('phone', p_phone_hash), p_now) > 0
  then
    return false;
  end if;
  return private.queue_sms(
    'call_code', p_call ->> 'caller', jsonb_build_object('code', p_code), 'call_code:' || (p_call ->> 'call_id'),
    p_patient_id, null,
    coalesce(
      p_call ->> 'language', (select p.locale from public.patients p where p.id = p_patient_id), p_clinic.locale
    ),
    true, p_now + interval '10 minutes'
  ) is not null;
end $$;
comment on function private.ivr_text_code(jsonb, text, text, public.clinics, uuid, timestamptz) is
  'Texts a code to the calling number. False: it has had as many as it may, or gets no SMS now. p_phone_hash is a keyed hash that stands for the number.';

create function private.ivr_ask_proof(
  p_call jsonb, p_codes jsonb, p_clinic public.clinics, p_patient_id uuid, p_why text, p_now timestamptz
)
returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_short constant boolean := private.short_codes_are_safe(p_now);
  v_code constant jsonb := p_codes -> case when v_short then 'short' else 'long' end;
  v_proof private.call_proofs;
begin
  -- One code for a call, however often it is asked for: the first is on its way.
  insert into private.call_proofs (call_id, clinic_id, patient_id, asked_at)
  values (p_call ->> 'call_id', p_clinic.id, p_patient_id, p_now) on conflict (call_id) do nothing;
  if found then
    if p_why = 'flood' then
      perform private.ivr_alert_flood(p_clinic, p_now);
    end if;
    perform private.note_security_event('call_proof_asked', p_call ->> 'caller', null, p_now);
    if private.ivr_text_code(p_call, p_codes ->> 'phone', v_code ->> 'text', p_clinic, p_patient_id, p_now) then
      update private.call_proofs c set short = v_short, code_hash = decode(v_code ->> 'hash', 'hex')
      where c.call_id = p_call ->> 'call_id';
    end if;
  end if;
  select * into v_proof from private.call_proofs c where c.call_id = p_call ->> 'call_id';
  return private.ivr_proof_answer(v_proof, case
    when v_proof.code_hash is not null and v_proof.guesses < 3 and v_proof.asked_at > p_now - interval '10 minutes'
      then 'asked' else 'refused' end);
end $$;
comment on function private.ivr_ask_proof(jsonb, jsonb, public.clinics, uuid, text, timestamptz) is
  'Asks for the proof of a number, once a call: {proof} is asked, or refused when no code can be texted or guessed any more. p_codes: {short, long, phone}, either code as {text, hash}, hashes keyed and in hexadecimal. p_why as in private.ivr_standing, or reference.';

create function private.ivr_alert_flood(p_clinic public.clinics, p_now timestamptz) returns void
language plpgsql
set search_path = ''
as $$
begin
  perform private.alert_admins('calls:' || p_clinic.id, format(
    '%s has had %s phone bookings by numbers never seen before within an hour. Further ones are asked for a code. See phone_bookings.',
    p_clinic.name, p_clinic.new_callers_per_hour
  ), p_now);
end $$;
comment on function private.ivr_alert_flood(public.clinics, timestamptz) is
  'Tells admins that a clinic has as many bookings of new numbers as it takes without proof.';

create function private.ivr_proof_answer(p_proof private.call_proofs, p_answer text) returns jsonb
language plpgsql immutable
set search_path = ''
as $$
begin
  return jsonb_build_object(
    'proof', p_answer, 'code_length', case when p_proof.short then 6 else 10 end,
    'noted', jsonb_build_object('proof', p_answer)
  );
end $$;
comment on function private.ivr_proof_answer(private.call_proofs, text) is
  'What a turn tells of a proof: {proof, code_length}, and as noted what is written down with the step.';

create function private.ivr_check_code(p_call jsonb, p_code jsonb, p_patient_id uuid, p_now timestamptz) returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v_proof private.call_proofs;
  v_right boolean;
begin
  select * into v_proof from private.call_proofs c where c.call_id = p_call ->> 'call_id';
  if v_proof.proven_at is not null then
    return private.ivr_proof_answer(v_proof, 'right');
  elsif v_proof.code_hash is null or v_proof.guesses >= 3 or v_proof.asked_at <= p_now - interval '10 minutes' then
    return private.ivr_proof_answer(v_proof, 'refused');
  end if;
  v_right := v_proof.code_hash = decode(p_code ->> 'hash', 'hex');
  if v_proof.short then
    v_right := private.take_short_guess(v_right, p_now);
  end if;
  update private.call_proofs c
  set guesses = c.guesses + 1, patient_id = p_patient_id, proven_at = case when v_right then p_now end
  where c.call_id = v_proof.call_id returning * into v_proof;
  return private.ivr_proof_answer(v_proof, case
    when v_right then 'right' when v_proof.guesses < 3 then 'wrong' else 'refused' end);
end $$;
comment on function private.ivr_check_code(jsonb, jsonb, uuid, timestamptz) is
  'Takes one guess at the code of a call: {proof} is right, wrong, or refused when there is no further guess. p_code: {hash}.';

create function private.ivr_keep_language(p_call jsonb, p_patient_id uuid) returns void
language plpgsql
set search_path = ''
as $$
begin
  if p_call ->> 'language' is not null then
    perform private.set_channel('ivr');
    update public.patients p set locale = p_call ->> 'language'
    where p.id = p_patient_id and p.locale is distinct from p_call ->> 'language'
      -- Whoever reads a language that no call is answered in has chosen only for this call.
      and coalesce(p_call -> 'spoken' ? p.locale, true);
  end if;
end $$;
comment on function private.ivr_keep_language(jsonb, uuid) is 'Keeps the language chosen in a call with its patient.';
