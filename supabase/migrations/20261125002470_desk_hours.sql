-- The hours of a practitioner, as a manager sets them at the desk: a week, and dates that differ. Both are written as a
-- whole. Who would be stranded is found by doing it, looking, and undoing it, so that a preview cannot be wrong.

-- Rights: managers read; they write through the functions below, which know who would be stranded.
grant select on public.schedules, public.schedule_exceptions to authenticated;
create policy "Managers can read the weekly hours of their clinic" on public.schedules
  for select to authenticated using (
    private.desk_role((select p.clinic_id from public.practitioners p where p.id = practitioner_id)) = 'manager'
  );
create policy "Managers can read the other hours of their clinic" on public.schedule_exceptions
  for select to authenticated using (
    private.desk_role((select p.clinic_id from public.practitioners p where p.id = practitioner_id)) = 'manager'
  );

create type public.stranding as (
  appointment_id uuid, patient_id uuid, name text, phone_end text, starts_at timestamptz, token_number int, already boolean
);
comment on type public.stranding is
  'Who is booked outside hours, and whether they were so already, before these were changed.';

create function private.require_manager_of(p_practitioner_id uuid, out clinic_id uuid, out today date)
language plpgsql
set search_path = ''
as $$
begin
  perform private.require_desk();
  select c.id, (now() at time zone c.time_zone)::date into clinic_id, today
  from public.practitioners p join public.clinics c on c.id = p.clinic_id
  where p.id = p_practitioner_id and private.sees_desk(c.id);
  if not found then
    perform private.fail('unknown_doctor');
  end if;
  perform private.require_desk(clinic_id, true);
  perform private.set_channel('desk');
end $$;
comment on function private.require_manager_of(uuid) is
  'The clinic of a practitioner, which one manages, and what day it is there. Refuses like private.require_desk, and with unknown_doctor.';

-- Hours come as they are kept: [{"weekday": 1, "start_time": "09:00", "end_time": "13:00", "slot_minutes": 15}, …].
create function private.hours_in(p_hours jsonb)
returns table (weekday smallint, start_time time, end_time time, slot_minutes smallint)
language plpgsql immutable
set search_path = ''
as $$
begin
  return query
    select h.* from jsonb_to_recordset(p_hours) as h (weekday smallint, start_time time, end_time time, slot_minutes smallint);
exception when data_exception then
  perform private.fail('invalid_hours');
end $$;
comment on function private.hours_in(jsonb) is 'A list of hours as rows. Those of a date have no weekday.';

create function private.check_hours(p_hours jsonb) returns void
language plpgsql
set search_path = ''
as $$
declare
  v record;
  v_rest interval;
begin
  for v in select * from private.hours_in(p_hours) loop
    if num_nulls(v.start_time, v.end_time, v.slot_minutes) > 0 or v.slot_minutes not between 5 and 480
      or extract(second from v.start_time) + extract(second from v.end_time) > 0 then
      perform private.fail('invalid_hours');
    elsif v.end_time <= v.start_time then
      perform private.fail('hours_backwards', left(v.end_time::text, 5), left(v.start_time::text, 5));
    end if;
    v_rest := make_interval(mins => mod(extract(epoch from v.end_time - v.start_time)::int / 60, v.slot_minutes::int));
    if v_rest > interval '0' then
      perform private.fail('hours_off_grid', v.slot_minutes::text, left((v.end_time - v_rest)::text, 5));
    end if;
  end loop;
end $$;
comment on function private.check_hours(jsonb) is
  'Refuses hours that are none: backwards, of no whole number of appointments, or with an appointment of less than 5 minutes or more than 8 hours. That they overlap is found by the tables.';

create function private.write_week(p_practitioner_id uuid, p_week jsonb) returns void
language plpgsql
set search_path = ''
as $$
begin
  perform private.check_hours(p_week);
  if p_week is null or exists (select from private.hours_in(p_week) h where h.weekday between 1 and 7 is not true) then
    perform private.fail('invalid_hours');
  end if;
  -- Only what differs, so that the audit says what has changed.
  delete from public.schedules s
  where s.practitioner_id = p_practitioner_id and not exists (
    select from private.hours_in(p_week) h
    where (h.weekday, h.start_time, h.end_time, h.slot_minutes) = (s.weekday, s.start_time, s.end_time, s.slot_minutes)
  );
  insert into public.schedules (practitioner_id, weekday, start_time, end_time, slot_minutes)
  select p_practitioner_id, h.* from private.hours_in(p_week) h
  where not exists (
    select from public.schedules s
    where s.practitioner_id = p_practitioner_id
      and (h.weekday, h.start_time, h.end_time, h.slot_minutes) = (s.weekday, s.start_time, s.end_time, s.slot_minutes)
  );
exception when exclusion_violation then
  perform private.fail('hours_overlap');
end $$;
comment on function private.write_week(uuid, jsonb) is 'Replaces the weekly hours of a practitioner.';

create function private.dates_in(p_from date, p_until date, p_hours jsonb)
returns table (on_date date, start_time time, end_time time, slot_minutes smallint)
language plpgsql immutable
set search_path = ''
as $$
begin
  return query
    select p_from + n, h.start_time, h.end_time, coalesce(h.slot_minutes, 15::smallint)
    from generate_series(0, p_until - p_from) n
    -- Closed is a row without hours.
    left join private.hours_in(p_hours) h on true
    where p_hours is not null;
end $$;
comment on function private.dates_in(date, date, jsonb) is
  'The rows that give dates these hours: of [] one without a time for each, of null none.';

create function private.write_dates(p_practitioner_id uuid, p_from date, p_until date, p_hours jsonb, p_reason text)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_reason constant text := private.note_from(coalesce(p_reason, ''), 'reason');
begin
  perform private.check_hours(coalesce(p_hours, '[]'));
  -- Only what differs, so that the audit says what has changed.
  delete from public.schedule_exceptions e
  where e.practitioner_id = p_practitioner_id and e.on_date between p_from and p_until and not exists (
    select from private.dates_in(p_from, p_until, p_hours) d
    where d.on_date = e.on_date and v_reason = e.reason
      and (d.start_time, d.end_time, d.slot_minutes) is not distinct from (e.start_time, e.end_time, e.slot_minutes)
  );
  insert into public.schedule_exceptions (practitioner_id, on_date, start_time, end_time, slot_minutes, reason)
  select p_practitioner_id, d.*, v_reason from private.dates_in(p_from, p_until, p_hours) d
  where not exists (
    select from public.schedule_exceptions e
    where e.practitioner_id = p_practitioner_id and e.on_date = d.on_date
      and (d.start_time, d.end_time, d.slot_minutes) is not distinct from (e.start_time, e.end_time, e.slot_minutes)
  );
exception when exclusion_violation then
  perform private.fail('hours_overlap');
end $$;
comment on function private.write_dates(uuid, date, date, jsonb, text) is
  'Replaces the hours of some dates: [] is closed, null the weekly hours again.';

create function private.stranding_of(p_practitioner_id uuid, p_before uuid[] default '{}') returns setof public.stranding
language plpgsql stable
set search_path = ''
as $$
begin
  return query
    select s.appointment_id, s.patient_id, s.patient, s.phone_end, s.starts_at, s.token_number, s.appointment_id = any (p_before)
    from private.stranded() s where s.practitioner_id = p_practitioner_id
    order by s.starts_at, s.appointment_id;
end $$;
comment on function private.stranding_of(uuid, uuid[]) is
  'Who is booked with a practitioner outside the hours that hold now. p_before: who was so before.';

create function private.begin_hours(p_practitioner_id uuid) returns uuid[]
language plpgsql
set search_path = ''
as $$
begin
  -- One change after the other, also of operations on a day.
  perform from public.practitioners p where p.id = p_practitioner_id for no key update;
  return array(select s.appointment_id from private.stranding_of(p_practitioner_id) s);
end $$;
comment on function private.begin_hours(uuid) is 'Locks the hours of a practitioner. Returns whose appointments are outside them already.';

create function private.end_hours(p_practitioner_id uuid, p_before uuid[], p_may_strand uuid[])
returns setof public.stranding
language plpgsql
set search_path = ''
as $$
declare
  v_stranded constant public.stranding[] := array(select s from private.stranding_of(p_practitioner_id, p_before) s);
begin
  -- Without a list whoever it is. A null in it is nobody.
  if p_may_strand is not null and exists (
    select from unnest(v_stranded) s
    where not s.already and s.appointment_id = any (p_may_strand) is not true
  ) then
    perform private.fail('would_strand');
  end if;
  return query select s.* from unnest(v_stranded) s;
end $$;
comment on function private.end_hours(uuid, uuid[], uuid[]) is
  'Who is outside the hours of a practitioner now. Refuses with would_strand if somebody is who is not in the list, and was not before.';

create function public.set_week(practitioner_id uuid, week jsonb, may_strand uuid[] default null)
returns setof public.stranding
language plpgsql security definer
set search_path = ''
as $$
declare
  v_manager constant record := private.require_manager_of(set_week.practitioner_id);
  v_before constant uuid[] := private.begin_hours(set_week.practitioner_id);
begin
  perform private.write_week(set_week.practitioner_id, week);
  return query select s.* from private.end_hours(set_week.practitioner_id, v_before, may_strand) s;
end $$;
comment on function public.set_week(uuid, jsonb, uuid[]) is
  'For managers: the weekly hours of a practitioner from now on, such as [{"weekday": 1, "start_time": "09:00", "end_time": "13:00", "slot_minutes": 15}]; a day with a break has two. Returns who is booked outside them. With may_strand, which are appointments, it refuses with would_strand to strand any other.';
grant execute on function public.set_week(uuid, jsonb, uuid[]) to authenticated;

create function public.preview_week(practitioner_id uuid, week jsonb) returns setof public.stranding
language plpgsql security definer
set search_path = ''
as $$
declare
  v_stranded public.stranding[];
begin
  begin
    v_stranded := array(select s from public.set_week(preview_week.practitioner_id, week) s);
    raise sqlstate 'UNDO0';
  exception when sqlstate 'UNDO0' then
    null;
  end;
  return query select s.* from unnest(v_stranded) s;
end $$;
comment on function public.preview_week(uuid, jsonb) is
  'For managers: whom set_week would leave outside the hours. Nothing is changed.';
grant execute on function public.preview_week(uuid, jsonb) to authenticated;

create function public.set_dates(
  practitioner_id uuid, from_date date, until_date date, hours jsonb, reason text default null, may_strand uuid[] default null
)
returns setof public.stranding
language plpgsql security definer
set search_path = ''
as $$
declare
  v_manager constant record := private.require_manager_of(set_dates.practitioner_id);
  v_before constant uuid[] := private.begin_hours(set_dates.practitioner_id);
begin
  if not coalesce(
    isfinite(from_date) and from_date >= v_manager.today and until_date between from_date and from_date + 366, false
  ) then
    perform private.fail('wrong_dates');
  end if;
  perform private.write_dates(set_dates.practitioner_id, from_date, until_date, hours, reason);
  return query select s.* from private.end_hours(set_dates.practitioner_id, v_before, may_strand) s;
end $$;
comment on function public.set_dates(uuid, date, date, jsonb, text, uuid[]) is
  'For managers: other hours from one date to another, both included: as in set_week but without weekday; [] is closed, null the weekly hours again. Returns who is booked outside them; may_strand as in set_week.';
grant execute on function public.set_dates(uuid, date, date, jsonb, text, uuid[]) to authenticated;

create function public.preview_dates(practitioner_id uuid, from_date date, until_date date, hours jsonb)
returns setof public.stranding
language plpgsql security definer
set search_path = ''
as $$
declare
  v_stranded public.stranding[];
begin
  begin
    v_stranded := array(select s from public.set_dates(preview_dates.practitioner_id, from_date, until_date, hours) s);
    raise sqlstate 'UNDO0';
  exception when sqlstate 'UNDO0' then
    null;
  end;
  return query select s.* from unnest(v_stranded) s;
end $$;
comment on function public.preview_dates(uuid, date, date, jsonb) is
  'For managers: whom set_dates would leave outside the hours. Nothing is changed.';
grant execute on function public.preview_dates(uuid, date, date, jsonb) to authenticated;
