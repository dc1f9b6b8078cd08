-- What an operation on a day would do: whom it hits, who fits where, and why somebody does not. The operations do what is
-- planned here, and the desk shows it first.

create type public.day_plan as (
  appointment_id uuid, patient_id uuid, token_number int, was_at timestamptz, practitioner_id uuid,
  starts_at timestamptz, ends_at timestamptz, why_not text, waits boolean
);
comment on type public.day_plan is
  'What becomes of one appointment: with whom and when it is then, or as a word of private.refusals why that cannot be; and whether the patient still waits for it, and so is told.';

create function private.day_hits(p_practitioner_id uuid, p_on date, p_from timestamptz, p_now timestamptz)
returns setof public.appointments
language plpgsql stable
set search_path = ''
as $$
begin
  return query
    select a.* from public.appointments a
    where a.practitioner_id = p_practitioner_id and a.local_date = p_on and a.starts_at >= p_from
      -- Where nobody is marked, who was booked for this morning has long been seen.
      and (a.status = 'booked' and a.ends_at > p_now or a.status = 'arrived' and a.called_at is null)
    order by a.starts_at;
end $$;
comment on function private.day_hits(uuid, date, timestamptz, timestamptz) is
  'Who still waits for a practitioner on a date of the clinic, or is booked, from an instant on.';

create function private.plan_shift(
  p_practitioner_id uuid, p_on date, p_from timestamptz, p_minutes int, p_time_zone text, p_now timestamptz
)
returns setof public.day_plan
language plpgsql stable
set search_path = ''
as $$
begin
  return query
    with waiting as materialized (
      select h.id, h.starts_at from private.day_hits(p_practitioner_id, p_on, p_from, p_now) h
    ), hits as materialized (
      select a.*, a.starts_at + v.by as new_start, a.ends_at + v.by as new_end, a.id in (select w.id from waiting w) as waits
      from public.appointments a cross join (select make_interval(mins => p_minutes)) v (by)
      where a.practitioner_id = p_practitioner_id and a.local_date = p_on and (
        a.id in (select w.id from waiting w)
        -- Who was seen before their turn would be in the way of the others.
        or (a.status in ('arrived', 'fulfilled') and a.starts_at > (select min(w.starts_at) from waiting w))
      )
    )
    select h.id, h.patient_id, h.token_number, h.starts_at, h.practitioner_id, h.new_start, h.new_end, case
      when (h.new_start at time zone p_time_zone)::date <> p_on then 'past_midnight'
      when exists (
        select from public.appointments a
        where a.practitioner_id = h.practitioner_id and a.active and a.local_date between p_on - 1 and p_on + 1
          and a.starts_at < h.new_end and a.ends_at > h.new_start and a.id not in (select o.id from hits o)
      ) then 'slot_taken'
      when exists (
        select from public.appointments a
        where a.patient_id = h.patient_id and a.active and a.starts_at < h.new_end and a.ends_at > h.new_start
          and a.id not in (select o.id from hits o)
      ) then 'own_appointment'
    end, h.waits
    from hits h order by h.starts_at;
end $$;
comment on function private.plan_shift(uuid, date, timestamptz, int, text, timestamptz) is
  'All who still wait from an instant on, so many minutes later, and with them those after the first who were seen already. Nobody is squeezed between those who stay.';

create function private.plan_hand_over(p_practitioner_id uuid, p_on date, p_to uuid, p_now timestamptz)
returns setof public.day_plan
language plpgsql stable
set search_path = ''
as $$
begin
  return query
    with hours as materialized (select h.opens, h.opens + h.slots * h.length as closes from private.hours_on(p_to, p_on) h)
    select a.id, a.patient_id, a.token_number, a.starts_at, p_to, a.starts_at, a.ends_at, case
      when not exists (select from hours h where a.starts_at >= h.opens and a.ends_at <= h.closes) then 'outside_hours'
      when exists (
        select from public.appointments o
        where o.practitioner_id = p_to and o.active and o.local_date between p_on - 1 and p_on + 1
          and o.starts_at < a.ends_at and o.ends_at > a.starts_at
      ) then 'slot_taken'
    end, true
    from private.day_hits(p_practitioner_id, p_on, '-infinity', p_now) a order by a.starts_at;
end $$;
comment on function private.plan_hand_over(uuid, date, uuid, timestamptz) is
  'All who still wait on a date, at the same time with a colleague who sees patients then and has nobody.';

create function private.plan_cancel(p_practitioner_id uuid, p_from date, p_until date, p_now timestamptz)
returns setof public.day_plan
language plpgsql stable
set search_path = ''
as $$
begin
  return query
    select a.id, a.patient_id, a.token_number, a.starts_at, a.practitioner_id, a.starts_at, a.ends_at, null, true
    from generate_series(p_from, p_until, interval '1 day') d (day)
    cross join lateral private.day_hits(p_practitioner_id, d.day::date, '-infinity', p_now) a
    order by a.starts_at;
end $$;
comment on function private.plan_cancel(uuid, date, date, timestamptz) is 'All who still wait, or are booked, on some dates.';

create function private.plan_close(p_clinic_id uuid, p_from date, p_until date, p_now timestamptz)
returns setof public.day_plan
language plpgsql stable
set search_path = ''
as $$
begin
  return query
    select l.* from public.practitioners p cross join lateral private.plan_cancel(p.id, p_from, p_until, p_now) l
    where p.clinic_id = p_clinic_id;
end $$;
comment on function private.plan_close(uuid, date, date, timestamptz) is 'The same of all practitioners of a clinic.';

create function private.require_day(
  p_practitioner_id uuid, p_on date, p_now timestamptz, out clinic_id uuid, out time_zone text, out today date
)
language plpgsql
set search_path = ''
as $$
begin
  perform private.require_desk();
  perform private.set_channel('desk');
  select c.id, c.time_zone, (p_now at time zone c.time_zone)::date into clinic_id, time_zone, today
  from public.practitioners p join public.clinics c on c.id = p.clinic_id
  where p.id = p_practitioner_id and private.sees_desk(c.id);
  if not found then
    perform private.fail('unknown_doctor');
  elsif p_on is null or p_on < today then
    perform private.fail('day_is_over');
  end if;
end $$;
comment on function private.require_day(uuid, date, timestamptz) is
  'The clinic of a practitioner at whose desk one works, and what day it is there. Refuses with unknown_doctor or day_is_over.';

create function private.require_colleague(p_practitioner_id uuid, p_to uuid, p_clinic_id uuid, p_on date) returns void
language plpgsql stable
set search_path = ''
as $$
declare
  v_active boolean;
begin
  select p.active into v_active from public.practitioners p where p.id = p_to and p.clinic_id = p_clinic_id;
  if not found then
    perform private.fail('unknown_doctor');
  elsif p_to = p_practitioner_id then
    perform private.fail('same_practitioner');
  elsif not v_active then
    perform private.fail('doctor_inactive');
  elsif not exists (select from private.hours_on(p_to, p_on)) then
    perform private.fail('colleague_without_hours');
  end if;
end $$;
comment on function private.require_colleague(uuid, uuid, uuid, date) is
  'Refuses a colleague who cannot take anybody on a date: unknown_doctor (also of another clinic), same_practitioner, doctor_inactive or colleague_without_hours.';

create function public.preview_day(
  practitioner_id uuid, on_date date, from_time time default null, minutes int default null,
  to_practitioner_id uuid default null
)
returns table (
  appointment_id uuid, token_number int, name text, phone_end text, was_at timestamptz, starts_at timestamptz,
  fits boolean, why_not text
)
language plpgsql security definer
set search_path = ''
as $$
declare
  v_day constant record := private.require_day(preview_day.practitioner_id, preview_day.on_date, now());
begin
  if to_practitioner_id is not null then
    perform private.require_colleague(preview_day.practitioner_id, to_practitioner_id, v_day.clinic_id, on_date);
  end if;
  return query
    select l.appointment_id, l.token_number, p.name, private.phone_end(p.phone), l.was_at, l.starts_at,
      l.why_not is null, l.why_not
    from (
      select * from private.plan_shift(
        preview_day.practitioner_id, on_date,
        private.instant_of(on_date + coalesce(from_time, '00:00'), v_day.time_zone), minutes, v_day.time_zone, now()
      ) where minutes is not null
      union all
      select * from private.plan_hand_over(preview_day.practitioner_id, on_date, to_practitioner_id, now())
      where minutes is null and to_practitioner_id is not null
      union all
      select * from private.plan_cancel(preview_day.practitioner_id, on_date, on_date, now())
      where minutes is null and to_practitioner_id is null
    ) l join public.patients p on p.id = l.patient_id
    where l.waits
    order by l.was_at;
end $$;
comment on function public.preview_day(uuid, date, time, int, uuid) is
  'At the desk: whom an operation would hit, and who does not fit and why (a word of docs/errors.md). With minutes what shift_day would do, with to_practitioner_id hand_over_day, with neither cancel_day.';
grant execute on function public.preview_day(uuid, date, time, int, uuid) to authenticated;
