-- What a page offers to the signed-in patient: days, times and practitioners that can be booked now.

create function private.offered_to() returns uuid
language plpgsql stable security definer
set search_path = ''
as $$
declare
  v_patient_id constant uuid := private.require_patient();
begin
  return case when private.family_of(v_patient_id) = 0 then v_patient_id end;
end $$;
comment on function private.offered_to() is
  'Whose other appointments keep from times: those of whoever is signed in. Null where they book for others too: who comes is chosen after the time. Refuses like private.require_patient.';

create function public.available_slots(practitioner_id uuid, on_date date)
returns table (starts_at timestamptz, ends_at timestamptz)
language plpgsql stable security definer
set search_path = ''
as $$
declare
  v_person_id uuid := private.offered_to();
begin
  return query
    select f.starts_at, f.ends_at
    from private.free_slots(available_slots.practitioner_id, available_slots.on_date, now(), v_person_id) f
    order by f.starts_at;
end $$;
comment on function public.available_slots(uuid, date) is
  'Free slots of a practitioner on a date of the clinic that the signed-in patient can book.';
grant execute on function public.available_slots(uuid, date) to authenticated;

create function public.next_available_slots(
  clinic_id uuid, specialty text default null, from_date date default null, "limit" int default 10
)
returns setof public.slot
language plpgsql stable security definer
set search_path = ''
as $$
declare
  v_person_id uuid := private.offered_to();
  v_zone text;
begin
  select c.time_zone into v_zone from public.clinics c where c.id = next_available_slots.clinic_id;
  if v_zone is null then
    perform private.fail('unknown_clinic');
  end if;
  return query
    select f.practitioner_id, f.practitioner_name, f.specialty, f.starts_at, f.ends_at
    from private.next_free_slots(
      next_available_slots.clinic_id,
      private.specialty_at(next_available_slots.clinic_id, next_available_slots.specialty), null,
      coalesce(private.instant_of(next_available_slots.from_date, v_zone), now()),
      least(greatest(next_available_slots."limit", 1), 100), now(), v_person_id
    ) f
    order by f.starts_at, f.practitioner_name;
end $$;
comment on function public.next_available_slots(uuid, text, date, int) is
  'The earliest free slots of a clinic that the signed-in patient can book, from a date on; specialty null means all.';
grant execute on function public.next_available_slots(uuid, text, date, int) to authenticated;

create function public.available_days(
  clinic_id uuid, practitioner_id uuid default null, specialty text default null, from_date date default null,
  days int default 14
)
returns table (on_date date, free int, open boolean, over boolean)
language plpgsql stable security definer
set search_path = ''
as $$
declare
  v_person_id uuid := private.offered_to();
begin
  if not exists (select from public.clinics c where c.id = available_days.clinic_id) then
    perform private.fail('unknown_clinic');
  end if;
  return query
    select f.on_date, f.free, f.open, f.over
    from private.free_days(
      available_days.clinic_id, available_days.practitioner_id,
      private.specialty_at(available_days.clinic_id, available_days.specialty),
      coalesce(available_days.from_date, '-infinity'), least(greatest(available_days.days, 1), 31), now(), v_person_id
    ) f;
end $$;
comment on function public.available_days(uuid, uuid, text, date, int) is
  'Free slots of each day for the signed-in patient, of one practitioner, one specialty or the clinic; whether patients are seen then, and whether that is over for today. At most 31 days, and none after booking ends.';
grant execute on function public.available_days(uuid, uuid, text, date, int) to authenticated;

create function private.free_slots_of_day(
  p_clinic_id uuid, p_on date, p_practitioner_id uuid, p_specialty text, p_now timestamptz, p_person_id uuid default null
)
returns setof public.slot
language plpgsql stable
set search_path = ''
as $$
begin
  return query
    select p.id, p.name, p.specialty, f.starts_at, f.ends_at
    from public.clinics c
    cross join lateral private.free_slots_of(
      private.active_practitioners(c.id, private.specialty_at(c.id, p_specialty), p_practitioner_id),
      p_on, c.time_zone, p_now, null, p_now, p_person_id
    ) f
    join public.practitioners p on p.id = f.practitioner_id
    where c.id = p_clinic_id and p_on <= (p_now at time zone c.time_zone)::date + c.booking_horizon_days
    order by f.starts_at, p.name, p.id;
end $$;
comment on function private.free_slots_of_day(uuid, date, uuid, text, timestamptz, uuid) is
  'Free slots of a clinic on a date, of one practitioner, one specialty or all (null).';

create function public.available_slots_of_day(
  clinic_id uuid, on_date date, practitioner_id uuid default null, specialty text default null
)
returns setof public.slot
language plpgsql stable security definer
set search_path = ''
as $$
declare
  v_person_id uuid := private.offered_to();
begin
  return query
    select f.* from private.free_slots_of_day(
      available_slots_of_day.clinic_id, available_slots_of_day.on_date, available_slots_of_day.practitioner_id,
      available_slots_of_day.specialty, now(), v_person_id
    ) f;
end $$;
comment on function public.available_slots_of_day(uuid, date, uuid, text) is
  'Free slots on a date that the signed-in patient can book, of one practitioner, one specialty or the whole clinic.';
grant execute on function public.available_slots_of_day(uuid, date, uuid, text) to authenticated;

create function public.nearest_slots(practitioner_id uuid, starts_at timestamptz, "limit" int default 3)
returns setof public.slot
language plpgsql stable security definer
set search_path = ''
as $$
declare
  v_person_id uuid := private.offered_to();
begin
  return query
    select n.*
    from private.nearest_free_slots(
      nearest_slots.practitioner_id, nearest_slots.starts_at, least(greatest(nearest_slots."limit", 1), 20), now(),
      v_person_id
    ) n;
end $$;
comment on function public.nearest_slots(uuid, timestamptz, int) is
  'The free slots of a practitioner closest to a time that could not be had, for the signed-in patient.';
grant execute on function public.nearest_slots(uuid, timestamptz, int) to authenticated;

create function private.bookable_at(p_clinic_id uuid, p_now timestamptz, p_person_id uuid default null)
returns table (
  practitioner_id uuid, practitioner_name text, specialty text, next_starts_at timestamptz, photo_url text,
  qualification text, languages text[], fee_amount numeric, fee_currency text
)
language plpgsql stable
set search_path = ''
as $$
begin
  return query
    with clinic as materialized (
      select c.id, c.time_zone, c.booking_horizon_days, (p_now at time zone c.time_zone)::date as today,
        private.active_practitioners(c.id, null, null) as practitioners
      from public.clinics c where c.id = p_clinic_id
    ), first as materialized (
      select f.* from clinic c cross join lateral private.first_free_slots(
        c.practitioners, c.today, c.today + c.booking_horizon_days, c.time_zone, p_now, p_person_id
      ) f
    )
    select p.id, p.name, p.specialty, f.starts_at, p.photo_url, p.qualification, p.languages, p.fee_amount, p.fee_currency
    from clinic c
    join public.practitioners p on p.id = any (c.practitioners)
    left join first f on f.practitioner_id = p.id
    order by p.specialty, p.name, p.id;
end $$;
comment on function private.bookable_at(uuid, timestamptz, uuid) is
  'Who can be booked at a clinic, what a page tells of them, and the first time that can be had (null: none).';

create function public.bookable_practitioners(clinic_id uuid)
returns table (
  practitioner_id uuid, practitioner_name text, specialty text, next_starts_at timestamptz, photo_url text,
  qualification text, languages text[], fee_amount numeric, fee_currency text
)
language plpgsql stable security definer
set search_path = ''
as $$
declare
  v_person_id uuid := private.offered_to();
begin
  return query select b.* from private.bookable_at(bookable_practitioners.clinic_id, now(), v_person_id) b;
end $$;
comment on function public.bookable_practitioners(uuid) is
  'Who can be booked at a clinic, what a page tells of them, and the first time the signed-in patient can have (null: none).';
grant execute on function public.bookable_practitioners(uuid) to authenticated;
