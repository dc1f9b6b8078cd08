-- The doctor is away: a colleague takes over, patients get the next free times, or the clinic cancels; for a day, from a
-- time on, for some days, or only for those who were booked outside the hours.

create function private.close_days(p public.day_operations, p_reason text) returns void
language plpgsql
set search_path = ''
as $$
declare
  v_now constant timestamp := private.local_time(p);
begin
  if p.only_stranded then
    return; -- The hours are right; these were booked before they were.
  end if;
  perform private.replace_hours(p.practitioner_id, p.on_date + n, case
    when n > 0 then '00:00'
    when p.on_date = v_now::date then greatest(p.from_time, v_now::time)
    else coalesce(p.from_time, '00:00')
  end, null, p_reason)
  from generate_series(0, p.until_date - p.on_date) n;
end $$;
comment on function private.close_days(public.day_operations, text) is
  'Nobody else is booked with a practitioner on the days of an operation, of today from now on.';

create function private.hand_over(p_plan public.day_plan[]) returns public.day_plan[]
language plpgsql
set search_path = ''
as $$
declare
  v public.day_plan;
  v_done public.day_plan[] := '{}';
begin
  foreach v in array p_plan loop
    if v.why_not is null then
      begin
        update public.appointments a set practitioner_id = v.practitioner_id where a.id = v.appointment_id;
      exception when exclusion_violation or unique_violation then
        v.why_not := 'slot_taken'; -- Just now.
      end;
    end if;
    v_done := v_done || v;
  end loop;
  return v_done;
end $$;
comment on function private.hand_over(public.day_plan[]) is 'Gives those to the colleague who fit. Returns what came of each.';

create function public.hand_over_day(
  practitioner_id uuid, on_date date, to_practitioner_id uuid, from_time time default null, until_date date default null,
  only_stranded boolean default false, operation_id uuid default gen_random_uuid()
)
returns setof public.day_plan
language plpgsql security definer
set search_path = ''
as $$
declare
  v public.day_operations := private.day_operation(
    'hand_over', practitioner_id, on_date, from_time, until_date,
    p_to => to_practitioner_id, p_only_stranded => only_stranded, p_id => operation_id
  );
begin
  v.outcome := private.hand_over(private.locked_plan(v));
  perform private.close_days(v, 'Handed over');
  return query select * from private.end_day_operation(v, 'handed_over');
end $$;
comment on function public.hand_over_day(uuid, date, uuid, time, date, boolean, uuid) is
  'At the desk: a colleague takes over whoever fits at the same time, and each of them is told once. The others stay (why_not), and are in stranded_appointments, as the days are closed for the first doctor. Refuses a colleague who sees nobody then with slot_unavailable.';
grant execute on function public.hand_over_day(uuid, date, uuid, time, date, boolean, uuid) to authenticated;

create function private.move_on(p public.day_operations) returns public.day_plan[]
language plpgsql
set search_path = ''
as $$
declare
  v public.day_plan;
  v_done public.day_plan[] := '{}';
begin
  foreach v in array p.outcome loop
    -- Somebody may be faster; then the next.
    for v_try in 1..5 loop
      exit when v.why_not = 'day_is_full';
      begin
        update public.appointments a set starts_at = v.starts_at, ends_at = v.ends_at, status = 'booked'
        where a.id = v.appointment_id;
        v.why_not := null;
        exit;
      exception when exclusion_violation or unique_violation then
        v := private.next_time(p, v, v.ends_at);
        v.why_not := coalesce(v.why_not, 'slot_taken');
      end;
    end loop;
    v_done := v_done || v;
  end loop;
  return v_done;
end $$;
comment on function private.move_on(public.day_operations) is
  'Gives everybody, the first first, the time that is planned, or the next if that was just taken. Returns what came of each.';

create function public.move_day(
  practitioner_id uuid, on_date date, from_time time default null, until_date date default null,
  only_stranded boolean default false, operation_id uuid default gen_random_uuid()
)
returns setof public.day_plan
language plpgsql security definer
set search_path = ''
as $$
declare
  v public.day_operations := private.day_operation(
    'move', practitioner_id, on_date, from_time, until_date, p_only_stranded => only_stranded, p_id => operation_id
  );
begin
  v.outcome := private.locked_plan(v);
  perform private.close_days(v, 'Moved');
  v.outcome := private.move_on(v);
  return query select * from private.end_day_operation(v, 'appointment_moved');
end $$;
comment on function public.move_day(uuid, date, time, date, boolean, uuid) is
  'At the desk: all who still wait for a practitioner on a date, of today from now on, get the next free times of that practitioner afterwards, in the order they have, and are told once each; the days are closed. For whom nothing is free until booking ends (why_not), they stay, and are in stranded_appointments.';
grant execute on function public.move_day(uuid, date, time, date, boolean, uuid) to authenticated;

create function private.cancel_plan(p_plan public.day_plan[]) returns void
language plpgsql
set search_path = ''
as $$
begin
  update public.appointments a set status = 'cancelled' where a.id in (select l.appointment_id from unnest(p_plan) l);
end $$;
comment on function private.cancel_plan(public.day_plan[]) is 'Cancels all of a plan, which is locked.';

create function public.cancel_day(
  practitioner_id uuid, on_date date, reason text default null, from_time time default null, until_date date default null,
  only_stranded boolean default false, operation_id uuid default gen_random_uuid()
)
returns setof public.day_plan
language plpgsql security definer
set search_path = ''
as $$
declare
  v public.day_operations := private.day_operation(
    'cancel', practitioner_id, on_date, from_time, until_date,
    p_only_stranded => only_stranded, p_reason => reason, p_id => operation_id
  );
begin
  v.outcome := private.locked_plan(v);
  perform private.close_days(v, v.reason);
  perform private.cancel_plan(v.outcome);
  return query select * from private.end_day_operation(v, 'appointment_cancelled_by_clinic');
end $$;
comment on function public.cancel_day(uuid, date, text, time, date, boolean, uuid) is
  'At the desk: cancels all who still wait for a practitioner on a date, of today from now on, and closes the days for new ones. Each patient is told once.';
grant execute on function public.cancel_day(uuid, date, text, time, date, boolean, uuid) to authenticated;

create function public.close_clinic(
  clinic_id uuid, from_date date, until_date date, reason text default null, operation_id uuid default gen_random_uuid()
)
returns setof public.day_plan
language plpgsql security definer
set search_path = ''
as $$
declare
  v public.day_operations := private.closing(clinic_id, from_date, until_date, reason, operation_id);
begin
  insert into public.clinic_closures (clinic_id, from_date, until_date, reason)
  values (v.clinic_id, v.on_date, v.until_date, v.reason);
  v.outcome := private.locked_plan(v);
  perform private.cancel_plan(v.outcome);
  return query select * from private.end_day_operation(v, 'appointment_cancelled_by_clinic');
end $$;
comment on function public.close_clinic(uuid, date, date, text, uuid) is
  'At the desk: closes the clinic from one day to another, both included: one row of clinic_closures. Whoever is booked then is cancelled and told, each patient once.';
grant execute on function public.close_clinic(uuid, date, date, text, uuid) to authenticated;
