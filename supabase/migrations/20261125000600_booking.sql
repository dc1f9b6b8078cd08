-- Booking, moving and cancelling. The rules live here alone; calls and pages only ask.

create function private.require_slot(
  p_practitioner_id uuid, p_starts_at timestamptz, p_now timestamptz,
  out clinic_id uuid, out max_active_bookings int, out ends_at timestamptz, out token_number int
)
language plpgsql stable
set search_path = ''
as $$
declare
  v_refusal text;
begin
  if p_starts_at <= p_now then
    perform private.fail('slot_in_past');
  end if;
  select c.id, c.max_active_bookings, s.ends_at, s.token_number, case
      when not p.active then 'doctor_inactive'
      when l.on_date > (p_now at time zone c.time_zone)::date + c.booking_horizon_days then 'beyond_horizon'
      when s.ends_at is null then 'outside_hours'
    end
  into clinic_id, max_active_bookings, ends_at, token_number, v_refusal
  from public.practitioners p
  join public.clinics c on c.id = p.clinic_id
  cross join lateral (select (p_starts_at at time zone c.time_zone)::date as on_date) l
  cross join lateral private.slot_at(p.id, l.on_date, p_starts_at) s
  where p.id = p_practitioner_id;
  if not found then
    perform private.fail('unknown_doctor');
  end if;
  if v_refusal is not null then
    perform private.fail(v_refusal);
  end if;
end $$;
comment on function private.require_slot(uuid, timestamptz, timestamptz) is
  'The slot that begins then, taken or not. Refuses with slot_in_past, unknown_doctor, doctor_inactive, beyond_horizon or outside_hours.';

create function private.require_no_overlap(
  p_practitioner_id uuid, p_person_id uuid, p_starts_at timestamptz, p_ends_at timestamptz, p_except uuid default null
) returns void
language plpgsql stable
set search_path = ''
as $$
declare
  v_taken boolean;
  v_own boolean;
begin
  select bool_or(a.practitioner_id = p_practitioner_id), bool_or(coalesce(a.dependent_id, a.patient_id) = p_person_id)
  into v_taken, v_own
  from public.appointments a
  where (a.practitioner_id = p_practitioner_id or coalesce(a.dependent_id, a.patient_id) = p_person_id)
    and a.active and a.id is distinct from p_except
    and tstzrange(a.starts_at, a.ends_at) && tstzrange(p_starts_at, p_ends_at);
  if not v_own then
    perform private.fail('slot_taken');
  elsif v_own then
    if exists (select from public.dependents d where d.id = p_person_id) then
      perform private.fail(case when v_taken then 'dependent_slot' else 'dependent_appointment' end);
    end if;
    perform private.fail(case when v_taken then 'own_slot' else 'own_appointment' end);
  end if;
end $$;
comment on function private.require_no_overlap(uuid, uuid, timestamptz, timestamptz, uuid) is
  'Refuses a time at which the practitioner (slot_taken), the person (own_appointment, dependent_appointment) or both (own_slot, dependent_slot) have an appointment. A person is a patient or one of their dependents.';

create function private.require_room(
  p_patient_id uuid, p_clinic_id uuid, p_max_active_bookings int, p_now timestamptz, p_unproven boolean default false
)
returns void
language plpgsql stable
set search_path = ''
as $$
begin
  if p_max_active_bookings <= (
    select count(*) from public.appointments a
    where a.patient_id = p_patient_id and a.clinic_id = p_clinic_id
      and a.status in ('booked', 'arrived') and a.ends_at > p_now
      -- A patient who comes for years has hundreds of appointments behind them, and a clinic may never have marked them
      -- as seen. None that began two days ago can still be to come: with that said an index finds the few that are.
      and a.starts_at > p_now - interval '2 days'
      -- Whoever forges a caller ID takes nothing from its owner.
      and (p_unproven or not a.unproven)
  ) then
    perform private.fail('too_many_bookings');
  end if;
end $$;
comment on function private.require_room(uuid, uuid, int, timestamptz, boolean) is
  'Refuses with too_many_bookings when the patient has as many appointments to come as the clinic allows. Those booked in unproven calls count only for one more such call (p_unproven).';

create function private.count_change(
  p_patient_id uuid, p_channel text, p_now timestamptz, p_is_cancellation boolean default false
)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v_changes int;
begin
  -- Calls have limits of their own, and the clinic has none.
  if p_channel <> 'web' then
    return;
  end if;
  -- What is refused after all counts for nothing: it is rolled back.
  insert into private.rate_limits as r (bucket, window_start)
  values ('changes:' || p_patient_id, date_trunc('hour', p_now, 'UTC'))
  on conflict (bucket, window_start) do update set hits = r.hits + 1
  returning r.hits into v_changes;
  if not p_is_cancellation and v_changes > (select s.changes_per_hour from public.security_settings s) then
    perform private.fail('too_many_changes', (60 - extract(minute from p_now at time zone 'UTC'))::int::text);
  end if;
end $$;
comment on function private.count_change(uuid, text, timestamptz, boolean) is
  'Counts what a patient books, moves or cancels in a session, and refuses with too_many_changes what is too much for an hour. A cancellation counts and is never refused: somebody who will not come should say so, and those who can book no more soon have nothing left to cancel.';

create function private.book(
  p_patient_id uuid, p_practitioner_id uuid, p_starts_at timestamptz, p_channel text, p_call_id text,
  p_now timestamptz, p_unproven boolean default false, p_dependent_id uuid default null
) returns public.appointments
language plpgsql
set search_path = ''
as $$
declare
  v_person_id constant uuid := coalesce(p_dependent_id, p_patient_id);
  v_appointment public.appointments;
  v_slot record;
begin
  perform private.set_channel(p_channel);
  -- One booking of a patient after the other: the count below and the call's one booking rely on it.
  perform private.lock_patient(p_patient_id);
  if p_call_id is not null then
    select * into v_appointment from public.appointments a where a.call_id = p_call_id;
    if found then
      return v_appointment;
    end if;
  end if;
  select * into v_slot from private.require_slot(p_practitioner_id, p_starts_at, p_now);
  perform private.require_room(p_patient_id, v_slot.clinic_id, v_slot.max_active_bookings, p_now, p_unproven);
  perform private.count_change(p_patient_id, p_channel, p_now);
  -- "on conflict do nothing" lets two callers race without a deadlock: one inserts, the other is told.
  for v_try in 1..5 loop
    insert into public.appointments
      (patient_id, dependent_id, practitioner_id, starts_at, ends_at, channel, call_id, unproven, token_number)
    values (p_patient_id, p_dependent_id, p_practitioner_id, p_starts_at, v_slot.ends_at, p_channel, p_call_id, p_unproven,
      case when v_try = 1 then v_slot.token_number end)
    on conflict do nothing
    returning * into v_appointment;
    if found then
      return v_appointment;
    end if;
    perform private.require_no_overlap(p_practitioner_id, v_person_id, p_starts_at, v_slot.ends_at);
    -- Neither: the reference or the token number happened to be in use, or the other booking was undone. Try again.
  end loop;
  perform private.fail('slot_taken');
end $$;
comment on function private.book(uuid, uuid, timestamptz, text, text, timestamptz, boolean, uuid) is
  'Books one free slot for a patient, or for one of their dependents. Bookings of both count together. The same call_id again returns the booking that call made. p_unproven: the call did not prove its number.';

create function private.lock_appointment(p_patient_id uuid, p_appointment_id uuid) returns public.appointments
language plpgsql
set search_path = ''
as $$
declare
  v_appointment public.appointments;
begin
  -- The patient first, as whoever merges or deletes them has it: what follows on a change, such as an SMS, refers to them.
  perform from public.patients p where p.id = p_patient_id for key share;
  select * into v_appointment from public.appointments a
  where a.id = p_appointment_id and a.patient_id = p_patient_id for no key update;
  if not found then
    perform private.fail('unknown_appointment');
  end if;
  return v_appointment;
end $$;
comment on function private.lock_appointment(uuid, uuid) is
  'A patient''s own appointment, locked until the end of the transaction, and they are kept. Refuses with unknown_appointment.';

create function private.require_changeable(p_appointment public.appointments, p_now timestamptz) returns void
language plpgsql
set search_path = ''
as $$
begin
  if p_appointment.status <> 'booked' or p_appointment.starts_at <= p_now then
    perform private.fail(case p_appointment.status
      when 'cancelled' then 'already_cancelled'
      when 'fulfilled' then 'already_seen'
      else 'already_begun'
    end);
  end if;
end $$;
comment on function private.require_changeable(public.appointments, timestamptz) is
  'Refuses what its patient cannot move or cancel any more: already_cancelled, already_seen, or already_begun (its time has come, or the patient is there).';

create function private.cancel(p_patient_id uuid, p_appointment_id uuid, p_channel text, p_now timestamptz)
returns public.appointments
language plpgsql
set search_path = ''
as $$
declare
  v_appointment public.appointments;
begin
  perform private.set_channel(p_channel);
  v_appointment := private.lock_appointment(p_patient_id, p_appointment_id);
  if v_appointment.status = 'cancelled' then
    return v_appointment;
  end if;
  perform private.require_changeable(v_appointment, p_now);
  perform private.count_change(p_patient_id, p_channel, p_now, p_is_cancellation => true);
  update public.appointments a set status = 'cancelled' where a.id = p_appointment_id returning * into v_appointment;
  return v_appointment;
end $$;
comment on function private.cancel(uuid, uuid, text, timestamptz) is
  'Cancels a patient''s own upcoming appointment. Cancelling twice is one cancellation.';

create function private.reschedule(
  p_patient_id uuid, p_appointment_id uuid, p_starts_at timestamptz, p_channel text, p_now timestamptz
)
returns public.appointments
language plpgsql
set search_path = ''
as $$
declare
  v_appointment public.appointments;
  v_slot record;
begin
  perform private.set_channel(p_channel);
  v_appointment := private.lock_appointment(p_patient_id, p_appointment_id);
  perform private.require_changeable(v_appointment, p_now);
  if v_appointment.starts_at = p_starts_at then
    return v_appointment;
  end if;

  select * into v_slot from private.require_slot(v_appointment.practitioner_id, p_starts_at, p_now);
  perform private.count_change(p_patient_id, p_channel, p_now);
  for v_try in 1..3 loop
    begin
      update public.appointments a set starts_at = p_starts_at, ends_at = v_slot.ends_at
      where a.id = p_appointment_id returning * into v_appointment;
      return v_appointment;
    exception when exclusion_violation or unique_violation or deadlock_detected then
      perform private.require_no_overlap(
        v_appointment.practitioner_id, coalesce(v_appointment.dependent_id, p_patient_id), p_starts_at, v_slot.ends_at, p_appointment_id
      );
      -- Nobody has it: two waited for each other, or the other gave it up again.
    end;
  end loop;
  perform private.fail('slot_taken');
end $$;
comment on function private.reschedule(uuid, uuid, timestamptz, text, timestamptz) is
  'Moves a patient''s own upcoming appointment to another free slot of the same practitioner.';

create function public.book_appointment(practitioner_id uuid, starts_at timestamptz, dependent_id uuid default null)
returns public.appointments
language plpgsql security definer
set search_path = ''
as $$
declare
  v_patient_id constant uuid := private.require_patient();
begin
  perform from public.patients p where p.id = v_patient_id and p.user_id is not null for no key update;
  if not found then
    -- The account was deleted while we waited.
    perform private.fail('not_signed_in');
  end if;
  return private.book(
    v_patient_id, book_appointment.practitioner_id, book_appointment.starts_at, 'web', null, now(),
    p_dependent_id => book_appointment.dependent_id
  );
end $$;
comment on function public.book_appointment(uuid, timestamptz, uuid) is
  'Books a free slot for the signed-in patient, or for one of those they book for. Refuses with slot_taken, slot_unavailable, slot_in_past, too_many_bookings, too_many_changes or not_found.';
grant execute on function public.book_appointment(uuid, timestamptz, uuid) to authenticated;

create function public.cancel_appointment(appointment_id uuid) returns public.appointments
language plpgsql security definer
set search_path = ''
as $$
begin
  return private.cancel(private.require_patient(), cancel_appointment.appointment_id, 'web', now());
end $$;
comment on function public.cancel_appointment(uuid) is
  'Cancels an upcoming appointment of the signed-in patient. Refuses with not_found or not_cancellable.';
grant execute on function public.cancel_appointment(uuid) to authenticated;

create function public.reschedule_appointment(appointment_id uuid, starts_at timestamptz)
returns public.appointments
language plpgsql security definer
set search_path = ''
as $$
begin
  return private.reschedule(
    private.require_patient(), reschedule_appointment.appointment_id, reschedule_appointment.starts_at, 'web', now()
  );
end $$;
comment on function public.reschedule_appointment(uuid, timestamptz) is
  'Moves an upcoming appointment of the signed-in patient to another free slot of the same practitioner. Refuses like book_appointment and cancel_appointment.';
grant execute on function public.reschedule_appointment(uuid, timestamptz) to authenticated;
