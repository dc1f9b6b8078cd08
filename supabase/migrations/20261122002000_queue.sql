-- What a page needs to offer times and to follow a doctor's day live: free slots by the day, and news of slots and
-- queues that tells nothing about patients.

create function private.free_days(
  p_clinic_id uuid, p_practitioner_id uuid, p_specialty text, p_from date, p_days int, p_now timestamptz,
  p_patient_id uuid default null
)
returns table (on_date date, free int, open boolean)
language plpgsql stable
set search_path = ''
as $$
begin
  return query
    select d.day::date, coalesce(sum(o.free), 0)::int, coalesce(bool_or(o.open), false)
    from public.clinics c
    cross join lateral (select (p_now at time zone c.time_zone)::date as today) t
    cross join lateral generate_series(
      greatest(p_from, t.today),
      least(greatest(p_from, t.today) + p_days - 1, t.today + c.booking_horizon_days),
      interval '1 day'
    ) as d (day)
    left join lateral (
      select (select count(*) from private.free_slots(p.id, d.day::date, p_now, p_patient_id)) as free,
        exists (select from private.hours_on(p.id, d.day::date)) as open
      from public.practitioners p
      where p.clinic_id = c.id and p.active
        and (p_practitioner_id is null or p.id = p_practitioner_id)
        and (p_specialty is null or p.specialty = p_specialty)
    ) o on true
    where c.id = p_clinic_id
    group by d.day
    order by d.day;
end $$;
comment on function private.free_days(uuid, uuid, text, date, int, timestamptz, uuid) is
  'Days of a clinic that can be booked, from a date on: how many slots are free, and whether patients are seen at all.';

create function public.available_days(
  clinic_id uuid, practitioner_id uuid default null, specialty text default null, from_date date default null,
  days int default 14
)
returns table (on_date date, free int, open boolean)
language plpgsql stable security definer
set search_path = ''
as $$
declare
  v_patient_id uuid := private.require_patient();
begin
  if not exists (select from public.clinics c where c.id = available_days.clinic_id) then
    perform private.fail('not_found', 'We do not know this clinic.');
  end if;
  return query
    select f.on_date, f.free, f.open
    from private.free_days(
      available_days.clinic_id, available_days.practitioner_id, available_days.specialty,
      coalesce(available_days.from_date, '-infinity'), least(greatest(available_days.days, 1), 62), now(), v_patient_id
    ) f;
end $$;
comment on function public.available_days(uuid, uuid, text, date, int) is
  'Free slots of each day for the signed-in patient, of one practitioner, one specialty or the clinic; ends where booking ends.';
grant execute on function public.available_days(uuid, uuid, text, date, int) to authenticated;

create function public.available_slots_of_day(
  clinic_id uuid, on_date date, practitioner_id uuid default null, specialty text default null
)
returns setof public.slot
language plpgsql stable security definer
set search_path = ''
as $$
declare
  v_patient_id uuid := private.require_patient();
begin
  return query
    select p.id, p.name, p.specialty, f.starts_at, f.ends_at
    from public.practitioners p
    cross join lateral private.free_slots(p.id, available_slots_of_day.on_date, now(), v_patient_id) f
    where p.clinic_id = available_slots_of_day.clinic_id and p.active
      and (available_slots_of_day.practitioner_id is null or p.id = available_slots_of_day.practitioner_id)
      and (available_slots_of_day.specialty is null or p.specialty = available_slots_of_day.specialty)
    order by f.starts_at, p.name, p.id;
end $$;
comment on function public.available_slots_of_day(uuid, date, uuid, text) is
  'Free slots on a date that the signed-in patient can book, of one practitioner, one specialty or the whole clinic.';
grant execute on function public.available_slots_of_day(uuid, date, uuid, text) to authenticated;

create function private.nearest_free_slots(
  p_practitioner_id uuid, p_starts_at timestamptz, p_limit int, p_now timestamptz, p_patient_id uuid default null
)
returns setof public.slot
language plpgsql stable
set search_path = ''
as $$
begin
  return query
    select p.id, p.name, p.specialty, f.starts_at, f.ends_at
    from public.practitioners p
    join public.clinics c on c.id = p.clinic_id
    cross join lateral (select (p_starts_at at time zone c.time_zone)::date as day) l
    cross join lateral (
      select s.starts_at, s.ends_at
      from generate_series(-1, 1) n
      cross join lateral private.free_slots(p.id, l.day + n, p_now, p_patient_id) s
      union all
      -- Should those three days be full.
      select s.starts_at, s.ends_at
      from private.next_free_slots(
        c.id, null, p.id, (l.day + 2)::timestamp at time zone c.time_zone, p_limit, p_now, p_patient_id
      ) s
    ) f
    where p.id = p_practitioner_id
    order by abs(extract(epoch from f.starts_at - p_starts_at)), f.starts_at
    limit p_limit;
end $$;
comment on function private.nearest_free_slots(uuid, timestamptz, int, timestamptz, uuid) is
  'The free slots of a practitioner that are closest to an instant, the closest first.';

create function public.nearest_slots(practitioner_id uuid, starts_at timestamptz, "limit" int default 3)
returns setof public.slot
language plpgsql stable security definer
set search_path = ''
as $$
declare
  v_patient_id uuid := private.require_patient();
begin
  return query
    select n.*
    from private.nearest_free_slots(
      nearest_slots.practitioner_id, nearest_slots.starts_at, least(greatest(nearest_slots."limit", 1), 20), now(),
      v_patient_id
    ) n;
end $$;
comment on function public.nearest_slots(uuid, timestamptz, int) is
  'The free slots of a practitioner closest to a time that could not be had, for the signed-in patient.';
grant execute on function public.nearest_slots(uuid, timestamptz, int) to authenticated;

create function public.bookable_practitioners(clinic_id uuid)
returns table (practitioner_id uuid, practitioner_name text, specialty text, next_starts_at timestamptz)
language plpgsql stable security definer
set search_path = ''
as $$
declare
  v_patient_id uuid := private.require_patient();
begin
  return query
    select p.id, p.name, p.specialty, f.starts_at
    from public.practitioners p
    left join lateral private.next_free_slots(p.clinic_id, null, p.id, now(), 1, now(), v_patient_id) f on true
    where p.clinic_id = bookable_practitioners.clinic_id and p.active
    order by p.specialty, p.name, p.id;
end $$;
comment on function public.bookable_practitioners(uuid) is
  'Who can be booked at a clinic, and the first time the signed-in patient can have (null: none).';
grant execute on function public.bookable_practitioners(uuid) to authenticated;

-- Somebody looking at free times hears that one went or came back. Who took it is nobody's business.
create function private.tg_appointments__broadcast_slot() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  if tg_op <> 'INSERT' and old.active and old.ends_at > now() then
    perform realtime.send(
      jsonb_build_object('starts_at', old.starts_at, 'ends_at', old.ends_at, 'taken', false),
      'slot', 'practitioner:' || old.practitioner_id
    );
  end if;
  if tg_op <> 'DELETE' and new.active and new.ends_at > now() then
    perform realtime.send(
      jsonb_build_object('starts_at', new.starts_at, 'ends_at', new.ends_at, 'taken', true),
      'slot', 'practitioner:' || new.practitioner_id
    );
  end if;
  return null;
end $$;
comment on function private.tg_appointments__broadcast_slot() is
  'Tells pages that show free times of a practitioner which one went or came back, not whose it is.';

create trigger _910_broadcast_slot after insert or delete on public.appointments
  for each row execute function private.tg_appointments__broadcast_slot();
create trigger _910_broadcast_moved_slot after update on public.appointments
  for each row when (
    (old.active, old.practitioner_id, old.starts_at, old.ends_at)
      is distinct from (new.active, new.practitioner_id, new.starts_at, new.ends_at)
  )
  execute function private.tg_appointments__broadcast_slot();

-- On the day, everybody who waits for a doctor hears how far the queue is: numbers only.
create function private.tell_queue(p_practitioner_id uuid, p_on date) returns void
language plpgsql
set search_path = ''
as $$
begin
  perform realtime.send(
    (select jsonb_build_object(
      'now_serving', max(a.token_number) filter (where a.status = 'fulfilled'),
      'waiting', count(*) filter (where a.status = 'arrived')
    ) from public.appointments a where a.practitioner_id = p_practitioner_id and a.local_date = p_on),
    'queue', 'queue:' || p_practitioner_id || ':' || to_char(p_on, 'YYYY-MM-DD')
  );
end $$;
comment on function private.tell_queue(uuid, date) is
  'Broadcasts the token number seen last and how many wait, to those who wait for a practitioner on that date.';

create function private.tg_appointments__broadcast_queue() returns trigger
language plpgsql security definer
set search_path = ''
as $$
declare
  v_today date;
begin
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
comment on function private.tg_appointments__broadcast_queue() is
  'Tells those who wait today that their place in the queue may have changed.';

create trigger _920_broadcast_queue after insert or delete on public.appointments
  for each row execute function private.tg_appointments__broadcast_queue();
create trigger _920_broadcast_changed_queue after update on public.appointments
  for each row when (
    (old.status, old.practitioner_id, old.starts_at, old.token_number)
      is distinct from (new.status, new.practitioner_id, new.starts_at, new.token_number)
  )
  execute function private.tg_appointments__broadcast_queue();

-- Listening only, as everywhere. Row level security of the tables named here applies: a patient finds their own
-- appointments alone.
create policy "Patients can listen to which slots of a practitioner come and go" on realtime.messages
  for select to authenticated using (
    extension = 'broadcast'
    and (select realtime.topic()) like 'practitioner:%'
    and (select private.current_patient_id()) is not null
    and exists (
      select from public.practitioners p
      where p.active and 'practitioner:' || p.id = (select realtime.topic())
    )
  );
create policy "Patients can listen to the queue of a day on which they have an appointment" on realtime.messages
  for select to authenticated using (
    extension = 'broadcast'
    and (select realtime.topic()) like 'queue:%'
    and exists (
      select from public.appointments a
      where a.active
        and 'queue:' || a.practitioner_id || ':' || to_char(a.local_date, 'YYYY-MM-DD') = (select realtime.topic())
    )
  );
