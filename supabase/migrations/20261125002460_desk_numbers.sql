-- What came of the days of a clinic, in numbers.

create function private.desk_numbers(p_now timestamptz default now())
returns table (
  clinic_id uuid, day date, channel text, booked int, came int, seen int, noshow int, cancelled int, wait_minutes numeric,
  sms_parts int
)
language plpgsql stable security definer
set search_path = ''
as $$
begin
  return query
    select c.id, a.local_date, a.channel, count(*)::int,
      (count(*) filter (where a.status in ('arrived', 'fulfilled')))::int,
      (count(*) filter (where a.status = 'fulfilled'))::int,
      (count(*) filter (where a.status = 'noshow'))::int,
      (count(*) filter (where a.status = 'cancelled'))::int,
      round((avg(extract(epoch from a.seen_at - a.arrived_at)) / 60)::numeric, 1),
      coalesce(sum(m.parts), 0)::int
    from public.clinics c
    join public.appointments a on a.clinic_id = c.id and a.local_date > (p_now at time zone c.time_zone)::date - 400
    left join lateral (
      select sum(s.parts) as parts from public.sms_messages s where s.appointment_id = a.id and s.sent_at is not null
    ) m on true
    where private.sees_desk(c.id, true)
    group by c.id, a.local_date, a.channel;
end $$;
comment on function private.desk_numbers(timestamptz) is
  'What came of the appointments of the last 400 days and those to come, at the clinics that whoever asks is the manager of.';
-- The view runs as whoever asks. Without usage on the schema nobody can call it otherwise.
grant execute on function private.desk_numbers(timestamptz) to authenticated, service_role;

create view public.desk_numbers with (security_invoker = true) as
select n.* from private.desk_numbers() n;
comment on view public.desk_numbers is
  'Appointments of each of the last 400 days and those to come by how they were booked, and what came of them. For managers those of their clinics.';
comment on column public.desk_numbers.clinic_id is 'At which clinic.';
comment on column public.desk_numbers.day is 'The day of the appointments, in the clinic''s time zone.';
comment on column public.desk_numbers.channel is 'How they were booked: web, ivr (by phone) or desk.';
comment on column public.desk_numbers.booked is 'How many were booked, also those cancelled later.';
comment on column public.desk_numbers.came is 'How many patients came.';
comment on column public.desk_numbers.seen is 'How many were seen.';
comment on column public.desk_numbers.noshow is 'How many did not come.';
comment on column public.desk_numbers.cancelled is 'How many were cancelled.';
comment on column public.desk_numbers.wait_minutes is 'Minutes from arrived to seen, on average. Empty: nobody was marked.';
comment on column public.desk_numbers.sms_parts is 'In how many parts SMS about them were sent; the provider is paid for each.';
grant select on public.desk_numbers to authenticated, service_role;
