-- What came of the days of a clinic, in numbers.

create view public.desk_numbers with (security_barrier = true) as
select c.id as clinic_id, a.local_date as day, a.channel,
  count(*)::int as booked,
  count(*) filter (where a.status in ('arrived', 'fulfilled'))::int as came,
  count(*) filter (where a.status = 'fulfilled')::int as seen,
  count(*) filter (where a.status = 'noshow')::int as noshow,
  count(*) filter (where a.status = 'cancelled')::int as cancelled,
  round((avg(extract(epoch from a.seen_at - a.arrived_at)) / 60)::numeric, 1) as wait_minutes,
  coalesce(sum(m.parts), 0)::int as sms_parts
from public.clinics c
join public.appointments a on a.clinic_id = c.id
left join lateral (
  select sum(s.parts) as parts from public.sms_messages s where s.appointment_id = a.id and s.sent_at is not null
) m on true
where private.sees_desk(c.id, true)
group by c.id, a.local_date, a.channel;
comment on view public.desk_numbers is
  'Appointments of each day by how they were booked, and what came of them. For managers those of their clinics.';
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
