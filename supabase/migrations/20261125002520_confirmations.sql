-- A patient says that they will come: on the site, or on the phone when the desk calls. No SMS follows, and another time has to
-- be confirmed anew (_100_status).

create function private.require_confirmable(p_appointment public.appointments, p_now timestamptz) returns void
language plpgsql
set search_path = ''
as $$
begin
  perform private.require_changeable(p_appointment, p_now);
  -- Not sooner: what is so far away can still change. Reminders go out on the day before at the earliest.
  if p_appointment.local_date - 1 > (
    select (p_now at time zone c.time_zone)::date from public.clinics c where c.id = p_appointment.clinic_id
  ) then
    perform private.fail('too_early_to_confirm');
  end if;
end $$;
comment on function private.require_confirmable(public.appointments, timestamptz) is
  'Refuses what its patient cannot confirm: too_early_to_confirm before the day before it, and what private.require_changeable refuses.';

create function public.confirm_appointment(appointment_id uuid) returns public.appointments
language plpgsql security definer
set search_path = ''
as $$
declare
  v_appointment public.appointments;
begin
  perform private.set_channel('web');
  v_appointment := private.lock_appointment(private.require_patient(), confirm_appointment.appointment_id);
  perform private.require_confirmable(v_appointment, now());
  if v_appointment.confirmed_at is null then
    update public.appointments a set confirmed_at = now() where a.id = v_appointment.id returning * into v_appointment;
  end if;
  return v_appointment;
end $$;
comment on function public.confirm_appointment(uuid) is
  'The signed-in patient will come, from the day before on. A second time changes nothing. Refuses with too_early_to_confirm, not_cancellable or not_found.';
grant execute on function public.confirm_appointment(uuid) to authenticated;

create function public.desk_confirm(appointment_id uuid, confirmed boolean default true) returns public.appointments
language plpgsql security definer
set search_path = ''
as $$
declare
  v_appointment public.appointments := private.lock_at_desk(desk_confirm.appointment_id);
begin
  if v_appointment.status <> 'booked' then
    perform private.fail('changed_meanwhile', private.what_happened(v_appointment));
  elsif (v_appointment.confirmed_at is not null) <> desk_confirm.confirmed then
    update public.appointments a set confirmed_at = case when desk_confirm.confirmed then now() end
    where a.id = v_appointment.id returning * into v_appointment;
  end if;
  return v_appointment;
end $$;
comment on function public.desk_confirm(uuid, boolean) is
  'At the desk: the patient has said on the phone that they will come, or (confirmed false) that was a mistake. A second time changes nothing. Refuses with changed_meanwhile once they came or it was cancelled, or not_found.';
grant execute on function public.desk_confirm(uuid, boolean) to authenticated;
