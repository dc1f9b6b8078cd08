-- The doctor is late, ill or away: one step for a whole day. Nobody is lost, each patient is told once however many
-- appointments are hit, and the hours follow, so that nobody else is booked into what became free.

create function private.hit_by_plan(p public.day_operations) returns setof public.day_plan
language plpgsql stable
set search_path = ''
as $$
begin
  return query select l.* from private.plan_shift(p) l where p.kind = 'shift'
    union all select l.* from private.plan_cancel(p) l where p.kind <> 'shift';
end $$;
comment on function private.hit_by_plan(public.day_operations) is
  'Whom an operation is about, without looking where they could go.';

create function private.lock_hit_by_plan(p public.day_operations) returns void
language plpgsql
set search_path = ''
as $$
declare
  v_patients uuid[];
begin
  loop
    v_patients := array(select distinct l.patient_id from private.hit_by_plan(p) l);
    begin
      -- The patients first, as in private.lock_appointment.
      perform from public.patients t where t.id = any (v_patients) order by t.id for key share;
      perform from public.appointments a
      where a.id in (select l.appointment_id from private.hit_by_plan(p) l) and a.patient_id = any (v_patients)
      order by a.id for no key update;
      exit when not exists (select from private.hit_by_plan(p) l where l.patient_id <> all (v_patients));
      -- While we waited one was given to another patient, or came. Lets go of all.
      raise sqlstate 'MOVED';
    exception when sqlstate 'MOVED' then
      null;
    end;
  end loop;
end $$;
comment on function private.lock_hit_by_plan(public.day_operations) is
  'Locks whom an operation is about until the end of the transaction, and keeps their patients.';

create function private.locked_plan(p public.day_operations) returns public.day_plan[]
language plpgsql
set search_path = ''
as $$
begin
  -- One operation after the other; bookings go on.
  perform from public.practitioners d
  where d.clinic_id = p.clinic_id and (p.practitioner_id is null or d.id in (p.practitioner_id, p.to_practitioner_id))
  order by d.id for no key update;
  if exists (select from public.day_operations o where o.id = p.id) then
    perform private.fail('day_changed');
  end if;
  perform set_config('medq.day_operation', p.id::text, true);
  perform private.lock_hit_by_plan(p);
  -- As it is by now.
  return array(select l from private.plan(p) l);
end $$;
comment on function private.locked_plan(public.day_operations) is
  'What becomes of whom, whose appointments are locked. From here on changes of appointments are those of an operation on a day: they keep their token, and the operation tells patients itself. Refuses with day_changed what was done before.';

create function private.lost_news(p_appointment_id uuid) returns boolean
language plpgsql stable
set search_path = ''
as $$
begin
  return exists (
    select from public.sms_messages m
    where m.appointment_id = p_appointment_id and m.priority = 2 and m.template <> 'ivr_synced'
      and m.status = 'cancelled' and m.updated_at = now()
  );
end $$;
comment on function private.lost_news(uuid) is
  'Whether this transaction has withdrawn news of an appointment, of which the patient may not know by any other.';

create function private.end_day_operation(p public.day_operations, p_template text) returns setof public.day_plan
language plpgsql
set search_path = ''
as $$
begin
  perform set_config('medq.day_operation', '', true);
  perform private.queue_appointment_sms(p_template, a, p.id::text, greatest(a.ends_at, p.done_at + interval '1 hour'))
  from (
    -- One SMS for a person, about the first of several that they know of.
    select distinct on (a.patient_id, a.dependent_id, n.lost) a.* from public.appointments a
    cross join lateral (select case when private.lost_news(a.id) then a.id end as lost) n
    where a.id in (select l.appointment_id from unnest(p.outcome) l where l.waits and l.why_not is null)
    order by a.patient_id, a.dependent_id, n.lost, a.starts_at, a.id
  ) a;
  -- With the numbers they have by now.
  select coalesce(array_agg(row(
    l.appointment_id, l.patient_id, a.token_number, l.was_at, l.practitioner_id, l.starts_at, l.ends_at, l.why_not, l.waits
  )::public.day_plan order by l.was_at), '{}') into p.outcome
  from unnest(p.outcome) l join public.appointments a on a.id = l.appointment_id;
  insert into public.day_operations select (p).*;
  return query select l.* from unnest(p.outcome) l where l.waits;
end $$;
comment on function private.end_day_operation(public.day_operations, text) is
  'Tells each patient once what became of them, and writes down what was done.';

-- The hours of a date as rows that can be written back.
create function private.local_hours(p_practitioner_id uuid, p_on date)
returns table (start_time time, end_time time, slot_minutes smallint)
language plpgsql stable
set search_path = ''
as $$
begin
  return query
    select e.start_time, e.end_time, e.slot_minutes from public.schedule_exceptions e
    where e.practitioner_id = p_practitioner_id and e.on_date = p_on and e.start_time is not null
    union all
    select s.start_time, s.end_time, s.slot_minutes from public.schedules s
    where s.practitioner_id = p_practitioner_id and s.weekday = extract(isodow from p_on)
      and not exists (
        select from public.schedule_exceptions e where e.practitioner_id = p_practitioner_id and e.on_date = p_on
      );
end $$;
comment on function private.local_hours(uuid, date) is 'When a practitioner sees patients on a date, by the clock of the clinic.';

create function private.cut_hours(p_practitioner_id uuid, p_on date, p_from time)
returns table (start_time time, end_time time, slot_minutes smallint, is_later boolean)
language plpgsql stable
set search_path = ''
as $$
begin
  return query
    with cut as (
      -- Where the first slot from then on begins; the others keep their places before and after it.
      -- Not after the end, and so not around midnight.
      select h.*, h.start_time + least(h.end_time - h.start_time, make_interval(mins => h.slot_minutes
        * greatest(ceil(extract(epoch from p_from - h.start_time) / 60 / h.slot_minutes), 0)::int
      )) as cut_at
      from private.local_hours(p_practitioner_id, p_on) h
    )
    select c.start_time, c.cut_at, c.slot_minutes, false from cut c where c.cut_at > c.start_time
    union all
    select c.cut_at, c.end_time, c.slot_minutes, true from cut c where c.cut_at < c.end_time;
end $$;
comment on function private.cut_hours(uuid, date, time) is
  'The hours of a date in those before a time and those from it on (is_later), cut between two slots.';

create function private.replace_hours(p_practitioner_id uuid, p_on date, p_from time, p_minutes int, p_reason text)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_hours jsonb;
begin
  select jsonb_agg(h) into v_hours from private.cut_hours(p_practitioner_id, p_on, p_from) h;
  if v_hours is null then
    return;
  elsif exists (
    select from jsonb_to_recordset(v_hours) as h (end_time interval, is_later boolean)
    where h.is_later and h.end_time + make_interval(mins => p_minutes) >= interval '24 hours'
  ) then
    perform private.fail('past_midnight');
  end if;
  delete from public.schedule_exceptions e where e.practitioner_id = p_practitioner_id and e.on_date = p_on;
  insert into public.schedule_exceptions (practitioner_id, on_date, start_time, end_time, slot_minutes, reason)
  select p_practitioner_id, p_on, h.start_time + v.by, h.end_time + v.by, h.slot_minutes, p_reason
  from jsonb_to_recordset(v_hours) as h (start_time time, end_time time, slot_minutes smallint, is_later boolean)
  cross join lateral (select case when h.is_later then make_interval(mins => p_minutes) else interval '0' end) v (by)
  -- Without minutes what is later goes.
  where not h.is_later or p_minutes is not null;
  if not found then
    insert into public.schedule_exceptions (practitioner_id, on_date, reason) values (p_practitioner_id, p_on, p_reason);
  end if;
end $$;
comment on function private.replace_hours(uuid, date, time, int, text) is
  'Has the hours of a date, from a time on, begin so many minutes later; without minutes those hours go.';

create function private.shift(p_plan public.day_plan[]) returns void
language plpgsql
set search_path = ''
as $$
declare
  v public.day_plan;
begin
  -- The last first, so that everybody moves into what has just become free.
  for v in select l.* from unnest(p_plan) l order by l.was_at desc loop
    update public.appointments a set starts_at = v.starts_at, ends_at = v.ends_at where a.id = v.appointment_id;
  end loop;
exception when exclusion_violation then
  perform private.fail('slot_taken'); -- Just now.
end $$;
comment on function private.shift(public.day_plan[]) is 'Moves all of a plan, or refuses with slot_taken.';

create function public.shift_day(
  practitioner_id uuid, on_date date, from_time time, minutes int, operation_id uuid default gen_random_uuid()
)
returns setof public.day_plan
language plpgsql security definer
set search_path = ''
as $$
declare
  v public.day_operations := private.day_operation(
    'shift', practitioner_id, on_date, from_time, p_minutes => minutes, p_id => operation_id
  );
  v_first public.day_plan;
begin
  v.outcome := private.locked_plan(v);
  select l.* into v_first from unnest(v.outcome) l where l.why_not is not null order by l.was_at limit 1;
  if found then
    perform private.fail('does_not_fit', v_first.token_number::text,
      (select r.sentence from private.refusals r where r.word = v_first.why_not));
  end if;
  perform private.replace_hours(v.practitioner_id, on_date, coalesce(from_time, '00:00'), minutes,
    format('%s minutes later', minutes));
  perform private.shift(v.outcome);
  return query select * from private.end_day_operation(v, 'delayed');
end $$;
comment on function public.shift_day(uuid, date, time, int, uuid) is
  'At the desk: the doctor is late. All who still wait from a time on (by the clock of the clinic) come so many minutes later, with the token they have, and so do the hours. Each patient is told once. Refuses with slot_unavailable, and changes nothing, when somebody does not fit.';
grant execute on function public.shift_day(uuid, date, time, int, uuid) to authenticated;
