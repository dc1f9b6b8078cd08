-- Every booking, move and cancellation queues its SMS in the same transaction, also when made by hand.

create function private.queue_appointment_sms(p_template text, p_appointment public.appointments) returns void
language plpgsql
set search_path = ''
as $$
declare
  v record;
begin
  select p.phone, coalesce(p.locale, c.locale) as locale, pr.name as doctor, c.name as clinic,
    p_appointment.starts_at at time zone c.time_zone as local_start
  into v
  from public.patients p, public.practitioners pr, public.clinics c
  where p.id = p_appointment.patient_id and pr.id = p_appointment.practitioner_id and c.id = p_appointment.clinic_id;

  perform private.queue_sms(
    p_template, v.phone,
    jsonb_build_object(
      'doctor', v.doctor,
      'clinic', v.clinic,
      'day', to_char(v.local_start, 'FMDy FMDD Mon'),
      'time', to_char(v.local_start, 'FMHH12:MI am'),
      'token', p_appointment.token_number,
      'reference', p_appointment.reference
    ),
    p_template || ':' || p_appointment.id || ':' || p_appointment.version,
    p_appointment.patient_id,
    -- A deleted appointment cannot be referred to.
    (select a.id from public.appointments a where a.id = p_appointment.id),
    v.locale
  );
end $$;
comment on function private.queue_appointment_sms(text, public.appointments) is
  'Queues an SMS that tells of an appointment, in the patient''s language and the clinic''s time zone.';

create function private.tg_appointments__queue_sms() returns trigger
language plpgsql security definer
set search_path = ''
as $$
declare
  v_cancelled constant text :=
    case private.channel() when 'desk' then 'appointment_cancelled_by_clinic' else 'appointment_cancelled' end;
begin
  if tg_op = 'DELETE' then
    if old.status = 'booked' and old.starts_at > now() then
      perform private.queue_appointment_sms(v_cancelled, old);
    end if;
  elsif new.starts_at <= now() then
    null; -- What has begun is not news.
  elsif new.status = 'booked' and (tg_op = 'INSERT' or not old.active) then
    perform private.queue_appointment_sms('appointment_booked', new);
    if tg_op = 'INSERT' and new.channel = 'ivr' then
      perform private.queue_sms('ivr_synced', p.phone, '{}', 'ivr_synced:' || new.id, p.id, new.id, coalesce(p.locale, c.locale))
      from public.patients p, public.clinics c
      where p.id = new.patient_id and c.id = new.clinic_id and p.user_id is not null;
    end if;
  elsif tg_op = 'UPDATE' and new.status = 'cancelled' and old.active then
    perform private.queue_appointment_sms(v_cancelled, new);
  elsif tg_op = 'UPDATE' and new.status = 'booked'
    and (new.starts_at <> old.starts_at or new.practitioner_id <> old.practitioner_id) then
    perform private.queue_appointment_sms('appointment_moved', new);
  end if;
  return null;
end $$;
comment on function private.tg_appointments__queue_sms() is
  'Queues the SMS of a booking, move or cancellation, and the one that a phone booking is in the web account.';

create trigger _500_queue_sms after insert or update or delete on public.appointments
  for each row execute function private.tg_appointments__queue_sms();
