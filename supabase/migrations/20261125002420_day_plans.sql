-- What an operation on a day would do: whom it hits, who fits where, and why somebody does not. The operations do what is
-- planned here, and the desk shows it first.

create type public.day_plan as (
  appointment_id uuid, patient_id uuid, token_number int, was_at timestamptz, practitioner_id uuid,
  starts_at timestamptz, ends_at timestamptz, why_not text, waits boolean
);
comment on type public.day_plan is
  'What becomes of one appointment: with whom and when it is then, or as a word of private.refusals why that cannot be; and whether the patient still waits for it, and so is told.';

-- What was done to a day, and by whom: so that it can be looked at again, and is not done twice.
create table public.day_operations (
  id uuid primary key default gen_random_uuid(),
  clinic_id uuid not null references public.clinics (id) on delete cascade,
  practitioner_id uuid references public.practitioners (id) on delete cascade,
  kind text not null check (kind in ('shift', 'hand_over', 'move', 'cancel', 'close')),
  on_date date not null,
  until_date date not null,
  from_time time,
  minutes int,
  to_practitioner_id uuid references public.practitioners (id) on delete cascade,
  only_stranded boolean not null,
  reason text not null default '',
  outcome public.day_plan[] not null,
  actor_id uuid,
  done_at timestamptz not null default now()
);
create index day_operations_of_clinic on public.day_operations (clinic_id, done_at);
create index day_operations_of_practitioner on public.day_operations (practitioner_id);
create index day_operations_to_practitioner on public.day_operations (to_practitioner_id);
comment on table public.day_operations is
  'What was done to a whole day: by shift_day, hand_over_day, move_day, cancel_day and close_clinic. Deleted after 30 days.';
comment on column public.day_operations.id is 'Given by whoever does it: the same is not done twice.';
comment on column public.day_operations.clinic_id is 'At which clinic.';
comment on column public.day_operations.practitioner_id is 'Whose day. Empty: everybody''s at the clinic.';
comment on column public.day_operations.kind is 'shift, hand_over, move, cancel or close.';
comment on column public.day_operations.on_date is 'The first day, in the clinic''s time zone.';
comment on column public.day_operations.until_date is 'The last day.';
comment on column public.day_operations.from_time is 'From when on the first day, by the clock of the clinic. Empty: all day.';
comment on column public.day_operations.minutes is 'How much later everybody comes (shift).';
comment on column public.day_operations.to_practitioner_id is 'Who took over (hand_over).';
comment on column public.day_operations.only_stranded is 'Only for those who were booked outside the hours, which stayed as they were.';
comment on column public.day_operations.reason is 'Why, for the clinic. Patients do not see it.';
comment on column public.day_operations.outcome is 'What became of each appointment.';
comment on column public.day_operations.actor_id is 'The signed-in account (auth.users) that did it. Empty: it was done in the dashboard.';
comment on column public.day_operations.done_at is 'When.';

create trigger _050_clean_notes before insert or update of reason on public.day_operations
  for each row execute function private.tg_clean_notes('reason');

alter table public.day_operations enable row level security;
grant select on public.day_operations to authenticated, service_role;
create policy "Staff can read what was done to the days of their clinic" on public.day_operations
  for select to authenticated using (private.desk_role(clinic_id) is not null);

create function private.local_time(p public.day_operations) returns timestamp
language plpgsql stable
set search_path = ''
as $$
begin
  return (select p.done_at at time zone c.time_zone from public.clinics c where c.id = p.clinic_id);
end $$;
comment on function private.local_time(public.day_operations) is 'When an operation is done, by the clock of the clinic.';

create function private.day_hits(p public.day_operations) returns setof public.appointments
language plpgsql stable
set search_path = ''
as $$
begin
  return query
    select a.*
    from public.practitioners d
    join public.clinics c on c.id = d.clinic_id
    join public.appointments a on a.practitioner_id = d.id and a.local_date between p.on_date and p.until_date
    where d.clinic_id = p.clinic_id and d.id = coalesce(p.practitioner_id, d.id)
      and a.starts_at >= private.instant_of(p.on_date + coalesce(p.from_time, '00:00'), c.time_zone)
      -- Where nobody is marked, who was booked for this morning has long been seen.
      and (a.status = 'booked' and a.ends_at > p.done_at or a.status = 'arrived' and a.called_at is null)
      and (not p.only_stranded or a.id in (select s.appointment_id from private.stranded(p.done_at) s))
    order by a.starts_at, a.id;
end $$;
comment on function private.day_hits(public.day_operations) is
  'Who still waits, or is booked, with whom and when an operation is about.';

create function private.plan_shift(p public.day_operations) returns setof public.day_plan
language plpgsql stable
set search_path = ''
as $$
begin
  return query
    with waiting as materialized (
      select h.id, h.starts_at from private.day_hits(p) h
    ), hits as materialized (
      select a.*, a.starts_at + v.by as new_start, a.ends_at + v.by as new_end, a.id in (select w.id from waiting w) as waits
      from public.appointments a cross join (select make_interval(mins => p.minutes)) v (by)
      where a.practitioner_id = p.practitioner_id and a.local_date = p.on_date and (
        a.id in (select w.id from waiting w)
        -- Who was seen before their turn would be in the way of the others.
        or (a.status in ('arrived', 'fulfilled') and a.starts_at > (select min(w.starts_at) from waiting w))
      )
    )
    select h.id, h.patient_id, h.token_number, h.starts_at, h.practitioner_id, h.new_start, h.new_end, case
      when (h.new_start at time zone c.time_zone)::date <> p.on_date then 'past_midnight'
      when exists (
        select from public.appointments a
        where a.practitioner_id = h.practitioner_id and a.active and a.local_date between p.on_date - 1 and p.on_date + 1
          and a.starts_at < h.new_end and a.ends_at > h.new_start and a.id not in (select o.id from hits o)
      ) then 'slot_taken'
      when exists (
        select from public.appointments a
        where coalesce(a.dependent_id, a.patient_id) = coalesce(h.dependent_id, h.patient_id)
          and a.active and tstzrange(a.starts_at, a.ends_at) && tstzrange(h.new_start, h.new_end)
          and a.id not in (select o.id from hits o)
      ) then 'own_appointment'
    end, h.waits
    from hits h join public.clinics c on c.id = h.clinic_id order by h.starts_at;
end $$;
comment on function private.plan_shift(public.day_operations) is
  'All who still wait from a time on, so many minutes later, and with them those after the first who were seen already. Nobody is squeezed between those who stay.';

create function private.plan_hand_over(p public.day_operations) returns setof public.day_plan
language plpgsql stable
set search_path = ''
as $$
begin
  return query
    with hours as materialized (
      select h.opens, h.opens + h.slots * h.length as closes
      from generate_series(0, p.until_date - p.on_date) n
      cross join lateral private.hours_on(p.to_practitioner_id, p.on_date + n) h
    )
    select a.id, a.patient_id, a.token_number, a.starts_at, p.to_practitioner_id, a.starts_at, a.ends_at, case
      when not exists (select from hours h where a.starts_at >= h.opens and a.ends_at <= h.closes) then 'outside_hours'
      when exists (
        select from public.appointments o
        where o.practitioner_id = p.to_practitioner_id and o.active
          and o.local_date between a.local_date - 1 and a.local_date + 1
          and o.starts_at < a.ends_at and o.ends_at > a.starts_at
      ) then 'slot_taken'
    end, true
    from private.day_hits(p) a order by a.starts_at;
end $$;
comment on function private.plan_hand_over(public.day_operations) is
  'All who still wait, at the same time with a colleague who sees patients then and has nobody.';

create function private.next_time(p public.day_operations, p_of public.day_plan, p_from timestamptz)
returns public.day_plan
language plpgsql stable
set search_path = ''
as $$
declare
  v_from timestamptz := p_of.was_at;
begin
  if not p.only_stranded then
    select private.instant_of(p.until_date + 1, c.time_zone) into v_from from public.clinics c where c.id = p.clinic_id;
  end if;
  select f.starts_at, f.ends_at into p_of.starts_at, p_of.ends_at
  from private.next_free_slots(
    p.clinic_id, null, p_of.practitioner_id, greatest(v_from, p_from), 1, p.done_at,
    (select coalesce(a.dependent_id, a.patient_id) from public.appointments a where a.id = p_of.appointment_id)
  ) f;
  p_of.why_not := case when p_of.starts_at is null then 'day_is_full' end;
  return p_of;
end $$;
comment on function private.next_time(public.day_operations, public.day_plan, timestamptz) is
  'Gives one of a plan the next free time from an instant on, after the days it is about; who is stranded, after their own.';

create function private.plan_move(p public.day_operations) returns setof public.day_plan
language plpgsql stable
set search_path = ''
as $$
declare
  v public.day_plan;
  v_from timestamptz := '-infinity';
begin
  for v in select l.* from private.plan_cancel(p) l loop
    v := private.next_time(p, v, v_from);
    -- Nobody overtakes who comes before them.
    v_from := coalesce(v.ends_at, v_from);
    return next v;
  end loop;
end $$;
comment on function private.plan_move(public.day_operations) is
  'All who still wait, the first first, at the next free times of their practitioner.';

create function private.plan_cancel(p public.day_operations) returns setof public.day_plan
language plpgsql stable
set search_path = ''
as $$
begin
  return query
    select a.id, a.patient_id, a.token_number, a.starts_at, a.practitioner_id, a.starts_at, a.ends_at, null, true
    from private.day_hits(p) a;
end $$;
comment on function private.plan_cancel(public.day_operations) is 'All who still wait, or are booked.';

create function private.plan(p public.day_operations) returns setof public.day_plan
language plpgsql stable
set search_path = ''
as $$
begin
  case p.kind
    when 'shift' then return query select * from private.plan_shift(p);
    when 'hand_over' then return query select * from private.plan_hand_over(p);
    when 'move' then return query select * from private.plan_move(p);
    else return query select * from private.plan_cancel(p);
  end case;
end $$;
comment on function private.plan(public.day_operations) is 'What would become of whom.';

create function private.require_colleague(p public.day_operations) returns void
language plpgsql stable
set search_path = ''
as $$
declare
  v_active boolean;
begin
  select d.active into v_active from public.practitioners d where d.id = p.to_practitioner_id and d.clinic_id = p.clinic_id;
  if not found then
    perform private.fail('unknown_doctor');
  elsif p.to_practitioner_id = p.practitioner_id then
    perform private.fail('same_practitioner');
  elsif not v_active then
    perform private.fail('doctor_inactive');
  elsif not exists (
    select from generate_series(0, p.until_date - p.on_date) n
    cross join lateral private.hours_on(p.to_practitioner_id, p.on_date + n)
  ) then
    perform private.fail('colleague_without_hours');
  end if;
end $$;
comment on function private.require_colleague(public.day_operations) is
  'Refuses a colleague who cannot take anybody: unknown_doctor (also of another clinic), same_practitioner, doctor_inactive or colleague_without_hours.';

create function private.require_possible(p public.day_operations) returns void
language plpgsql stable
set search_path = ''
as $$
begin
  if p.on_date is null or p.on_date < private.local_time(p)::date then
    perform private.fail(case p.kind when 'close' then 'wrong_dates' else 'day_is_over' end);
  elsif not coalesce(isfinite(p.on_date) and p.until_date between p.on_date and p.on_date + 366, false) then
    perform private.fail('wrong_dates');
  elsif p.kind = 'shift' and not coalesce(p.minutes between 1 and 600, false) then
    perform private.fail('wrong_minutes');
  elsif p.kind = 'hand_over' then
    perform private.require_colleague(p);
  end if;
end $$;
comment on function private.require_possible(public.day_operations) is
  'Refuses what nobody can mean: day_is_over, wrong_dates, wrong_minutes, or a colleague who cannot take anybody.';

create function private.day_operation(
  p_kind text, p_practitioner_id uuid, p_on date, p_from time, p_until date default null, p_minutes int default null,
  p_to uuid default null, p_only_stranded boolean default false, p_reason text default null, p_id uuid default gen_random_uuid()
)
returns public.day_operations
language plpgsql
set search_path = ''
as $$
declare
  v public.day_operations;
begin
  perform private.require_desk();
  perform private.set_channel('desk');
  select d.clinic_id into v.clinic_id from public.practitioners d
  where d.id = p_practitioner_id and private.sees_desk(d.clinic_id);
  if not found then
    perform private.fail('unknown_doctor');
  end if;
  v := row(
    coalesce(p_id, gen_random_uuid()), v.clinic_id, p_practitioner_id, p_kind, p_on, coalesce(p_until, p_on), p_from,
    p_minutes, p_to, coalesce(p_only_stranded, false), coalesce(p_reason, ''), '{}', auth.uid(), now()
  );
  perform private.require_possible(v);
  return v;
end $$;
comment on function private.day_operation(text, uuid, date, time, date, int, uuid, boolean, text, uuid) is
  'What somebody at the desk wants done to a day of a practitioner of theirs. Refuses with unknown_doctor and what private.require_possible refuses.';

create function private.closing(
  p_clinic_id uuid, p_from date, p_until date, p_reason text default null, p_id uuid default gen_random_uuid()
)
returns public.day_operations
language plpgsql
set search_path = ''
as $$
declare
  v public.day_operations;
begin
  perform private.require_desk(p_clinic_id);
  perform private.set_channel('desk');
  if not exists (select from public.clinics c where c.id = p_clinic_id) then
    perform private.fail('unknown_clinic');
  end if;
  v := row(
    coalesce(p_id, gen_random_uuid()), p_clinic_id, null, 'close', p_from, p_until, null,
    null, null, false, coalesce(p_reason, ''), '{}', auth.uid(), now()
  );
  perform private.require_possible(v);
  return v;
end $$;
comment on function private.closing(uuid, date, date, text, uuid) is
  'The same of closing a clinic. Refuses with unknown_clinic or wrong_dates.';
