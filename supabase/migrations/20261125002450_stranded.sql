-- Who is booked for a time at which nobody sees patients any more: after hours, an exception or a closure that were entered by
-- hand, or when a colleague could not take them.

create function private.tg_appointments__outside_hours() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  new.outside_hours := not exists (
    select from private.hours_on(new.practitioner_id, new.local_date) h
    where new.starts_at >= h.opens and new.ends_at <= h.opens + h.slots * h.length
  )
  -- Who is shifted with a whole day is there on purpose if they were before.
  and (tg_op = 'INSERT' or old.outside_hours or not private.in_day_operation());
  return new;
end $$;
comment on function private.tg_appointments__outside_hours() is
  'Notes whether somebody is put outside the hours on purpose, once the day and the end of their time are known.';

-- Whoever books by web or phone is offered nothing outside the hours.
create trigger _115_outside_hours before insert on public.appointments
  for each row when (new.channel = 'desk') execute function private.tg_appointments__outside_hours();
create trigger _115_other_hours before update on public.appointments
  for each row when ((old.practitioner_id, old.starts_at) is distinct from (new.practitioner_id, new.starts_at))
  execute function private.tg_appointments__outside_hours();

create function private.stranded(p_now timestamptz default now())
returns table (
  appointment_id uuid, clinic_id uuid, practitioner_id uuid, practitioner text, patient_id uuid, patient text,
  phone_end text, on_date date, starts_at timestamptz, ends_at timestamptz, token_number int
)
language plpgsql stable security definer
set search_path = ''
as $$
begin
  return query
    with upcoming as materialized (
      select a.* from public.appointments a join public.clinics c on c.id = a.clinic_id
      where a.status = 'booked' and a.ends_at > p_now and private.sees_desk(c.id)
    ), hours as materialized (
      select d.practitioner_id, d.local_date, h.opens, h.opens + h.slots * h.length as closes
      from (select distinct u.practitioner_id, u.local_date from upcoming u) d
      cross join lateral private.hours_on(d.practitioner_id, d.local_date) h
    )
    select u.id, u.clinic_id, u.practitioner_id, d.name, u.patient_id,
      case when u.dependent_id is null then p.name else o.name end, private.phone_end(p.phone), u.local_date,
      u.starts_at, u.ends_at, u.token_number
    from upcoming u
    join public.practitioners d on d.id = u.practitioner_id
    join public.patients p on p.id = u.patient_id
    left join public.dependents o on o.id = u.dependent_id
    where not exists (
      select from hours h
      where h.practitioner_id = u.practitioner_id and h.local_date = u.local_date
        -- Whom the desk has squeezed in before or after the hours is there on purpose.
        and (u.outside_hours or (u.starts_at >= h.opens and u.ends_at <= h.closes))
    );
end $$;
comment on function private.stranded(timestamptz) is
  'Appointments to come outside the hours that hold now, at the desks of whoever asks.';
-- The view runs as whoever asks. Without usage on the schema nobody can call it otherwise.
grant execute on function private.stranded(timestamptz) to authenticated, service_role;

create view public.stranded_appointments with (security_invoker = true) as
select s.* from private.stranded() s order by s.starts_at, s.appointment_id;
comment on view public.stranded_appointments is
  'Who is booked outside the hours that hold now, until somebody hands them over, moves or cancels them. For staff those of their clinics.';
comment on column public.stranded_appointments.appointment_id is 'Which appointment.';
comment on column public.stranded_appointments.clinic_id is 'At which clinic.';
comment on column public.stranded_appointments.practitioner_id is 'With whom.';
comment on column public.stranded_appointments.practitioner is 'Their name.';
comment on column public.stranded_appointments.patient_id is 'Whose it is.';
comment on column public.stranded_appointments.patient is 'The name of who comes, if it is known.';
comment on column public.stranded_appointments.phone_end is 'The last four digits of their phone. Empty: none, so they cannot be texted.';
comment on column public.stranded_appointments.on_date is 'The day, in the clinic''s time zone.';
comment on column public.stranded_appointments.starts_at is 'Begins.';
comment on column public.stranded_appointments.ends_at is 'Ends.';
comment on column public.stranded_appointments.token_number is 'Number in the queue of the day.';
grant select on public.stranded_appointments to authenticated, service_role;
