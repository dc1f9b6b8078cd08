-- Many days of many practitioners at once, as a page with a calendar asks for: what private.hours_on and
-- private.free_slots tell of one practitioner and day, in one pass and without going through slots one by one.

create function private.hours_between(p_practitioners uuid[], p_from date, p_until date)
returns table (practitioner_id uuid, on_date date, start_time time, end_time time, slot_minutes int)
language plpgsql stable
set search_path = ''
as $$
begin
  return query
    select h.practitioner_id, h.on_date, h.start_time, h.end_time, h.slot_minutes::int
    from (
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
    ) h
    where not exists (
      select from public.practitioners p join public.clinic_closures o on o.clinic_id = p.clinic_id
      where p.id = h.practitioner_id and h.on_date between o.from_date and o.until_date
    );
end $$;
comment on function private.hours_between(uuid[], date, date) is
  'The hours of practitioners on all dates of a range, by the clock of the clinic: the week''s, or the exceptions of a date; none while the clinic is closed.';

create function private.sessions_between(
  p_practitioners uuid[], p_from date, p_until date, p_time_zone text, p_now timestamptz
)
returns table (
  practitioner_id uuid, on_date date, opens timestamptz, goes_on timestamptz, closes timestamptz, length interval,
  seconds int, slots int
)
language plpgsql stable
set search_path = ''
as $$
begin
  return query
    with hours as materialized (
      select h.* from private.hours_between(p_practitioners, p_from, p_until) h
    ), clock as materialized (
      -- Most practitioners begin and end at the same times: each is looked up once.
      select l.local, private.instant_of(l.local, p_time_zone) as instant
      from (select h.on_date + h.start_time from hours h union select h.on_date + h.end_time from hours h) l (local)
    )
    select h.practitioner_id, h.on_date, o.instant, o.instant + b.begun * l.length, o.instant + n.slots * l.length,
      l.length, l.seconds, n.slots - b.begun
    from hours h
    join clock o on o.local = h.on_date + h.start_time
    join clock c on c.local = h.on_date + h.end_time
    cross join lateral (select make_interval(mins => h.slot_minutes) as length, h.slot_minutes * 60 as seconds) l
    cross join lateral (select div(extract(epoch from c.instant - o.instant), l.seconds)::int as slots) n
    cross join lateral (
      select least(greatest(floor(extract(epoch from p_now - o.instant) / l.seconds) + 1, 0), n.slots)::int as begun
    ) b
    where n.slots > 0;
end $$;
comment on function private.sessions_between(uuid[], date, date, text, timestamptz) is
  'What private.hours_on tells, of many practitioners of one time zone and all dates of a range: when a session opens, goes on with the first slot that has not begun, and closes with its last whole slot; how long a slot is, and how many have not begun.';

create function private.free_slots_of(
  p_practitioners uuid[], p_on date, p_time_zone text, p_from timestamptz, p_most int, p_now timestamptz,
  p_person_id uuid default null
)
returns table (practitioner_id uuid, starts_at timestamptz, ends_at timestamptz)
language plpgsql stable
set search_path = ''
as $$
declare
  v_day constant tstzrange := tstzrange(private.instant_of(p_on, p_time_zone), private.instant_of(p_on + 1, p_time_zone));
  v_elsewhere tstzmultirange;
begin
  select range_agg(tstzrange(a.starts_at, a.ends_at)) into v_elsewhere
  from public.appointments a
  where coalesce(a.dependent_id, a.patient_id) = p_person_id and a.active and tstzrange(a.starts_at, a.ends_at) && v_day;
  return query
    with taken as materialized (
      select a.practitioner_id, range_agg(tstzrange(a.starts_at, a.ends_at)) as times
      from public.appointments a
      where a.practitioner_id = any (p_practitioners) and a.active and a.local_date between p_on - 2 and p_on
        -- As && the day it would be looked up among the appointments of all clinics.
        and a.starts_at < upper(v_day) and a.ends_at > lower(v_day)
      group by a.practitioner_id
    )
    select s.practitioner_id, f.at, f.at + s.length
    from private.sessions_between(p_practitioners, p_on, p_on, p_time_zone, p_now) s
    left join taken t on t.practitioner_id = s.practitioner_id
    cross join lateral (
      select b.at
      from generate_series(0, s.slots - 1) n
      cross join lateral (select s.goes_on + n * s.length as at) b
      where b.at >= p_from
        and (t.times is null or not t.times && tstzrange(b.at, b.at + s.length))
        and (v_elsewhere is null or not v_elsewhere && tstzrange(b.at, b.at + s.length))
      order by n
      limit p_most
    ) f;
end $$;
comment on function private.free_slots_of(uuid[], date, text, timestamptz, int, timestamptz, uuid) is
  'What private.free_slots tells, of many active practitioners of one time zone on a date within their booking horizon: of each session the first so many that begin at an instant or later (null: all).';

create function private.days_with_strays(
  p_practitioners uuid[], p_from date, p_until date, p_time_zone text, p_person_id uuid
)
returns table (practitioner_id uuid, on_date date)
language plpgsql stable
set search_path = ''
as $$
begin
  return query
    with dates as materialized (
      select d.day::date as on_date, private.instant_of(d.day::date + 1, p_time_zone) as over
      from generate_series(p_from - 2, p_until, interval '1 day') as d (day)
    ), strays as (
      select p.id as practitioner_id, a.ends_at, (a.starts_at at time zone p_time_zone)::date as first_date
      from public.appointments a cross join unnest(p_practitioners) p (id)
      where coalesce(a.dependent_id, a.patient_id) = p_person_id and a.active
        and tstzrange(a.starts_at, a.ends_at)
          && tstzrange(private.instant_of(p_from, p_time_zone), private.instant_of(p_until + 1, p_time_zone))
      union all
      select a.practitioner_id, a.ends_at, a.local_date + 1
      from public.appointments a join dates d on d.on_date = a.local_date
      where a.practitioner_id = any (p_practitioners) and a.active and a.local_date between p_from - 2 and p_until
        and a.ends_at > d.over
    )
    select t.practitioner_id, t.first_date + n
    from strays t
    cross join lateral generate_series(0, (t.ends_at at time zone p_time_zone)::date - t.first_date) n;
end $$;
comment on function private.days_with_strays(uuid[], date, date, text, uuid) is
  'Dates on which practitioners are not only kept from slots by appointments that begin then: one of the day before reaches into it, or the patient has an appointment somewhere.';

create function private.offered_between(
  p_practitioners uuid[], p_from date, p_until date, p_time_zone text, p_now timestamptz, p_person_id uuid
)
returns table (practitioner_id uuid, on_date date, slots int, free int)
language plpgsql stable
set search_path = ''
as $$
begin
  return query
    with sessions as materialized (
      select s.* from private.sessions_between(p_practitioners, p_from, p_until, p_time_zone, p_now) s
    ), taken as materialized (
      -- Nearly every appointment is one slot, so that they need only be counted.
      select s.practitioner_id, s.on_date, s.opens, count(*) filter (where a.starts_at >= s.goes_on) as slots,
        bool_and(a.ends_at - a.starts_at = s.length and date_part('epoch', a.starts_at - s.opens)::int % s.seconds = 0) as whole
      from public.appointments a
      join sessions s on s.practitioner_id = a.practitioner_id and s.on_date = a.local_date
        and a.ends_at > s.opens and a.starts_at < s.closes
      where a.practitioner_id = any (p_practitioners) and a.active and a.local_date between p_from and p_until
      group by s.practitioner_id, s.on_date, s.opens
    ), uneven as materialized (
      select t.practitioner_id, t.on_date from taken t where not t.whole
      union
      select d.* from private.days_with_strays(p_practitioners, p_from, p_until, p_time_zone, p_person_id) d
    )
    select s.practitioner_id, s.on_date, s.slots,
      case when u.on_date is null then s.slots - coalesce(t.slots, 0) else 0 end::int
    from sessions s
    left join taken t on t.practitioner_id = s.practitioner_id and t.on_date = s.on_date and t.opens = s.opens
    left join uneven u on u.practitioner_id = s.practitioner_id and u.on_date = s.on_date
    union all
    select u.practitioner_id, u.on_date, null,
      (select count(*) from private.free_slots(u.practitioner_id, u.on_date, p_now, p_person_id))::int
    from uneven u;
end $$;
comment on function private.offered_between(uuid[], date, date, text, timestamptz, uuid) is
  'What each of many practitioners of one time zone offers on the dates of a range, in rows that add up: slots that have not begun (null: none of its own), and how many of them are free.';

create function private.free_by_date(
  p_practitioners uuid[], p_from date, p_until date, p_time_zone text, p_now timestamptz, p_person_id uuid
)
returns table (on_date date, free int, open boolean, over boolean)
language plpgsql stable
set search_path = ''
as $$
begin
  return query
    select d.day::date, coalesce(sum(o.free), 0)::int, count(o.slots) > 0, coalesce(sum(o.slots) = 0, false)
    from generate_series(p_from, p_until, interval '1 day') as d (day)
    left join private.offered_between(p_practitioners, p_from, p_until, p_time_zone, p_now, p_person_id) o
      on o.on_date = d.day::date
    group by d.day
    order by d.day;
end $$;
comment on function private.free_by_date(uuid[], date, date, text, timestamptz, uuid) is
  'What private.free_days tells, of practitioners of one time zone and all dates of a range.';

create function private.first_free_slots(
  p_practitioners uuid[], p_from date, p_until date, p_time_zone text, p_now timestamptz, p_person_id uuid
)
returns table (practitioner_id uuid, starts_at timestamptz)
language plpgsql stable
set search_path = ''
as $$
declare
  v_missing uuid[] := p_practitioners;
  v_from date := p_from;
  v_until date;
begin
  -- Nearly everybody has a free time within days, and whoever has not is looked for in months.
  while v_missing <> '{}' and v_from <= p_until loop
    v_until := least(v_from + case when v_from = p_from then 2 else 30 end, p_until);
    for practitioner_id, starts_at in
      select d.practitioner_id, f.starts_at
      from (
        select o.practitioner_id, min(o.on_date) as on_date
        from private.offered_between(v_missing, v_from, v_until, p_time_zone, p_now, p_person_id) o
        where o.free > 0
        group by o.practitioner_id
      ) d
      cross join lateral (
        select min(s.starts_at) as starts_at from private.free_slots(d.practitioner_id, d.on_date, p_now, p_person_id) s
      ) f
    loop
      return next;
      v_missing := array_remove(v_missing, practitioner_id);
    end loop;
    v_from := v_until + 1;
  end loop;
end $$;
comment on function private.first_free_slots(uuid[], date, date, text, timestamptz, uuid) is
  'The first free slot of each of many practitioners of one time zone within a range of dates; no row for whoever has none.';

create function private.next_free_day(
  p_practitioners uuid[], p_from date, p_until date, p_time_zone text, p_now timestamptz, p_person_id uuid
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
    from private.free_by_date(p_practitioners, v_from, least(v_from + 30, p_until), p_time_zone, p_now, p_person_id) f
    where f.free > 0;
    v_from := v_from + 31;
  end loop;
  return v_day;
end $$;
comment on function private.next_free_day(uuid[], date, date, text, timestamptz, uuid) is
  'The first date of a range on which one of the practitioners has a free slot; null when none has.';

create function private.free_days(
  p_clinic_id uuid, p_practitioner_id uuid, p_specialty text, p_from date, p_days int, p_now timestamptz,
  p_person_id uuid default null
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
      private.active_practitioners(c.id, p_specialty, p_practitioner_id),
      greatest(p_from, t.today),
      least(greatest(p_from, t.today) + p_days - 1, t.today + c.booking_horizon_days),
      c.time_zone, p_now, p_person_id
    ) f
    where c.id = p_clinic_id
    order by f.on_date;
end $$;
comment on function private.free_days(uuid, uuid, text, date, int, timestamptz, uuid) is
  'Days of a clinic that can be booked, from a date on: how many slots are free, whether patients are seen at all (open), and whether the last of them have had their turn by now (over).';
