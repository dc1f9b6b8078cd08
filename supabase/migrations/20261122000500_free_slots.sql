-- Which slots are free. The functions in private take the time as an argument; the public ones say now().

create function private.free_slots(
  p_practitioner_id uuid, p_on date, p_now timestamptz, p_patient_id uuid default null
)
returns table (starts_at timestamptz, ends_at timestamptz, token_number int)
language plpgsql stable
set search_path = ''
as $$
begin
  return query
    with taken as (
      select a.starts_at, a.ends_at
      from public.appointments a
      where a.practitioner_id = p_practitioner_id
        and a.active
        -- Some days around the date, so that an index serves it in every time zone.
        and a.local_date between p_on - 2 and p_on + 2
      union all
      select a.starts_at, a.ends_at
      from public.appointments a
      where a.patient_id = p_patient_id
        and a.active
        and a.starts_at >= p_on - 2 and a.starts_at < p_on + 3
    )
    select s.starts_at, s.ends_at, s.token_number
    from private.slots_on(p_practitioner_id, p_on) s
    where s.starts_at > p_now
      and not exists (select from taken t where t.starts_at < s.ends_at and t.ends_at > s.starts_at)
      and exists (
        select
        from public.practitioners p join public.clinics c on c.id = p.clinic_id
        where p.id = p_practitioner_id and p.active
          and p_on <= (p_now at time zone c.time_zone)::date + c.booking_horizon_days
      );
end $$;
comment on function private.free_slots(uuid, date, timestamptz, uuid) is
  'Slots of a practitioner on a date that can be booked now; with a patient, only those that fit their other appointments.';

create function private.next_free_slots(
  p_clinic_id uuid, p_specialty text, p_practitioner_id uuid, p_from timestamptz, p_limit int,
  p_now timestamptz, p_patient_id uuid default null
)
returns table (
  practitioner_id uuid, practitioner_name text, spoken_name text, specialty text,
  starts_at timestamptz, ends_at timestamptz
)
language plpgsql stable
set search_path = ''
as $$
declare
  v_clinic public.clinics;
  v_day date;
  v_last date;
  v_missing int := p_limit;
  v_found int;
begin
  select * into v_clinic from public.clinics c where c.id = p_clinic_id;
  v_day := (greatest(p_from, p_now) at time zone v_clinic.time_zone)::date;
  v_last := (p_now at time zone v_clinic.time_zone)::date + v_clinic.booking_horizon_days;

  -- Day by day, so that the usual answer (today or tomorrow) costs one day's work however full the clinic is.
  while v_day <= v_last and v_missing > 0 loop
    return query
      select p.id, p.name, coalesce(p.spoken_name, p.name), p.specialty, f.starts_at, f.ends_at
      from public.practitioners p
      cross join lateral private.free_slots(p.id, v_day, p_now, p_patient_id) f
      where p.clinic_id = p_clinic_id and p.active
        and (p_specialty is null or p.specialty = p_specialty)
        and (p_practitioner_id is null or p.id = p_practitioner_id)
        and f.starts_at >= p_from
      order by f.starts_at, p.name, p.id
      limit v_missing;
    get diagnostics v_found = row_count;
    v_missing := v_missing - v_found;
    v_day := v_day + 1;
  end loop;
end $$;
comment on function private.next_free_slots(uuid, text, uuid, timestamptz, int, timestamptz, uuid) is
  'The earliest free slots of a clinic from an instant on, of one specialty or practitioner or of all (null).';

create function public.available_slots(practitioner_id uuid, on_date date)
returns table (starts_at timestamptz, ends_at timestamptz)
language sql stable security definer
set search_path = ''
as $$
  select f.starts_at, f.ends_at
  from private.require_patient() as patient_id
  cross join lateral private.free_slots(
    available_slots.practitioner_id, available_slots.on_date, now(), patient_id
  ) f
  order by f.starts_at
$$;
comment on function public.available_slots(uuid, date) is
  'Free slots of a practitioner on a date of the clinic that the signed-in patient can book.';
grant execute on function public.available_slots(uuid, date) to authenticated;

create type public.slot as (
  practitioner_id uuid, practitioner_name text, specialty text, starts_at timestamptz, ends_at timestamptz
);
comment on type public.slot is 'A time that can be booked with a practitioner.';

create function public.next_available_slots(
  clinic_id uuid, specialty text default null, from_date date default null, "limit" int default 10
)
returns setof public.slot
language plpgsql stable security definer
set search_path = ''
as $$
declare
  v_patient_id uuid := private.require_patient();
  v_zone text;
begin
  select c.time_zone into v_zone from public.clinics c where c.id = next_available_slots.clinic_id;
  if v_zone is null then
    perform private.fail('not_found', 'We do not know this clinic.');
  end if;
  return query
    select f.practitioner_id, f.practitioner_name, f.specialty, f.starts_at, f.ends_at
    from private.next_free_slots(
      next_available_slots.clinic_id, next_available_slots.specialty, null,
      coalesce(next_available_slots.from_date::timestamp at time zone v_zone, now()),
      least(greatest(next_available_slots."limit", 1), 100), now(), v_patient_id
    ) f
    order by f.starts_at, f.practitioner_name;
end $$;
comment on function public.next_available_slots(uuid, text, date, int) is
  'The earliest free slots of a clinic that the signed-in patient can book, from a date on; specialty null means all.';
grant execute on function public.next_available_slots(uuid, text, date, int) to authenticated;
