-- The turns of a call. Each is one request of the voice provider and one call of private.ivr_turn: it does the task of
-- the turn, writes the turn down and returns the facts from which the function ivr speaks.
--
-- Most turns only need the facts, and PL/pgSQL prepares each of its expressions anew in every transaction: hence one
-- look-up for all facts, and everything else in functions of its own.

create function private.ivr_others(p_patient_id uuid, p_named boolean) returns jsonb
language plpgsql stable
set search_path = ''
as $$
begin
  return (
    select jsonb_build_object('others', coalesce(jsonb_agg(jsonb_build_object(
      'id', d.id, 'name', case when p_named then private.called_name(d.id) end
    ) order by d.created_at, d.id), '[]'))
    from public.dependents d where d.patient_id = p_patient_id and d.removed_at is null
  );
end $$;
comment on function private.ivr_others(uuid, boolean) is
  'For whom a caller books too, in the order in which they were added: {others: [{id, name}]}. Without names unless the call has proved its number.';

create function private.ivr_language(p_call jsonb, p_of_patient text, p_of_clinic text) returns text
language plpgsql immutable
set search_path = ''
as $$
begin
  return coalesce(
    p_call ->> 'language', case when p_call -> 'spoken' ? p_of_patient then p_of_patient end,
    case when p_call -> 'spoken' ? p_of_clinic then p_of_clinic end, 'en-IN'
  );
end $$;
comment on function private.ivr_language(jsonb, text, text) is
  'The language in which a call is answered: the chosen one, else the first of the patient''s and the clinic''s that calls speak.';

create function private.ivr_look_up(
  p_call jsonb, p_now timestamptz, out clinic_id uuid, out patient_id uuid, out is_shared boolean,
  out has_new_language boolean, out is_proven boolean, out speaks text, out facts jsonb)
language plpgsql stable
set search_path = ''
as $$
begin
  select c.id, p.id,
    p_call ->> 'clinic' is null and exists (select from public.clinics o where o.phone = c.phone and o.id <> c.id),
    -- A caller ID can be forged: the language kept with an account is changed by whoever proves the number.
    p_call ->> 'language' <> coalesce(p.locale, '') and (p.user_id is null or pr.proven_at is not null),
    pr.proven_at is not null, s.locale,
    jsonb_build_object(
      'clinic', jsonb_build_object(
        'id', c.id, 'name', private.spoken_in(c.name, null, c.id, s.locale), 'time_zone', c.time_zone,
        'today', l.moment::date, 'horizon', c.booking_horizon_days, 'takes_bookings', c.phone_booking <> 'closed',
        'reception', case when c.reception_phone is not null then jsonb_build_object(
          'phone', c.reception_phone, 'opens', c.reception_opens, 'closes', c.reception_closes, 'days', c.reception_days,
          'open', extract(isodow from l.moment) = any (c.reception_days) and (c.reception_opens is null
            or (l.moment::time >= c.reception_opens and l.moment::time < c.reception_closes))
        ) end),
      'clinics', '[]'::jsonb, 'locales', c.locale || c.other_locales, 'upcoming', coalesce(u.upcoming, '[]'),
      'language', coalesce(p_call ->> 'language', p.locale), 'wants_no_sms', private.wants_no_sms(p_call ->> 'caller')
    -- Whoever has the number after years of silence is not told of the family of who had it before.
    ) || case when exists (select from public.dependents d where d.patient_id = p.id) and not private.is_dormant(p.id, p_now)
      then private.ivr_others(p.id, pr.proven_at is not null) else '{}' end
  into clinic_id, patient_id, is_shared, has_new_language, is_proven, speaks, facts
  from public.clinics c
  cross join lateral (select p_now at time zone c.time_zone as moment) l
  left join public.patients p on p.phone = p_call ->> 'caller'
  cross join lateral (select private.ivr_language(p_call, p.locale, c.locale) as locale) s
  left join private.call_proofs pr on pr.call_id = p_call ->> 'call_id'
  left join lateral (
    select jsonb_agg(a.starts_at order by a.starts_at) as upcoming from public.appointments a
    where a.patient_id = p.id and a.clinic_id = c.id and a.status in ('booked', 'arrived') and a.ends_at > p_now
      and a.starts_at > p_now - interval '2 days'
  ) u on true
  where c.phone = p_call ->> 'dialled' and c.id = coalesce((p_call ->> 'clinic')::uuid, c.id)
  order by c.name, c.id limit 1;
end $$;
comment on function private.ivr_look_up(jsonb, timestamptz) is
  'The clinic and the patient of a call, and the facts that every turn tells; all null for a number that no clinic has.';

create function private.ivr_shared_number(p_call jsonb) returns jsonb
language plpgsql stable
set search_path = ''
as $$
begin
  return (
    select jsonb_build_object(
      'clinic', null,
      'clinics', jsonb_agg(jsonb_build_object('id', c.id, 'name', private.ivr_spoken(c.name, c.id)) order by c.name, c.id),
      'locales', (select jsonb_agg(l) from public.clinics o, unnest(o.locale || o.other_locales) l
        where o.phone = p_call ->> 'dialled'),
      'upcoming', '[]'::jsonb
    )
    from public.clinics c where c.phone = p_call ->> 'dialled'
  );
end $$;
comment on function private.ivr_shared_number(jsonb) is
  'The clinics to choose from, in place of what one clinic would tell.';

create function private.ivr_outcome(p_kind text, p_facts jsonb) returns text
language plpgsql immutable
set search_path = ''
as $$
begin
  return case
    -- Reception is where a caller goes who asks for it, or has guessed too often.
    when p_kind = 'reception' or p_facts ->> 'proof' = 'refused'
      or (p_facts -> 'no_more_tries' = 'true' and p_facts -> 'upcoming' <> '[]') then case when p_facts #> '{clinic,reception,open}' = 'true' then 'transferred' else 'informed' end
    when p_kind in ('book', 'prove') and p_facts ? 'appointment' then 'booked'
    when p_kind = 'cancel' and p_facts ? 'appointment' then 'cancelled'
    when p_kind = 'move' and p_facts ? 'appointment' then 'moved'
    when p_kind in ('inform', 'count_tries', 'check_reference') or p_facts ? 'appointments' then 'informed'
    else 'abandoned'
  end;
end $$;
comment on function private.ivr_outcome(text, jsonb) is 'What came of a turn, by its kind of task and what is told.';

create function private.ivr_come_alone(p_call jsonb) returns void
language plpgsql
set search_path = ''
as $$
begin
  perform private.come_one_after_the_other('call ' || (p_call ->> 'call_id'));
  -- The patient before all that is theirs. Should the number be given to another meanwhile, that one.
  loop
    perform from public.patients p where p.phone = p_call ->> 'caller' for key share;
    exit when found or not exists (select from public.patients p where p.phone = p_call ->> 'caller');
  end loop;
end $$;
comment on function private.ivr_come_alone(jsonb) is
  'Turns of a call that change something come one after the other, so that a request that comes twice finds what was noted; and nobody merges or deletes the patient of the number meanwhile.';

-- p_call: {call_id, caller and dialled (+E.164 or null), turn, step, keys, clinic?, language?, spoken, site_url}; spoken are
-- the languages that calls are answered in.
-- The shapes of p_task and of the answer are in supabase/functions/ivr: facts.ts, and code.ts for the codes in a task.
create function private.ivr_turn(p_call jsonb, p_task jsonb, p_now timestamptz default now()) returns jsonb
language plpgsql
set search_path = ''
-- A caller cannot wait long for somebody else's transaction.
set lock_timeout = '3s'
as $$
declare
  v_kind constant text := p_task ->> 'kind';
  v record;
begin
  -- A turn that only reads need not wait until its record has reached the disk.
  if v_kind in ('welcome', 'inform', 'reception', 'days', 'offer', 'later') then
    perform set_config('synchronous_commit', 'off', true);
  else
    perform private.ivr_come_alone(p_call);
  end if;
  v := private.ivr_look_up(p_call, p_now);
  if v.clinic_id is null then
    perform private.ivr_record_failure(p_call, p_now);
    return '{"clinic": null}';
  end if;
  perform set_config('medq.call_language', v.speaks, true);
  if v.has_new_language then
    perform private.ivr_keep_language(p_call, v.patient_id);
  end if;
  if v.is_shared then
    v.facts := v.facts || private.ivr_shared_number(p_call);
  end if;
  if v_kind = 'goodbye' or (v_kind not in ('welcome', 'inform', 'reception') and not v.is_shared) then
    v.facts := v.facts || private.ivr_perform(
      p_call || jsonb_build_object('proven', v.is_proven), p_task, v.clinic_id, v.patient_id, p_now
    );
  end if;
  perform private.ivr_record_step(
    p_call, case when not v.is_shared then v.clinic_id end,
    coalesce((v.facts #>> '{appointment,patient_id}')::uuid, v.patient_id), -- Whoever booked may be new.
    private.ivr_outcome(v_kind, v.facts), private.ivr_to_note(v_kind, v.facts), p_now
  );
  return v.facts - 'noted';
end $$;
comment on function private.ivr_turn(jsonb, jsonb, timestamptz) is
  'One turn of a call: one round trip to the database. Doing it twice is doing it once.';

create view public.phone_bookings with (security_invoker = true) as
select date_trunc('hour', c.started_at, 'UTC') as hour, c.clinic_id, cl.name as clinic, count(*)::int as calls,
  count(*) filter (where c.outcome = 'booked')::int as bookings,
  count(*) filter (where c.steps @> '[{"new_phone": true}]')::int as by_new_phones,
  count(*) filter (where c.steps @> '[{"proof": "asked"}]')::int as asked_for_proof,
  count(*) filter (where c.steps @> '[{"proof": "right"}]')::int as proved
from public.ivr_calls c join public.clinics cl on cl.id = c.clinic_id
group by 1, 2, 3
order by 1 desc, 3;
comment on view public.phone_bookings is
  'Calls and what was booked in them, by hour and clinic: many new phones, of which few prove themselves, are a flood of forged numbers.';
comment on column public.phone_bookings.hour is 'The hour the calls came in, by its beginning.';
comment on column public.phone_bookings.clinic_id is 'The clinic that was called.';
comment on column public.phone_bookings.clinic is 'Its name.';
comment on column public.phone_bookings.calls is 'How many calls came in.';
comment on column public.phone_bookings.bookings is 'In how many something was booked.';
comment on column public.phone_bookings.by_new_phones is 'How many of those were for phones never seen before that were not asked to prove themselves.';
comment on column public.phone_bookings.asked_for_proof is 'In how many a code was texted, to be keyed in.';
comment on column public.phone_bookings.proved is 'In how many the right code was keyed in.';
grant select on public.phone_bookings to service_role;
