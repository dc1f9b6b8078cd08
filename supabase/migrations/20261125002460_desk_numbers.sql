-- What came of the days of a clinic, in numbers.

create function private.numbers_between(p_clinic_id uuid, p_from date, p_until date)
returns table (
  day date, channel text, booked int, came int, seen int, noshow int, cancelled int, waited int, wait_minutes numeric,
  sms_parts int, sms_cost numeric, currency text
)
language plpgsql stable
set search_path = ''
as $$
begin
  return query
    select a.local_date, a.channel, count(*)::int,
      (count(*) filter (where a.status in ('arrived', 'fulfilled')))::int,
      (count(*) filter (where a.status = 'fulfilled'))::int,
      (count(*) filter (where a.status = 'noshow'))::int,
      (count(*) filter (where a.status = 'cancelled'))::int,
      count(a.seen_at - a.arrived_at)::int,
      round((avg(extract(epoch from a.seen_at - a.arrived_at)) / 60)::numeric, 1),
      coalesce(sum(m.parts), 0)::int, coalesce(sum(m.parts), 0) * c.part_price, c.currency
    from public.sms_settings c
    cross join public.practitioners p
    join public.appointments a on a.practitioner_id = p.id and a.local_date between p_from and p_until
    left join lateral (
      select sum(s.parts) as parts from public.sms_messages s where s.appointment_id = a.id and s.sent_at is not null
    ) m on true
    where p.clinic_id = p_clinic_id
    group by a.local_date, a.channel, c.part_price, c.currency;
end $$;
comment on function private.numbers_between(uuid, date, date) is
  'What came of the appointments of a clinic on the dates of a range, by day and channel, as desk_numbers tells it.';

create function private.desk_numbers(p_now timestamptz default now())
returns table (
  clinic_id uuid, day date, channel text, booked int, came int, seen int, noshow int, cancelled int, waited int,
  wait_minutes numeric, sms_parts int, sms_cost numeric, currency text
)
language plpgsql stable security definer
set search_path = ''
as $$
begin
  return query
    select c.id, n.*
    from public.clinics c
    cross join lateral private.numbers_between(c.id, (p_now at time zone c.time_zone)::date - 399, 'infinity') n
    where private.sees_desk(c.id, true);
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
comment on column public.desk_numbers.waited is 'Of how many it is known how long they waited: the weight of wait_minutes.';
comment on column public.desk_numbers.wait_minutes is 'Minutes from arrived to seen, on average. Empty: nobody was marked.';
comment on column public.desk_numbers.sms_parts is 'In how many parts SMS about them were sent; the provider is paid for each.';
comment on column public.desk_numbers.sms_cost is
  'What these parts cost at the price in sms_settings. Empty: no price stands there.';
comment on column public.desk_numbers.currency is 'Of that cost: three letters by ISO 4217.';
grant select on public.desk_numbers to authenticated, service_role;

-- What a page shows: some days of one clinic.
create function public.desk_numbers_between(clinic_id uuid, from_date date, until_date date)
returns table (
  day date, channel text, booked int, came int, seen int, noshow int, cancelled int, waited int, wait_minutes numeric,
  sms_parts int, sms_cost numeric, currency text
)
language plpgsql stable security definer
set search_path = ''
as $$
begin
  perform private.require_desk(desk_numbers_between.clinic_id, true);
  return query
    select n.* from private.numbers_between(
      desk_numbers_between.clinic_id, desk_numbers_between.from_date, desk_numbers_between.until_date
    ) n
    order by n.day, n.channel;
end $$;
comment on function public.desk_numbers_between(uuid, date, date) is
  'For a manager: what desk_numbers tells of a clinic, on the dates of a range. Refuses with not_staff or desk_proof_required.';
grant execute on function public.desk_numbers_between(uuid, date, date) to authenticated;

create function public.desk_free_slots(clinic_id uuid, from_date date, until_date date)
returns table (day date, free int)
language plpgsql stable security definer
set search_path = ''
as $$
begin
  perform private.require_desk(desk_free_slots.clinic_id);
  return query
    select f.on_date, f.free
    from private.free_days(
      desk_free_slots.clinic_id, null, null, desk_free_slots.from_date,
      least(desk_free_slots.until_date - desk_free_slots.from_date, 365) + 1, now()
    ) f
    where f.on_date <= desk_free_slots.until_date;
end $$;
comment on function public.desk_free_slots(uuid, date, date) is
  'At the desk: how many slots of a clinic are free on the dates of a range, from today until booking ends. Refuses with not_staff or desk_proof_required.';
grant execute on function public.desk_free_slots(uuid, date, date) to authenticated;
