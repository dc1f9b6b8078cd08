-- Bookings and calls in less time. A booking writes five rows beside its own, one by phone even more: its SMS, its
-- history, news to open pages, the call that wakes the dispatcher. Nothing of that is left out or put off here; the same
-- is done in fewer statements, and with plans that are kept.
--
-- What costs time on the way of a booking is the number of statements, hardly what each of them does. Functions in SQL
-- with a search_path of their own are even planned at every call: those that every request goes through become plpgsql.

-- Who is asking.
create or replace function private.current_user_id() returns uuid
language plpgsql stable
set search_path = ''
as $$
begin
  return (
    select auth.uid()
    -- A token outlives its session by up to an hour; signing out must count at once.
    where auth.jwt() ->> 'session_id' is null
      or exists (select from auth.sessions s where s.id = (auth.jwt() ->> 'session_id')::uuid)
  );
end $$;

create or replace function private.current_patient_id() returns uuid
language plpgsql stable security definer
set search_path = ''
as $$
begin
  return (
    select p.id
    from public.patients p
    where p.user_id = (select private.current_user_id())
      and not exists (select from private.temporary_passwords t where t.user_id = p.user_id)
  );
end $$;

-- What the patient's session calls.
create or replace function public.book_appointment(practitioner_id uuid, starts_at timestamptz)
returns public.appointments
language plpgsql security definer
set search_path = ''
as $$
begin
  return private.book(
    private.require_patient(), book_appointment.practitioner_id, book_appointment.starts_at, 'web', null, now()
  );
end $$;

create or replace function public.cancel_appointment(appointment_id uuid) returns public.appointments
language plpgsql security definer
set search_path = ''
as $$
begin
  return private.cancel(private.require_patient(), cancel_appointment.appointment_id, 'web', now());
end $$;

create or replace function public.reschedule_appointment(appointment_id uuid, starts_at timestamptz)
returns public.appointments
language plpgsql security definer
set search_path = ''
as $$
begin
  return private.reschedule(
    private.require_patient(), reschedule_appointment.appointment_id, reschedule_appointment.starts_at, 'web', now()
  );
end $$;

-- The only place where hours become instants, as before: one short query, and the slots counted session by session.
create or replace function private.hours_on(p_practitioner_id uuid, p_on date)
returns table (opens timestamptz, length interval, slots int, slots_before int)
language plpgsql stable
set search_path = ''
as $$
declare
  v_session record;
begin
  slots_before := 0;
  for v_session in
    select c.time_zone, make_interval(mins => h.slot_minutes) as length, p_on + h.end_time as local_end,
      (p_on + h.start_time) at time zone c.time_zone as opens, (p_on + h.end_time) at time zone c.time_zone as closes
    from public.practitioners p
    join public.clinics c on c.id = p.clinic_id
    cross join lateral (
      select e.start_time, e.end_time, e.slot_minutes
      from public.schedule_exceptions e
      where e.practitioner_id = p_practitioner_id and e.on_date = p_on and e.start_time is not null
      union all
      select s.start_time, s.end_time, s.slot_minutes
      from public.schedules s
      where s.practitioner_id = p_practitioner_id
        and s.weekday = extract(isodow from p_on)::smallint
        and not exists (
          select from public.schedule_exceptions e
          where e.practitioner_id = p_practitioner_id and e.on_date = p_on
        )
    ) h
    where p.id = p_practitioner_id
    order by opens
  loop
    opens := v_session.opens;
    length := v_session.length;
    if v_session.closes at time zone v_session.time_zone = v_session.local_end then
      slots := div(extract(epoch from v_session.closes - opens), extract(epoch from length));
    else
      -- Hours that end in an hour the clocks skip end where it begins; they must not run into those that follow.
      select count(*) into slots
      from generate_series(opens + length, v_session.closes, length) as slot_end
      where (slot_end - interval '1 microsecond') at time zone v_session.time_zone < v_session.local_end;
    end if;
    continue when slots = 0;
    return next;
    slots_before := slots_before + slots;
  end loop;
end $$;

-- What is free. Of the days around the date that an index finds, only what reaches into the date is compared with its
-- slots; and a date that is over needs no look at slots at all.
create or replace function private.free_slots(
  p_practitioner_id uuid, p_on date, p_now timestamptz, p_patient_id uuid default null
)
returns table (starts_at timestamptz, ends_at timestamptz, token_number int)
language plpgsql stable
set search_path = ''
as $$
declare
  v_begins timestamptz;
  v_ends timestamptz;
begin
  select p_on::timestamp at time zone c.time_zone, (p_on + 1)::timestamp at time zone c.time_zone
  into v_begins, v_ends
  from public.practitioners p join public.clinics c on c.id = p.clinic_id
  where p.id = p_practitioner_id and p.active
    and p_on <= (p_now at time zone c.time_zone)::date + c.booking_horizon_days;
  if not found or v_ends <= p_now then
    return;
  end if;
  return query
    with taken as (
      select a.starts_at, a.ends_at
      from public.appointments a
      where a.practitioner_id = p_practitioner_id
        and a.active
        and a.starts_at < v_ends and a.ends_at > v_begins
        -- Some days around the date, so that an index serves it in every time zone.
        and a.local_date between p_on - 2 and p_on + 2
      union all
      select a.starts_at, a.ends_at
      from public.appointments a
      where a.patient_id = p_patient_id
        and a.active
        and a.starts_at < v_ends and a.ends_at > v_begins
        and a.starts_at > v_begins - interval '2 days'
    )
    select s.starts_at, s.ends_at, s.token_number
    from private.slots_on(p_practitioner_id, p_on) s
    where s.starts_at > p_now
      and not exists (select from taken t where t.starts_at < s.ends_at and t.ends_at > s.starts_at);
end $$;

-- A patient who comes for years has hundreds of appointments behind them, and a clinic may never have marked them as
-- seen. None that began two days ago can still be to come: with that said an index finds the few that are.
create or replace function private.book(
  p_patient_id uuid, p_practitioner_id uuid, p_starts_at timestamptz, p_channel text, p_call_id text,
  p_now timestamptz
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

  -- One booking of a patient after the other: the count below and the call's one booking rely on it.
  perform from public.patients p where p.id = p_patient_id for no key update;

  if p_call_id is not null then
    select * into v_appointment from public.appointments a where a.call_id = p_call_id;
    if found then
      return v_appointment;
    end if;
  end if;

  select * into v_slot from private.require_slot(p_practitioner_id, p_starts_at, p_now);
  if v_slot.max_active_bookings <= (
    select count(*) from public.appointments a
    where a.patient_id = p_patient_id and a.clinic_id = v_slot.clinic_id
      and a.status in ('booked', 'arrived') and a.ends_at > p_now
      and a.starts_at > p_now - interval '2 days'
  ) then
    perform private.fail('too_many_bookings');
  end if;

  -- "on conflict do nothing" lets two callers race without a deadlock: one inserts, the other is told.
  for v_try in 1..5 loop
    insert into public.appointments
      (patient_id, practitioner_id, starts_at, ends_at, channel, call_id, token_number)
    values
      (p_patient_id, p_practitioner_id, p_starts_at, v_slot.ends_at, p_channel, p_call_id,
       case when v_try = 1 then v_slot.token_number end)
    on conflict do nothing
    returning * into v_appointment;
    if found then
      return v_appointment;
    end if;
    perform private.require_no_overlap(p_practitioner_id, p_patient_id, p_starts_at, v_slot.ends_at);
    -- Neither: the reference or the token number happened to be in use, or the other booking was undone. Try again.
  end loop;
  perform private.fail('slot_taken');
end $$;

create or replace function private.ivr_turn(p_call jsonb, p_ask jsonb, p_now timestamptz default now()) returns jsonb
language plpgsql
set search_path = ''
as $$
declare
  v record;
  v_facts jsonb := '{}';
  v_outcome text;
begin
  perform
    -- A caller cannot wait long for somebody else's transaction.
    set_config('lock_timeout', '3s', true),
    -- A step that only reads need not wait until its record has reached the disk.
    case when p_ask ->> 'kind' in ('welcome', 'inform', 'reception', 'offer', 'later')
      then set_config('synchronous_commit', 'off', true) end;

  select c.id as clinic_id, p.id as patient_id, p_call ->> 'language' <> coalesce(p.locale, '') as has_new_language,
    p_call ->> 'clinic' is null and exists (
      select from public.clinics o where o.phone = c.phone and o.id <> c.id
    ) as is_shared,
    c.reception_phone is not null and r.open as reception_open,
    jsonb_build_object(
      'clinic', jsonb_build_object(
        'id', c.id, 'name', c.name, 'time_zone', c.time_zone, 'today', l.moment::date, 'horizon', c.booking_horizon_days,
        'reception', case when c.reception_phone is not null then jsonb_build_object(
          'phone', c.reception_phone, 'open', r.open, 'opens', c.reception_opens, 'closes', c.reception_closes,
          'days', c.reception_days
        ) end
      ),
      'clinics', '[]'::jsonb, 'locales', c.locale || c.other_locales,
      'language', coalesce(p_call ->> 'language', p.locale), 'upcoming', coalesce(u.upcoming, '[]')
    ) as answer
  into v
  from public.clinics c
  cross join lateral (select p_now at time zone c.time_zone as moment) l
  cross join lateral (
    select extract(isodow from l.moment) = any (c.reception_days) and (c.reception_opens is null
      or (l.moment::time >= c.reception_opens and l.moment::time < c.reception_closes)) as open
  ) r
  left join public.patients p on p.phone = p_call ->> 'caller'
  left join lateral (
    select jsonb_agg(a.starts_at order by a.starts_at) as upcoming from public.appointments a
    where a.patient_id = p.id and a.clinic_id = c.id and a.status in ('booked', 'arrived') and a.ends_at > p_now
      and a.starts_at > p_now - interval '2 days'
  ) u on true
  where c.phone = p_call ->> 'dialled' and c.id = coalesce((p_call ->> 'clinic')::uuid, c.id)
  order by c.name, c.id limit 1;
  if not found then
    perform private.ivr_record_step(p_call, null, null, 'failed', '{}', p_now);
    return '{"clinic": null}';
  end if;

  if v.has_new_language then
    perform private.set_channel('ivr');
    update public.patients p set locale = p_call ->> 'language' where p.id = v.patient_id;
  end if;

  if v.is_shared then
    v_facts := v_facts || private.ivr_shared_number(p_call);
    if p_ask ->> 'kind' = 'goodbye' then
      v_facts := v_facts || (select a.facts from private.ivr_act(p_call, p_ask, v.clinic_id, p_now, v.patient_id) a);
    end if;
    v.clinic_id := null;
  elsif p_ask ->> 'kind' not in ('welcome', 'inform', 'reception') then
    select a.facts, a.outcome, a.patient_id into v_facts, v_outcome, v.patient_id
    from private.ivr_act(p_call, p_ask, v.clinic_id, p_now, v.patient_id) a;
  end if;

  perform private.ivr_record_step(p_call, v.clinic_id, v.patient_id, case
      -- Reception is where a caller goes who asks for it, or has guessed too often.
      when p_ask ->> 'kind' = 'reception' or (v_facts -> 'locked' = 'true' and v.answer -> 'upcoming' <> '[]')
        then case when v.reception_open then 'transferred' else 'informed' end
      when p_ask ->> 'kind' = 'inform' then 'informed'
      else coalesce(v_outcome, 'abandoned')
    end, coalesce(v_facts -> 'result', '{}'), p_now);
  return v.answer || (v_facts - 'result');
end $$;

-- The SMS.
-- One look at the text instead of a search for each of its characters.
create or replace function private.sms_encoding(p_text text) returns text
language sql immutable
return case when p_text ~ (
    '^[][@£$¥èéùìòÇ\n\r\fØøÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !"#¤%&''()*+,./0-9:;<=>?¡A-ZÄÖÑÜ§¿a-zäöñüà^{}\\~|€-]*$'
  ) then 'GSM-7' else 'UCS-2' end;

create or replace function private.queue_appointment_sms(
  p_template text, p_appointment public.appointments, p_cause text default null, p_expires_at timestamptz default null
)
returns void
language plpgsql
set search_path = ''
as $$
declare
  v record;
begin
  select p.phone, pr.name as doctor, c.name as clinic, c.phone as clinic_phone,
    p_appointment.starts_at at time zone c.time_zone as local_start,
    -- The language it will be in: the one wanted, or en-IN where there is no text in it.
    coalesce(t.locale, 'en-IN') as locale,
    -- A deleted appointment cannot be referred to.
    (select a.id from public.appointments a where a.id = p_appointment.id) as appointment_id
  into v
  from public.patients p
  join public.practitioners pr on pr.id = p_appointment.practitioner_id
  join public.clinics c on c.id = p_appointment.clinic_id
  left join public.sms_templates t on t.key = p_template and t.locale = coalesce(p.locale, c.locale)
  where p.id = p_appointment.patient_id;

  perform private.queue_sms(
    p_template, v.phone,
    jsonb_build_object(
      'doctor', v.doctor,
      'clinic', v.clinic,
      'clinic_phone', v.clinic_phone,
      'day', private.sms_day(v.local_start, v.locale),
      'time', private.sms_time(v.local_start, v.locale),
      'token', p_appointment.token_number,
      'reference', p_appointment.reference
    ),
    p_template || ':' || p_appointment.id || ':' || coalesce(p_cause, p_appointment.version::text),
    p_appointment.patient_id, v.appointment_id, v.locale,
    p_expires_at => coalesce(p_expires_at, p_appointment.ends_at)
  );
end $$;
drop function private.sms_locale(text, text);

-- New messages wake the dispatcher as changed ones do: by the row, and only where the row is due.
drop trigger _900_wake_dispatcher on public.sms_messages;
drop trigger _900_wake_dispatcher_again on public.sms_messages;
drop function private.tg_sms_messages__wake_dispatcher_again();
create or replace function private.tg_sms_messages__wake_dispatcher() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  perform private.wake_dispatcher();
  return null;
end $$;
comment on function private.tg_sms_messages__wake_dispatcher() is
  'Wakes the dispatcher for messages that are due: new ones, and those queued again or made due by hand.';
create trigger _900_wake_dispatcher after insert or update on public.sms_messages
  for each row when (new.status = 'queued' and new.next_attempt_at <= now())
  execute function private.tg_sms_messages__wake_dispatcher();

-- News.
create or replace function private.tg_appointments__broadcast_queue() returns trigger
language plpgsql security definer
set search_path = ''
as $$
declare
  v_today date := (now() at time zone 'UTC')::date;
begin
  -- Most appointments are for another day, in whatever time zone: that is known without looking up the clinic's.
  if least(abs(new.local_date - v_today), abs(old.local_date - v_today)) > 1 then
    return null;
  end if;
  select (now() at time zone c.time_zone)::date into v_today
  from public.clinics c where c.id = coalesce(new.clinic_id, old.clinic_id);
  if tg_op <> 'DELETE' and new.local_date = v_today then
    perform private.tell_queue(new.practitioner_id, new.local_date);
  end if;
  if tg_op <> 'INSERT' and old.local_date = v_today
    and (tg_op = 'DELETE' or (old.practitioner_id, old.local_date) is distinct from (new.practitioner_id, new.local_date))
  then
    perform private.tell_queue(old.practitioner_id, old.local_date);
  end if;
  return null;
end $$;
