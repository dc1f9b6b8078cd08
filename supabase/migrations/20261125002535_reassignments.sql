-- A dependent who gets a phone of their own becomes its patient and takes their history along, at the desk. Both phones agree:
-- each is texted a code, which is told to the desk.

create table private.reassignments (
  id uuid primary key default gen_random_uuid(),
  dependent_id uuid not null references public.dependents (id) on delete cascade,
  phone text not null check (private.check_phone(phone)),
  phone_code text not null,
  holder_code text,
  short boolean not null,
  guesses smallint not null default 0 check (guesses between 0 and 5),
  expires_at timestamptz not null,
  patient_id uuid,
  created_at timestamptz not null default now()
);
create index reassignments_of_dependent on private.reassignments (dependent_id);
alter table private.reassignments enable row level security;
comment on table private.reassignments is 'Dependents who are about to get a phone of their own: the codes that both phones were texted.';
comment on column private.reassignments.id is 'Identifier.';
comment on column private.reassignments.dependent_id is 'Who.';
comment on column private.reassignments.phone is 'Their own phone, as +E.164.';
comment on column private.reassignments.phone_code is 'Hash of the code that went to it.';
comment on column private.reassignments.holder_code is 'Hash of the code that went to the phone of whoever booked for them. Empty: that patient has none.';
comment on column private.reassignments.short is 'Whether the codes have six digits; else they have ten.';
comment on column private.reassignments.guesses is 'Guesses at the two codes so far; after the fifth even the right ones are refused.';
comment on column private.reassignments.expires_at is 'When the codes stop working.';
comment on column private.reassignments.patient_id is 'The patient that they become, while it happens: then they are no dependent any more, and the row goes.';
comment on column private.reassignments.created_at is 'When the codes were sent.';

create function private.was_reassigned(p_dependent_id uuid, p_patient_id uuid) returns boolean
language plpgsql stable
set search_path = ''
as $$
begin
  return exists (
    select from private.reassignments r where r.dependent_id = p_dependent_id and r.patient_id = p_patient_id
  );
end $$;
comment on function private.was_reassigned(uuid, uuid) is
  'Whether appointments of a dependent may be given to a patient: this is who they have become.';

create function private.require_own_phone(p_dependent public.dependents, p_phone text) returns void
language plpgsql stable
set search_path = ''
as $$
declare
  v_clash text;
begin
  if p_phone is null then
    perform private.fail('invalid_phone');
  elsif exists (select from public.patients p where p.id = p_dependent.patient_id and p.phone = p_phone) then
    perform private.fail('phone_of_holder');
  elsif private.phone_is_dormant(p_phone) then
    -- Whose it was before is then not theirs to see.
    perform private.fail('dormant_phone');
  end if;
  select to_char(greatest(a.starts_at, o.starts_at) at time zone c.time_zone, 'YYYY-MM-DD HH24:MI') into v_clash
  from public.appointments a
  join public.clinics c on c.id = a.clinic_id
  join public.patients p on p.phone = p_phone
  join public.appointments o on o.patient_id = p.id and o.dependent_id is null and o.active
    and tstzrange(o.starts_at, o.ends_at) && tstzrange(a.starts_at, a.ends_at)
  where a.dependent_id = p_dependent.id and a.active order by a.starts_at limit 1;
  if found then
    perform private.fail('appointments_clash', v_clash);
  end if;
end $$;
comment on function private.require_own_phone(public.dependents, text) is
  'Refuses a phone that a dependent cannot have: invalid_phone, phone_of_holder, dormant_phone, or appointments_clash with those of the patient who has it.';

create function private.count_reassignment_codes(p_phone text, p_holder_phone text, p_now timestamptz) returns void
language plpgsql
set search_path = ''
as $$
declare
  v_hash constant jsonb := (
    select jsonb_object_agg(t.of, encode(sha256(convert_to('desk ' || coalesce(t.what, ''), 'UTF8')), 'hex'))
    from (values ('device', private.session_id()::text), ('phone', p_phone), ('holder', p_holder_phone)) t (of, what)
  );
  v_wait constant int := greatest(
    private.code_wait(p_phone, 'desk', p_now), private.code_wait(p_holder_phone, 'desk', p_now),
    private.hit_limits('code', v_hash - 'holder', p_now),
    private.hit_limits('code', jsonb_build_object('phone', v_hash -> 'holder'), p_now)
  );
begin
  if v_wait > 0 then
    perform private.fail('too_many_codes', ceil(v_wait / 60.0)::int::text);
  end if;
end $$;
comment on function private.count_reassignment_codes(text, text, timestamptz) is
  'Counts the codes for two phones by the rules for codes (limits), and refuses with too_many_codes what is too much for a phone or a device.';

create function private.text_reassignment_codes(
  p_reassignment private.reassignments, p_dependent public.dependents, p_clinic text, p_codes text[], p_now timestamptz
) returns void
language plpgsql
set search_path = ''
as $$
declare
  v_holder public.patients;
  v_patient public.patients;
  v_locale text;
begin
  select * into v_holder from public.patients p where p.id = p_dependent.patient_id;
  select * into v_patient from public.patients p where p.phone = p_reassignment.phone;
  v_locale := coalesce(private.language_of(v_holder.id), 'en-IN');
  perform private.queue_sms(
    'reassign_code', p_reassignment.phone, jsonb_build_object('code', p_codes[1], 'clinic', p_clinic), null, v_patient.id,
    null, coalesce(private.language_of(v_patient.id), v_locale), true, p_reassignment.expires_at
  );
  perform private.queue_sms(
    'reassign_holder_code', v_holder.phone,
    jsonb_build_object('code', p_codes[2], 'clinic', p_clinic, 'name', private.called_name(p_dependent.id)), null,
    v_holder.id, null, v_locale, true, p_reassignment.expires_at
  ) where v_holder.phone is not null;
  perform private.note_security_event('code_sent', f.phone, null, p_now)
  from (values (p_reassignment.phone), (v_holder.phone)) f (phone) where f.phone is not null;
end $$;
comment on function private.text_reassignment_codes(private.reassignments, public.dependents, text, text[], timestamptz) is
  'Texts the two codes: the first to the phone the dependent gets, the second to that of whoever booked for them.';

create function private.start_reassignment(
  p_dependent public.dependents, p_phone text, p_clinic text, p_now timestamptz
) returns private.reassignments
language plpgsql
set search_path = ''
as $$
declare
  v_short constant boolean := private.short_codes_are_safe(p_now);
  v_length constant int := case when v_short then 6 else 10 end;
  v_codes constant text[] := array[private.random_digits(v_length), private.random_digits(v_length)];
  v_holder_phone constant text := (select p.phone from public.patients p where p.id = p_dependent.patient_id);
  v_started private.reassignments;
begin
  perform private.count_reassignment_codes(p_phone, v_holder_phone, p_now);
  -- The codes of before are good for nothing any more.
  delete from private.reassignments r where r.dependent_id = p_dependent.id;
  insert into private.reassignments (dependent_id, phone, phone_code, holder_code, short, expires_at)
  values (
    p_dependent.id, p_phone, extensions.crypt(v_codes[1], extensions.gen_salt('bf', 8)),
    case when v_holder_phone is not null then extensions.crypt(v_codes[2], extensions.gen_salt('bf', 8)) end,
    v_short, p_now + interval '10 minutes'
  ) returning * into v_started;
  perform private.text_reassignment_codes(v_started, p_dependent, p_clinic, v_codes, p_now);
  return v_started;
end $$;
comment on function private.start_reassignment(public.dependents, text, text, timestamptz) is
  'Texts both phones a code. Further ones replace those before.';

create function public.reassign_dependent(dependent_id uuid, phone text) returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
  v_dependent constant public.dependents := private.lock_dependent_at_desk(reassign_dependent.dependent_id, null);
  v_clinic constant public.clinics := private.clinic_at_desk(v_dependent.patient_id, v_dependent.id);
  v_phone text;
  v_started private.reassignments;
begin
  v_phone := private.phone_typed(reassign_dependent.phone, v_clinic.phone);
  perform private.require_own_phone(v_dependent, v_phone);
  v_started := private.start_reassignment(v_dependent, v_phone, v_clinic.name, now());
  return jsonb_build_object(
    'reassignment_id', v_started.id, 'expires_at', v_started.expires_at,
    'code_length', case when v_started.short then 6 else 10 end, 'phone_end', private.phone_end(v_phone),
    'holder_phone_end', (select private.phone_end(p.phone) from public.patients p where p.id = v_dependent.patient_id)
  );
end $$;
comment on function public.reassign_dependent(uuid, text) is
  'At the desk, first step: a dependent has a phone of their own (in any notation). Texts a code to it and one to the holder''s phone, which both tell the desk; prove_reassignment takes them within ten minutes. Returns {reassignment_id, expires_at, code_length, phone_end, holder_phone_end (null: the holder has no phone, and there is no second code)}. Nothing has changed yet. Refuses with not_found, invalid_phone, validation_failed (phone_of_holder, dormant_phone), cannot_merge (appointments_clash with those of the patient who has this phone) or rate_limited.';
grant execute on function public.reassign_dependent(uuid, text) to authenticated;

create function private.become_patient(p_dependent public.dependents, p_phone text) returns uuid
language plpgsql
set search_path = ''
as $$
declare
  v_patient_id uuid;
begin
  perform private.require_own_phone(p_dependent, p_phone);
  v_patient_id := private.patient_at_desk(p_phone, p_dependent.name);
  perform from public.dependents d where d.id = p_dependent.id for update;
  update public.patients p
  -- None where the year of birth was mistyped, or they would be older than anybody.
  set age = coalesce(p.age, (
      select y.age from (select extract(year from now()) - p_dependent.birth_year) y (age) where y.age between 0 and 130
    )),
    locale = coalesce(p.locale, (select h.locale from public.patients h where h.id = p_dependent.patient_id))
  where p.id = v_patient_id;
  return v_patient_id;
end $$;
comment on function private.become_patient(public.dependents, text) is
  'The patient of a phone, who may be new, as which a dependent goes on; they and the dependent are locked. Refuses like private.require_own_phone.';

create function private.take_history(p_dependent public.dependents, p_patient public.patients) returns void
language plpgsql
set search_path = ''
as $$
declare
  v_taken constant uuid[] := array(select a.id from public.appointments a where a.dependent_id = p_dependent.id order by a.id);
  v_holder_phone constant text := (select p.phone from public.patients p where p.id = p_dependent.patient_id);
begin
  perform private.lock_sms(array(
    select m.id from public.sms_messages m where m.appointment_id = any (v_taken) and m.status = 'queued'
  ));
  update public.appointments a set patient_id = p_patient.id, dependent_id = null where a.id = any (v_taken);
  update public.sms_messages m set patient_id = p_patient.id, to_phone = p_patient.phone
  where m.appointment_id = any (v_taken) and m.status = 'queued';
  delete from public.dependents d where d.id = p_dependent.id;
  -- The page of whoever booked them fetches, and has them no more.
  perform realtime.send(
    jsonb_build_object('id', a.id, 'version', a.version, 'operation', 'DELETE'), 'DELETE',
    'patient:' || p_dependent.patient_id
  ) from public.appointments a where a.id = any (v_taken);
  perform private.queue_sms(
    'phone_moved_here', p_patient.phone, jsonb_build_object('phone', private.mask_phone(v_holder_phone)), null,
    p_patient.id, null, coalesce(private.language_of(p_patient.id), 'en-IN')
  ) where v_holder_phone is not null;
  -- With the references, which went to the other phone.
  perform private.queue_appointment_sms('appointment_booked', a, 'reassigned')
  from public.appointments a where a.id = any (v_taken) and a.status = 'booked' and a.starts_at > now();
end $$;
comment on function private.take_history(public.dependents, public.patients) is
  'Gives all appointments of a dependent to the patient that they have become, who is told of those to come, and removes the dependent.';

create function private.guess_reassignment(
  p_id uuid, p_phone_code text, p_holder_code text, p_now timestamptz, out reassignment private.reassignments, out wrong text[]
)
language plpgsql
set search_path = ''
as $$
declare
  v_right boolean;
begin
  -- The guess is counted before it is looked at, and the row is locked: guesses in parallel are guesses one by one.
  update private.reassignments r set guesses = r.guesses + 1
  where r.id = p_id and r.expires_at > p_now and r.guesses < 5 and r.patient_id is null
  returning * into reassignment;
  if not found then
    wrong := '{phone,holder}';
    return;
  end if;
  wrong := array_remove(array[
    case when (reassignment.phone_code = extensions.crypt(p_phone_code, reassignment.phone_code)) is not true then 'phone' end,
    case when reassignment.holder_code is not null
      and (reassignment.holder_code = extensions.crypt(p_holder_code, reassignment.holder_code)) is not true then 'holder' end
  ], null);
  v_right := wrong = '{}';
  if reassignment.short then
    v_right := private.take_short_guess(v_right, p_now);
  end if;
  if wrong = '{}' and not v_right then
    wrong := '{phone,holder}';
  end if;
end $$;
comment on function private.guess_reassignment(uuid, text, text, timestamptz) is
  'Takes one guess at the two codes: which of them are wrong; both, and no row, when it is too late or they were guessed at too often.';

create function public.prove_reassignment(reassignment_id uuid, phone_code text, holder_code text default null)
returns jsonb
language plpgsql security definer
set search_path = ''
as $$
declare
  v_dependent public.dependents;
  v_guess record;
  v_patient public.patients;
begin
  -- Both patients first, as a merge locks them: the codes go with whoever removes the dependent.
  v_dependent := private.lock_dependent_at_desk(
    (select r.dependent_id from private.reassignments r where r.id = prove_reassignment.reassignment_id),
    (select r.phone from private.reassignments r where r.id = prove_reassignment.reassignment_id)
  );
  v_guess := private.guess_reassignment(
    prove_reassignment.reassignment_id, regexp_replace(prove_reassignment.phone_code, '\D', '', 'g'),
    regexp_replace(prove_reassignment.holder_code, '\D', '', 'g'), now()
  );
  if v_guess.wrong <> '{}' then
    return jsonb_build_object(
      'patient_id', null, 'wrong', to_jsonb(v_guess.wrong),
      'guesses_left', coalesce(5 - (v_guess.reassignment).guesses, 0)
    );
  end if;
  v_patient.id := private.become_patient(v_dependent, (v_guess.reassignment).phone);
  select * into v_patient from public.patients p where p.id = v_patient.id;
  update private.reassignments r set patient_id = v_patient.id where r.id = (v_guess.reassignment).id;
  insert into private.introduced_patients (clinic_id, patient_id)
  select k.clinic_id, v_patient.id
  from (
    select a.clinic_id from public.appointments a where a.patient_id = v_dependent.patient_id
    union select i.clinic_id from private.introduced_patients i where i.patient_id = v_dependent.patient_id
  ) k
  where private.sees_desk(k.clinic_id) and not private.is_of_clinic(v_patient.id, k.clinic_id);
  perform private.take_history(v_dependent, v_patient);
  return jsonb_build_object('patient_id', v_patient.id, 'wrong', '[]'::jsonb, 'guesses_left', 0);
end $$;
comment on function public.prove_reassignment(uuid, text, text) is
  'At the desk, second step: the codes that both phones were texted. With the right ones the dependent becomes the patient of the new phone, joining the patient who has it already, with all appointments past and to come, and is texted those. Returns {patient_id, wrong: [phone | holder], guesses_left}; patient_id null: a code is wrong, and with no guess left they are used up or too old (an error would undo the count). Refuses with not_found (also when it is done) and like reassign_dependent.';
grant execute on function public.prove_reassignment(uuid, text, text) to authenticated;
