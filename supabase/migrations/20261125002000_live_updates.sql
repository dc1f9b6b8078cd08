-- Pages follow a day live: that the patient's own appointments changed, on their private channel, patient:<id>; the same of
-- a clinic, on that of its desk, desk:<clinic id>; which slots of a practitioner come and go; and how far the queue of a day
-- is, also to the boards in the waiting room. Nothing of it tells anything about a patient: a channel that was joined outlives
-- its session by up to an hour, until its token expires. What changed is fetched.

create function private.tg_appointments__broadcast() returns trigger
language plpgsql security definer
set search_path = ''
as $$
declare
  v_appointment public.appointments := coalesce(new, old);
begin
  -- News, not truth: a page fetches again after every connection. A failure in there is only a warning.
  perform realtime.send(
    jsonb_build_object('id', v_appointment.id, 'version', v_appointment.version, 'operation', tg_op),
    tg_op, t.topic
  )
  from (values
    ('patient:' || v_appointment.patient_id), ('desk:' || v_appointment.clinic_id),
    -- From whom it was taken.
    (case when new.patient_id <> old.patient_id then 'patient:' || old.patient_id end),
    (case when new.clinic_id <> old.clinic_id then 'desk:' || old.clinic_id end)
  ) as t (topic)
  where t.topic is not null;
  return null;
end $$;
comment on function private.tg_appointments__broadcast() is
  'Tells the open pages of the patient and of the clinic''s desk which appointment changed, also of those whose it was before.';

create trigger _900_broadcast after insert or update or delete on public.appointments
  for each row execute function private.tg_appointments__broadcast();

-- A page whose session has ended is told to look: what it fetches then is refused, and it leaves.
create function private.tg_sessions__broadcast_end() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  perform realtime.send('{}', 'signed_out', 'patient:' || p.id)
  from public.patients p where p.user_id = old.user_id;
  return null;
end $$;
comment on function private.tg_sessions__broadcast_end() is
  'Tells the open pages of a patient that one of their sessions has ended, not which.';

create trigger medq_broadcast_end_of_session after delete on auth.sessions
  for each row execute function private.tg_sessions__broadcast_end();

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
create function private.broadcast_queue(p_practitioner_id uuid, p_on date) returns void
language plpgsql
set search_path = ''
as $$
begin
  perform realtime.send(
    (select jsonb_build_object(
      'now_serving', private.now_serving(p_practitioner_id, p_on),
      'waiting', count(*) filter (where a.status = 'arrived')
    ) from public.appointments a where a.practitioner_id = p_practitioner_id and a.local_date = p_on),
    'queue', 'queue:' || p_practitioner_id || ':' || to_char(p_on, 'YYYY-MM-DD')
  );
  -- Boards in the waiting room hear that there is something to look at, and nothing else.
  perform realtime.send('{}', 'queue', private.board_topic(b.id))
  from public.practitioners p join public.boards b on b.clinic_id = p.clinic_id
  where p.id = p_practitioner_id and b.revoked_at is null;
end $$;
comment on function private.broadcast_queue(uuid, date) is
  'Broadcasts the token number called or seen last and how many wait, to those who wait for a practitioner on that date, and to the boards of the clinic that there is news.';

create function private.tg_appointments__broadcast_queue() returns trigger
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
    perform private.broadcast_queue(new.practitioner_id, new.local_date);
  end if;
  if tg_op <> 'INSERT' and old.local_date = v_today
    and (tg_op = 'DELETE' or (old.practitioner_id, old.local_date) is distinct from (new.practitioner_id, new.local_date))
  then
    perform private.broadcast_queue(old.practitioner_id, old.local_date);
  end if;
  return null;
end $$;
comment on function private.tg_appointments__broadcast_queue() is
  'Tells those who wait today that their place in the queue may have changed.';

create trigger _920_broadcast_queue after insert or delete on public.appointments
  for each row execute function private.tg_appointments__broadcast_queue();
create trigger _920_broadcast_changed_queue after update on public.appointments
  for each row when (
    (old.status, old.practitioner_id, old.starts_at, old.token_number, old.called_at)
      is distinct from (new.status, new.practitioner_id, new.starts_at, new.token_number, new.called_at)
  )
  execute function private.tg_appointments__broadcast_queue();

-- Whose channels a token may listen to. A page's scripts hold one that can do nothing else: it names its session as
-- listens_for and has no sub, so that Auth refuses it and the Data API takes it for nobody.
create function private.listening_patient_id() returns uuid
language plpgsql stable security definer
set search_path = ''
as $$
begin
  return coalesce(private.current_patient_id(), (
    select p.id
    from public.patients p
    where p.user_id = (select private.user_of_session((auth.jwt() ->> 'listens_for')::uuid))
      and not exists (select from private.temporary_passwords t where t.user_id = p.user_id)
  ));
end $$;
comment on function private.listening_patient_id() is
  'The patient for whom channels are heard: who is signed in, or whose session a token for listening names.';
grant execute on function private.listening_patient_id() to authenticated;

create function private.waits_in_queue(p_topic text) returns boolean
language plpgsql stable security definer
set search_path = ''
as $$
begin
  return exists (
    select from public.appointments a
    where a.patient_id = private.listening_patient_id() and a.active
      and 'queue:' || a.practitioner_id || ':' || to_char(a.local_date, 'YYYY-MM-DD') = p_topic
  );
end $$;
comment on function private.waits_in_queue(text) is
  'Whether the listening patient has an appointment on the day and with the practitioner of a topic queue:<practitioner>:<date>.';
grant execute on function private.waits_in_queue(text) to authenticated;

create function private.hears_desk(p_topic text) returns boolean
language plpgsql stable security definer
set search_path = ''
as $$
begin
  return exists (
    select from public.clinic_staff s
    where 'desk:' || s.clinic_id = p_topic and private.role_of_session(private.session_id(), s.clinic_id) is not null
  );
end $$;
comment on function private.hears_desk(text) is
  'Whether the session of a request, or of a token for listening, has opened the desk of a topic desk:<clinic>.';
grant execute on function private.hears_desk(text) to authenticated;

-- Only listening is allowed. There is no policy for sending: a patient's page has nothing to say.
create policy "Patients can listen to their own channel" on realtime.messages
  for select to authenticated using (
    extension = 'broadcast'
    and (select realtime.topic()) = 'patient:' || (select private.listening_patient_id())
  );
create policy "Staff can listen to the desk of their clinic once they have opened it" on realtime.messages
  for select to authenticated using (
    extension = 'broadcast'
    and (select realtime.topic()) like 'desk:%'
    and (select private.hears_desk(realtime.topic()))
  );
create policy "Patients can listen to which slots of a practitioner come and go" on realtime.messages
  for select to authenticated using (
    extension = 'broadcast'
    and (select realtime.topic()) like 'practitioner:%'
    and (select private.listening_patient_id()) is not null
    and exists (
      select from public.practitioners p
      where p.active and 'practitioner:' || p.id = (select realtime.topic())
    )
  );
create policy "Patients can listen to the queue of a day on which they have an appointment" on realtime.messages
  for select to authenticated using (
    extension = 'broadcast'
    and (select realtime.topic()) like 'queue:%'
    and (select private.waits_in_queue(realtime.topic()))
  );
