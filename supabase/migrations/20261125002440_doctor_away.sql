-- The doctor is away: a colleague takes over, or the clinic cancels, for a day or while it is closed.

create function private.close_day(p_practitioner_id uuid, p_on date, p_time_zone text, p_reason text, p_now timestamptz)
returns void
language plpgsql
set search_path = ''
as $$
begin
  perform private.replace_hours(
    p_practitioner_id, p_on,
    case when p_on = (p_now at time zone p_time_zone)::date then (p_now at time zone p_time_zone)::time else '00:00' end,
    null, coalesce(p_reason, '')
  );
end $$;
comment on function private.close_day(uuid, date, text, text, timestamptz) is
  'Nobody else is booked with a practitioner on a date, of today from now on.';

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

create function public.hand_over_day(practitioner_id uuid, on_date date, to_practitioner_id uuid)
returns setof public.day_plan
language plpgsql security definer
set search_path = ''
as $$
declare
  v_now constant timestamptz := now();
  v_day constant record := private.require_day(hand_over_day.practitioner_id, hand_over_day.on_date, v_now);
  v_id uuid;
  v_plan public.day_plan[];
begin
  perform private.require_colleague(hand_over_day.practitioner_id, to_practitioner_id, v_day.clinic_id, on_date);
  v_id := private.begin_day_operation(array[hand_over_day.practitioner_id, to_practitioner_id]);
  v_plan := array(select l from private.plan_hand_over(hand_over_day.practitioner_id, on_date, to_practitioner_id, v_now) l);
  perform private.lock_plan(v_plan);
  v_plan := private.hand_over(array(
    select l from private.plan_hand_over(hand_over_day.practitioner_id, on_date, to_practitioner_id, v_now) l
  ));
  perform private.close_day(hand_over_day.practitioner_id, on_date, v_day.time_zone, 'Handed over', v_now);
  perform private.end_day_operation(
    v_id, 'handed_over', array(select l.appointment_id from unnest(v_plan) l where l.why_not is null), v_now
  );
  return query select l.* from unnest(v_plan) l;
end $$;
comment on function public.hand_over_day(uuid, date, uuid) is
  'At the desk: a colleague takes over whoever fits at the same time, and each of them is told once. The others stay (why_not), and are in stranded_appointments, as the day is closed for the first doctor. Refuses a colleague who sees nobody then with slot_unavailable.';
grant execute on function public.hand_over_day(uuid, date, uuid) to authenticated;

create function private.move_on(p_plan public.day_plan[], p_clinic_id uuid, p_now timestamptz) returns public.day_plan[]
language plpgsql
set search_path = ''
as $$
declare
  v public.day_plan;
  v_done public.day_plan[] := '{}';
begin
  foreach v in array p_plan loop
    v.why_not := 'day_is_full';
    -- Somebody may be faster; then the next.
    for v_try in 1..5 loop
      select f.starts_at, f.ends_at into v.starts_at, v.ends_at
      from private.next_free_slots(p_clinic_id, null, v.practitioner_id, p_now, 1, p_now, v.patient_id) f;
      exit when not found;
      begin
        update public.appointments a set starts_at = v.starts_at, ends_at = v.ends_at, status = 'booked'
        where a.id = v.appointment_id;
        v.why_not := null;
        exit;
      exception when exclusion_violation or unique_violation then
        null;
      end;
    end loop;
    v_done := v_done || v;
  end loop;
  return v_done;
end $$;
comment on function private.move_on(public.day_plan[], uuid, timestamptz) is
  'Gives everybody, the first first, the next free time of their practitioner. Returns what came of each.';

create function public.move_day(practitioner_id uuid, on_date date) returns setof public.day_plan
language plpgsql security definer
set search_path = ''
as $$
declare
  v_now constant timestamptz := now();
  v_day constant record := private.require_day(move_day.practitioner_id, move_day.on_date, v_now);
  v_id uuid;
  v_plan public.day_plan[];
begin
  v_id := private.begin_day_operation(array[move_day.practitioner_id]);
  v_plan := array(select l from private.plan_cancel(move_day.practitioner_id, on_date, on_date, v_now) l);
  perform private.lock_plan(v_plan);
  v_plan := array(select l from private.plan_cancel(move_day.practitioner_id, on_date, on_date, v_now) l);
  perform private.close_day(move_day.practitioner_id, on_date, v_day.time_zone, 'Moved', v_now);
  v_plan := private.move_on(v_plan, v_day.clinic_id, v_now);
  perform private.end_day_operation(
    v_id, 'appointment_moved', array(select l.appointment_id from unnest(v_plan) l where l.why_not is null), v_now
  );
  return query select l.* from unnest(v_plan) l;
end $$;
comment on function public.move_day(uuid, date) is
  'At the desk: all who still wait for a practitioner on a date, of today from now on, get the next free times of that practitioner, in the order they have, and are told once each; the day is closed. For whom nothing is free until booking ends (why_not), they stay, and are in stranded_appointments.';
grant execute on function public.move_day(uuid, date) to authenticated;

create function private.cancel_plan(p_id uuid, p_plan public.day_plan[], p_now timestamptz) returns void
language plpgsql
set search_path = ''
as $$
declare
  v_ids constant uuid[] := array(select l.appointment_id from unnest(p_plan) l);
begin
  perform private.end_day_operation(p_id, 'appointment_cancelled_by_clinic', private.cancel_waiting(v_ids), p_now);
end $$;
comment on function private.cancel_plan(uuid, public.day_plan[], timestamptz) is 'Cancels what is planned, and tells each patient once.';

create function private.cancel_waiting(p_ids uuid[]) returns uuid[]
language plpgsql
set search_path = ''
as $$
declare
  v_cancelled uuid[];
begin
  with gone as (
    update public.appointments a set status = 'cancelled'
    where a.id = any (p_ids) and (a.status = 'booked' or (a.status = 'arrived' and a.called_at is null))
    returning a.id
  )
  select array_agg(g.id) into v_cancelled from gone g;
  return coalesce(v_cancelled, '{}');
end $$;
comment on function private.cancel_waiting(uuid[]) is 'Cancels those of some appointments that still wait. Returns which.';

create function public.cancel_day(practitioner_id uuid, on_date date, reason text default null)
returns setof public.day_plan
language plpgsql security definer
set search_path = ''
as $$
declare
  v_now constant timestamptz := now();
  v_day constant record := private.require_day(cancel_day.practitioner_id, cancel_day.on_date, v_now);
  v_id uuid;
  v_plan public.day_plan[];
begin
  v_id := private.begin_day_operation(array[cancel_day.practitioner_id]);
  v_plan := array(select l from private.plan_cancel(cancel_day.practitioner_id, on_date, on_date, v_now) l);
  perform private.lock_plan(v_plan);
  v_plan := array(select l from private.plan_cancel(cancel_day.practitioner_id, on_date, on_date, v_now) l);
  perform private.close_day(cancel_day.practitioner_id, on_date, v_day.time_zone, cancel_day.reason, v_now);
  perform private.cancel_plan(v_id, v_plan, v_now);
  return query select l.* from unnest(v_plan) l;
end $$;
comment on function public.cancel_day(uuid, date, text) is
  'At the desk: cancels all who still wait for a practitioner on a date, of today from now on, and closes the day for new ones. Each patient is told once.';
grant execute on function public.cancel_day(uuid, date, text) to authenticated;

create function public.close_clinic(clinic_id uuid, from_date date, until_date date, reason text default null)
returns setof public.day_plan
language plpgsql security definer
set search_path = ''
as $$
declare
  v_now constant timestamptz := now();
  v_today date;
  v_id uuid;
  v_plan public.day_plan[];
begin
  perform private.require_desk(close_clinic.clinic_id);
  perform private.set_channel('desk');
  select (v_now at time zone c.time_zone)::date into v_today from public.clinics c where c.id = close_clinic.clinic_id;
  if not found then
    perform private.fail('unknown_clinic');
  elsif not coalesce(from_date >= v_today and until_date between from_date and from_date + 366, false) then
    perform private.fail('wrong_dates');
  end if;
  v_id := private.begin_day_operation(array(
    select p.id from public.practitioners p where p.clinic_id = close_clinic.clinic_id
  ));
  insert into public.clinic_closures (clinic_id, from_date, until_date, reason)
  values (close_clinic.clinic_id, close_clinic.from_date, close_clinic.until_date, coalesce(close_clinic.reason, ''));
  v_plan := array(select l from private.plan_close(close_clinic.clinic_id, from_date, until_date, v_now) l);
  perform private.lock_plan(v_plan);
  v_plan := array(select l from private.plan_close(close_clinic.clinic_id, from_date, until_date, v_now) l);
  perform private.cancel_plan(v_id, v_plan, v_now);
  return query select l.* from unnest(v_plan) l order by l.was_at;
end $$;
comment on function public.close_clinic(uuid, date, date, text) is
  'At the desk: closes the clinic from one day to another, both included: one row of clinic_closures. Whoever is booked then is cancelled and told, each patient once.';
grant execute on function public.close_clinic(uuid, date, date, text) to authenticated;
