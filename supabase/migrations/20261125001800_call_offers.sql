-- What a clinic offers to a caller: a slot, or the specialties or practitioners to choose from first.

create function private.ivr_specialty_key(p_specialty text) returns text
language plpgsql immutable
set search_path = ''
as $$
begin
  return left(md5(private.specialty_key(p_specialty)), 8);
end $$;
comment on function private.ivr_specialty_key(text) is
  'A specialty as the URLs of a call hold it: short, and the same length for all.';

create function private.ivr_spoken(p_name text, p_clinic_id uuid, p_spoken_name text default null) returns text
language plpgsql stable
set search_path = ''
as $$
begin
  -- private.ivr_turn says which language it is.
  return private.spoken_in(p_name, p_spoken_name, p_clinic_id, current_setting('medq.call_language', true));
end $$;
comment on function private.ivr_spoken(text, uuid, text) is
  'A name at a clinic as it is spoken in the language of the call. p_spoken_name: how the usual name is spoken.';

create function private.ivr_earliest_slot(
  p_clinic_id uuid, p_preference jsonb, p_from timestamptz, p_person_id uuid, p_now timestamptz
)
returns jsonb
language plpgsql stable
set search_path = ''
as $$
declare
  v_specialty text;
  v_practitioner_id uuid;
  v_active boolean;
  v_found jsonb := '{}';
begin
  if p_preference ? 'practitioner_id' then
    select p.id, p.specialty, p.active into v_practitioner_id, v_specialty, v_active
    from public.practitioners p
    where p.id = (p_preference ->> 'practitioner_id')::uuid and p.clinic_id = p_clinic_id;
    if v_active is not true then
      v_practitioner_id := null;
      v_found := '{"error": "doctor_inactive"}';
    end if;
  elsif p_preference ? 'specialty' then
    select p.specialty into v_specialty from public.practitioners p
    where p.clinic_id = p_clinic_id and p.active
      and private.ivr_specialty_key(p.specialty) = p_preference ->> 'specialty' limit 1;
    if not found then
      return '{"slot": null}';
    end if;
  end if;
  return v_found || jsonb_build_object('slot', (
    select jsonb_build_object(
      'practitioner_id', s.practitioner_id, 'spoken_name', private.ivr_spoken(s.practitioner_name, p_clinic_id, s.spoken_name),
      'specialty', private.ivr_specialty_key(s.specialty), 'starts_at', s.starts_at
    )
    from private.next_free_slots(p_clinic_id, v_specialty, v_practitioner_id, p_from, 1, p_now, p_person_id) s
  ));
end $$;
comment on function private.ivr_earliest_slot(uuid, jsonb, timestamptz, uuid, timestamptz) is
  'The earliest slot to offer from an instant on: {slot, error?}. A practitioner who is away is replaced by whoever has the same specialty. p_preference: {specialty? (its key), practitioner_id?}.';

create function private.ivr_later_slot(
  p_clinic public.clinics, p_task jsonb, p_person_id uuid, p_now timestamptz
)
returns jsonb
language plpgsql stable
set search_path = ''
as $$
declare
  v_than constant timestamptz := (p_task ->> 'starts_at')::timestamptz;
  v_day constant date := (v_than at time zone p_clinic.time_zone)::date;
  v_preference constant jsonb := coalesce(p_task -> 'preference', '{}');
  v_gap interval;
  v_found jsonb;
begin
  -- An hour on, so that a long day is not walked through in quarters of an hour; or whatever is left of the day.
  foreach v_gap in array '{01:00,00:01}'::interval[] loop
    v_found := private.ivr_earliest_slot(p_clinic.id, v_preference, v_than + v_gap, p_person_id, p_now);
    if ((v_found #>> '{slot,starts_at}')::timestamptz at time zone p_clinic.time_zone)::date = v_day then
      return v_found;
    end if;
  end loop;
  return v_found || '{"error": "none_later"}';
end $$;
comment on function private.ivr_later_slot(public.clinics, jsonb, uuid, timestamptz) is
  'A later slot on the day of the one that was offered, else the next on another day.';

create function private.ivr_slot_instead(
  p_clinic public.clinics, p_task jsonb, p_person_id uuid, p_now timestamptz
)
returns jsonb
language plpgsql stable
set search_path = ''
as $$
declare
  v_preference constant jsonb := coalesce(p_task -> 'preference', '{}');
  v_found jsonb := private.ivr_earliest_slot(
    p_clinic.id, v_preference, (p_task ->> 'starts_at')::timestamptz, p_person_id, p_now
  );
begin
  if v_found -> 'slot' = 'null' then
    v_found := private.ivr_earliest_slot(p_clinic.id, v_preference, p_now, p_person_id, p_now);
  end if;
  return v_found;
end $$;
comment on function private.ivr_slot_instead(public.clinics, jsonb, uuid, timestamptz) is
  'The next slot after one that could not be booked, else the earliest of all.';

create function private.ivr_offer_next(
  p_clinic public.clinics, p_task jsonb, p_person_id uuid, p_now timestamptz
)
returns jsonb
language plpgsql stable
set search_path = ''
as $$
declare
  v_preference constant jsonb := coalesce(p_task -> 'preference', '{}');
  v_from constant timestamptz := coalesce((p_task ->> 'from')::timestamptz, p_now);
  v_specialties text[];
begin
  if v_preference = '{}' then
    select array_agg(distinct p.specialty) into v_specialties
    from public.practitioners p where p.clinic_id = p_clinic.id and p.active;
    if cardinality(v_specialties) > 1 then
      -- Nobody is to choose what then is not there.
      return coalesce((
        select jsonb_build_object(
          'specialties', jsonb_agg(
            jsonb_build_object('key', private.ivr_specialty_key(s), 'name', private.ivr_spoken(s, p_clinic.id)) order by s)
        )
        from unnest(v_specialties) s
        where exists (select from private.next_free_slots(p_clinic.id, s, null, v_from, 1, p_now, p_person_id))
        having count(*) > 0
      ), '{"slot": null}');
    end if;
  end if;
  return private.ivr_earliest_slot(p_clinic.id, v_preference, v_from, p_person_id, p_now);
end $$;
comment on function private.ivr_offer_next(public.clinics, jsonb, uuid, timestamptz) is
  'The next available slot, or the specialties that have one to choose from first. p_task: {preference?, from?}.';

create function private.ivr_days(p_clinic public.clinics, p_task jsonb, p_person_id uuid, p_now timestamptz)
returns jsonb
language plpgsql stable
set search_path = ''
as $$
declare
  v_preference constant jsonb := coalesce(p_task -> 'preference', '{}');
  v_today constant date := (p_now at time zone p_clinic.time_zone)::date;
  v_last constant date := v_today + p_clinic.booking_horizon_days;
  v_from date := v_today;
  v_practitioners uuid[];
  v_days date[] := '{}';
begin
  v_practitioners := array(
    select p.id from public.practitioners p
    where p.clinic_id = p_clinic.id and p.active
      and (not v_preference ? 'practitioner_id' or p.id = (v_preference ->> 'practitioner_id')::uuid)
      and (not v_preference ? 'specialty' or private.ivr_specialty_key(p.specialty) = v_preference ->> 'specialty')
  );
  -- Mostly the next week has them all.
  while cardinality(v_practitioners) > 0 and cardinality(v_days) < 3 and v_from <= v_last loop
    v_days := v_days || array(
      select f.on_date
      from private.free_by_date(
        v_practitioners, v_from, least(v_from + 6, v_last), p_clinic.time_zone, p_now, p_person_id
      ) f
      where f.free > 0 order by f.on_date limit 3 - cardinality(v_days)
    );
    v_from := v_from + 7;
  end loop;
  return jsonb_build_object('days', to_jsonb(v_days));
end $$;
comment on function private.ivr_days(public.clinics, jsonb, uuid, timestamptz) is
  'The next three days on which something is free: {days}. p_task: {preference?}.';

create function private.ivr_free_on(
  p_clinic_id uuid, p_preference jsonb, p_on date, p_person_id uuid, p_now timestamptz,
  out practitioners jsonb, out specialties jsonb
)
language plpgsql stable
set search_path = ''
as $$
begin
  select jsonb_agg(
      jsonb_build_object(
        'id', p.id, 'spoken_name', private.ivr_spoken(p.name, p_clinic_id, p.spoken_name),
        'specialty', private.ivr_spoken(p.specialty, p_clinic_id)
      ) order by p.name, p.id),
    (select jsonb_agg(jsonb_build_object(
        'key', private.ivr_specialty_key(s.name), 'name', private.ivr_spoken(s.name, p_clinic_id)
      ) order by s.name)
     from (select distinct x as name from unnest(array_agg(p.specialty)) x) s)
  into practitioners, specialties
  from public.clinics c
  cross join lateral (
    select distinct f.practitioner_id
    from private.free_slots_of(
      private.active_practitioners(c.id, null, null),
      p_on, c.time_zone, p_now, 1, p_now, p_person_id
    ) f
  ) f
  join public.practitioners p on p.id = f.practitioner_id
  where c.id = p_clinic_id and p_on <= (p_now at time zone c.time_zone)::date + c.booking_horizon_days
    and (not p_preference ? 'practitioner_id' or p.id = (p_preference ->> 'practitioner_id')::uuid)
    and (not p_preference ? 'specialty' or private.ivr_specialty_key(p.specialty) = p_preference ->> 'specialty');
end $$;
comment on function private.ivr_free_on(uuid, jsonb, date, uuid, timestamptz) is
  'Who has a free slot on a day, and which specialties that are; both null when nobody has.';

create function private.ivr_why_none_on(p_clinic_id uuid, p_preference jsonb, p_on date, p_now timestamptz) returns text
language plpgsql stable
set search_path = ''
as $$
begin
  return (
    select case
      when count(*) = 0 then 'day_closed'
      when bool_or(h.opens + (h.slots - 1) * h.length > p_now) then 'day_full'
      else 'day_over'
    end
    from public.practitioners p cross join lateral private.hours_on(p.id, p_on) h
    where p.clinic_id = p_clinic_id and p.active
      and (not p_preference ? 'practitioner_id' or p.id = (p_preference ->> 'practitioner_id')::uuid)
      and (not p_preference ? 'specialty' or private.ivr_specialty_key(p.specialty) = p_preference ->> 'specialty')
  );
end $$;
comment on function private.ivr_why_none_on(uuid, jsonb, date, timestamptz) is
  'Why nothing is free on a day: day_full, day_over when no slot begins any more, or day_closed when nobody sees patients.';

create function private.ivr_offer_on(
  p_clinic public.clinics, p_task jsonb, p_person_id uuid, p_now timestamptz
)
returns jsonb
language plpgsql stable
set search_path = ''
as $$
declare
  v_on constant date := (p_task ->> 'on')::date;
  v_from constant timestamptz := private.instant_of(v_on, p_clinic.time_zone);
  v_preference jsonb := coalesce(p_task -> 'preference', '{}');
  v_free record;
begin
  select * into v_free from private.ivr_free_on(p_clinic.id, v_preference, v_on, p_person_id, p_now);
  if v_free.practitioners is null then
    return private.ivr_earliest_slot(p_clinic.id, v_preference, v_from, p_person_id, p_now)
      || jsonb_build_object('error', private.ivr_why_none_on(p_clinic.id, v_preference, v_on, p_now));
  elsif jsonb_array_length(v_free.practitioners) = 1 then
    v_preference := jsonb_build_object('practitioner_id', v_free.practitioners #> '{0,id}');
  elsif p_task -> 'any_practitioner' is distinct from 'true' then
    return jsonb_build_object('practitioners', v_free.practitioners);
  elsif jsonb_array_length(v_free.specialties) > 1 then
    return jsonb_build_object('specialties', v_free.specialties);
  else
    v_preference := jsonb_build_object('specialty', v_free.specialties #> '{0,key}');
  end if;
  return private.ivr_earliest_slot(p_clinic.id, v_preference, v_from, p_person_id, p_now);
end $$;
comment on function private.ivr_offer_on(public.clinics, jsonb, uuid, timestamptz) is
  'A slot on a day, or what to choose from first; else, with the reason as error, the next one after it. p_task: {preference?, on, any_practitioner?}.';
