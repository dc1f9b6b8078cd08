-- The doctor is late, ill or away: one step for a whole day. Nobody is lost, each patient is told once however many
-- appointments are hit, and the hours follow, so that nobody else is booked into what became free.

create function private.begin_day_operation(p_practitioners uuid[]) returns uuid
language plpgsql
set search_path = ''
as $$
declare
  v_id constant uuid := gen_random_uuid();
begin
  -- One operation after the other; bookings go on.
  perform from public.practitioners p where p.id = any (p_practitioners) order by p.id for no key update;
  perform set_config('medq.day_operation', v_id::text, true);
  return v_id;
end $$;
comment on function private.begin_day_operation(uuid[]) is
  'From here on changes of appointments are those of an operation on a day: they keep their token, and the operation tells patients itself.';

create function private.lock_plan(p_plan public.day_plan[]) returns void
language plpgsql
set search_path = ''
as $$
begin
  perform from public.appointments a
  where a.id in (select l.appointment_id from unnest(p_plan) l) order by a.id for no key update;
end $$;
comment on function private.lock_plan(public.day_plan[]) is 'Locks the appointments of a plan; who is locked is planned again, as it is then.';

create function private.end_day_operation(p_id uuid, p_template text, p_appointments uuid[], p_now timestamptz) returns void
language plpgsql
set search_path = ''
as $$
begin
  perform set_config('medq.day_operation', '', true);
  perform private.queue_appointment_sms(p_template, a, p_id::text, greatest(a.ends_at, p_now + interval '1 hour'))
  from (
    -- One SMS for a patient, about the first of several.
    select distinct on (a.patient_id) a.* from public.appointments a
    where a.id = any (p_appointments) order by a.patient_id, a.starts_at, a.id
  ) a;
end $$;
comment on function private.end_day_operation(uuid, text, uuid[], timestamptz) is
  'Tells each patient of these appointments once what became of them.';

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
      select h.*, least(h.end_time, h.start_time + make_interval(mins => h.slot_minutes
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

create function public.shift_day(practitioner_id uuid, on_date date, from_time time, minutes int)
returns setof public.day_plan
language plpgsql security definer
set search_path = ''
as $$
declare
  v_now constant timestamptz := now();
  v_day constant record := private.require_day(shift_day.practitioner_id, shift_day.on_date, v_now);
  v_from constant timestamptz := private.instant_of(on_date + coalesce(from_time, '00:00'), v_day.time_zone);
  v_id uuid;
  v_plan public.day_plan[];
  v public.day_plan;
begin
  if minutes is null or minutes not between 1 and 600 then
    perform private.fail('wrong_minutes');
  end if;
  v_id := private.begin_day_operation(array[shift_day.practitioner_id]);
  v_plan := array(select l from private.plan_shift(shift_day.practitioner_id, on_date, v_from, minutes, v_day.time_zone, v_now) l);
  perform private.lock_plan(v_plan);
  v_plan := array(select l from private.plan_shift(shift_day.practitioner_id, on_date, v_from, minutes, v_day.time_zone, v_now) l);
  select l.* into v from unnest(v_plan) l where l.why_not is not null order by l.was_at limit 1;
  if found then
    perform private.fail('does_not_fit', v.token_number::text, (select r.sentence from private.refusals r where r.word = v.why_not));
  end if;
  perform private.replace_hours(shift_day.practitioner_id, on_date, coalesce(from_time, '00:00'), minutes,
    format('%s minutes later', minutes));
  perform private.shift(v_plan);
  perform private.end_day_operation(v_id, 'delayed', array(select l.appointment_id from unnest(v_plan) l where l.waits), v_now);
  return query select l.* from unnest(v_plan) l where l.waits;
end $$;
comment on function public.shift_day(uuid, date, time, int) is
  'At the desk: the doctor is late. All who still wait from a time on (by the clock of the clinic) come so many minutes later, with the token they have, and so do the hours. Each patient is told once. Refuses with slot_unavailable, and changes nothing, when somebody does not fit.';
grant execute on function public.shift_day(uuid, date, time, int) to authenticated;
