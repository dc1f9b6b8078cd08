-- Moving and cancelling at the desk. The patient is texted by the same triggers as ever.

create function private.require_open(p_appointment public.appointments) returns void
language plpgsql stable
set search_path = ''
as $$
begin
  if p_appointment.status not in ('booked', 'arrived') or p_appointment.called_at is not null then
    perform private.fail('changed_meanwhile', private.what_happened(p_appointment));
  end if;
end $$;
comment on function private.require_open(public.appointments) is
  'Refuses with changed_meanwhile what the desk can no longer move or cancel: who is with the doctor, was seen, is gone or cancelled.';

create function private.move_at_desk(
  p_appointment public.appointments, p_practitioner_id uuid, p_starts_at timestamptz, p_now timestamptz
)
returns public.appointments
language plpgsql
set search_path = ''
as $$
declare
  v_gap record;
  v_moved public.appointments;
begin
  for v_try in 1..3 loop
    select * into v_gap from private.require_gap(p_practitioner_id, p_starts_at, p_now);
    begin
      update public.appointments a
      set practitioner_id = p_practitioner_id, starts_at = v_gap.starts_at, ends_at = v_gap.ends_at,
        -- Who has come, and is to come on another day, has not come for that.
        status = case when a.status = 'arrived' and (v_gap.starts_at at time zone c.time_zone)::date > a.local_date
          then 'booked' else a.status end
      from public.clinics c
      where a.id = p_appointment.id and c.id = a.clinic_id returning a.* into v_moved;
      return v_moved;
    exception when exclusion_violation or unique_violation or deadlock_detected then
      perform private.require_no_overlap(
        p_practitioner_id, coalesce(p_appointment.dependent_id, p_appointment.patient_id), v_gap.starts_at,
        v_gap.ends_at, p_appointment.id
      );
      -- Nobody has it: two waited for each other, or the other gave it up again.
    end;
  end loop;
  perform private.fail('slot_taken');
end $$;
comment on function private.move_at_desk(public.appointments, uuid, timestamptz, timestamptz) is
  'Gives an appointment that is locked another time or practitioner.';

create function public.desk_move(appointment_id uuid, practitioner_id uuid, starts_at timestamptz)
returns public.appointments
language plpgsql security definer
set search_path = ''
as $$
declare
  v_appointment constant public.appointments := private.lock_at_desk(desk_move.appointment_id);
begin
  perform private.require_open(v_appointment);
  if not exists (
    select from public.practitioners p where p.id = desk_move.practitioner_id and p.clinic_id = v_appointment.clinic_id
  ) then
    perform private.fail('unknown_doctor');
  elsif (desk_move.practitioner_id, desk_move.starts_at) = (v_appointment.practitioner_id, v_appointment.starts_at) then
    return v_appointment;
  end if;
  return private.move_at_desk(v_appointment, desk_move.practitioner_id, desk_move.starts_at, now());
end $$;
comment on function public.desk_move(uuid, uuid, timestamptz) is
  'At the desk: gives an appointment another time, or another practitioner of the clinic; starts_at null: as soon as possible today. Who has come is booked again on another day. The patient is texted. Refuses with changed_meanwhile, and like desk_book.';
grant execute on function public.desk_move(uuid, uuid, timestamptz) to authenticated;

create function public.desk_cancel(appointment_id uuid, reason text default null) returns public.appointments
language plpgsql security definer
set search_path = ''
as $$
declare
  v_appointment public.appointments := private.lock_at_desk(desk_cancel.appointment_id);
begin
  perform private.require_open(v_appointment);
  -- What was noted stays.
  update public.appointments a
  set status = 'cancelled', note = nullif(concat_ws(E'\n', a.note, nullif(btrim(desk_cancel.reason), '')), '')
  where a.id = v_appointment.id returning * into v_appointment;
  return v_appointment;
end $$;
comment on function public.desk_cancel(uuid, text) is
  'At the desk: cancels an appointment, with a reason for the desk''s note. The patient is texted that the clinic cancelled. Refuses with changed_meanwhile or not_found.';
grant execute on function public.desk_cancel(uuid, text) to authenticated;
