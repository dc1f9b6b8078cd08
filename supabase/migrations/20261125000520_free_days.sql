-- Many days of many practitioners at once, as a page with a calendar asks for: what private.hours_on and
-- private.free_slots tell of one practitioner and day, in one pass and without going through slots one by one.

create function private.sessions_between(p_practitioners uuid[], p_from date, p_until date, p_time_zone text)
returns table (practitioner_id uuid, on_date date, opens timestamptz, length interval, slots int)
language plpgsql stable
set search_path = ''
as $$
begin
  return query
    with hours as (
      select e.practitioner_id, e.on_date, e.start_time, e.end_time, e.slot_minutes
      from public.schedule_exceptions e
      where e.practitioner_id = any (p_practitioners) and e.on_date between p_from and p_until and e.start_time is not null
      union all
      select s.practitioner_id, d.day::date, s.start_time, s.end_time, s.slot_minutes
      from public.schedules s join generate_series(p_from, p_until, interval '1 day') as d (day)
        on s.weekday = extract(isodow from d.day)
      where s.practitioner_id = any (p_practitioners) and not exists (
        select from public.schedule_exceptions e where e.practitioner_id = s.practitioner_id and e.on_date = d.day::date
      )
    ), clock as materialized (
      -- Most practitioners begin and end at the same times: each is looked up once.
      select l.local, private.instant_of(l.local, p_time_zone) as instant
      from (select h.on_date + h.start_time from hours h union select h.on_date + h.end_time from hours h) l (local)
    )
    select h.practitioner_id, h.on_date, o.instant, make_interval(mins => h.slot_minutes),
      div(extract(epoch from c.instant - o.instant), h.slot_minutes * 60)::int
    from hours h
    join clock o on o.local = h.on_date + h.start_time
    join clock c on c.local = h.on_date + h.end_time
    where c.instant - o.instant >= make_interval(mins => h.slot_minutes) and not exists (
      select from public.practitioners p join public.clinic_closures x on x.clinic_id = p.clinic_id
      where p.id = h.practitioner_id and h.on_date between x.from_date and x.until_date
    );
end $$;
comment on function private.sessions_between(uuid[], date, date, text) is
  'What private.hours_on tells, of many practitioners of one time zone and all dates of a range.';

create function private.taken_between(
  p_practitioners uuid[], p_from date, p_until date, p_time_zone text, p_patient_id uuid
)
returns table (practitioner_id uuid, on_date date, starts_at timestamptz, ends_at timestamptz)
language plpgsql stable
set search_path = ''
as $$
begin
  return query
    with taken as (
      select a.practitioner_id, a.local_date, a.starts_at, a.ends_at
      from public.appointments a
      where a.practitioner_id = any (p_practitioners) and a.active and a.local_date between p_from - 2 and p_until + 2
      union all
      -- Where the patient is elsewhere nobody can see them.
      select p.id, (a.starts_at at time zone p_time_zone)::date, a.starts_at, a.ends_at
      from public.appointments a cross join unnest(p_practitioners) p (id)
      where a.patient_id = p_patient_id and a.active
        and a.starts_at > private.instant_of(p_from, p_time_zone) - interval '2 days'
        and a.starts_at < private.instant_of(p_until + 1, p_time_zone)
    )
    select t.* from taken t
    union all
    -- Few reach beyond the date on which they begin.
    select t.practitioner_id, t.local_date + n, t.starts_at, t.ends_at
    from taken t
    cross join lateral generate_series(1, (t.ends_at at time zone p_time_zone)::date - t.local_date) n
    where (t.ends_at at time zone p_time_zone)::date > t.local_date;
end $$;
comment on function private.taken_between(uuid[], date, date, text, uuid) is
  'When practitioners, or the patient, have appointments; once for each date of the clinic that an appointment reaches into.';

create function private.free_by_date(
  p_practitioners uuid[], p_from date, p_until date, p_time_zone text, p_now timestamptz, p_patient_id uuid
)
returns table (on_date date, free int, open boolean, over boolean)
language plpgsql stable
set search_path = ''
as $$
begin
  return query
    with sessions as materialized (
      -- The slots of a session are numbered from 0; those before the first have begun.
      select s.*, l.seconds, greatest(floor(date_part('epoch', p_now - s.opens) / l.seconds) + 1, 0)::int as first
      from private.sessions_between(p_practitioners, p_from, p_until, p_time_zone) s
      cross join lateral (select date_part('epoch', s.length) as seconds) l
    ), blocked as (
      select distinct s.practitioner_id, s.on_date, s.opens, n
      from private.taken_between(p_practitioners, p_from, p_until, p_time_zone, p_patient_id) t
      join sessions s on s.practitioner_id = t.practitioner_id and s.on_date = t.on_date
        and t.ends_at > s.opens and t.starts_at < s.opens + s.slots * s.length
      cross join lateral generate_series(
        greatest(floor(date_part('epoch', t.starts_at - s.opens) / s.seconds)::int, s.first),
        least(ceil(date_part('epoch', t.ends_at - s.opens) / s.seconds)::int, s.slots) - 1
      ) n
    )
    select d.day::date, (coalesce(o.slots, 0) - coalesce(b.slots, 0))::int, o.slots is not null, coalesce(o.slots = 0, false)
    from generate_series(p_from, p_until, interval '1 day') as d (day)
    left join (
      select s.on_date, sum(greatest(s.slots - s.first, 0)) as slots from sessions s group by s.on_date
    ) o on o.on_date = d.day::date
    left join (select b.on_date, count(*) as slots from blocked b group by b.on_date) b on b.on_date = d.day::date
    order by d.day;
end $$;
comment on function private.free_by_date(uuid[], date, date, text, timestamptz, uuid) is
  'What private.free_days tells, of practitioners of one time zone and all dates of a range.';

create function private.next_free_day(
  p_practitioners uuid[], p_from date, p_until date, p_time_zone text, p_now timestamptz, p_patient_id uuid
)
returns date
language plpgsql stable
set search_path = ''
as $$
declare
  v_from date := p_from;
  v_day date;
begin
  while v_day is null and v_from <= p_until loop
    select min(f.on_date) into v_day
    from private.free_by_date(p_practitioners, v_from, least(v_from + 30, p_until), p_time_zone, p_now, p_patient_id) f
    where f.free > 0;
    v_from := v_from + 31;
  end loop;
  return v_day;
end $$;
comment on function private.next_free_day(uuid[], date, date, text, timestamptz, uuid) is
  'The first date of a range on which one of the practitioners has a free slot; null when none has.';

create function private.free_days(
  p_clinic_id uuid, p_practitioner_id uuid, p_specialty text, p_from date, p_days int, p_now timestamptz,
  p_patient_id uuid default null
)
returns table (on_date date, free int, open boolean, over boolean)
language plpgsql stable
set search_path = ''
as $$
begin
  return query
    select f.*
    from public.clinics c
    cross join lateral (select (p_now at time zone c.time_zone)::date as today) t
    cross join lateral private.free_by_date(
      array(
        select p.id from public.practitioners p
        where p.clinic_id = c.id and p.active
          and (p_practitioner_id is null or p.id = p_practitioner_id)
          and (p_specialty is null or p.specialty = p_specialty)
      ),
      greatest(p_from, t.today),
      least(greatest(p_from, t.today) + p_days - 1, t.today + c.booking_horizon_days),
      c.time_zone, p_now, p_patient_id
    ) f
    where c.id = p_clinic_id
    order by f.on_date;
end $$;
comment on function private.free_days(uuid, uuid, text, date, int, timestamptz, uuid) is
  'Days of a clinic that can be booked, from a date on: how many slots are free, whether patients are seen at all (open), and whether the last of them have had their turn by now (over).';
