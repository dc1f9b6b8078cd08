-- Reminders, the day before and some hours before, as each clinic wants them. A job looks every minute; what is due
-- follows from the appointment alone, so a moved one is reminded of its new time and a cancelled one not at all.
--
-- Nobody is woken: a reminder that would fall in the quiet hours comes when they end, if that still leaves an hour (the
-- one of the day before: if it still is the day before), and half an hour before they begin otherwise. One that cannot
-- be sent in time is dropped when the quiet hours begin.

create function private.next_quiet_hours(
  p_clinic public.clinics, p_now timestamptz,
  out quiet_now boolean, out begin_at timestamptz, out end_at timestamptz
)
language plpgsql stable
set search_path = ''
as $$
declare
  v_local constant timestamp := p_now at time zone p_clinic.time_zone;
  v_begin timestamp;
begin
  if p_clinic.quiet_from is null then
    select false, 'infinity', 'infinity' into quiet_now, begin_at, end_at;
    return;
  end if;
  quiet_now := case
    when p_clinic.quiet_from < p_clinic.quiet_until
      then v_local::time >= p_clinic.quiet_from and v_local::time < p_clinic.quiet_until
    else v_local::time >= p_clinic.quiet_from or v_local::time < p_clinic.quiet_until
  end;
  v_begin := v_local::date + p_clinic.quiet_from
    + case when v_local::time >= p_clinic.quiet_from then interval '1 day' else interval '0' end;
  begin_at := private.instant_of(v_begin, p_clinic.time_zone);
  end_at := private.instant_of(
    v_begin::date + p_clinic.quiet_until
      + case when p_clinic.quiet_until < p_clinic.quiet_from then interval '1 day' else interval '0' end,
    p_clinic.time_zone
  );
end $$;
comment on function private.next_quiet_hours(public.clinics, timestamptz) is
  'Whether a clinic''s quiet hours are on, and when they begin and end the next time.';

create function private.reminders_due(p_clinic public.clinics, p_now timestamptz)
returns table (template text, starts_from timestamptz, starts_until timestamptz, early timestamptz, expires_at timestamptz)
language plpgsql stable
set search_path = ''
as $$
declare
  v_quiet record;
  v_early timestamptz;
  v_hours constant interval := make_interval(hours => p_clinic.reminder_hours_before);
  v_local constant timestamp := p_now at time zone p_clinic.time_zone;
  v_midnight constant timestamptz := private.instant_of(v_local::date + 1, p_clinic.time_zone);
begin
  v_quiet := private.next_quiet_hours(p_clinic, p_now);
  if v_quiet.quiet_now then
    return;
  end if;
  -- The last half hour before the quiet hours: what they would make too late goes now.
  if p_now >= v_quiet.begin_at - interval '30 minutes' then
    v_early := v_quiet.begin_at - interval '30 minutes';
  end if;
  if p_clinic.reminder_day_before then
    return query select 'reminder_day_before', v_midnight,
      case when v_early is not null and v_quiet.end_at > v_midnight
        then private.instant_of(v_local::date + 2, p_clinic.time_zone) - interval '1 microsecond'
        else private.instant_of(v_local + interval '1 day', p_clinic.time_zone) end,
      v_early, least(v_quiet.begin_at, v_midnight);
  end if;
  if v_hours is not null then
    -- In the last quarter of an hour the patient is on the way.
    return query select 'reminder_hours_before', p_now + interval '15 minutes',
      greatest(p_now + v_hours,
        case when v_early is not null then v_quiet.end_at + interval '1 hour' - interval '1 microsecond' end),
      v_early, v_quiet.begin_at;
  end if;
end $$;
comment on function private.reminders_due(public.clinics, timestamptz) is
  'Which appointments of a clinic are to be reminded of at an instant: those that begin in a range of time. None in quiet hours.';

create function private.reminder_time(p_template text, p_clinic public.clinics, p_starts_at timestamptz)
returns timestamptz
language plpgsql stable
set search_path = ''
as $$
begin
  return case p_template
    when 'reminder_day_before'
      then private.instant_of(p_starts_at at time zone p_clinic.time_zone - interval '1 day', p_clinic.time_zone)
    else p_starts_at - make_interval(hours => p_clinic.reminder_hours_before)
  end;
end $$;
comment on function private.reminder_time(text, public.clinics, timestamptz) is
  'When an appointment is reminded of where no quiet hours are in the way.';

create function private.appointments_to_remind(
  p_template text, p_clinic public.clinics, p_from timestamptz, p_until timestamptz, p_early timestamptz
)
returns setof public.appointments
language plpgsql
set search_path = ''
as $$
begin
  return query
    -- Subqueries, so that each stays one look into an index however many messages there are.
    select a.* from public.appointments a join public.patients p on p.id = a.patient_id and p.phone is not null
    where a.clinic_id = p_clinic.id and a.status = 'booked' and a.starts_at between p_from and p_until
      and (
        select m.id from public.sms_messages m
        where m.dedupe_key = p_template || ':' || a.id || ':' || extract(epoch from a.starts_at)::bigint
      ) is null
      -- Whoever was told of this time an hour before the reminder, or later, has no need of it.
      and coalesce((
        select max(m.created_at) from public.sms_messages m where m.appointment_id = a.id and m.priority < 3
      ), '-infinity')
        <= least(p_early, private.reminder_time(p_template, p_clinic, a.starts_at)) - interval '1 hour'
    order by a.starts_at
    -- So many a minute, so that nobody who cancels meanwhile waits for long.
    limit 200
    -- A cancellation that is under way is let through, and one that comes now finds the reminder and withdraws it. So is
    -- what is done to a patient, such as a merge, which waits for their appointments.
    for key share of p skip locked for share of a skip locked;
end $$;
comment on function private.appointments_to_remind(text, public.clinics, timestamptz, timestamptz, timestamptz) is
  'Locks the appointments of a range of time whose patients have not been reminded, nor told of it just before.';

create function private.queue_reminders(p_now timestamptz default now()) returns int
language plpgsql
set search_path = ''
as $$
declare
  v_clinic public.clinics;
  v_due record;
  v_appointment public.appointments;
  v_queued int := 0;
begin
  for v_clinic in select * from public.clinics loop
    for v_due in select * from private.reminders_due(v_clinic, p_now) loop
      for v_appointment in
        select * from private.appointments_to_remind(
          v_due.template, v_clinic, v_due.starts_from, v_due.starts_until, v_due.early
        )
      loop
        perform private.queue_appointment_sms(
          v_due.template, v_appointment, extract(epoch from v_appointment.starts_at)::bigint::text,
          least(v_due.expires_at, v_appointment.starts_at)
        );
        v_queued := v_queued + 1;
      end loop;
    end loop;
  end loop;
  return v_queued;
end $$;
comment on function private.queue_reminders(timestamptz) is
  'Queues the reminders that are due and returns how many. Once for each appointment and time, however often it runs.';
