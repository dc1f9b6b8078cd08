-- Which slots there are, and which of them are free. These functions take the time as an argument.

-- The only place where hours become instants. Slots follow each other in real time, so a day on which the clocks
-- change has the slots that really fit.
create function private.hours_on(p_practitioner_id uuid, p_on date)
returns table (opens timestamptz, length interval, slots int, slots_before int)
language plpgsql stable
set search_path = ''
as $$
declare
  v_session record;
begin
  slots_before := 0;
  for v_session in
    select make_interval(mins => h.slot_minutes) as length,
      private.instant_of(p_on + h.start_time, c.time_zone) as opens,
      private.instant_of(p_on + h.end_time, c.time_zone) as closes
    from public.practitioners p join public.clinics c on c.id = p.clinic_id
    cross join lateral (
      select e.start_time, e.end_time, e.slot_minutes
      from public.schedule_exceptions e
      where e.practitioner_id = p_practitioner_id and e.on_date = p_on and e.start_time is not null
      union all
      select s.start_time, s.end_time, s.slot_minutes
      from public.schedules s
      where s.practitioner_id = p_practitioner_id and s.weekday = extract(isodow from p_on)::smallint
        and not exists (
          select from public.schedule_exceptions e where e.practitioner_id = p_practitioner_id and e.on_date = p_on
        )
    ) h
    where p.id = p_practitioner_id and not exists (
      select from public.clinic_closures o where o.clinic_id = p.clinic_id and p_on between o.from_date and o.until_date
    )
    order by opens
  loop
    opens := v_session.opens;
    length := v_session.length;
    slots := div(extract(epoch from v_session.closes - opens), extract(epoch from length));
    continue when slots = 0;
    return next;
    slots_before := slots_before + slots;
  end loop;
end $$;
comment on function private.hours_on(uuid, date) is
  'When a practitioner sees patients on a date of the clinic: sessions of so many slots, and how many slots came before.';

create function private.slots_on(p_practitioner_id uuid, p_on date)
returns table (starts_at timestamptz, ends_at timestamptz, token_number int)
language plpgsql stable
set search_path = ''
as $$
begin
  return query
    select h.opens + n * h.length, h.opens + (n + 1) * h.length, h.slots_before + n + 1
    from private.hours_on(p_practitioner_id, p_on) h
    cross join lateral generate_series(0, h.slots - 1) n
    order by 1;
end $$;
comment on function private.slots_on(uuid, date) is
  'All slots of a practitioner on a date of the clinic, taken or not, with the token number each has in the day.';

create function private.slot_at(
  p_practitioner_id uuid, p_on date, p_starts_at timestamptz, out ends_at timestamptz, out token_number int
)
language plpgsql stable
set search_path = ''
as $$
begin
  select p_starts_at + h.length, h.slots_before + div(s.offset, s.length)::int + 1
  into ends_at, token_number
  from private.hours_on(p_practitioner_id, p_on) h
  cross join lateral (
    select extract(epoch from p_starts_at - h.opens) as offset, extract(epoch from h.length) as length
  ) s
  where s.offset >= 0 and mod(s.offset, s.length) = 0 and div(s.offset, s.length) < h.slots;
end $$;
comment on function private.slot_at(uuid, date, timestamptz) is
  'The one slot of private.slots_on that begins at an instant; nulls where none does.';

-- Of the days around the date that an index finds, only what reaches into the date is compared with its slots; and a
-- date that is over needs no look at slots at all.
create function private.free_slots(
  p_practitioner_id uuid, p_on date, p_now timestamptz, p_person_id uuid default null
)
returns table (starts_at timestamptz, ends_at timestamptz, token_number int)
language plpgsql stable
set search_path = ''
as $$
declare
  v_begins timestamptz;
  v_ends timestamptz;
begin
  select private.instant_of(p_on, c.time_zone), private.instant_of(p_on + 1, c.time_zone)
  into v_begins, v_ends
  from public.practitioners p join public.clinics c on c.id = p.clinic_id
  where p.id = p_practitioner_id and p.active
    and p_on <= (p_now at time zone c.time_zone)::date + c.booking_horizon_days;
  if not found or v_ends <= p_now then
    return;
  end if;
  return query
    with taken as (
      select a.starts_at, a.ends_at
      from public.appointments a
      where a.practitioner_id = p_practitioner_id and a.active
        and a.starts_at < v_ends and a.ends_at > v_begins
        -- Some days around the date, so that an index serves it in every time zone.
        and a.local_date between p_on - 2 and p_on + 2
      union all
      select a.starts_at, a.ends_at
      from public.appointments a
      where coalesce(a.dependent_id, a.patient_id) = p_person_id and a.active
        and tstzrange(a.starts_at, a.ends_at) && tstzrange(v_begins, v_ends)
    )
    select s.starts_at, s.ends_at, s.token_number
    from private.slots_on(p_practitioner_id, p_on) s
    where s.starts_at > p_now
      and not exists (select from taken t where t.starts_at < s.ends_at and t.ends_at > s.starts_at);
end $$;
comment on function private.free_slots(uuid, date, timestamptz, uuid) is
  'Slots of a practitioner on a date that can be booked now; with a person (patient or dependent), only those that fit their other appointments.';

create function private.active_practitioners(p_clinic_id uuid, p_specialty text, p_practitioner_id uuid) returns uuid[]
language plpgsql stable
set search_path = ''
as $$
begin
  return array(
    select p.id from public.practitioners p
    where p.clinic_id = p_clinic_id and p.active
      and (p_specialty is null or p.specialty = p_specialty)
      and (p_practitioner_id is null or p.id = p_practitioner_id)
  );
end $$;
comment on function private.active_practitioners(uuid, text, uuid) is
  'Who can be booked at a clinic: of one specialty, one practitioner, or all (null).';

create function private.next_free_slots(
  p_clinic_id uuid, p_specialty text, p_practitioner_id uuid, p_from timestamptz, p_limit int,
  p_now timestamptz, p_person_id uuid default null
)
returns table (
  practitioner_id uuid, practitioner_name text, spoken_name text, specialty text, starts_at timestamptz, ends_at timestamptz
)
language plpgsql stable
set search_path = ''
as $$
declare
  v_clinic public.clinics;
  v_day date;
  v_last date;
  v_practitioners constant uuid[] := private.active_practitioners(p_clinic_id, p_specialty, p_practitioner_id);
  v_missing int := p_limit;
  v_found int;
  v_empty_days int := 0;
begin
  select * into v_clinic from public.clinics c where c.id = p_clinic_id;
  v_day := (greatest(p_from, p_now) at time zone v_clinic.time_zone)::date;
  v_last := (p_now at time zone v_clinic.time_zone)::date + v_clinic.booking_horizon_days;

  -- Day by day, so that the usual answer (today or tomorrow) costs one day's work; where days are full, many at once.
  while v_day <= v_last and v_missing > 0 and v_practitioners <> '{}' loop
    return query
      select p.id, p.name, coalesce(p.spoken_name, p.name), p.specialty, f.starts_at, f.ends_at
      from private.free_slots_of(v_practitioners, v_day, v_clinic.time_zone, p_from, v_missing, p_now, p_person_id) f
      join public.practitioners p on p.id = f.practitioner_id
      order by f.starts_at, p.name, p.id
      limit v_missing;
    get diagnostics v_found = row_count;
    v_missing := v_missing - v_found;
    v_empty_days := case when v_found = 0 then v_empty_days + 1 else 0 end;
    v_day := case when v_empty_days < 3 then v_day + 1
      else private.next_free_day(v_practitioners, v_day + 1, v_last, v_clinic.time_zone, p_now, p_person_id) end;
  end loop;
end $$;
comment on function private.next_free_slots(uuid, text, uuid, timestamptz, int, timestamptz, uuid) is
  'The earliest free slots of a clinic from an instant on, of one specialty or practitioner or of all (null).';

create type public.slot as (
  practitioner_id uuid, practitioner_name text, specialty text, starts_at timestamptz, ends_at timestamptz
);
comment on type public.slot is 'A time that can be booked with a practitioner.';

create function private.nearest_free_slots(
  p_practitioner_id uuid, p_starts_at timestamptz, p_limit int, p_now timestamptz, p_person_id uuid default null
)
returns setof public.slot
language plpgsql stable
set search_path = ''
as $$
begin
  return query
    select p.id, p.name, p.specialty, f.starts_at, f.ends_at
    from public.practitioners p
    join public.clinics c on c.id = p.clinic_id
    cross join lateral (select (p_starts_at at time zone c.time_zone)::date as day) l
    cross join lateral (
      select s.starts_at, s.ends_at
      from generate_series(-1, 1) n
      cross join lateral private.free_slots(p.id, l.day + n, p_now, p_person_id) s
      union all
      -- Should those three days be full.
      select s.starts_at, s.ends_at
      from private.next_free_slots(
        c.id, null, p.id, private.instant_of(l.day + 2, c.time_zone), p_limit, p_now, p_person_id
      ) s
    ) f
    where p.id = p_practitioner_id
    order by abs(extract(epoch from f.starts_at - p_starts_at)), f.starts_at
    limit p_limit;
end $$;
comment on function private.nearest_free_slots(uuid, timestamptz, int, timestamptz, uuid) is
  'The free slots of a practitioner that are closest to an instant, the closest first.';
