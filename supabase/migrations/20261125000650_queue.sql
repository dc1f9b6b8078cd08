-- The queue of a practitioner on a day, as far as the clinic marks who came and who was seen. Where nobody is marked
-- nothing is known, and nothing is told.

create function private.now_serving(p_practitioner_id uuid, p_on date) returns int
language plpgsql stable
set search_path = ''
as $$
begin
  return (
    select a.token_number from public.appointments a
    where a.practitioner_id = p_practitioner_id and a.local_date = p_on and a.status in ('arrived', 'fulfilled')
      and coalesce(a.called_at, a.seen_at) is not null
    order by coalesce(a.called_at, a.seen_at) desc limit 1
  );
end $$;
comment on function private.now_serving(uuid, date) is
  'The token of a day that was called last, or seen last where nobody is called; null: none yet. Numbers need not come in order.';

create function private.queue_is_known(p_practitioner_id uuid, p_on date) returns boolean
language plpgsql stable
set search_path = ''
as $$
begin
  return exists (
    select from public.appointments a
    where a.practitioner_id = p_practitioner_id and a.local_date = p_on
      and a.status in ('arrived', 'fulfilled', 'noshow')
  );
end $$;
comment on function private.queue_is_known(uuid, date) is 'Whether the clinic has marked anybody of a practitioner''s day.';

create function private.queue_of(p_practitioner_id uuid, p_on date, p_now timestamptz)
returns table (token_number int, waits_from timestamptz, starts_at timestamptz, here boolean)
language plpgsql stable
set search_path = ''
as $$
begin
  return query
    with day as (
      select a.* from public.appointments a
      where a.practitioner_id = p_practitioner_id and a.local_date = p_on
    ), progress as (
      select max(d.starts_at) filter (where coalesce(d.called_at, d.seen_at) is not null) as reached from day d
    )
    select d.token_number, coalesce(d.waits_from, d.starts_at), d.starts_at, d.status = 'arrived'
    from day d cross join progress p
    where case d.status
      when 'arrived' then d.called_at is null
      -- May still come, unless the queue has gone past them, or their time has long passed.
      when 'booked' then d.ends_at > p_now - interval '2 hours'
        and (d.starts_at > p_now or p.reached is null or p.reached < d.starts_at)
      else false end
    order by 2, 3, 1;
end $$;
comment on function private.queue_of(uuid, date, timestamptz) is
  'Who is still to be seen by a practitioner that day, in the order in which they are called (waits_from, else their own time): who waits (here), and who may still come: not once somebody of a later time was called or seen after their time had come, nor two hours after their end.';

create function private.queue_place(p_patient_id uuid, p_appointment_id uuid, p_now timestamptz)
returns table (ahead int, now_serving int)
language plpgsql stable
set search_path = ''
as $$
declare
  v_own public.appointments;
begin
  select * into v_own from public.appointments a where a.id = p_appointment_id and a.patient_id = p_patient_id;
  if not found then
    perform private.fail('unknown_appointment');
  end if;
  return query
    select case when private.queue_is_known(v_own.practitioner_id, v_own.local_date) then (
      select count(*)::int from private.queue_of(v_own.practitioner_id, v_own.local_date, p_now) q
      where (q.waits_from, q.starts_at) < (coalesce(v_own.waits_from, v_own.starts_at), v_own.starts_at)
    ) end, private.now_serving(v_own.practitioner_id, v_own.local_date);
end $$;
comment on function private.queue_place(uuid, uuid, timestamptz) is
  'How many of the queue are before a patient with the same practitioner that day, and the token called or seen last. Null: the clinic has marked nobody that day.';

create function public.queue_position(appointment_id uuid)
returns table (ahead int, now_serving int)
language plpgsql stable security definer
set search_path = ''
as $$
begin
  return query
    select q.ahead, q.now_serving
    from private.queue_place(private.require_patient(), queue_position.appointment_id, now()) q;
end $$;
comment on function public.queue_position(uuid) is
  'How many patients are before the signed-in patient that day (null: the clinic has marked nobody), and the token called or seen last (null: none yet).';
grant execute on function public.queue_position(uuid) to authenticated;
