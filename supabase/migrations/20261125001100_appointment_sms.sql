-- Every booking, move and cancellation queues its SMS in the same transaction, also when made by hand.

create function private.queue_appointment_sms(
  p_template text, p_appointment public.appointments, p_cause text default null, p_expires_at timestamptz default null
) returns void
language plpgsql
set search_path = ''
as $$
declare
  v record;
begin
  select p.phone, private.name_in(pr.name, c.id, l.locale) as doctor, private.name_in(c.name, c.id, l.locale) as clinic,
    private.phone_to_dial(c.phone, p.phone) as clinic_phone,
    p_appointment.starts_at at time zone c.time_zone as local_start,
    private.clock_turn(p_appointment.starts_at, c.time_zone) as turn,
    l.locale,
    -- A deleted appointment cannot be referred to.
    (select a.id from public.appointments a where a.id = p_appointment.id) as appointment_id
  into v
  from public.patients p
  join public.practitioners pr on pr.id = p_appointment.practitioner_id
  join public.clinics c on c.id = p_appointment.clinic_id
  left join public.sms_templates t on t.key = p_template and t.locale = coalesce(p.locale, c.locale)
  -- The language it will be in: the one wanted, or en-IN where there is no text in it.
  cross join lateral (select coalesce(t.locale, 'en-IN') as locale) l
  where p.id = p_appointment.patient_id;

  perform private.queue_sms(
    p_template, v.phone,
    jsonb_build_object(
      'who', private.called_name(p_appointment.dependent_id),
      'doctor', v.doctor, 'clinic', v.clinic, 'clinic_phone', v.clinic_phone,
      'day', private.sms_day(v.local_start, v.locale),
      'time', private.sms_time(v.local_start, v.locale, v.turn),
      'token', p_appointment.token_number, 'reference', p_appointment.reference,
      'url', private.appointments_link()
    ),
    p_template || ':' || p_appointment.id || ':' || coalesce(p_cause, p_appointment.version::text),
    p_appointment.patient_id, v.appointment_id, v.locale,
    p_expires_at => coalesce(p_expires_at, p_appointment.ends_at)
  ) where v.phone is not null;
end $$;
comment on function private.queue_appointment_sms(text, public.appointments, text, timestamptz) is
  'Queues an SMS that tells of an appointment, in the patient''s language and the clinic''s time zone; once for each cause. It is worthless when the appointment is over.';

create function private.tg_appointments__queue_sms() returns trigger
language plpgsql security definer
set search_path = ''
as $$
declare
  v_cancelled constant text :=
    case private.channel() when 'desk' then 'appointment_cancelled_by_clinic' else 'appointment_cancelled' end;
  -- Of a time that runs, only that there is another, or none: they may be waiting, or on their way.
  v_is_change constant boolean := tg_op = 'UPDATE' and new.ends_at > now() and (
    new.status = 'cancelled' or (new.practitioner_id, new.starts_at) <> (old.practitioner_id, old.starts_at)
  );
begin
  if tg_op = 'DELETE' then
    if old.status = 'booked' and old.ends_at > now() then
      perform private.queue_appointment_sms(v_cancelled, old, p_expires_at => greatest(old.ends_at, now() + interval '1 hour'));
    end if;
  elsif new.starts_at <= now() and not v_is_change then
    null; -- What has begun is not news: whoever is booked for it stands at the desk.
  elsif tg_op = 'UPDATE' and private.in_day_operation() then
    null; -- One SMS for the whole operation.
  elsif new.status = 'booked' and (tg_op = 'INSERT' or old.status = 'cancelled') then
    perform private.queue_appointment_sms('appointment_booked', new);
    if tg_op = 'INSERT' and new.channel = 'ivr' then
      perform private.queue_sms('ivr_synced', p.phone, '{}', 'ivr_synced:' || new.id, p.id, new.id, coalesce(p.locale, c.locale))
      from public.patients p, public.clinics c
      where p.id = new.patient_id and c.id = new.clinic_id and p.user_id is not null and not private.is_dormant(p.id);
    end if;
  elsif tg_op = 'UPDATE' and new.status = 'cancelled' and old.active then
    perform private.queue_appointment_sms(
      v_cancelled, new, p_expires_at => greatest(new.ends_at, now() + interval '1 hour')
    );
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

-- What is still to be sent must not tell of a time that is no more. News that only waits its turn goes out in order;
-- what was put off (private.was_put_off), or only reminds, would come after its successor and is withdrawn.
create function private.withdraw_sms(p_appointment_id uuid, p_deleting boolean default false) returns void
language plpgsql
set search_path = ''
as $$
begin
  perform private.lock_sms(array(
    select m.id from public.sms_messages m
    -- Deleting an appointment also changes what was sent: it no longer refers to it.
    where m.appointment_id = p_appointment_id and (p_deleting or m.status in ('queued', 'sending'))
  ));
  update public.sms_messages m
  set status = 'cancelled', last_error = 'the appointment was changed before it was sent',
    -- Its cause is gone, and may come back: an appointment that is moved back is reminded of.
    dedupe_key = null
  where m.appointment_id = p_appointment_id and m.status = 'queued' and (private.was_put_off(m) or m.priority = 3);
  -- Out of our hands, unless the attempt fails: then it is not made again.
  update public.sms_messages m set expires_at = now()
  where m.appointment_id = p_appointment_id and m.status = 'sending' and (m.expires_at > now()) is not false;
end $$;
comment on function private.withdraw_sms(uuid, boolean) is
  'Withdraws reminders of an appointment that is moved, cancelled, over, or at another time by the clock, and news of it that was put off.';

create function private.tg_appointments__withdraw_sms() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  if old.status <> 'cancelled' or new.status = 'booked' then
    perform private.withdraw_sms(old.id, tg_op = 'DELETE');
  else
    -- That it is off stays true, whatever is done to its row, and nothing else will tell of it.
    perform private.lock_sms(array(select m.id from public.sms_messages m where m.appointment_id = old.id));
  end if;
  return case when tg_op = 'DELETE' then old else new end;
end $$;
comment on function private.tg_appointments__withdraw_sms() is 'Withdraws the SMS that are no longer true.';

create trigger _400_withdraw_sms before delete on public.appointments
  for each row execute function private.tg_appointments__withdraw_sms();
create trigger _400_withdraw_sms_of_changed before update on public.appointments
  for each row when (
    new.status <> old.status or new.starts_at <> old.starts_at or new.practitioner_id <> old.practitioner_id
  )
  execute function private.tg_appointments__withdraw_sms();
