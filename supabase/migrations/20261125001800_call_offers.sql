-- What a clinic offers to a caller: the slot to offer, or the specialties or doctors to choose from first.

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
