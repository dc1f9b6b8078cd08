-- What anybody may see before signing in: who is at a clinic, whether it is open, and which times are free; nothing of a
-- patient. Visitors have no rights on these functions: the function free-times asks, and counts by whom it is asked.

create function private.open_hours(p_clinic_id uuid, p_now timestamptz)
returns table (open_until timestamptz, opens_at timestamptz)
language plpgsql stable
set search_path = ''
as $$
declare
  v_hours tstzmultirange;
  v_days int;
begin
  -- Tomorrow nearly always tells, and two weeks where a clinic is closed over the holidays. What touches becomes one.
  foreach v_days in array '{1,14}'::int[] loop
    select range_agg(tstzrange(s.opens, s.closes)) into v_hours
    from public.clinics c
    cross join lateral (select (p_now at time zone c.time_zone)::date as today) t
    cross join lateral private.sessions_between(
      array(select p.id from public.practitioners p where p.clinic_id = c.id and p.active),
      t.today, t.today + v_days, c.time_zone, p_now
    ) s
    where c.id = p_clinic_id;
    exit when exists (select from unnest(v_hours) as h (hours) where lower(h.hours) > p_now);
  end loop;
  return query
    select max(upper(h.hours)) filter (where h.hours @> p_now), min(lower(h.hours)) filter (where lower(h.hours) > p_now)
    from unnest(v_hours) as h (hours);
end $$;
comment on function private.open_hours(uuid, timestamptz) is
  'Until when somebody sees patients at a clinic without a break (null: nobody does now), and when somebody does next (null: not within two weeks): by the weekly hours, their exceptions and the days on which the clinic is closed.';

create function private.seen_clinics(p_asked jsonb, p_now timestamptz default now()) returns jsonb
language plpgsql stable
set search_path = ''
as $$
begin
  return (
    select coalesce(jsonb_agg(jsonb_build_object('id', c.id, 'open_until', o.open_until, 'opens_at', o.opens_at)), '[]')
    from public.clinics c cross join lateral private.open_hours(c.id, p_now) o
    where c.id in (select a.id::uuid from jsonb_array_elements_text(p_asked -> 'clinic_ids') a (id))
  );
end $$;
comment on function private.seen_clinics(jsonb, timestamptz) is
  'Whether clinics are open, for anybody. Asked {clinic_ids}; tells [{id, open_until, opens_at}] as private.open_hours does.';

create function private.seen_practitioners(p_asked jsonb, p_now timestamptz default now()) returns jsonb
language plpgsql stable
set search_path = ''
as $$
begin
  return (
    select coalesce(jsonb_agg(to_jsonb(b) order by b.specialty, b.practitioner_name, b.practitioner_id), '[]')
    from private.bookable_at((p_asked ->> 'clinic_id')::uuid, p_now) b
  );
end $$;
comment on function private.seen_practitioners(jsonb, timestamptz) is
  'What public.bookable_practitioners tells a patient, for anybody. Asked {clinic_id}.';

create function private.seen_days(p_asked jsonb, p_now timestamptz default now()) returns jsonb
language plpgsql stable
set search_path = ''
as $$
declare
  v_clinic_id constant uuid := p_asked ->> 'clinic_id';
begin
  return (
    select coalesce(jsonb_agg(to_jsonb(d) order by d.on_date), '[]')
    from private.free_days(
      v_clinic_id, (p_asked ->> 'practitioner_id')::uuid, private.specialty_at(v_clinic_id, p_asked ->> 'specialty'),
      coalesce((p_asked ->> 'from_date')::date, '-infinity'), least(greatest((p_asked ->> 'days')::int, 1), 31), p_now
    ) d
  );
end $$;
comment on function private.seen_days(jsonb, timestamptz) is
  'What public.available_days tells a patient, for anybody. Asked {clinic_id, practitioner_id, specialty, from_date, days}.';

create function private.seen_slots(p_asked jsonb, p_now timestamptz default now()) returns jsonb
language plpgsql stable
set search_path = ''
as $$
begin
  return (
    select coalesce(jsonb_agg(to_jsonb(s)), '[]')
    from private.free_slots_of_day(
      (p_asked ->> 'clinic_id')::uuid, (p_asked ->> 'on_date')::date, (p_asked ->> 'practitioner_id')::uuid,
      p_asked ->> 'specialty', p_now
    ) s
  );
end $$;
comment on function private.seen_slots(jsonb, timestamptz) is
  'What public.available_slots_of_day tells a patient, for anybody. Asked {clinic_id, on_date, practitioner_id, specialty}.';
