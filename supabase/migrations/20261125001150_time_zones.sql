-- A clinic's time zone that is corrected. An appointment is an instant and stays where it is, hours are local and are
-- kept by the new clock: what follows is the day of each appointment, its token, and what its patient was told.

create function private.appointments_by_clock(p_clinic_id uuid, p_was text, p_now timestamptz)
returns table (id uuid, is_told boolean)
language plpgsql stable
set search_path = ''
as $$
begin
  return query
    select a.id, a.status = 'booked' and a.starts_at > p_now and l.was <> l.becomes
    from public.appointments a
    join public.clinics c on c.id = a.clinic_id
    cross join lateral (select a.starts_at at time zone p_was as was, a.starts_at at time zone c.time_zone as becomes) l
    cross join lateral private.slot_at(a.practitioner_id, l.becomes::date, a.starts_at) s
    where a.clinic_id = p_clinic_id
      and (a.local_date <> l.becomes::date or (a.starts_at > p_now and a.active and l.was <> l.becomes))
    -- Every number should be free when it is its turn: first whoever has no slot any more gives theirs back, then come
    -- the others, from the side to which the numbers move.
    order by s.token_number is not null,
      case when s.token_number is not null and l.becomes > l.was then -extract(epoch from a.starts_at)
      else extract(epoch from a.starts_at) end;
end $$;
comment on function private.appointments_by_clock(uuid, text, timestamptz) is
  'The appointments of a clinic whose day or token follows from its time zone, which was p_was before, in the order in which they are renumbered; and whether their patients are told.';

create function private.tg_clinics__follow_time_zone() returns trigger
language plpgsql security definer
set search_path = ''
as $$
declare
  v record;
  v_appointment public.appointments;
begin
  -- What is being booked by the old clock comes first and is found; what is booked after this follows the new one.
  lock table public.appointments in share row exclusive mode;
  for v in select * from private.appointments_by_clock(new.id, old.time_zone, now()) loop
    update public.appointments a set token_number = null where a.id = v.id returning * into v_appointment;
    if v.is_told then
      perform private.withdraw_sms(v.id);
      perform private.queue_appointment_sms('clock_corrected', v_appointment);
    end if;
  end loop;
  return null;
end $$;
comment on function private.tg_clinics__follow_time_zone() is
  'The clinic''s clock was corrected: days and tokens follow, and whose time is another by the clock is told, once for each appointment.';

create trigger _500_follow_time_zone after update of time_zone on public.clinics
  for each row when (new.time_zone <> old.time_zone) execute function private.tg_clinics__follow_time_zone();
